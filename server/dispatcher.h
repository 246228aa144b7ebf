// Between a request and its handler: the gates before a command and the duties after it.
//
//   argv ─► row ─► arity
//     ─► debug, modules ─► password ─► MULTI ─► rights ─► memory ─► closed gates     refusal_of()
//     ─► listens to messages, is fed ─► pause: put off ─► in MULTI: queued           run_or_queue()
//     ─► run ─┬─► reply or error ─► statistics                                       run()
//             └─► waits: registered with Waiters
//
// No command is known here by name: what is special about one is a flag in its row.  A waiting
// command is run again by the same path when one of its keys is signalled.
//
// Each command is timed with one reading of a cheap clock: its end is the beginning of the next.
// Only what took long, or is watched by MONITOR, is looked at further: one comparison.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/clock.h"
#include "server/command.h"
#include "server/context.h"
#include "server/insight/tick_clock.h"
#include "server/net/client_io.h"
#include "server/pause.h"
#include "server/propagation.h"

namespace weir {

class CommandNames;
struct CommandStats;
struct Waiter;

/// What may be wrong with the server as a whole.
enum Gate : uint8_t {
  kLoadingGate = 1,    // it is loading its data
  kSavingGate = 2,     // snapshots fail
  kLogGate = 4,        // the log cannot be written
  kReplicasGate = 8,   // there are too few of them
  kReadonlyGate = 16,  // it is a replica
  kStaleGate = 32,     // it is one whose link is down, and old data are not wanted
  kAsideGate = 64,     // data are loaded that will take the place of those that are served
};

class Dispatcher : public RequestHandler {
 public:
  /// `context` outlives the dispatcher.
  Dispatcher(Context& context, Clock& clock);
  ~Dispatcher() override;

  void attach(ClientIo& io) { io_ = &io; }
  ClientIo& io() { return *io_; }

  // --- RequestHandler
  void begin_batch() override;
  uint64_t batch_ns() override {
    return context_.ticks.ns(context_.ticks.between(batch_ticks_, lap_ticks_));
  }
  /// Begins to fetch the streams that a pipeline's requests name.
  void expect(const Client& client,
              std::span<const std::span<const std::string_view>> requests) override;
  void handle(Client& client, std::span<const std::string_view> argv) override;
  int64_t monotonic_ms() const override { return clock_.monotonic_ms(); }
  void disconnected(Client& client) override;
  void encrypted(Client& client) override;
  void protocol_error(Client& client, std::string_view text, std::string_view bytes) override;
  void transport_failed(Client& client, std::string_view why) override;
  void query_buffer_exceeded(Client& client, std::string_view bytes) override;
  bool output_exceeded(Client& client) override;
  void evicted(Client& client) override;
  Client* find(uint64_t client_id) override;
  resp::RequestLimits limits_for(const Client& client) const override;
  size_t query_buffer_limit(const Client& client) const override;
  void closed(Client& client) override;

  /// Runs the commands of the readers whose keys were signalled.
  void serve_waiters();
  /// Answers the readers whose time is over.
  void expire_waiters();
  /// Ends the wait of a client with an error, or with what a timeout answers if it is empty.  False
  /// if it does not wait.
  bool unblock(Client& client, std::string_view error);

  /// The row that clients mean by a command's name; null if there is none.
  const CommandSpec* find_named(std::string_view name) const;

  /// One of the commands that EXEC runs; writes its reply.
  void run_queued(Client& client, const CommandSpec& command,
                  std::span<const std::string_view> argv);
  /// The row of a command that comes from the log or a primary; null if it is not here.
  const CommandSpec* find_row(std::span<const std::string_view> argv);
  /// Such a command, for a client that has no socket and nobody's rights: past all gates, and
  /// nobody is answered.  The error that it would have answered; empty: none.
  std::string replay(Client& client, const CommandSpec& command,
                     std::span<const std::string_view> argv);
  /// Forgets the queued commands of a client and what it watches.
  void discard_transaction(Client& client);
  /// Forgets only that.
  void unwatch(Client& client);

  Pause& pause() { return pause_; }
  void end_pause();
  /// Keys may expire again, unless something else keeps them from it.
  void end_pause_of_expiry();
  /// Runs what a pause that is over put off.
  void run_put_off();
  size_t put_off_count() const { return put_off_.size(); }

  /// What keeps commands out, whoever sends them: an open gate lets all through.
  void set_gate(Gate gate, bool is_closed) {
    closed_gates_ = static_cast<uint8_t>(is_closed ? closed_gates_ | gate : closed_gates_ & ~gate);
  }

  /// The options or the monitors changed: which commands deserve a look from now on.
  void look_out();
  void turn_ended();

  /// The command that runs, for a crash report; null between commands.
  const CommandSpec* running() const { return running_; }

 private:
  static void expect_keys(const Database& db, const CommandSpec& command,
                          std::span<const std::span<const std::string_view>> requests);
  struct PutOff {
    uint64_t client_id = 0;
    const CommandSpec* command = nullptr;
    std::vector<std::string> argv;
  };

  void handle_renamed(Client& client, const CommandSpec& command,
                      std::span<const std::string_view> argv);
  void run_or_queue(Client& client, const CommandSpec& command,
                    std::span<const std::string_view> argv);
  std::string_view refusal_of(const Client& client, const CommandSpec& command,
                              std::span<const std::string_view> argv);
  std::string_view refusal_at_gate(uint32_t flags) const;
  bool is_within_limits(const Client& client, const CommandSpec& command,
                        std::span<const std::string_view> argv);
  static uint32_t effective_flags(const Client& client, const CommandSpec& command);
  static bool needs_room(const Client& client, const CommandSpec& command);
  void put_off(Client& client, const CommandSpec& command, std::span<const std::string_view> argv);
  void run(Client& client, const CommandSpec& command, std::span<const std::string_view> argv);
  bool retry(Client& client);
  void note_reads(Client& client, const CommandSpec& command,
                  std::span<const std::string_view> argv);
  static void end_exception(Client& client, const CommandSpec* command);
  Call make_call(Client& client, std::span<const std::string_view> argv);
  Call call_of(Client& client, std::span<const std::string_view> argv);  // the same, in place
  void wait(Client& client, const CommandSpec& command, std::unique_ptr<Wait> wait);
  /// Around everything that answers a request: CLIENT REPLY may want no reply to leave, and a
  /// replica that is answered is closed.
  void begin_reply(Client& client);
  void end_reply(Client& client);
  /// Its command told something: if it changed data, what it answers behind the first `before`
  /// bytes waits until that is safe.
  void note_told(Client& client, size_t before, Propagation::News news);
  void hold_reply(Client& client, size_t before, bool is_write);
  void begin_changes(Client& client);
  void end_changes(Client& client);
  void reply_error(Client& client, std::string_view text);
  void reject(Client& client, const CommandSpec* command, std::string_view text);
  void close_silently(Client& client, std::string_view why);
  void log_error_of_replica(const Client& client, std::string_view text);
  void close_answered_replica(Client& client);
  /// Ends the timing of what began at `began` and begins the next; the duration in ns.
  uint64_t lap(uint64_t began) {
    lap_ticks_ = context_.ticks.now();
    return context_.ticks.ns(context_.ticks.between(began, lap_ticks_));
  }
  /// A command has run, to its end, and counts, or until it has to wait.
  void ran(Client& client, const CommandSpec& command, CommandStats& stats,
           std::span<const std::string_view> argv, uint64_t began);
  /// The same for one that had to wait and has come to its end: it has taken so long in all.
  void ended(Client& client, const CommandSpec& command, uint64_t ns);
  void note(const Client& client, const CommandSpec& command,
            std::span<const std::string_view> argv, uint64_t ns);
  void note_slow(const Client& client, const CommandSpec& command,
                 std::span<const std::string_view> argv, uint64_t ns);

  Context& context_;
  Clock& clock_;
  ClientIo* io_ = nullptr;
  const Settings& settings_;
  resp::Buffer discarded_;  // replies that leave nowhere: see Client::gets_replies()
  const CommandSpec* running_ = nullptr;
  const CommandSpec* last_replayed_ = nullptr;  // its first word was that of this row
  Pause pause_;
  uint8_t closed_gates_ = 0;
  std::vector<PutOff> put_off_;          // in order
  uint64_t lap_ticks_ = 0;               // when the last command ended, or the batch began
  uint64_t batch_ticks_ = 0;             // when the batch began
  uint64_t clock_ticks_ = 0;             // when the clock was read
  uint64_t turn_ticks_ = 0;              // when the turn's first batch began; 0: none yet
  uint64_t noteworthy_ns_ = 0;           // what took as long is looked at by note()
  std::unique_ptr<CommandNames> names_;  // set where rename-command changed some
  std::string refusal_;                  // the text of the last refusal by access rules
  int64_t last_http_warning_ms_ = INT64_MIN / 2;
};

}  // namespace weir
