// Random commands while snapshots of the keyspace are read in another thread: what is read must be
// what was there when the snapshot began.
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "server/data/keyspace_snapshot.h"
#include "server/text.h"
#include "tests/support/describe_keyspace.h"
#include "tests/support/handler_stage.h"
#include "tests/support/random_commands.h"
#include "tests/support/seed.h"

namespace weir::testing {
namespace {

/// Reads keys in a thread of its own, one after the other.
class Reader {
 public:
  Reader() : thread_([this] { run(); }) {}
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  ~Reader() {
    give({}, true);
    thread_.join();
  }

  void give(std::vector<SnapshotKey> keys, bool is_end = false) {
    const std::lock_guard lock(mutex_);
    for (SnapshotKey& key : keys)
      unread_.push_back(std::move(key));
    is_ending_ = is_end;
    has_work_.notify_one();
  }
  std::vector<SnapshotKey> take_read() {
    const std::lock_guard lock(mutex_);
    return std::exchange(read_, {});
  }
  KeyTexts take_texts() {
    const std::lock_guard lock(mutex_);
    return std::exchange(texts_, {});
  }

 private:
  void run() {
    std::unique_lock lock(mutex_);
    while (true) {
      has_work_.wait(lock, [this] { return is_ending_ || !unread_.empty(); });
      if (unread_.empty()) return;
      SnapshotKey key = std::move(unread_.back());
      unread_.pop_back();
      lock.unlock();
      KeyTexts texts;
      add_description(key, texts);
      lock.lock();
      texts_.merge(texts);
      read_.push_back(std::move(key));
    }
  }

  std::mutex mutex_;
  std::condition_variable has_work_;
  std::vector<SnapshotKey> unread_;
  std::vector<SnapshotKey> read_;
  KeyTexts texts_;
  bool is_ending_ = false;
  std::thread thread_;
};

/// The others need a dispatcher.
bool is_for_handlers(const Words& words) {
  for (const char* name : {"multi", "exec", "discard", "watch", "unwatch"}) {
    if (equals_ignoring_case(name, words[0])) return false;
  }
  const std::vector<std::string_view> views(words.begin(), words.end());
  return HandlerStage::row_of(views) != nullptr;
}

/// Streams on a stage, and one snapshot after the other.
class SnapshotModel {
 public:
  explicit SnapshotModel(uint64_t seed) : commands_(seed, stage_.now_ms) {
    stage_.configure("stream-node-max-entries", "8");
  }

  void run_commands(uint64_t count) {
    while (count > 0) {
      const Words words = commands_.next();
      if (!is_for_handlers(words)) continue;
      stage_.run({words.begin(), words.end()});
      --count;
    }
    if (commands_.one_in(40)) stage_("FLUSHDB");
  }

  /// What a snapshot of now says, while commands run.
  void check_snapshot() {
    const KeyTexts moment = describe(stage_.keyspace);
    KeyspaceSnapshot snapshot(stage_.keyspace);
    const bool is_to_be_abandoned = commands_.one_in(10);
    while (!snapshot.is_done()) {
      run_commands(commands_.draw(12));
      if (is_to_be_abandoned && commands_.one_in(3)) snapshot.abandon();
      std::vector<SnapshotKey> keys;
      if (commands_.one_in(3)) snapshot.take(keys, 1 + commands_.draw(3));
      given_ += keys.size();
      reader_.give(std::move(keys));
      take_back(snapshot);
    }
    while (given_ > 0) {
      run_commands(1);
      take_back(snapshot);
    }
    const KeyTexts read = reader_.take_texts();
    if (!is_to_be_abandoned) REQUIRE(difference(read, moment) == "");
    ++snapshots_;
  }

  uint64_t snapshots() const { return snapshots_; }
  void assert_consistent() {
    for (const Database& db : stage_.keyspace.databases())
      db.keys().for_each([](const KeyEntry& entry) { entry.stream.assert_consistent(); });
  }

 private:
  void take_back(KeyspaceSnapshot& snapshot) {
    for (SnapshotKey& key : reader_.take_read()) {
      snapshot.give_back(std::move(key));
      --given_;
    }
  }

  HandlerStage stage_{HandlerStage::Audience::kNone};
  RandomCommands commands_;
  Reader reader_;
  size_t given_ = 0;
  uint64_t snapshots_ = 0;
};

TEST_CASE("A snapshot read in another thread shows its moment, whatever commands run",
          "[snapshot]") {
  const uint64_t seed = first_seed();
  CAPTURE(seed);
  for (uint64_t life = 0; life < 20; ++life) {
    CAPTURE(life);
    SnapshotModel model(seed + life);
    while (model.snapshots() < 40) {
      model.run_commands(40);
      model.check_snapshot();
      model.assert_consistent();
    }
  }
}

}  // namespace
}  // namespace weir::testing
