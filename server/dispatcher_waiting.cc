// The dispatcher's part of commands that wait: for an entry, for their time, for the end of a
// pause.
#include <cassert>
#include <utility>

#include "server/commands/table.h"
#include "server/config.h"
#include "server/data/keyspace.h"
#include "server/data/waiters.h"
#include "server/dispatcher.h"
#include "server/errors.h"
#include "server/gatekeeper.h"
#include "server/insight/latency.h"
#include "server/insight/stats.h"
#include "server/insight/tick_clock.h"
#include "server/messaging/tracking.h"
#include "server/net/client_table.h"
#include "server/net/push.h"
#include "server/net/transaction.h"
#include "server/time_units.h"

namespace weir {

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
    assert(client != nullptr);  // who goes waits no longer, see disconnected()
    return retry(*client);
  });
  if (settings_.latency_monitor_threshold_ms > 0) {
    context_.latency.note(latency_events::kCommandUnblocking, lap(began) / kNsPerMs,
                          clock_.unix_s(), settings_.latency_monitor_threshold_ms);
  }
}

/// Runs a waiting command again; false if it goes on waiting.
bool Dispatcher::retry(Client& client) {
  const Waiter& waiter = *context_.waiters.find(client.id);
  const std::vector<std::string_view> argv(waiter.argv.begin(), waiter.argv.end());
  const CommandSpec& command = *waiter.command;
  io_->prepare_reply(client);
  begin_reply(client);
  const size_t before = client.output.size();
  Call call = make_call(client, argv);
  call.is_retry = true;
  const uint64_t began = lap_ticks_;
  running_ = &command;
  begin_changes(client);
  // Rights may have been taken away while it waited.
  const bool is_allowed = client.limits == nullptr || is_within_limits(client, command, argv);
  context_.propagation.begin();
  Outcome outcome = is_allowed ? command.run(call) : ReplyError(refusal_);
  const Propagation::News news = context_.propagation.finish(call.db.index(), argv, call.told);
  // What wakes a reader was written a moment ago: it is shown when it is as safe as its writer is
  // told.
  if (news != Propagation::News::kNone) {
    note_told(client, before, news);
  } else if (command.has(kReadonly)) {
    hold_reply(client, before, false);
  }
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
  ended(client, command, waiter.spent_ns + ns);
  note_slow(client, command, argv, waiter.spent_ns + ns);
  context_.waiters.remove(client.id);
  client.blocked = false;
  end_reply(client);
  end_changes(client);
  io_->resume(client);
  io_->wants_flush(client);
  return true;
}

// What only waited, and for nothing, is not told to the slow log: as in Redis.
bool Dispatcher::unblock(Client& client, std::string_view error) {
  const std::unique_ptr<Waiter> waiter = context_.waiters.remove(client.id);
  if (waiter == nullptr) return false;
  ended(client, *waiter->command, waiter->spent_ns);
  client.blocked = false;
  io_->prepare_reply(client);
  begin_reply(client);
  if (!error.empty()) {
    ++context_.stats.by_command[row_number(*waiter->command)].failed_calls;
    reply_error(client, error);
  } else if (waiter->asks_at_timeout) {
    const std::vector<std::string_view> argv(waiter->argv.begin(), waiter->argv.end());
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
  const int64_t now_ms = Clock::monotonic_ms_now();
  context_.waiters.signal_due(now_ms);
  while (const std::optional<uint64_t> id = context_.waiters.expired(now_ms)) {
    Client* const client = context_.clients.find(*id);
    assert(client != nullptr);
    unblock(*client, {});
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
  end_pause_of_expiry();
}

void Dispatcher::end_pause_of_expiry() {
  context_.keyspace.expiry_paused = pause_.is_on();
}

void Dispatcher::run_put_off() {
  if (pause_.is_over(Clock::monotonic_ms_now())) end_pause();
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

}  // namespace weir
