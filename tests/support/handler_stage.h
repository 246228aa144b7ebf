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

#include "server/command.h"
#include "server/parts.h"

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
  AppendLog& append_log() { return parts_.append_log; }
  CommitGate& commit_gate() { return parts_.commit_gate; }
  weir::Clock& clock() { return clock_; }
  LogRewriter& log_rewriter() { return parts_.log_rewriter; }
  Context& context() { return parts_.context; }
  Propagation& propagation() { return parts_.propagation; }
  Client& client() { return client_; }
  void set_protocol(int version) { client_.reply.set_version(version); }
  /// Bytes that the buffer of replies keeps for the next one.
  size_t reply_room() const;

  int64_t now_ms = 1'000'000;  // Unix time
  bool is_replay = false;
  bool may_wait = true;

 private:
  /// With the options that every test wants.
  Config& prepared_config();

  Config config_;
  Log log_;
  weir::Clock clock_;
  EventLoop loop_;
  Tls tls_;
  Parts parts_;

 public:
  Keyspace& keyspace = parts_.keyspace;
  SnapshotRunner& snapshot_runner = parts_.snapshot_runner;
  Snapshots& snapshots = parts_.snapshots;
  Loader& loader = parts_.loader;

 private:
  Client& client_;
  Recorder recorder_;
  std::unique_ptr<Wait> wait_;
  size_t told_ = 0;
  bool is_recording_ = false;  // or what is told stays with the propagation
};

}  // namespace weir::testing
