// A queue from end to end over client libraries: jobs are produced, three consumers share them,
// one of them is killed in mid-work, and the others take over what it held.
#include "tests/clients/queue.h"

#include <algorithm>
#include <iterator>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "resp/reply.h"

namespace weir::testing {
namespace {

using Jobs = Journal::Jobs;
using Ids = std::set<std::string>;

constexpr int64_t kRound = 1000;    // jobs of one run of a producer
constexpr int kMaxRounds = 20;      // one is enough, unless somebody hardly gets the processor
constexpr int64_t kHangAfter = 25;  // entries that the victim acknowledges before it hangs

// Who has not acknowledged for so long counts as dead.  Far more than any pause of a living
// consumer, however busy the machine is, so no entry of theirs is claimed by chance; the test turns
// the clock of the dead one's entries back instead of waiting.
constexpr int64_t kMinIdleMs = 60'000;

const Program kPython{"/usr/bin/python3", "python_queue.py"};
const Program kNodeRedis{"node", "node_redis_queue.mjs"};
const Program kIoredis{"node", "node_ioredis_queue.mjs"};
const Program kPhp{"/usr/bin/php", "php_queue.php"};
const Program kRuby{"/usr/bin/ruby", "ruby_queue.rb"};

/// Who does what.  The first consumer is the one that is killed.
struct Cast {
  Program producer;
  Program victim;
  Program others[2];
  Program second_producer;
};

Jobs all_jobs(int64_t count) {
  Jobs jobs;
  for (int64_t job = 1; job <= count; ++job)
    jobs.insert(jobs.end(), job);
  return jobs;
}

Jobs without(const Jobs& jobs, const Jobs& those) {
  Jobs left;
  std::set_difference(jobs.begin(), jobs.end(), those.begin(), those.end(),
                      std::inserter(left, left.end()));
  return left;
}

/// What is wrong with `jobs`, in few words; nothing when they are those that are expected.
std::string deviation(const Jobs& jobs, const Jobs& expected) {
  std::string text;
  for (int64_t job : without(expected, jobs))
    text += " missing " + std::to_string(job);
  for (int64_t job : without(jobs, expected))
    text += " too often " + std::to_string(job);
  return text.substr(0, 200);
}

/// The entries that the server says are pending with a consumer.
Ids pending_of(Redis& redis, const std::string& consumer) {
  const std::string text = redis("XPENDING", "jobs", "workers", "-", "+", 100, consumer).text;
  const std::regex id(R"re("(\d+-\d+)",)re");
  Ids ids;
  for (std::sregex_iterator at(text.begin(), text.end(), id), end; at != end; ++at) {
    ids.insert((*at)[1]);
  }
  return ids;
}

/// Nothing is new for the group, nothing is pending, and it has read each entry once.
void check_group_is_done(Redis& redis, int64_t jobs) {
  CHECK(redis("XLEN", "jobs") == jobs);
  CHECK(redis("XPENDING", "jobs", "workers") == "[0,nil,nil,nil]");
  const Shown group = redis("XINFO", "GROUPS", "jobs");
  CHECK(group.contains("\"entries-read\"," + std::to_string(jobs) + ","));
  CHECK(group.contains("\"lag\",0"));
}

/// The bytes of a job with all 256 values are in the stream as they should be.
void check_payload_is_whole(Redis& redis) {
  constexpr int64_t kJob = 299;
  std::string payload;
  for (int64_t at = 0; at < kJob; ++at)
    payload += static_cast<char>((kJob + 7 * at) % 256);
  const Shown entries = redis("XRANGE", "jobs", "-", "+", "COUNT", kJob);
  CHECK(entries.contains(resp::quoted(payload)));
}

/// A consumer that hangs in mid-work, and what it held when it died.
struct Victim {
  Journal journal;
  Jobs held;  // delivered to it and not acknowledged
};

/// Kills a consumer that hangs.  What it held stays its own, as the server sees it, too.
Victim kill(Queue& queue, const std::string& name, QueueProcess& process) {
  Victim victim{.journal = process.journal(), .held = {}};
  const Journal& journal = victim.journal;
  victim.held = without(journal.got, journal.acked);
  Ids ids;
  for (int64_t job : victim.held)
    ids.insert(journal.ids.at(job));
  REQUIRE(journal.acked.size() >= kHangAfter);
  REQUIRE(without(journal.worked, journal.acked).size() == 1);
  REQUIRE(victim.held.size() >= 2);
  REQUIRE(pending_of(queue.redis(), name) == ids);
  CHECK(process.kill_now() == -SIGKILL);
  CHECK(pending_of(queue.redis(), name) == ids);
  return victim;
}

/// The entries of the dead become so old that they may be claimed.
void age(Redis& redis, const Victim& victim, const std::string& name) {
  for (int64_t job : victim.held) {
    const std::string& id = victim.journal.ids.at(job);
    CHECK(redis("XCLAIM", "jobs", "workers", name, 0, id, "IDLE", 2 * kMinIdleMs, "JUSTID") ==
          "[\"" + id + "\"]");
  }
}

/// Waits for the end, and sees that nothing was lost and nothing came twice without need.
void check_every_job_once(Queue& queue, const Victim& victim,
                          const std::vector<QueueProcess*>& survivors) {
  Journal everybody = victim.journal;
  for (QueueProcess* survivor : survivors) {
    survivor->must_succeed();
    CHECK_FALSE(survivor->journal().acked.empty());
    everybody.add(survivor->journal());
  }
  const Jobs all = all_jobs(queue.jobs());
  // A new entry goes to one consumer.  A second time comes only what the dead one held, and so
  // nothing that anybody had acknowledged; and that comes once.
  CHECK(deviation(everybody.got, all) == "");
  CHECK(deviation(everybody.claimed, victim.held) == "");
  // Only the job that the victim was at is worked on twice.
  const Jobs interrupted = without(victim.journal.worked, victim.journal.acked);
  CHECK(deviation(without(everybody.worked, interrupted), all) == "");
  // XACK said 1 for each job once and never 0.
  CHECK(deviation(everybody.acked, all) == "");
  CHECK(everybody.acked_late.empty());
  check_group_is_done(queue.redis(), queue.jobs());
  check_payload_is_whole(queue.redis());
}

/// Until the victim hangs and the others have work behind them, jobs keep coming.
void produce_until_victim_hangs(Queue& queue, const Program& program, const QueueProcess& victim,
                                const std::vector<QueueProcess*>& others) {
  const auto is_ready = [&] {
    return victim.has_told("hangs") &&
           std::all_of(others.begin(), others.end(),
                       [](const QueueProcess* other) { return other->has_told("acked"); });
  };
  int rounds = 0;
  do {
    REQUIRE(++rounds <= kMaxRounds);
    queue.start_producer(program, kRound).must_succeed();
    queue.wait_for("a victim that hangs", [&] {
      return is_ready() || queue.redis()("XINFO", "GROUPS", "jobs").contains("\"lag\",0]");
    });
  } while (!is_ready());
}

void check_queue(const Cast& cast) {
  TestServer server;
  Queue queue(server);
  QueueProcess& victim = queue.start_consumer(
      cast.victim, "victim", {.min_idle_ms = kMinIdleMs, .hang_after = kHangAfter});
  std::vector<QueueProcess*> others;
  for (const Program& program : cast.others) {
    const std::string name = "other-" + std::to_string(others.size());
    others.push_back(&queue.start_consumer(program, name, {.min_idle_ms = kMinIdleMs}));
  }
  queue.wait_for("three consumers", [&] {
    return queue.redis()("XINFO", "GROUPS", "jobs").contains("\"consumers\",3,");
  });
  produce_until_victim_hangs(queue, cast.producer, victim, others);

  QueueProcess& last_producer = queue.start_producer(cast.second_producer, kRound);
  const Victim killed = kill(queue, "victim", victim);
  age(queue.redis(), killed, "victim");
  last_producer.must_succeed();
  queue.close();
  check_every_job_once(queue, killed, others);
}

void check_queue(const Program& program) {
  check_queue({.producer = program,
               .victim = program,
               .others = {program, program},
               .second_producer = program});
}

}  // namespace

TEST_CASE("redis-py: a killed consumer's jobs are claimed, no job is lost or comes twice",
          "[clients][queue]") {
  check_queue(kPython);
}

TEST_CASE("node-redis: a killed consumer's jobs are claimed, no job is lost or comes twice",
          "[clients][queue]") {
  check_queue(kNodeRedis);
}

TEST_CASE("ioredis: a killed consumer's jobs come with CLAIM, no job is lost or comes twice",
          "[clients][queue]") {
  check_queue(kIoredis);
}

TEST_CASE("php-redis: a killed consumer's jobs are claimed, no job is lost or comes twice",
          "[clients][queue]") {
  check_queue(kPhp);
}

TEST_CASE("redis-rb: a killed consumer's jobs are claimed, no job is lost or comes twice",
          "[clients][queue]") {
  check_queue(kRuby);
}

TEST_CASE("consumers of three languages share a group, and take over from one another",
          "[clients][queue]") {
  check_queue({.producer = kIoredis,
               .victim = kPython,
               .others = {kRuby, kNodeRedis},
               .second_producer = kPhp});
}

TEST_CASE("what a killed consumer held is claimed when it has really been idle for so long",
          "[clients][queue]") {
  TestServer server;
  Queue queue(server);
  QueueProcess& victim =
      queue.start_consumer(kPython, "victim", {.min_idle_ms = 50, .hang_after = kHangAfter});
  queue.start_producer(kPython, 300).must_succeed();
  queue.wait_for("a victim that hangs", [&] { return victim.has_told("hangs"); });
  const Victim killed = kill(queue, "victim", victim);
  queue.close();
  // It alone claims, and reads nothing new while it holds something: nobody takes from the living.
  QueueProcess& heir = queue.start_consumer(kPython, "heir", {.min_idle_ms = 50});
  check_every_job_once(queue, killed, {&heir});
}

}  // namespace weir::testing
