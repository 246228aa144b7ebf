// What a stream remembers of the messages its producers sent.
#include "streams/idempotence.h"

#include <deque>
#include <map>
#include <memory>
#include <random>
#include <string>

#include <catch2/catch.hpp>

#include "streams/stream.h"

namespace weir::testing {
namespace {

constexpr size_t kAll = SIZE_MAX;

/// "p: a=1-0 b=2-0; q: a=3-0"
std::string show(const Idempotence& known) {
  std::string text;
  known.walk([&](std::string_view pid,
                 size_t) { text += (text.empty() ? "" : "; ") + std::string(pid) + ":"; },
             [&](std::string_view iid, const StreamId& id) {
               text += " " + std::string(iid) + "=" + to_string(id);
             });
  return text;
}

TEST_CASE("A recorded message is found by both of its names", "[idmp]") {
  const IdempotenceLimits limits;
  Idempotence known(limits);
  CHECK_FALSE(known.find("p", "i"));
  known.record("p", "i", {5, 1});
  CHECK(known.find("p", "i") == StreamId{5, 1});
  CHECK_FALSE(known.find("p", "I"));
  CHECK_FALSE(known.find("P", "i"));
  CHECK_FALSE(known.find("pi", ""));
  CHECK_FALSE(known.find("", "pi"));
  known.record("q", "i", {6, 0});
  CHECK(known.find("p", "i") == StreamId{5, 1});
  CHECK(known.find("q", "i") == StreamId{6, 0});
  CHECK(known.pid_count() == 2);
  CHECK(known.iid_count() == 2);
  CHECK(known.iids_added() == 2);
  known.assert_consistent();
}

TEST_CASE("Names may hold any bytes and be long", "[idmp]") {
  const IdempotenceLimits limits;
  Idempotence known(limits);
  const std::string zero("a\0b", 3);
  const std::string other("a\0c", 3);
  const std::string huge(100'000, 'x');
  known.record(zero, other, {1, 0});
  known.record(huge, huge, {2, 0});
  CHECK(known.find(zero, other) == StreamId{1, 0});
  CHECK_FALSE(known.find(zero, zero));
  CHECK(known.find(huge, huge) == StreamId{2, 0});
  known.assert_consistent();
}

TEST_CASE("A producer's oldest messages are forgotten beyond the maximum", "[idmp]") {
  const IdempotenceLimits limits{.duration_s = 100, .maxsize = 2};
  Idempotence known(limits);
  known.record("p", "a", {1, 0});
  known.record("q", "a", {2, 0});
  known.record("p", "b", {3, 0});
  known.record("p", "c", {4, 0});
  CHECK(show(known) == "p: b=3-0 c=4-0; q: a=2-0");
  CHECK(known.iids_added() == 4);
  CHECK(known.iid_count() == 3);
  known.assert_consistent();
}

TEST_CASE("Messages are forgotten when the time since their IDs is the duration", "[idmp]") {
  const IdempotenceLimits limits{.duration_s = 10, .maxsize = 100};
  Idempotence known(limits);
  known.record("p", "a", {1000, 0});
  known.record("p", "b", {1000, 7});
  known.record("q", "c", {1001, 0});
  CHECK(known.expire(9'999, kAll) == 0);  // less than the duration since the epoch
  CHECK(known.expire(10'999, kAll) == 0);
  CHECK(known.expire(11'000, kAll) == 2);
  CHECK(show(known) == "q: c=1001-0");
  CHECK(known.pid_count() == 1);
  CHECK(known.iids_added() == 3);
  CHECK(known.expire(11'001, kAll) == 1);
  CHECK(known.pid_count() == 0);
  CHECK(show(known).empty());
  known.assert_consistent();
}

TEST_CASE("No more messages are forgotten at once than asked for, the oldest first", "[idmp]") {
  const IdempotenceLimits limits{.duration_s = 1, .maxsize = 100};
  Idempotence known(limits);
  for (uint64_t ms = 1; ms <= 10; ++ms)
    known.record(ms % 2 == 0 ? "p" : "q", std::to_string(ms), {ms, 0});
  CHECK(known.expire(5'000, 4) == 4);
  CHECK(show(known) == "q: 5=5-0 7=7-0 9=9-0; p: 6=6-0 8=8-0 10=10-0");
  CHECK(known.expire(5'000, 100) == 6);
}

TEST_CASE("Messages that were recorded out of order expire by their IDs", "[idmp]") {
  const IdempotenceLimits limits{.duration_s = 1, .maxsize = 100};
  Idempotence known(limits);
  known.record("p", "a", {5000, 0});
  known.record("p", "b", {2000, 0});
  known.record("q", "c", {7000, 0});
  known.record("q", "d", {1000, 0});
  CHECK(known.expire(3000, kAll) == 2);
  CHECK(show(known) == "p: a=5000-0; q: c=7000-0");
  known.record("p", "e", {8000, 0});
  CHECK(show(known) == "p: a=5000-0 e=8000-0; q: c=7000-0");
  known.assert_consistent();
  CHECK(known.expire(8000, kAll) == 2);
  CHECK(show(known) == "p: e=8000-0");
}

TEST_CASE("Beyond the maximum goes what came first, not what has the least ID", "[idmp]") {
  const IdempotenceLimits limits{.duration_s = 1, .maxsize = 2};
  Idempotence known(limits);
  known.record("p", "a", {5000, 0});
  known.record("p", "b", {2000, 0});
  CHECK(known.expire(1000, kAll) == 0);
  known.record("p", "c", {6000, 0});
  CHECK(show(known) == "p: b=2000-0 c=6000-0");
}

TEST_CASE("A message recorded again has the new ID and is its producer's newest", "[idmp]") {
  const IdempotenceLimits limits;
  Idempotence known(limits);
  known.record("p", "a", {1, 0});
  known.record("p", "b", {2, 0});
  known.record("p", "a", {3, 0});
  CHECK(show(known) == "p: b=2-0 a=3-0");
  known.record("q", "a", {4, 0});
  known.record("q", "a", {5, 0});
  CHECK(show(known) == "p: b=2-0 a=3-0; q: a=5-0");
  known.assert_consistent();
}

TEST_CASE("Clearing forgets messages and keeps the counters", "[idmp]") {
  const IdempotenceLimits limits;
  Idempotence known(limits);
  known.record("p", "a", {2, 0});
  known.record("q", "b", {1, 0});
  known.count_duplicate();
  known.clear();
  CHECK_FALSE(known.find("p", "a"));
  CHECK(known.iid_count() == 0);
  CHECK(known.pid_count() == 0);
  CHECK(known.iids_added() == 2);
  CHECK(known.iids_duplicates() == 1);
  known.assert_consistent();
  known.record("p", "a", {3, 0});
  CHECK(show(known) == "p: a=3-0");
}

TEST_CASE("Memory is counted, and given back", "[idmp]") {
  const IdempotenceLimits limits{.duration_s = 1, .maxsize = 10'000};
  Idempotence known(limits);
  const size_t empty = known.memory_bytes();
  for (uint64_t ms = 1; ms <= 10'000; ++ms)
    known.record("p", "message-" + std::to_string(ms), {ms, 0});
  CHECK(known.memory_bytes() > empty + 10'000 * (72 + 9));
  CHECK(known.memory_bytes() < empty + 10'000 * 110);
  known.expire(100'000, kAll);
  CHECK(known.memory_bytes() < empty + 100);
}

TEST_CASE("Any mix of records and expiries remembers what a list of them would", "[idmp]") {
  const IdempotenceLimits limits{.duration_s = 1, .maxsize = 5};
  Idempotence known(limits);
  struct Message {
    std::string iid;
    StreamId id;
  };
  std::map<std::string, std::deque<Message>> model;
  std::mt19937 random(20261121);
  uint64_t now_ms = 1000;
  for (int step = 0; step < 20'000; ++step) {
    now_ms += random() % 20;
    const std::string pid = "p" + std::to_string(random() % 7);
    const std::string iid = "i" + std::to_string(random() % 40);
    const StreamId id{now_ms - random() % (random() % 8 == 0 ? 600 : 1), random() % 3};
    std::deque<Message>& of_producer = model[pid];
    std::erase_if(of_producer, [&](const Message& one) { return one.iid == iid; });
    known.record(pid, iid, id);
    of_producer.push_back({iid, id});
    if (of_producer.size() > limits.maxsize) of_producer.pop_front();
    if (random() % 10 == 0) {
      known.expire(now_ms, kAll);
      for (auto& [name, messages] : model)
        std::erase_if(messages, [&](const Message& one) { return one.id.ms + 1000 <= now_ms; });
    }
    if (step % 500 == 0) known.assert_consistent();
  }
  std::map<std::string, std::string> wanted;
  for (const auto& [pid, messages] : model) {
    for (const Message& message : messages)
      wanted[pid] += message.iid + "=" + to_string(message.id) + " ";
  }
  std::map<std::string, std::string> got;
  std::string pid;
  known.walk([&](std::string_view one, size_t) { pid = one; },
             [&](std::string_view iid, const StreamId& id) {
               got[pid] += std::string(iid) + "=" + to_string(id) + " ";
             });
  CHECK(got == wanted);
  known.assert_consistent();
}

TEST_CASE("A stream has the common limits and remembers nothing until it is asked to", "[idmp]") {
  Stream stream;
  CHECK(stream.idempotence() == nullptr);
  CHECK(stream.idempotence_limits() == IdempotenceLimits{.duration_s = 100, .maxsize = 100});
  CHECK(stream.memory_bytes() == 0);
  stream.use_idempotence().record("p", "i", {1, 0});
  CHECK(stream.idempotence()->find("p", "i") == StreamId{1, 0});
  CHECK(stream.memory_bytes() > 72);
  stream.assert_consistent();
}

TEST_CASE("New limits of a stream make it forget, the same ones do not", "[idmp]") {
  Stream stream;
  stream.use_idempotence().record("p", "i", {1, 0});
  CHECK_FALSE(stream.set_idempotence_limits({.duration_s = 100, .maxsize = 100}));
  CHECK(stream.idempotence()->iid_count() == 1);
  CHECK(stream.set_idempotence_limits({.duration_s = 100, .maxsize = 1}));
  CHECK(stream.idempotence()->iid_count() == 0);
  CHECK(stream.idempotence()->iids_added() == 1);
  stream.use_idempotence().record("p", "a", {1, 0});
  stream.use_idempotence().record("p", "b", {2, 0});
  CHECK(show(*stream.idempotence()) == "p: b=2-0");
  CHECK(stream.idempotence_limits() == IdempotenceLimits{.duration_s = 100, .maxsize = 1});
}

TEST_CASE("What a stream remembers moves with it", "[idmp]") {
  auto from = std::make_unique<Stream>();
  from->set_idempotence_limits({.duration_s = 1, .maxsize = 2});
  from->use_idempotence().record("p", "a", {1, 0});
  Stream to = std::move(*from);
  from.reset();
  to.use_idempotence().record("p", "b", {2, 0});
  to.use_idempotence().record("p", "c", {3000, 0});
  CHECK(show(*to.idempotence()) == "p: b=2-0 c=3000-0");
  CHECK(to.idempotence()->expire(1002, 10) == 1);
}

}  // namespace
}  // namespace weir::testing
