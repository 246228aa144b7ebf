#include "server/dispatcher.h"

#include <array>
#include <cassert>
#include <utility>

#include "server/command_names.h"
#include "server/commands/command_keys.h"
#include "server/commands/table.h"
#include "server/config.h"
#include "server/data/keyspace.h"
#include "server/data/waiters.h"
#include "server/data/watches.h"
#include "server/durability/append_log.h"
#include "server/durability/commit_gate.h"
#include "server/durability/snapshots.h"
#include "server/errors.h"
#include "server/gatekeeper.h"
#include "server/host/log.h"
#include "server/insight/stats.h"
#include "server/insight/tick_clock.h"
#include "server/memory_limit.h"
#include "server/messaging/tracking.h"
#include "server/net/push.h"
#include "server/net/transaction.h"
#include "server/text.h"
#include "streams/same_text.h"

namespace weir {
namespace {

/// The code of an error without one of its own, which is not repeated inside another.
constexpr std::string_view kError = "ERR ";
/// So long after the clock was read, in the same turn, it need not be read again.
constexpr uint64_t kClockHoldsNs = 100'000;
/// Cross-protocol requests are logged at most this often.
constexpr int64_t kHttpWarningIntervalMs = 60'000;

constexpr uint32_t kTouchesKeys = kWrite | kReadonly | kMayReplicate;

std::string_view without_plain_code(std::string_view error) {
  return error.starts_with(kError) ? error.substr(kError.size()) : error;
}

bool is_http(std::string_view word) {
  return equals_ignoring_case(word, "post") || equals_ignoring_case(word, "host:");
}

}  // namespace

Dispatcher::Dispatcher(Context& context, Clock& clock)
    : context_(context), clock_(clock), settings_(context.config.values()) {
  look_out();
  if (!settings_.renamed_commands.empty())
    names_ = std::make_unique<CommandNames>(context.commands, settings_.renamed_commands);
}

Dispatcher::~Dispatcher() = default;

// A pipeline is mostly of one command, so the row of the last one says what is looked at.
void Dispatcher::expect(const Client& client,
                        std::span<const std::span<const std::string_view>> requests) {
  const CommandSpec* const command = client.last_command;
  if (command == nullptr) return;
  const Database& db = context_.keyspace.database(client.db);
  if (command->keys.kind == KeySpec::Kind::kIndex) expect_keys(db, *command, requests);
  if (command->expect != nullptr) command->expect(db, requests);
}

void Dispatcher::expect_keys(const Database& db, const CommandSpec& command,
                             std::span<const std::span<const std::string_view>> requests) {
  const size_t position = command.keys.first;
  std::array<std::string_view, Database::kMostPrefetched> keys;
  size_t count = 0;
  for (const auto& argv : requests) {
    if (argv.size() <= position) continue;
    if (count > 0 && same_text(keys[count - 1], argv[position])) continue;
    if (!equals_ignoring_case(command.name, argv[0])) continue;
    if (count == keys.size()) break;
    keys[count++] = argv[position];
  }
  // A single stream comes soon enough when its command asks for it.
  if (count > 1) db.prefetch({keys.data(), count});
}

// --- The gates -----------------------------------------------------------------------------------

void Dispatcher::handle(Client& client, std::span<const std::string_view> argv) {
  const CommandSpec* command = client.last_command;
  if (command == nullptr || names_ != nullptr || !is_name_quickly(argv[0], command->name))
    command = find_named(argv[0]);
  if (command == nullptr || command->is_subcommand()) {
    client.last_command = nullptr;
    if (is_http(argv[0]))
      return close_silently(client,
                            "Possible SECURITY ATTACK detected. It looks like "
                            "somebody is sending POST or Host: commands to this server.");
    return reject(client, nullptr, errors::unknown_command(argv).text());
  }
  if (command->has(kContainer) && argv.size() > 1) {
    const CommandSpec* const subcommand = find_subcommand(*command, argv[1]);
    if (subcommand == nullptr) {
      client.last_command = nullptr;
      return reject(client, command, errors::unknown_subcommand(command->name, argv[1]).text());
    }
    command = subcommand;
  }
  client.last_command = command;
  if (names_ != nullptr) return handle_renamed(client, *command, argv);
  run_or_queue(client, *command, argv);
}

const CommandSpec* Dispatcher::find_named(std::string_view name) const {
  return names_ != nullptr ? names_->find(name) : find_command(name);
}

// The log, replicas and the waiters get the words with the name of the table.
void Dispatcher::handle_renamed(Client& client, const CommandSpec& command,
                                std::span<const std::string_view> argv) {
  std::vector<std::string_view> words(argv.begin(), argv.end());
  words[0] = command.name.substr(0, command.name.find('|'));
  run_or_queue(client, command, words);
}

void Dispatcher::run_or_queue(Client& client, const CommandSpec& command,
                              std::span<const std::string_view> argv) {
  if (command.run == nullptr || !command.accepts(argv.size())) {
    return reject(client, &command, errors::wrong_number_of_arguments(command.name).text());
  }
  if (const std::string_view refusal = refusal_of(client, command, argv); !refusal.empty()) {
    return reject(client, &command, refusal);
  }
  if (client.subscriptions && !client.reply.is_resp3() && !command.has(kForListeners)) {
    return reject(client, &command, errors::not_while_subscribed(command.name).text());
  }
  if (client.is_fed() && (effective_flags(client, command) & kTouchesKeys) != 0) [[unlikely]]
    return reject(client, &command, errors::kFedClient);
  if (pause_.holds(effective_flags(client, command)) && !client.shared)
    return put_off(client, command, argv);
  if (client.transaction && !command.has(kNotQueued)) {
    client.transaction->queue(command, command.flags, argv);
    begin_reply(client);
    client.reply.simple("QUEUED");
    return end_reply(client);
  }
  run(client, command, argv);
  serve_waiters();
}

/// What a command is and does; for EXEC, also what the commands that it will run are and do.
uint32_t Dispatcher::effective_flags(const Client& client, const CommandSpec& command) {
  const bool runs_queue = command.has(kRunsQueue) && client.transaction;
  return command.flags | (runs_queue ? client.transaction->flags() : 0);
}

/// Whatever is queued takes memory until EXEC, a read, too; and nothing more is begun there.
bool Dispatcher::needs_room(const Client& client, const CommandSpec& command) {
  return (effective_flags(client, command) & kDenyOom) != 0 ||
         (client.transaction && !command.has(kLeavesMulti));
}

/// Why the command may not run now; empty if it may.
std::string_view Dispatcher::refusal_of(const Client& client, const CommandSpec& command,
                                        std::span<const std::string_view> argv) {
  if (command.has(kNeedsDebug | kNeedsModule)) {
    const bool is_debug = command.has(kNeedsDebug);
    const Allowed allowed =
        is_debug ? settings_.enable_debug_command : settings_.enable_module_command;
    if (allowed == Allowed::kNo || (allowed == Allowed::kLocal && !client.is_local()))
      return is_debug ? errors::kDebugNotAllowed : errors::kModuleNotAllowed;
  }
  if (!context_.gatekeeper.knows(client) && !command.has(kNoAuth)) return errors::kNoAuth;
  if (client.transaction && command.has(kNoMulti | kNotInMulti)) return errors::kNotInTransaction;
  if (client.limits != nullptr && !is_within_limits(client, command, argv)) return refusal_;
  if (needs_room(client, command) && !context_.memory.has_room()) return errors::kOutOfMemory;
  if (closed_gates_ != 0) [[unlikely]]
    return refusal_at_gate(effective_flags(client, command));
  return {};
}

std::string_view Dispatcher::refusal_at_gate(uint32_t flags) const {
  if ((closed_gates_ & kSavingGate) != 0 && (flags & (kWrite | kTellsHealth)) != 0 &&
      context_.snapshots.refuses_writes())
    return errors::kCannotSave;
  if ((closed_gates_ & kLogGate) != 0 && (flags & (kWrite | kTellsHealth)) != 0)
    return context_.append_log.refusal();
  if ((closed_gates_ & kReplicasGate) != 0 && (flags & kWrite) != 0) return errors::kNoReplicas;
  if ((closed_gates_ & kReadonlyGate) != 0 && (flags & kWrite) != 0) return errors::kReadOnly;
  if ((closed_gates_ & kStaleGate) != 0 && (flags & kStale) == 0) return errors::kMasterDown;
  if ((closed_gates_ & kLoadingGate) != 0 && (flags & kLoading) == 0) return errors::kLoading;
  if ((closed_gates_ & kAsideGate) != 0 && (flags & kNoAsyncLoading) != 0) return errors::kLoading;
  return {};
}

/// What the access rules say; when they refuse, why is in refusal_.
bool Dispatcher::is_within_limits(const Client& client, const CommandSpec& command,
                                  std::span<const std::string_view> argv) {
  std::optional<std::string> why = context_.gatekeeper.refusal(client, command, argv);
  if (why) refusal_ = std::move(*why);
  return !why;
}

void Dispatcher::reject(Client& client, const CommandSpec* command, std::string_view text) {
  if (command != nullptr) ++context_.stats.by_command[row_number(*command)].rejected_calls;
  begin_reply(client);
  if (command != nullptr && command->has(kRunsQueue)) {
    discard_transaction(client);
    reply_error(client, "EXECABORT Transaction discarded because of: " +
                            std::string(without_plain_code(text)));
  } else {
    if (client.transaction) client.transaction->is_spoiled = true;
    reply_error(client, text);
  }
  end_reply(client);
  if (client.tracking) end_exception(client, command);
  lap_ticks_ = context_.ticks.now();
}

void Dispatcher::discard_transaction(Client& client) {
  client.transaction.reset();
  unwatch(client);
}

void Dispatcher::unwatch(Client& client) {
  if (client.watched_keys == 0) return;
  client.watched_keys = 0;
  context_.watches.unwatch(client.id);
}

void Dispatcher::reply_error(Client& client, std::string_view text) {
  context_.stats.count_error(text);
  if (client.shared) [[unlikely]]
    log_error_of_replica(client, without_plain_code(text));
  client.reply.error(text);
}

void Dispatcher::begin_reply(Client& client) {
  if (!client.gets_replies()) client.reply.set_buffer(discarded_);
}

void Dispatcher::end_reply(Client& client) {
  client.reply.set_buffer(client.output);
  if (client.shared && !client.is_muted() && !discarded_.empty()) [[unlikely]]
    close_answered_replica(client);
  discarded_.clear();
  if (client.blocked) return;  // its reply is still to come
  if (client.reply_mode == ReplyMode::kSkipThis) client.reply_mode = ReplyMode::kOn;
  if (client.reply_mode == ReplyMode::kSkipNext) client.reply_mode = ReplyMode::kSkipThis;
}

void Dispatcher::close_silently(Client& client, std::string_view why) {
  if (clock_.monotonic_ms() - last_http_warning_ms_ >= kHttpWarningIntervalMs) {
    last_http_warning_ms_ = clock_.monotonic_ms();
    context_.log.warning(std::string(why) + " Connection from " + client.peer_address() +
                         " aborted.");
  }
  io_->close(client);
}

// --- Running -------------------------------------------------------------------------------------

[[gnu::always_inline]] inline Call Dispatcher::call_of(Client& client,
                                                       std::span<const std::string_view> argv) {
  context_.keyspace.set_time({.ms = clock_.unix_ms(), .s = clock_.unix_s()}, !client.no_touch);
  return {.args = argv,
          .client = client,
          .db = context_.keyspace.database(client.db),
          .reply = client.reply,
          .context = context_,
          .settings = settings_,
          .now_ms = clock_.unix_ms(),
          .monotonic_ms = clock_.monotonic_ms()};
}

Call Dispatcher::make_call(Client& client, std::span<const std::string_view> argv) {
  return call_of(client, argv);
}

[[gnu::always_inline]] inline void Dispatcher::ran(Client& client, const CommandSpec& command,
                                                   CommandStats& stats,
                                                   std::span<const std::string_view> argv,
                                                   uint64_t began) {
  const uint64_t ns = lap(began);
  if (client.blocked) [[unlikely]] {
    context_.waiters.add_spent(client.id, ns);
  } else {
    stats.count_call(ns, settings_.latency_tracking);
    ++context_.stats.commands;
    ++client.commands;
  }
  if (ns >= noteworthy_ns_) [[unlikely]]
    note(client, command, argv, ns);
}

void Dispatcher::run(Client& client, const CommandSpec& command,
                     std::span<const std::string_view> argv) {
  if (client.reply_mode != ReplyMode::kOn || client.shared) begin_reply(client);
  const uint64_t began = lap_ticks_;
  running_ = &command;
  CommandStats& stats = context_.stats.by_command[row_number(command)];
  const size_t before = client.reply.buffer().size();
  Call call = call_of(client, argv);
  begin_changes(client);
  context_.propagation.begin();
  Outcome outcome = command.run(call);
  const Propagation::News news = context_.propagation.finish(call.db.index(), argv, call.told);
  if (news != Propagation::News::kNone) note_told(client, before, news);
  if (outcome.is_error()) {
    ++stats.failed_calls;
    reply_error(client, outcome.error_text());
  } else if (outcome.is_wait()) {
    wait(client, command, outcome.take_wait());
  } else {
    assert(client.reply.buffer().size() > before || command.has(kMaySayNothing));
  }
  if (client.tracking) {
    note_reads(client, command, argv);
    end_exception(client, &command);
  }
  if (command.has(kAdmin)) [[unlikely]]
    context_.gatekeeper.note_admin(client, command, argv, outcome);
  running_ = nullptr;
  ran(client, command, stats, argv, began);
  if (client.reply_mode != ReplyMode::kOn || client.shared) end_reply(client);
  end_changes(client);
}

// As run() does it, between the replies that EXEC writes.
void Dispatcher::run_queued(Client& client, const CommandSpec& command,
                            std::span<const std::string_view> argv) {
  if (client.limits != nullptr) {
    if (const auto why = context_.gatekeeper.refusal_in_exec(client, command, argv)) {
      ++context_.stats.by_command[row_number(command)].rejected_calls;
      return reply_error(client, *why);
    }
  }
  const CommandSpec* const outer = running_;
  const uint64_t began = lap_ticks_;
  running_ = &command;
  CommandStats& stats = context_.stats.by_command[row_number(command)];
  Call call = call_of(client, argv);
  call.may_wait = false;
  context_.propagation.begin();
  const Outcome outcome = command.run(call);
  assert(!outcome.is_wait());
  context_.propagation.finish(call.db.index(), argv, call.told);
  if (outcome.is_error()) {
    ++stats.failed_calls;
    reply_error(client, outcome.error_text());
  }
  if (client.tracking) note_reads(client, command, argv);
  if (command.has(kAdmin)) [[unlikely]]
    context_.gatekeeper.note_admin(client, command, argv, outcome);
  running_ = outer;
  ran(client, command, stats, argv, began);
}

/// A message is no promise: Sentinels publish, and must not be kept waiting by replicas.
void Dispatcher::note_told(Client& client, size_t before, Propagation::News news) {
  client.written_offset = context_.propagation.offset();
  if (news == Propagation::News::kChange) hold_reply(client, before, true);
}

void Dispatcher::hold_reply(Client& client, size_t before, bool is_write) {
  CommitGate& gate = context_.commit_gate;
  if (!gate.is_closed() || !client.gets_replies()) return;
  std::optional<int64_t> deadline_ms;
  if (settings_.min_replicas_ack_timeout_ms > 0)
    deadline_ms = clock_.monotonic_ms() + settings_.min_replicas_ack_timeout_ms;
  gate.hold(client, before, context_.propagation.offset(),
            is_write ? CommitGate::Kind::kWrite : CommitGate::Kind::kRead, deadline_ms);
}

/// The client, which tracks, was answered: it may keep what it read.
void Dispatcher::note_reads(Client& client, const CommandSpec& command,
                            std::span<const std::string_view> argv) {
  if (!command.has(kReadonly) || !Tracking::wants_reads(*client.tracking)) return;
  const auto positions = key_positions(command, argv);
  for (size_t i = 0; positions && i < positions->size(); ++i)
    context_.tracking.remember(client, argv[(*positions)[i]]);
}

/// CLIENT CACHING holds for one command, though it be refused, or for a whole transaction; other
/// words of CLIENT do not use it up.  command: null if there is none of that name.
void Dispatcher::end_exception(Client& client, const CommandSpec* command) {
  const bool is_about_client =
      command != nullptr && command->is_subcommand() && command->group == Group::kConnection;
  if (!is_about_client && !client.transaction) client.tracking->caching = false;
}

/// Between these two, changes are the client's, and messages to itself wait for its reply.
void Dispatcher::begin_changes(Client& client) {
  client.replying = true;
  context_.keyspace.events.author = client.id;
}

void Dispatcher::end_changes(Client& client) {
  client.replying = false;
  context_.keyspace.events.author = 0;
  if (client.late_pushes) [[unlikely]]
    release_late_pushes(client);
}

void Dispatcher::begin_batch() {
  lap_ticks_ = context_.ticks.now();
  batch_ticks_ = lap_ticks_;
  const bool is_first = turn_ticks_ == 0;
  if (is_first) turn_ticks_ = lap_ticks_;
  if (!is_first &&
      context_.ticks.ns(context_.ticks.between(clock_ticks_, lap_ticks_)) < kClockHoldsNs)
    return;
  clock_.refresh();
  clock_ticks_ = lap_ticks_;
}

void Dispatcher::turn_ended() {
  if (turn_ticks_ == 0) return;
  context_.stats.turns_ns +=
      context_.ticks.ns(context_.ticks.between(turn_ticks_, context_.ticks.now()));
  turn_ticks_ = 0;
}

}  // namespace weir
