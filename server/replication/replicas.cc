#include "server/replication/replicas.h"

#include <algorithm>
#include <utility>

#include "server/errors.h"
#include "server/host/log.h"
#include "server/net/socket.h"
#include "server/time_units.h"

namespace weir {
namespace {

constexpr std::string_view kPing = "*1\r\n$4\r\nPING\r\n";
constexpr std::string_view kGetAck = "*3\r\n$8\r\nREPLCONF\r\n$6\r\nGETACK\r\n$1\r\n*\r\n";

}  // namespace

Replicas::Replicas(const Parts& parts)
    : parts_(parts),
      full_sync_({.settings = parts.settings,
                  .stream = parts.stream,
                  .propagation = parts.propagation,
                  .runner = parts.runner,
                  .loop = parts.loop,
                  .log = parts.log,
                  .files = parts.files},
                 replicas_) {
  alone_since_ms_ = parts.clock.monotonic_ms();
  full_sync_.say = [this](Replica& replica, std::string_view bytes) { say(replica, bytes); };
  full_sync_.give_up = [this](Replica& replica) { close(replica); };
}

void Replicas::say(Replica& replica, std::string_view bytes) {
  replica.client.output.append(bytes);
  parts_.io.wants_flush(replica.client);
}

// --- PSYNC ---------------------------------------------------------------------------------------

std::string Replicas::refusal(const Client& client) const {
  if (is_quiet_) return "NOMASTERLINK Can't SYNC while failing over";
  if (parts_.stream.role() == ReplicationStream::Role::kCutOff)
    return "NOMASTERLINK Can't SYNC while not connected with my master";
  if (!client.output.empty()) return "ERR SYNC and PSYNC are invalid with pending output";
  const auto said = traits_.find(client.id);
  if (said != traits_.end() && said->second.is_without_data && !said->second.knows_eof)
    return "ERR Filtered replica requires EOF capability";
  return {};
}

std::string Replicas::psync(Client& client, const Request& request) {
  if (client.shared) return {};
  const History& history = parts_.stream.history();
  // Who hands over asks again where our answer was lost, and must not be a primary once more.
  const bool is_repeated = parts_.stream.is_primary() && request.id == history.former_id() &&
                           request.next && history.covers(request.id, *request.next);
  if (request.is_takeover && !is_repeated) {
    if (parts_.stream.is_primary()) return "ERR PSYNC FAILOVER can't be sent to a master.";
    if (request.id != history.id()) return "ERR PSYNC FAILOVER replid must match my replid.";
    if (!request.next) return std::string(errors::kNotAnInteger);
    if (take_over) take_over();
  }
  if (std::string why = refusal(client); !why.empty()) return why;
  if (!request.next) return std::string(errors::kNotAnInteger);
  const int64_t next = *request.next;
  Replica& replica = add(client);
  parts_.log.notice("Replica " + replica.name() + " asks for synchronization");
  if (!can_continue(request.id, next, replica.name())) {
    begin_full(replica);
    return {};
  }
  ++counts_.partial;
  replica.stream_from(next);
  say(replica, replica.traits.knows_psync2 ? "+CONTINUE " + history.id() + "\r\n"
                                           : std::string("+CONTINUE\r\n"));
  parts_.log.notice("Partial resynchronization request from " + replica.name() +
                    " accepted. Sending " + std::to_string(replica.pending_bytes()) +
                    " bytes of backlog starting from offset " + std::to_string(next) + ".");
  on_news();
  return {};
}

bool Replicas::can_continue(std::string_view id, int64_t next, const std::string& name) {
  const ReplicationStream& stream = parts_.stream;
  const bool is_ours = stream.history().covers(id, next);
  if (is_ours && stream.is_kept() && stream.backlog().can_continue(next)) return true;
  if (id == "?") {
    parts_.log.notice("Full resync requested by replica " + name);
    return false;
  }
  ++counts_.partial_refused;
  parts_.log.notice(
      is_ours ? "Unable to partial resync with replica " + name +
                    " for lack of backlog (Replica request was: " + std::to_string(next) + ")."
              : "Partial resynchronization not accepted: Replication ID mismatch (Replica asked "
                "for '" +
                    std::string(id) + "', my replication IDs are '" + stream.history().id() +
                    "' and '" + stream.history().former_id() + "')");
  return false;
}

std::string Replicas::sync(Client& client) {
  if (client.shared) return {};
  if (std::string why = refusal(client); !why.empty()) return why;
  Replica& replica = add(client);
  replica.is_silent = true;
  parts_.log.notice("Replica " + replica.name() + " asks for synchronization");
  begin_full(replica);
  return {};
}

Replica& Replicas::add(Client& client) {
  auto made = std::make_unique<Replica>(client, traits_[client.id], parts_.stream, parts_.clock);
  Replica& replica = *made;
  client.shared = std::move(made);
  if (parts_.settings.repl_disable_tcp_nodelay && !client.is_unix_socket)
    set_no_delay(client.fd, false);
  if (replicas_.empty()) last_ping_ms_ = parts_.clock.monotonic_ms();
  replicas_.push_back(&replica);
  return replica;
}

void Replicas::begin_full(Replica& replica) {
  ++counts_.full;
  full_sync_.arrived(replica, parts_.clock.monotonic_ms());
}

void Replicas::forget(const Client& client) {
  if (!traits_.empty()) traits_.erase(client.id);
  if (!client.shared) return;
  std::erase(replicas_, of(client));
  if (replicas_.empty()) alone_since_ms_ = parts_.clock.monotonic_ms();
  parts_.log.notice("Connection with replica " + of(client)->name() + " lost.");
  on_news();
}

void Replicas::disconnect_all(std::string_view why) {
  if (!replicas_.empty()) parts_.log.notice("Replicas are disconnected: " + std::string(why));
  for (Replica* const replica : std::vector<Replica*>(replicas_))
    close(*replica);
}

// --- Acknowledgements ----------------------------------------------------------------------------

void Replicas::acknowledge(Client& client, int64_t offset, int64_t durable) {
  Replica* const replica = of(client);
  if (replica == nullptr) return;
  const bool was_online = replica->state() == Replica::State::kOnline;
  const int64_t acked = replica->acked();
  const int64_t on_disk = replica->durable();
  // What was not told nobody has.
  const int64_t end = parts_.stream.offset();
  replica->acknowledged(std::min(offset, end), std::min(durable, end));
  if (!was_online && replica->state() == Replica::State::kOnline) {
    parts_.log.notice("Synchronization with replica " + replica->name() + " succeeded");
    parts_.io.wants_flush(client);
  } else if (acked == replica->acked() && on_disk == replica->durable()) {
    return;
  }
  on_news();
}

int Replicas::count_acked(int64_t offset, bool durable) const {
  return static_cast<int>(
      std::count_if(replicas_.begin(), replicas_.end(), [&](const Replica* replica) {
        return replica->state() == Replica::State::kOnline &&
               (durable ? replica->durable() : replica->acked()) >= offset;
      }));
}

int64_t Replicas::acked_by(int count, bool durable) const {
  std::vector<int64_t> offsets;
  for (const Replica* const replica : replicas_) {
    if (replica->state() == Replica::State::kOnline)
      offsets.push_back(durable ? replica->durable() : replica->acked());
  }
  const auto wanted = static_cast<size_t>(count);
  if (offsets.size() < wanted) return -1;
  std::sort(offsets.begin(), offsets.end(), std::greater<>());
  return offsets[wanted - 1];
}

bool Replicas::all_have(int64_t offset) const {
  return std::all_of(replicas_.begin(), replicas_.end(), [&](const Replica* replica) {
    return !replica->is_online() || replica->is_silent || replica->acked() >= offset;
  });
}

int64_t Replicas::lag_s(const Replica& replica) const {
  if (!replica.is_online()) return 0;
  return (parts_.clock.monotonic_ms() - replica.last_ack_ms()) / kMsPerSecond;
}

size_t Replicas::bytes_beyond_backlog() const {
  if (!parts_.stream.is_kept()) return 0;
  const Backlog& backlog = parts_.stream.backlog();
  return backlog.length() - std::min(backlog.length(), backlog.size());
}

int Replicas::good_count() const {
  return static_cast<int>(
      std::count_if(replicas_.begin(), replicas_.end(), [&](const Replica* replica) {
        return replica->is_online() && lag_s(*replica) <= parts_.settings.min_replicas_max_lag_s;
      }));
}

bool Replicas::refuses_writes() const {
  const Settings& settings = parts_.settings;
  return settings.min_replicas_to_write > 0 && settings.min_replicas_max_lag_s > 0 &&
         parts_.stream.is_primary() && good_count() < settings.min_replicas_to_write;
}

// --- Turns ---------------------------------------------------------------------------------------

void Replicas::end_turn() {
  if (wants_acks_ && !is_quiet_) {
    wants_acks_ = false;
    if (parts_.stream.is_primary()) parts_.propagation.relay(kGetAck);
  }
  pass_on();
  full_sync_.look_after();
  if (replicas_.empty()) return trim();
  full_sync_.begin_due(parts_.clock.monotonic_ms());
  for (Replica* const replica : replicas_)
    replica->skip_if_told_nothing();
  trim();
  send();
}

bool Replicas::send() {
  bool has_some = false;
  for (Replica* const replica : replicas_) {
    if (replica->next().empty()) continue;
    parts_.io.wants_flush(replica->client);
    has_some = true;
  }
  return has_some;
}

void Replicas::trim() {
  if (!parts_.stream.is_kept()) return;
  int64_t needed = Backlog::kNobody;
  for (const Replica* const replica : replicas_) {
    if (replica->needs_stream()) needed = std::min(needed, replica->needed());
  }
  parts_.stream.trim(needed);
}

void Replicas::cron() {
  const int64_t now_ms = parts_.clock.monotonic_ms();
  if (now_ms - last_second_ms_ < kMsPerSecond) return;
  last_second_ms_ = now_ms;
  every_second();
}

void Replicas::every_second() {
  full_sync_.look_after();
  if (replicas_.empty()) return free_unused_backlog();
  full_sync_.show_life();
  close_silent_ones();
  const int64_t now_ms = parts_.clock.monotonic_ms();
  const int64_t period_ms = parts_.settings.repl_ping_replica_period_s * kMsPerSecond;
  if (now_ms - last_ping_ms_ < period_ms || !parts_.stream.is_primary() || is_quiet_) return;
  last_ping_ms_ = now_ms;
  parts_.propagation.relay(kPing);
}

/// A pipe may be empty for long; of a file there is always something, if it can be read.
bool Replicas::has_something_for(Replica& replica) {
  return replica.source()->pipe() == nullptr || !replica.next().empty();
}

void Replicas::close_silent_ones() {
  const int64_t now_ms = parts_.clock.monotonic_ms();
  const int64_t limit_ms = parts_.settings.repl_timeout_s * kMsPerSecond;
  for (Replica* const replica : std::vector<Replica*>(replicas_)) {
    std::string_view doing;
    if (replica->is_online() && !replica->is_silent && now_ms - replica->last_ack_ms() > limit_ms)
      doing = "streaming sync";
    if (replica->state() == Replica::State::kTransfer && has_something_for(*replica) &&
        now_ms - replica->last_progress_ms() > limit_ms)
      doing = "full sync";
    if (doing.empty()) continue;
    parts_.log.warning("Disconnecting timedout replica (" + std::string(doing) +
                       "): " + replica->name());
    close(*replica);
  }
}

void Replicas::free_unused_backlog() {
  const int64_t ttl_s = parts_.settings.repl_backlog_ttl_s;
  if (parts_.settings.min_replicas_to_ack > 0) return;  // replies wait for offsets in it
  if (!parts_.stream.is_kept() || !parts_.stream.is_primary() || ttl_s == 0) return;
  if (parts_.clock.monotonic_ms() - alone_since_ms_ < ttl_s * kMsPerSecond) return;
  pass_on();
  parts_.stream.end();
  parts_.log.notice("Replication backlog freed after " + std::to_string(ttl_s) +
                    " seconds without connected replicas.");
}

}  // namespace weir
