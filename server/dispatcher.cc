#include "server/dispatcher.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <utility>

#include "resp/inline_words.h"
#include "server/command_names.h"
#include "server/commands/client_describe.h"
#include "server/commands/command_keys.h"
#include "server/commands/table.h"
#include "server/config.h"
#include "server/data/keyspace.h"
#include "server/data/waiters.h"
#include "server/data/watches.h"
#include "server/errors.h"
#include "server/gatekeeper.h"
#include "server/insight/latency.h"
#include "server/insight/log.h"
#include "server/insight/monitors.h"
#include "server/insight/slowlog.h"
#include "server/insight/stats.h"
#include "server/insight/tick_clock.h"
#include "server/memory_limit.h"
#include "server/messaging/pubsub.h"
#include "server/messaging/tracking.h"
#include "server/net/client_table.h"
#include "server/net/push.h"
#include "server/net/tls_session.h"
#include "server/net/transaction.h"
#include "server/text.h"
#include "streams/same_text.h"

namespace weir {
namespace {

/// Most unread bytes of a connection that still has to give a password.
constexpr size_t kUnauthenticatedQueryBytes = size_t{1024} * 1024;
/// What a parser's text begins with, and the log does not say twice.
constexpr std::string_view kProtocolError = "Protocol error: ";
/// The code of an error without one of its own, which is not repeated inside another.
constexpr std::string_view kError = "ERR ";
/// Most bytes of a request that could not be understood, and of one that was too long, in the
/// log.
constexpr size_t kLoggedProtocolBytes = 128;
constexpr size_t kLoggedQueryBytes = 64;
constexpr uint64_t kNsPerUs = 1000;
constexpr uint64_t kNsPerMs = 1'000'000;
/// Cross-protocol requests are logged at most this often.
constexpr int64_t kHttpWarningIntervalMs = 60'000;

bool is_http(std::string_view word) {
  return equals_ignoring_case(word, "post") || equals_ignoring_case(word, "host:");
}

/// Between quotes, the middle of a long one left out, with dots for what cannot be printed.
std::string protocol_excerpt(std::string_view bytes) {
  const auto printable = [](std::string_view part) {
    std::string text(part);
    std::replace_if(
        text.begin(), text.end(), [](char c) { return c < ' ' || c > '~'; }, '.');
    return "'" + text + "'";
  };
  if (bytes.size() <= kLoggedProtocolBytes) return printable(bytes);
  constexpr size_t kHalf = kLoggedProtocolBytes / 2;
  return printable(bytes.substr(0, kHalf)) + " (... more " +
         std::to_string(bytes.size() - kLoggedProtocolBytes) + " bytes ...) " +
         printable(bytes.substr(bytes.size() - kHalf));
}

}  // namespace

void Call::signal(std::string_view key) {
  context.waiters.signal(db.index(), key);
}

void Call::signal_gone(std::string_view key) {
  context.waiters.signal_gone(db.index(), key);
}

void Call::changed(uint64_t changes) {
  context.keyspace.changes += changes;
  told.changes += changes;
}

bool Call::is_told() const {
  return context.propagation.is_heard();
}

void Call::propagate_as(WriteForm form) {
  told.is_verbatim = false;
  if (is_told()) told.forms.push_back(std::move(form));
}

void Call::notify(const KeyEvent& event, std::string_view key) {
  context.keyspace.events.notify(db.index(), event, key);
}

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
  if (command == nullptr || names_ != nullptr || command->is_subcommand() ||
      !equals_ignoring_case(command->name, argv[0])) {
    command = find_named(argv[0]);
  }
  if (command == nullptr || command->is_subcommand()) {
    if (is_http(argv[0]))
      return close_silently(client,
                            "Possible SECURITY ATTACK detected. It looks like "
                            "somebody is sending POST or Host: commands to this server.");
    return reject(client, nullptr, errors::unknown_command(argv).text());
  }
  if (command->has(kContainer) && argv.size() > 1) {
    const CommandSpec* const subcommand = find_subcommand(*command, argv[1]);
    if (subcommand == nullptr) {
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
  if (pause_.holds(effective_flags(client, command))) return put_off(client, command, argv);
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
  if ((effective_flags(client, command) & kDenyOom) != 0 && !context_.memory.has_room())
    return errors::kOutOfMemory;
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
    const std::string_view reason = text.starts_with(kError) ? text.substr(kError.size()) : text;
    reply_error(client, "EXECABORT Transaction discarded because of: " + std::string(reason));
  } else {
    if (client.transaction) client.transaction->is_spoiled = true;
    reply_error(client, text);
  }
  end_reply(client);
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
  client.reply.error(text);
}

void Dispatcher::begin_reply(Client& client) {
  if (client.is_muted()) client.reply.set_buffer(discarded_);
}

void Dispatcher::end_reply(Client& client) {
  client.reply.set_buffer(client.output);
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

Call Dispatcher::make_call(Client& client, std::span<const std::string_view> argv) {
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

inline void Dispatcher::ran(const Client& client, const CommandSpec& command, CommandStats& stats,
                            std::span<const std::string_view> argv, uint64_t began) {
  const uint64_t ns = lap(began);
  if (client.blocked) [[unlikely]] {
    context_.waiters.add_spent(client.id, ns);
  } else {
    stats.count_duration(ns, settings_.latency_tracking);
  }
  if (ns >= noteworthy_ns_) [[unlikely]]
    note(client, command, argv, ns);
}

void Dispatcher::run(Client& client, const CommandSpec& command,
                     std::span<const std::string_view> argv) {
  if (client.reply_mode != ReplyMode::kOn) begin_reply(client);
  const uint64_t began = lap_ticks_;
  running_ = &command;
  CommandStats& stats = context_.stats.by_command[row_number(command)];
  ++stats.calls;
  ++context_.stats.commands;
  ++client.commands;
  const size_t before = client.reply.buffer().size();
  Call call = make_call(client, argv);
  begin_changes(client);
  Outcome outcome = command.run(call);
  context_.propagation.finish(call.db.index(), argv, call.told);
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
    end_exception(client, command);
  }
  if (command.has(kAdmin)) [[unlikely]]
    context_.gatekeeper.note_admin(client, command, argv, outcome);
  running_ = nullptr;
  ran(client, command, stats, argv, began);
  if (client.reply_mode != ReplyMode::kOn) end_reply(client);
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
  ++stats.calls;
  ++context_.stats.commands;
  Call call = make_call(client, argv);
  call.may_wait = false;
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

/// The client, which tracks, was answered: it may keep what it read.
void Dispatcher::note_reads(Client& client, const CommandSpec& command,
                            std::span<const std::string_view> argv) {
  if (!command.has(kReadonly) || !Tracking::wants_reads(*client.tracking)) return;
  const auto positions = key_positions(command, argv);
  for (size_t i = 0; positions && i < positions->size(); ++i)
    context_.tracking.remember(client, argv[(*positions)[i]]);
}

/// CLIENT CACHING holds for one command or for a whole transaction; other words of CLIENT do not
/// use it up.
void Dispatcher::end_exception(Client& client, const CommandSpec& command) {
  const bool is_about_client = command.is_subcommand() && command.group == Group::kConnection;
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
  release_late_pushes(client);
}

void Dispatcher::begin_batch() {
  clock_.refresh();
  lap_ticks_ = context_.ticks.now();
  if (turn_ticks_ == 0) turn_ticks_ = lap_ticks_;
}

void Dispatcher::turn_ended() {
  if (turn_ticks_ == 0) return;
  context_.stats.turns_ns +=
      context_.ticks.ns(context_.ticks.between(turn_ticks_, context_.ticks.now()));
  turn_ticks_ = 0;
}

// --- What commands took --------------------------------------------------------------------------

void Dispatcher::ended(const Client& client, const CommandSpec& command,
                       std::span<const std::string_view> argv, uint64_t ns) {
  CommandStats& stats = context_.stats.by_command[row_number(command)];
  stats.count_duration(ns, settings_.latency_tracking);
  note_slow(client, command, argv, ns);
}

void Dispatcher::look_out() {
  noteworthy_ns_ = context_.monitors.is_empty() ? UINT64_MAX : 0;
  const auto notice_from = [this](int64_t value, uint64_t unit_ns) {
    const uint64_t ns = static_cast<uint64_t>(value) > UINT64_MAX / unit_ns
                            ? UINT64_MAX
                            : static_cast<uint64_t>(value) * unit_ns;
    noteworthy_ns_ = std::min(noteworthy_ns_, ns);
  };
  if (settings_.slowlog_log_slower_than_us >= 0 && settings_.slowlog_max_len > 0)
    notice_from(settings_.slowlog_log_slower_than_us, kNsPerUs);
  if (settings_.latency_monitor_threshold_ms > 0)
    notice_from(settings_.latency_monitor_threshold_ms, kNsPerMs);
}

/// What ran() does not do itself: it is rare.
void Dispatcher::note(const Client& client, const CommandSpec& command,
                      std::span<const std::string_view> argv, uint64_t ns) {
  if (!client.blocked) note_slow(client, command, argv, ns);
  if (!context_.monitors.is_empty())
    context_.monitors.show(client, command, argv, Clock::unix_us_now());
}

void Dispatcher::note_slow(const Client& client, const CommandSpec& command,
                           std::span<const std::string_view> argv, uint64_t ns) {
  const int64_t unix_s = clock_.unix_ms() / 1000;
  const int64_t slow_us = settings_.slowlog_log_slower_than_us;
  const uint64_t us = ns / kNsPerUs;
  if (slow_us >= 0 && us >= static_cast<uint64_t>(slow_us) && !command.has(kSkipSlowlog))
    context_.slowlog.add(settings_, client, command, argv, us, unix_s);
  context_.latency.note(
      command.has(kFast) ? latency_events::kFastCommand : latency_events::kCommand, ns / kNsPerMs,
      unix_s, settings_.latency_monitor_threshold_ms);
}

// --- Waiting -------------------------------------------------------------------------------------

void Dispatcher::wait(Client& client, const CommandSpec& command, std::unique_ptr<Wait> wait) {
  client.blocked = true;
  context_.waiters.add({.client_id = client.id,
                        .db = client.db,
                        .command = &command,
                        .argv = std::move(wait->argv),
                        .keys = std::move(wait->keys),
                        .deadline_ms = wait->deadline_ms,
                        .group = std::move(wait->group),
                        .look_again_ms = wait->look_again_ms,
                        .asks_at_timeout = wait->asks_at_timeout});
}

void Dispatcher::serve_waiters() {
  if (!context_.waiters.has_signals()) return;
  clock_.refresh();
  const uint64_t began = lap_ticks_ = context_.ticks.now();
  context_.waiters.serve([this](uint64_t id) {
    Client* const client = context_.clients.find(id);
    if (client != nullptr) return retry(*client);
    context_.waiters.remove(id);
    return true;
  });
  if (settings_.latency_monitor_threshold_ms > 0) {
    context_.latency.note(latency_events::kCommandUnblocking, lap(began) / kNsPerMs,
                          clock_.unix_ms() / 1000, settings_.latency_monitor_threshold_ms);
  }
}

/// Runs a waiting command again; false if it goes on waiting.
bool Dispatcher::retry(Client& client) {
  const Waiter& waiter = *context_.waiters.find(client.id);
  const std::vector<std::string_view> argv(waiter.argv.begin(), waiter.argv.end());
  const CommandSpec& command = *waiter.command;
  io_->prepare_reply(client);
  begin_reply(client);
  Call call = make_call(client, argv);
  call.is_retry = true;
  const uint64_t began = lap_ticks_;
  running_ = &command;
  begin_changes(client);
  // Rights may have been taken away while it waited.
  const bool is_allowed = client.limits == nullptr || is_within_limits(client, command, argv);
  Outcome outcome = is_allowed ? command.run(call) : ReplyError(refusal_);
  context_.propagation.finish(call.db.index(), argv, call.told);
  if (client.tracking) note_reads(client, command, argv);
  running_ = nullptr;
  const uint64_t ns = lap(began);
  if (outcome.is_wait()) {
    end_reply(client);
    end_changes(client);
    context_.waiters.add_spent(client.id, ns);
    context_.waiters.set_look_again(client.id, outcome.take_wait()->look_again_ms);
    return false;
  }
  if (outcome.is_error()) {
    ++context_.stats.by_command[row_number(command)].failed_calls;
    reply_error(client, outcome.error_text());
  }
  ended(client, command, argv, waiter.spent_ns + ns);
  context_.waiters.remove(client.id);
  client.blocked = false;
  end_reply(client);
  end_changes(client);
  io_->resume(client);
  io_->wants_flush(client);
  return true;
}

bool Dispatcher::unblock(Client& client, std::string_view error) {
  const std::unique_ptr<Waiter> waiter = context_.waiters.remove(client.id);
  if (waiter == nullptr) return false;
  const std::vector<std::string_view> argv(waiter->argv.begin(), waiter->argv.end());
  ended(client, *waiter->command, argv, waiter->spent_ns);
  client.blocked = false;
  io_->prepare_reply(client);
  begin_reply(client);
  if (!error.empty()) {
    reply_error(client, error);
  } else if (waiter->asks_at_timeout) {
    Call call = make_call(client, argv);
    call.may_wait = false;
    static_cast<void>(waiter->command->run(call));
  } else {
    client.reply.null_array();
  }
  end_reply(client);
  io_->resume(client);
  io_->wants_flush(client);
  return true;
}

void Dispatcher::expire_waiters() {
  const int64_t now_ms = Clock::monotonic_us() / 1000;
  context_.waiters.signal_due(now_ms);
  while (const std::optional<uint64_t> id = context_.waiters.expired(now_ms)) {
    Client* const client = context_.clients.find(*id);
    if (client == nullptr) {
      context_.waiters.remove(*id);
    } else {
      unblock(*client, {});
    }
  }
}

// --- Pausing -------------------------------------------------------------------------------------

// The client counts as blocked; what it sends next waits behind.
void Dispatcher::put_off(Client& client, const CommandSpec& command,
                         std::span<const std::string_view> argv) {
  client.blocked = true;
  put_off_.push_back({client.id, &command, {argv.begin(), argv.end()}});
}

void Dispatcher::end_pause() {
  pause_.end();
  context_.keyspace.expiry_paused = false;
}

void Dispatcher::run_put_off() {
  if (pause_.is_over(Clock::monotonic_us() / 1000)) end_pause();
  if (pause_.is_on() || put_off_.empty()) return;
  clock_.refresh();
  lap_ticks_ = context_.ticks.now();
  for (const PutOff& request : std::exchange(put_off_, {})) {
    Client* const client = context_.clients.find(request.client_id);
    if (client == nullptr) continue;
    client->blocked = false;
    io_->prepare_reply(*client);
    const std::vector<std::string_view> argv(request.argv.begin(), request.argv.end());
    run_or_queue(*client, *request.command, argv);
    if (client->closed) continue;
    if (!client->blocked) io_->resume(*client);
    io_->wants_flush(*client);
  }
}

// --- Connections ---------------------------------------------------------------------------------

void Dispatcher::protocol_error(Client& client, std::string_view text, std::string_view bytes) {
  if (context_.log.has_level(LogLevel::kVerbose)) {
    const std::string_view why = text.substr(std::min(text.size(), kProtocolError.size()));
    context_.log.verbose("Protocol error (" + std::string(why) +
                         ") from client: " + describe_client(client, clock_.monotonic_ms()) +
                         ". Query buffer during protocol error: " + protocol_excerpt(bytes));
  }
  reply_error(client, "ERR " + std::string(text));
}

void Dispatcher::transport_failed(Client& client, std::string_view why) {
  const bool in_handshake = !client.tls->is_established();
  context_.log.verbose(
      (in_handshake ? "Error accepting a client connection: " : "TLS of a client connection: ") +
      std::string(why) + " (addr=" + client.peer_address() + " laddr=" + client.local_address() +
      ")");
}

void Dispatcher::query_buffer_exceeded(Client& client, std::string_view bytes) {
  context_.log.warning("Closing client that reached max query buffer length: " +
                       describe_client(client, clock_.monotonic_ms()) + " (qbuf initial bytes: " +
                       resp::quote_word(bytes.substr(0, kLoggedQueryBytes)) + ")");
}

bool Dispatcher::output_exceeded(Client& client) {
  const OutputLimits& limits = settings_.client_output_buffer_limit;
  const OutputLimit& limit = client.subscriptions ? limits.pubsub : limits.normal;
  const size_t pending = client.output.size();
  bool exceeded = limit.hard_bytes > 0 && pending > limit.hard_bytes;
  if (limit.soft_bytes > 0 && pending > limit.soft_bytes) {
    if (client.output_soft_since_ms < 0) client.output_soft_since_ms = clock_.monotonic_ms();
    exceeded |= clock_.monotonic_ms() - client.output_soft_since_ms > limit.soft_s * 1000;
  } else {
    client.output_soft_since_ms = -1;
  }
  if (exceeded) {
    context_.log.warning("Client " + describe_client(client, clock_.monotonic_ms()) +
                         " scheduled to be closed ASAP for overcoming of output buffer limits.");
  }
  return exceeded;
}

void Dispatcher::evicted(Client& client) {
  context_.log.notice("Evicting client: " + describe_client(client, clock_.monotonic_ms()));
}

Client* Dispatcher::find(uint64_t client_id) {
  return context_.clients.find(client_id);
}

resp::RequestLimits Dispatcher::limits_for(const Client& client) const {
  return {.max_bulk_bytes = static_cast<int64_t>(settings_.proto_max_bulk_len),
          .authenticated = context_.gatekeeper.knows(client)};
}

size_t Dispatcher::query_buffer_limit(const Client& client) const {
  const bool unknown = !context_.gatekeeper.knows(client);
  const size_t limit = unknown ? kUnauthenticatedQueryBytes : settings_.client_query_buffer_limit;
  // What is queued was sent and is not done with.
  const size_t queued = client.transaction ? client.transaction->bytes() : 0;
  return limit - std::min(limit, queued);
}

void Dispatcher::disconnected(Client& client) {
  context_.waiters.remove(client.id);
  unwatch(client);
  context_.monitors.remove(client);
  look_out();
  context_.pubsub.forget(client);
  context_.tracking.stop(client);
}

void Dispatcher::closed(Client& client) {
  context_.clients.remove(client);
}

}  // namespace weir
