#include "server/durability/commit_gate.h"

#include <catch2/catch.hpp>

#include "tests/support/handler_stage.h"

namespace weir::testing {
namespace {

using Keeper = CommitGate::Keeper;
using Kind = CommitGate::Kind;

/// A connection without a socket, whose replies wait.
class Stage {
 public:
  Stage() { client.output.clear(); }

  /// A reply to a write up to `offset`, or to a read that waits for it.
  void answer(std::string_view reply, uint64_t offset, Kind kind = Kind::kWrite,
              std::optional<int64_t> deadline_ms = std::nullopt) {
    const size_t from = client.output.size();
    client.output.append(reply);
    gate.hold(client, from, offset, kind, deadline_ms);
  }
  /// What may leave.
  std::string_view free_part() const {
    const std::string_view all = client.output.view();
    return client.held ? all.substr(0, client.held->sendable(client.bytes_out, all.size())) : all;
  }

  HandlerStage stage{HandlerStage::Audience::kNone};
  Client& client = stage.client();
  CommitGate& gate = stage.commit_gate();
};

TEST_CASE("A write that both the log and replicas are asked for waits for both", "[commit_gate]") {
  Stage s;
  s.gate.set_closed(true, Keeper::kLog);
  s.gate.set_closed(true, Keeper::kReplicas);
  s.answer("+a\r\n", 10);
  s.gate.commit(10, Keeper::kLog);
  CHECK(s.free_part().empty());
  s.gate.commit(10, Keeper::kReplicas);
  CHECK(s.free_part() == "+a\r\n");
}

TEST_CASE("Replies leave in order, and none before what it waits for", "[commit_gate]") {
  Stage s;
  s.gate.set_closed(true, Keeper::kReplicas);
  s.client.output.append("+read\r\n");
  s.answer("+a\r\n", 10);
  s.client.output.append("+read\r\n");
  s.answer("+b\r\n", 20);
  CHECK(s.free_part() == "+read\r\n");
  s.gate.commit(15, Keeper::kReplicas);
  CHECK(s.free_part() == "+read\r\n+a\r\n+read\r\n");
  s.gate.commit(20, Keeper::kReplicas);
  CHECK(s.free_part() == "+read\r\n+a\r\n+read\r\n+b\r\n");
}

TEST_CASE("A keeper that is not asked any more holds nothing back", "[commit_gate]") {
  Stage s;
  s.gate.set_closed(true, Keeper::kReplicas);
  s.answer("+a\r\n", 10);
  s.gate.set_closed(false, Keeper::kReplicas);
  CHECK(s.free_part() == "+a\r\n");
  CHECK_FALSE(s.gate.is_closed());
}

TEST_CASE("A write that waits too long is answered with an error in its place", "[commit_gate]") {
  Stage s;
  s.gate.set_closed(true, Keeper::kReplicas);
  s.answer("$5\r\nfirst\r\n", 10, Kind::kWrite, 100);
  s.client.output.append("+read\r\n");
  s.answer("+b\r\n", 20, Kind::kWrite, 200);
  CHECK(s.gate.next_deadline_ms() == 100);
  s.gate.expire(99, "LATE");
  CHECK(s.free_part().empty());
  s.gate.expire(100, "LATE");
  CHECK(s.free_part() == "-LATE\r\n+read\r\n");
  s.gate.commit(20, Keeper::kReplicas);
  CHECK(s.free_part() == "-LATE\r\n+read\r\n+b\r\n");
}

TEST_CASE("What was read of an unconfirmed write is shown when it has waited long enough",
          "[commit_gate]") {
  Stage s;
  s.gate.set_closed(true, Keeper::kReplicas);
  s.answer("*1\r\n+entry\r\n", 10, Kind::kRead, 100);
  CHECK(s.free_part().empty());
  s.gate.expire(100, "LATE");
  CHECK(s.free_part() == "*1\r\n+entry\r\n");
}

TEST_CASE("Errors in the place of several replies move the ones behind", "[commit_gate]") {
  Stage s;
  s.gate.set_closed(true, Keeper::kReplicas);
  for (int i = 1; i <= 3; ++i)
    s.answer("$20\r\n01234567890123456789\r\n", static_cast<uint64_t>(i), Kind::kWrite, 100 * i);
  s.answer("+c\r\n", 4, Kind::kWrite, 900);
  s.gate.expire(300, "E");
  CHECK(s.free_part() == "-E\r\n-E\r\n-E\r\n");
  s.gate.expire(900, "A LONGER ONE");
  CHECK(s.free_part() == "-E\r\n-E\r\n-E\r\n-A LONGER ONE\r\n");
  CHECK(s.client.held == nullptr);
}

TEST_CASE("What replicas have acknowledged is not late, however long the log takes",
          "[commit_gate]") {
  Stage s;
  s.gate.set_closed(true, Keeper::kLog);
  s.gate.set_closed(true, Keeper::kReplicas);
  s.answer("+a\r\n", 10, Kind::kWrite, 100);
  s.answer("+b\r\n", 20, Kind::kWrite, 200);
  s.gate.commit(10, Keeper::kReplicas);
  CHECK(s.gate.next_deadline_ms() == 200);
  CHECK(s.gate.expire(900, "E") == 1);
  CHECK(s.free_part().empty());
  s.gate.commit(10, Keeper::kLog);
  CHECK(s.free_part() == "+a\r\n-E\r\n");
  CHECK(s.client.held == nullptr);
}

TEST_CASE("All that waits for replicas can be taken back, and nothing else is", "[commit_gate]") {
  Stage s;
  s.gate.set_closed(true, Keeper::kLog);
  s.answer("+log\r\n", 5);
  s.gate.commit(5, Keeper::kReplicas);
  s.gate.set_closed(true, Keeper::kReplicas);
  s.answer("+a\r\n", 10, Kind::kWrite, 100);
  s.client.output.append("+read\r\n");
  s.answer("+b\r\n", 20, Kind::kWrite, 200);
  CHECK(s.gate.take_back("GONE") == 2);
  s.gate.set_closed(false, Keeper::kReplicas);
  CHECK(s.free_part().empty());
  s.gate.commit(5, Keeper::kLog);
  CHECK(s.free_part() == "+log\r\n-GONE\r\n+read\r\n-GONE\r\n");
}

TEST_CASE("Another time to wait holds for what waits already", "[commit_gate]") {
  Stage s;
  s.gate.set_closed(true, Keeper::kReplicas);
  s.answer("+a\r\n", 10);
  CHECK_FALSE(s.gate.next_deadline_ms());
  s.gate.set_deadlines(50);
  CHECK(s.gate.next_deadline_ms() == 50);
  CHECK(s.gate.expire(50, "E") == 1);
  CHECK(s.free_part() == "-E\r\n");
}

TEST_CASE("Whether something new waits for replicas is said once", "[commit_gate]") {
  Stage s;
  s.gate.set_closed(true, Keeper::kReplicas);
  CHECK_FALSE(s.gate.take_news());
  s.answer("+a\r\n", 10);
  CHECK(s.gate.take_news());
  CHECK_FALSE(s.gate.take_news());
}

}  // namespace
}  // namespace weir::testing
