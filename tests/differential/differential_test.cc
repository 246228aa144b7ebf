// The same random commands to our server and to Debian's redis-server; the replies must be equal.
//
// WEIR_SEED repeats a run.  A failure shows the command, both replies and what was last sent about
// the same key; the state before it is rebuilt by running the seed again.
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <iostream>

#include <catch2/catch.hpp>
#include <strings.h>

#include "tests/differential/known_differences.h"
#include "tests/differential/twin.h"
#include "tests/support/environment.h"
#include "tests/support/random_commands.h"
#include "tests/support/seed.h"

namespace weir::testing {
namespace {

constexpr const char* kRedisVersion = "redis_version:7.0.";  // whose differences we know
/// Each begins with empty servers and its own limits of stream nodes.
constexpr size_t kUsualLives = 25;
constexpr size_t kCommandsPerLife = 5'000;
constexpr size_t kBatch = 100;
constexpr const char* kExchanged[] = {"s1", "s2", "s3", "only1", "only2"};  // by DUMP, RESTORE
constexpr size_t kHistory = 25;  // commands shown before the one that failed

size_t lives_wanted() {
  return number_in_environment("WEIR_LIVES").value_or(kUsualLives);
}

int64_t unix_ms() {
  return std::chrono::duration_cast<Milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

/// Both servers, and everything they were asked in this life.
class Comparison {
 public:
  Comparison(const std::vector<std::string>& options, int protocol)
      : weir_(options, server_binary()), redis_(options, kRedis), protocol_(protocol) {
    const Answer info = redis_.ask({"INFO", "server"});
    if (info.value.text.find(kRedisVersion) == std::string::npos) {
      FAIL("The known differences are those of Redis 7.0; this is:\n" << info.value.text);
    }
  }

  void begin_life(RandomCommands& random) {
    sent_.clear();
    queued_.clear();
    weir_.ask({"DISCARD"});  // what the life before left open
    redis_.ask({"DISCARD"});
    const std::string entries = std::to_string(random.draw(3) == 0 ? 100 : random.draw(8));
    const std::string bytes = std::to_string(random.draw(2) == 0 ? 4096 : 60 + random.draw(200));
    for (const Words& command :
         {Words{"HELLO", std::to_string(protocol_)}, Words{"SELECT", "0"}, Words{"FLUSHALL"},
          Words{"CONFIG", "SET", "stream-node-max-entries", entries},
          Words{"CONFIG", "SET", "stream-node-max-bytes", bytes}, Words{"SET", "text", "x"}}) {
      weir_.ask(command);
      redis_.ask(command);
      sent_.push_back(command);
    }
    // SET is not a command of ours; where it failed the key is a stream like the others.
    if (weir_.ask({"EXISTS", "text"}).value.integer == 0) redis_.ask({"DEL", "text"});
  }

  /// A stream, as one of the servers writes it, in both.  Within a transaction only DUMP is queued.
  void exchange(RandomCommands& random) {
    const std::string key = kExchanged[random.draw(std::size(kExchanged))];
    const auto [ours, theirs] = run({{"DUMP", key}});
    const resp::Reply& payload = random.one_in(2) ? ours : theirs;
    if (payload.kind == resp::Reply::Kind::kBulk) {
      run({{"RESTORE", key, "0", payload.text, "REPLACE"}, {"DEBUG", "DIGEST-VALUE", key}});
    }
  }

  /// Sends the commands and compares what comes back; the last replies.
  std::pair<resp::Reply, resp::Reply> run(const std::vector<Words>& commands) {
    const std::vector<Answer> ours = weir_.ask(commands);
    const std::vector<Answer> theirs = redis_.ask(commands);
    for (size_t i = 0; i < commands.size(); ++i) {
      sent_.push_back(commands[i]);
      if (ours[i].bytes != theirs[i].bytes) compare_any(commands[i], ours[i], theirs[i]);
      note_queued(commands[i], ours[i].value);
    }
    return {ours.back().value, theirs.back().value};
  }

 private:
  /// What EXEC answers is compared command by command.
  void compare_any(const Words& command, const Answer& ours, const Answer& theirs) const {
    const std::vector<resp::Reply>& elements = ours.value.elements;
    if (!is_exec(command) || elements.size() != theirs.value.elements.size() ||
        elements.size() != queued_.size()) {
      return compare(command, ours.value, theirs.value);
    }
    for (size_t i = 0; i < elements.size(); ++i)
      compare(queued_[i], elements[i], theirs.value.elements[i]);
  }

  /// Keeps in mind which commands EXEC will run.
  void note_queued(const Words& command, const resp::Reply& reply) {
    if (reply.text == "QUEUED") {
      queued_.push_back(command);
    } else if (is_exec(command) || same_word(command[0], "DISCARD")) {
      queued_.clear();
    }
  }

  static bool same_word(const std::string& word, const char* other) {
    return strcasecmp(word.c_str(), other) == 0;
  }
  static bool is_exec(const Words& command) { return same_word(command[0], "EXEC"); }

  void compare(const Words& command, resp::Reply ours, resp::Reply theirs) const {
    const Asked asked{.command = command, .began_ms = began_ms_};
    for (const KnownDifference& difference : known_differences()) {
      if (difference.normalise == nullptr) continue;
      difference.normalise(ours, asked);
      difference.normalise(theirs, asked);
    }
    if (ours == theirs) return;
    INFO("what was sent before:\n" << history(command));
    INFO("command: " << show(command));
    INFO("weir:    " << resp::show(ours));
    INFO("redis:   " << resp::show(theirs));
    FAIL("replies differ");
  }

  /// The last commands that named a key of this one.
  std::string history(const Words& command) const {
    const auto shares_key = [&command](const Words& other) {
      return std::any_of(other.begin() + 1, other.end(), [&](const std::string& word) {
        const bool is_key = word.size() == 2 && word[0] == 's';
        return (is_key || is_append_only(word) || word == "text") &&
               std::find(command.begin(), command.end(), word) != command.end();
      });
    };
    std::vector<std::string> lines;
    for (auto other = sent_.rbegin() + 1; other < sent_.rend() && lines.size() < kHistory;
         ++other) {
      if (shares_key(*other)) lines.push_back("  " + show(*other) + "\n");
    }
    std::string text;
    for (auto line = lines.rbegin(); line != lines.rend(); ++line)
      text += *line;
    return text;
  }

  Twin weir_;
  Twin redis_;
  int protocol_;
  int64_t began_ms_ = unix_ms();
  std::vector<Words> sent_;
  std::vector<Words> queued_;
};

std::vector<Words> random_batch(RandomCommands& random) {
  std::vector<Words> batch;
  while (batch.size() < kBatch) {
    Words command = random.next_of_all();
    std::vector<Words> first;
    for (const KnownDifference& difference : known_differences()) {
      if (difference.avoid != nullptr) difference.avoid(command, first);
    }
    batch.insert(batch.end(), first.begin(), first.end());
    batch.push_back(std::move(command));
  }
  return batch;
}

void compare_servers(int protocol) {
  if (!std::filesystem::exists(kRedis)) {
    FAIL("There is no " << kRedis << " to compare with: .ci/packages test installs it.");
  }
  const uint64_t seed = first_seed();
  CAPTURE(seed);
  Comparison comparison({"--appendonly", "no", "--enable-debug-command", "yes"}, protocol);
  const size_t lives = lives_wanted();
  for (uint64_t life = 0; life < lives; ++life) {
    CAPTURE(life);
    RandomCommands random(seed * kUsualLives + life, unix_ms());
    comparison.begin_life(random);
    for (size_t sent = 0; sent < kCommandsPerLife; sent += kBatch) {
      comparison.run(random_batch(random));
      comparison.exchange(random);
    }
  }
  if (lives != kUsualLives)
    std::cout << lives * kCommandsPerLife << " commands in RESP" << protocol << " from seed "
              << seed << ": no difference that is not known\n";
}

TEST_CASE("Random stream commands are answered as Redis 7.0 answers them", "[differential]") {
  compare_servers(2);
}

TEST_CASE("Random stream commands are answered in RESP3 as Redis 7.0 answers them",
          "[differential]") {
  compare_servers(3);
}

}  // namespace
}  // namespace weir::testing
