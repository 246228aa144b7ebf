// What is answered to those who want to be replicas, without sockets.
#include "server/replication/replicas.h"

#include <cerrno>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>
#include <unistd.h>

#include "tests/support/faulty_file.h"
#include "tests/support/handler_stage.h"
#include "tests/support/patience.h"

namespace weir::testing {
namespace {

constexpr std::string_view kPing = "*1\r\n$4\r\nping\r\n";

class Primary {
 public:
  explicit Primary(FileSystem& files = real_files())
      : stage_(HandlerStage::Audience::kNone, files) {
    stage_.configure("repl-diskless-sync-delay", "0");
    stage_.read_lines("dbfilename replicas_test_" + std::to_string(getpid()) + ".rdb");
    replicas.pass_on = [this] { stage_.propagation().take(); };
  }
  ~Primary() { stage_.snapshot_runner.stop(); }

  std::string operator()(std::string_view words) {
    const std::string before(client().output.view());  // still to be sent
    const std::string reply(stage_.answer(split(words)));
    client().output.clear();
    client().output.append(before);
    return reply;
  }
  void configure(std::string_view name, std::string_view value) { stage_.configure(name, value); }

  /// The connection becomes a replica, and its snapshot begins.
  std::string ask(std::string_view words) {
    std::string said = (*this)(words);
    replicas.end_turn();
    return said.empty() ? std::string(client().output.view()) : said;
  }
  /// Everything that the socket of the replica would take now.
  std::string sent() {
    std::string bytes(client().output.view());
    client().output.clear();
    while (client().shared) {
      const std::string_view more = client().shared->next();
      if (more.empty()) break;
      bytes += more;
      client().shared->sent(more.size());
    }
    return bytes;
  }
  /// Up to the end of the snapshot.
  std::string snapshot() {
    std::string bytes;
    const bool is_over = wait_until([&] {
      end_turn();
      bytes += sent();
      const Replica::State state = replica().state();
      return state != Replica::State::kTransfer && state != Replica::State::kCollecting;
    });
    if (!is_over) throw std::logic_error("the snapshot does not end");
    return bytes;
  }
  void end_turn() {
    stage_.snapshot_runner.end_turn();
    replicas.end_turn();
  }
  /// Told to replicas alone, at the end of a turn.
  void relay(std::string_view bytes) {
    stage_.propagation().relay(bytes);
    replicas.end_turn();
  }

  void refresh_clock() { stage_.clock().refresh(); }
  Client& client() { return stage_.client(); }
  const Replica& replica() { return *Replicas::of(std::as_const(client())); }
  ReplicationStream& stream() { return stage_.context().replication; }
  const std::string& id() { return stream().history().id(); }

 private:
  static std::vector<std::string_view> split(std::string_view words) {
    std::vector<std::string_view> all;
    while (!words.empty()) {
      const size_t end = std::min(words.find(' '), words.size());
      all.push_back(words.substr(0, end));
      words.remove_prefix(std::min(words.size(), end + 1));
    }
    return all;
  }

  HandlerStage stage_;

 public:
  Replicas& replicas = stage_.context().replicas;
};

TEST_CASE("The first replica begins a history, and gets its offset with the snapshot", "[psync]") {
  Primary primary;
  const std::string before = primary.id();
  primary("REPLCONF capa eof capa psync2");
  const std::string said = primary.ask("PSYNC ? -1");
  CHECK(primary.id() != before);
  CHECK(said.starts_with("+FULLRESYNC " + primary.id() + " 0\r\n$EOF:"));
  CHECK(primary.replica().state_name() == "send_bulk");
}

TEST_CASE("The snapshot ends with its mark, and the stream comes when the replica has it",
          "[psync]") {
  Primary primary;
  primary("XADD s 1-1 f v");
  primary("REPLCONF capa eof");
  primary.ask("PSYNC ? -1");
  primary("XADD s 2-1 f v");
  const std::string bytes = primary.snapshot();
  const size_t mark = bytes.find("$EOF:") + 5;
  CHECK(bytes.substr(mark + 42, 5) == "REDIS");
  CHECK(bytes.ends_with(bytes.substr(mark, 40)));
  CHECK(primary.replica().state_name() == "online");
  primary.replicas.end_turn();
  CHECK(primary.sent().empty());
  primary("REPLCONF ACK 0");
  CHECK(primary.sent() ==
        "*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n*5\r\n$4\r\nXADD\r\n$1\r\ns\r\n$3\r\n2-1\r\n$1\r\nf\r\n$1"
        "\r\nv\r\n");
}

TEST_CASE("A replica that knows no mark gets a file of a length that is told", "[psync]") {
  Primary primary;
  primary("XADD s 1-1 f v");
  const std::string said = primary.ask("PSYNC ? -1");
  CHECK(said == "+FULLRESYNC " + primary.id() + " 0\r\n");
  CHECK(primary.replica().state_name() == "wait_bgsave");
  primary("XADD s 2-1 f v");
  std::string bytes = primary.snapshot();
  bytes += primary.sent();
  const size_t begin = bytes.find("\r\n", said.size()) + 2;
  REQUIRE(bytes[said.size()] == '$');
  const auto length = static_cast<size_t>(std::stoi(bytes.substr(said.size() + 1)));
  CHECK(bytes.substr(begin, 5) == "REDIS");
  CHECK(bytes.substr(begin + length).starts_with("*2\r\n$6\r\nSELECT\r\n"));
  CHECK(primary.replica().state() == Replica::State::kOnline);
}

TEST_CASE("Plain SYNC is answered with the snapshot, and nothing before", "[sync]") {
  Primary primary;
  CHECK(primary.ask("SYNC").empty());
  CHECK(primary.snapshot().starts_with("$"));
}

TEST_CASE("A replica goes on where it was if the history is its own and the bytes are there",
          "[psync]") {
  struct Row {
    std::string id;
    int64_t next;
    bool goes_on;
  };
  const auto answers = [](const Row& row) {
    Primary primary;
    primary.configure("repl-backlog-size", "16kb");
    primary.replicas.backlog_size_changed();
    primary.stream().resume({std::string(40, 'f'), 700});
    primary.relay(kPing);  // bytes 701 to 714
    const std::string id = row.id == "own" ? primary.id() : row.id;
    primary("REPLCONF capa psync2");
    const std::string said = primary.ask("PSYNC " + id + " " + std::to_string(row.next));
    return said.starts_with("+CONTINUE " + primary.id() + "\r\n");
  };
  const std::string former(40, 'f');
  const std::string former_in_capitals(40, 'F');
  const std::string foreign(40, 'e');
  for (const Row& row :
       {Row{"own", 701, true}, Row{"own", 715, true}, Row{"own", 716, false},
        Row{"own", 700, false}, Row{former, 701, true}, Row{former, 702, false},
        Row{former_in_capitals, 701, true}, Row{foreign, 701, false}, Row{"?", -1, false}}) {
    CAPTURE(row.id, row.next);
    CHECK(answers(row) == row.goes_on);
  }
}

TEST_CASE("A primary that hands over and has not heard the answer may ask again",
          "[psync][failover]") {
  const auto answer = [](const std::string& id, const std::string& next) {
    Primary primary;
    primary.stream().resume({std::string(40, 'f'), 700});
    const std::string said =
        primary.ask("PSYNC " + (id.empty() ? primary.id() : id) + " " + next + " FAILOVER");
    return said.substr(0, said.find("\r\n"));
  };
  const std::string former(40, 'f');
  const std::string refused = "-ERR PSYNC FAILOVER can't be sent to a master.";
  CHECK(answer(former, "701") == "+CONTINUE");
  CHECK(answer(former, "702") == refused);  // it has more than was taken over
  CHECK(answer("", "701") == refused);
  CHECK(answer(std::string(40, 'e'), "701") == refused);
}

TEST_CASE("Without psync2 a replica that goes on is told no name", "[psync]") {
  Primary primary;
  primary.stream().resume({std::string(40, 'f'), 700});
  CHECK(primary.ask("PSYNC " + primary.id() + " 701") == "+CONTINUE\r\n");
}

TEST_CASE("A replica whose own primary is away sends nobody a snapshot", "[psync]") {
  Primary primary;
  primary.stream().set_role(ReplicationStream::Role::kCutOff);
  CHECK(primary.ask("PSYNC ? -1") ==
        "-NOMASTERLINK Can't SYNC while not connected with my master\r\n");
  CHECK(primary.replicas.empty());
}

TEST_CASE("A second PSYNC of the same connection is ignored", "[psync]") {
  Primary primary;
  primary.ask("PSYNC ? -1");
  CHECK(primary("PSYNC ? -1").empty());
  CHECK(primary.replicas.all().size() == 1);
}

TEST_CASE("A snapshot is packed and has its sum, unless the replica can do without", "[replconf]") {
  const auto snapshot = [](const std::string& words) {
    Primary primary;
    primary("XADD s 1-1 f " + std::string(5000, 'x'));
    primary("REPLCONF capa eof");
    if (!words.empty()) CHECK(primary(words) == "+OK\r\n");
    primary.ask("PSYNC ? -1");
    std::string bytes = primary.snapshot();
    bytes.resize(bytes.size() - 40);  // the mark
    return bytes;
  };
  const std::string no_sum(8, '\0');
  CHECK(snapshot("").size() < 1000);
  CHECK_FALSE(snapshot("").ends_with(no_sum));
  CHECK(snapshot("REPLCONF rdb-no-compress 1").size() > 5000);
  CHECK(snapshot("REPLCONF rdb-no-checksum 1").ends_with(no_sum));
  CHECK_FALSE(snapshot("REPLCONF rdb-no-checksum 0 rdb-no-compress 0").ends_with(no_sum));
}

TEST_CASE("The mark behind a snapshot is another one each time, and no name of a history",
          "[psync]") {
  const auto mark = [](std::string& id) {
    Primary primary;
    primary("REPLCONF capa eof");
    primary.ask("PSYNC ? -1");
    id = primary.id();
    const std::string bytes = primary.snapshot();
    return bytes.substr(bytes.size() - 40);
  };
  std::string first_id;
  std::string second_id;
  const std::string first = mark(first_id);
  const std::string second = mark(second_id);
  CHECK(first != second);
  CHECK(first != first_id);
  CHECK(second != second_id);
}

TEST_CASE("What a replica needs is kept, however small the backlog is", "[backlog]") {
  constexpr size_t kPings = 2000;
  Primary primary;
  primary.configure("repl-backlog-size", "16kb");
  primary.replicas.backlog_size_changed();
  primary("REPLCONF capa eof");
  primary.ask("PSYNC ? -1");
  for (size_t i = 0; i < kPings; ++i)
    primary.relay(kPing);
  CHECK(primary.stream().backlog().length() == kPings * kPing.size());
  primary.snapshot();
  primary("REPLCONF ACK 0");
  CHECK(primary.sent().size() == kPings * kPing.size());
  primary.replicas.end_turn();
  CHECK(primary.stream().backlog().length() == 16384);
}

TEST_CASE("A snapshot that cannot be written ends the connections that wait for it", "[psync]") {
  FaultyFileSystem disk;
  Primary primary(disk);
  primary("XADD s 1-1 f v");
  disk.fail_from_call(1, ENOSPC);
  primary.ask("PSYNC ? -1");
  CHECK(wait_until([&] {
    primary.end_turn();
    return primary.client().closed;
  }));
  CHECK(primary.replicas.empty());
}

/// "$length" and as many bytes.
bool has_whole_snapshot(const std::string& said) {
  const size_t at = said.find("\r\n$");
  if (at == std::string::npos) return false;
  const size_t from = said.find("\r\n", at + 2) + 2;
  return said.size() - from == std::stoull(said.substr(at + 3));
}

TEST_CASE(
    "Whichever call fails while a snapshot goes by a file, a replica has all of it or is closed",
    "[psync]") {
  bool was_whole = false;
  for (int n = 1; n < 100 && !was_whole; ++n) {
    CAPTURE(n);
    FaultyFileSystem disk;
    Primary primary(disk);
    primary.configure("repl-diskless-sync", "no");
    primary("XADD s 1-1 f v");
    disk.fail_call(n, EIO);
    std::string bytes = primary.ask("PSYNC ? -1");
    REQUIRE(wait_until([&] {
      primary.end_turn();
      if (!primary.client().closed) bytes += primary.sent();
      return primary.client().closed || primary.replica().is_online();
    }));
    was_whole = !disk.has_failed();
    CHECK(has_whole_snapshot(bytes) == !primary.client().closed);
    if (was_whole) CHECK(has_whole_snapshot(bytes));
  }
  CHECK(was_whole);
}

TEST_CASE("A replica whose snapshot cannot be read on is disconnected after repl-timeout",
          "[psync]") {
  FaultyFileSystem disk;
  Primary primary(disk);
  primary.configure("repl-diskless-sync", "no");
  primary.configure("repl-timeout", "1");
  primary.configure("rdbcompression", "no");
  primary("XADD s 1-1 f " + std::string(600'000, 'v'));  // more than is read at once
  primary.ask("PSYNC ? -1");
  REQUIRE(wait_until([&] {
    primary.end_turn();
    return primary.replica().state() == Replica::State::kTransfer;
  }));
  disk.fail_from_call(1, EIO);
  primary.sent();
  CHECK(wait_until([&] {
    primary.refresh_clock();
    primary.replicas.cron();
    return primary.client().closed;
  }));
}

TEST_CASE("A snapshot waits for more replicas as long as the configuration says", "[psync]") {
  Primary primary;
  primary.configure("repl-diskless-sync-delay", "1000");
  primary.configure("repl-diskless-sync-max-replicas", "2");
  primary("REPLCONF capa eof");
  CHECK(primary.ask("PSYNC ? -1").empty());
  CHECK(primary.replica().state_name() == "wait_bgsave");
  CHECK(wait_until([&] {  // it lives
    primary.refresh_clock();
    primary.replicas.cron();
    return primary.sent() == "\n";
  }));
  primary.configure("repl-diskless-sync-max-replicas", "1");
  primary.end_turn();
  CHECK(primary.sent().starts_with("+FULLRESYNC "));
}

}  // namespace
}  // namespace weir::testing
