// Handlers without a server: the parts that they touch, no socket, and a clock that the test moves.
//
//   HandlerStage stage;
//   CHECK(stage("XADD s * f v") == R"("1000000-0")");
//   CHECK(stage.told() == "XADD s 1000000-0 f v");
//   CHECK(stage.events() == "new s, xadd s");
//   stage.is_replay = true;                       // what follows comes from a log or a primary
//   stage.now_ms += 5000;
//
// Of the dispatcher's gates only the number of words is looked at.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/clock.h"
#include "server/command.h"
#include "server/commands/entry_reply.h"
#include "server/config.h"
#include "server/context.h"
#include "server/data/keyspace.h"
#include "server/data/waiters.h"
#include "server/data/watches.h"
#include "server/dispatcher.h"
#include "server/durability/append_log.h"
#include "server/durability/commit_gate.h"
#include "server/durability/loader.h"
#include "server/durability/log_rewriter.h"
#include "server/durability/snapshot_runner.h"
#include "server/durability/snapshots.h"
#include "server/ending.h"
#include "server/gatekeeper.h"
#include "server/host/log.h"
#include "server/insight/info.h"
#include "server/insight/latency.h"
#include "server/insight/monitors.h"
#include "server/insight/slowlog.h"
#include "server/insight/stats.h"
#include "server/insight/tick_clock.h"
#include "server/key_removal.h"
#include "server/memory_limit.h"
#include "server/messaging/pubsub.h"
#include "server/messaging/tracking.h"
#include "server/net/client_io.h"
#include "server/net/client_table.h"
#include "server/net/event_loop.h"
#include "server/propagation.h"
#include "server/replication/failover.h"
#include "server/replication/replicas.h"
#include "server/replication/stream.h"
#include "server/replication/upstream.h"
#include "server/shutdown_control.h"

namespace weir::testing {

/// A command as words.
using WriteForm = std::vector<std::string>;

/// What was told, in order.
class Recorder : public KeyListener {
 public:
  /// Takes what was told since the last time; SELECT, MULTI and EXEC are left out.
  void take(Propagation& propagation);
  void happened(uint32_t db, const KeyEvent& event, std::string_view key) override;
  void flushing(uint32_t db) override;
  void swapping(uint32_t first_db, uint32_t second_db) override;

  std::vector<WriteForm> forms;
  std::vector<WriteForm> relays;
  std::vector<std::string> events;  // "xadd s"
  std::vector<std::string> misses;  // "keymiss s"
};

class HandlerStage {
 public:
  /// Whether anybody hears what commands tell; if not, told(), forms() and events() stay empty.
  enum class Audience : uint8_t { kRecorder, kNone };

  explicit HandlerStage(Audience audience = Audience::kRecorder, FileSystem& files = real_files());

  /// The row of a command, or null; a container counts by its subcommand.
  static const CommandSpec* row_of(std::span<const std::string_view> words);

  void configure(std::string_view option, std::string_view value);
  /// Lines of a configuration file, for options that a server is started with.
  void read_lines(std::string_view lines);

  /// Calls the handler of a command.  The reply as show() has it; "waits" if it does and wrote
  /// nothing; "not one reply" for anything else.
  std::string run(const std::vector<std::string_view>& words);
  /// The same; the words are separated by blanks.
  std::string operator()(std::string_view words);
  /// The same; the reply's bytes, which are none if it waits.  They hold until the next command.
  std::string_view answer(std::span<const std::string_view> words);

  /// What the last command waits for, if it does.
  const Wait* wait() const { return wait_.get(); }

  /// The forms told since the last time this was asked, a line each.
  std::string told();
  /// All forms told.
  const std::vector<WriteForm>& forms() const { return recorder_.forms; }
  /// The same, and forgets them.
  std::vector<WriteForm> take_forms();
  /// What was relayed to replicas.
  const std::vector<WriteForm>& relays() const { return recorder_.relays; }
  /// The events since the last time this was asked: "new s, xadd s"; without those of keys that
  /// were not found.
  std::string events();
  /// Those: "keymiss s".
  std::string misses();

  /// The stream of a key, or null.
  Stream* stream(std::string_view key) { return keyspace.database(0).find_for_write(key); }
  AppendLog& append_log() { return append_log_; }
  CommitGate& commit_gate() { return commit_gate_; }
  weir::Clock& clock() { return clock_; }
  LogRewriter& log_rewriter() { return log_rewriter_; }
  Context& context() { return context_; }
  Propagation& propagation() { return propagation_; }
  Client& client() { return client_; }
  void set_protocol(int version) { client_.reply.set_version(version); }
  /// Bytes that the buffer of replies keeps for the next one.
  size_t reply_room() const;

  int64_t now_ms = 1'000'000;  // Unix time
  bool is_replay = false;
  bool may_wait = true;

 private:
  Config config_;
  Log log_;
  weir::Clock clock_;
  ServerIdentity identity_;
  EventLoop loop_;
  ShutdownControl shutdown_;
  Stats stats_;
  TickClock ticks_;
  Slowlog slowlog_;
  LatencyMonitor latency_;
  Monitors monitors_;
  IdWriter ids_;
  ClientTable clients_;

 public:
  Keyspace keyspace;

 private:
  Waiters waiters_;
  Watches watches_;
  MemoryLimit memory_;
  Propagation propagation_;
  ReplicationStream replication_;
  PubSub pubsub_;
  Tracking tracking_;
  KeyRemoval key_removal_;

 public:
  SnapshotRunner snapshot_runner;
  Snapshots snapshots;
  Loader loader;

 private:
  Context context_;
  Ending ending_;
  Gatekeeper gatekeeper_;
  Dispatcher dispatcher_;
  ClientIo io_;
  Replicas replicas_;
  Tls tls_;
  Upstream upstream_;
  Failover failover_;
  CommitGate commit_gate_;
  AppendLog append_log_;
  LogRewriter log_rewriter_;
  Client& client_;
  Recorder recorder_;
  std::unique_ptr<Wait> wait_;
  size_t told_ = 0;
  bool is_recording_ = false;  // or what is told stays with the propagation
};

}  // namespace weir::testing
