// A client that writes whatever there is to write, through pipelines, to whoever is the primary.
//
// To what RandomCommands draws come the commands whose effect hangs on time or chance, and which
// the stream of replication must tell in another form: `*` as an ID, keys that expire soon, readers
// that wait and are served by what others write, messages that are sent twice; in four databases.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/support/random_commands.h"
#include "tests/support/redis.h"

namespace weir::testing {

class RestlessWriter {
 public:
  /// is_redis_7: only commands of Redis 7.0.
  RestlessWriter(uint64_t seed, int64_t now_ms, bool is_redis_7)
      : commands_(seed, now_ms), is_redis_7_(is_redis_7) {}

  /// Writes to the server at the port, which may change, until it is told to stop; to be run in a
  /// thread.
  void run(const std::atomic<int>& port, const std::atomic<bool>& stops);

  /// Commands that were answered, and those of them that were not with an error.
  uint64_t answered() const { return answered_; }
  uint64_t accepted() const { return accepted_; }

 private:
  void write_batches(Redis& redis, const std::atomic<int>& port, const std::atomic<bool>& stops);
  void take(const Shown& reply);
  Words next();
  Words of_time();
  Words of_all_keys();
  Words newer();
  Words drawn();
  Words reader(bool waits);
  Words with_ids(Words words);
  std::string recent_id();
  std::string pick(std::initializer_list<const char*> words);
  std::string key() { return pick({"s1", "s2", "t1", "t2", "t3"}); }
  std::string number(uint64_t bound) { return std::to_string(commands_.draw(bound)); }

  RandomCommands commands_;
  const bool is_redis_7_;
  std::vector<std::string> recent_;  // IDs that `*` became
  std::atomic<uint64_t> answered_ = 0;
  std::atomic<uint64_t> accepted_ = 0;
};

}  // namespace weir::testing
