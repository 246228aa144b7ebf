#include "server/replication/upstream.h"

#include <cstdlib>
#include <utility>

#include <unistd.h>

#include "server/config.h"
#include "server/data/keyspace.h"
#include "server/dispatcher.h"
#include "server/durability/append_log.h"
#include "server/errors.h"
#include "server/host/log.h"
#include "server/memory_limit.h"
#include "server/net/client_table.h"
#include "server/propagation.h"
#include "server/replication/replicas.h"
#include "server/text.h"
#include "server/time_units.h"

namespace weir {
namespace {

/// Of data that are no part of the primary's history.
constexpr int64_t kObsoleteOffset = 1;
constexpr std::string_view kRoleChanged =
    "UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)";

/// "host port", as the configuration has it.
ServerAddress address_in(const std::string& words) {
  const size_t blank = words.find(' ');
  return {words.substr(0, blank), std::atoi(words.c_str() + blank + 1)};
}

}  // namespace

Upstream::Upstream(const Parts& parts)
    : context_(parts.context),
      parts_(parts),
      connection_(parts.loop, parts.tls),
      replay_(parts.context,
              {.failed = [this](std::string_view error,
                                std::string_view command) { complain(error, command); },
               .passes_over = [this] { return context_.config->replica_ignore_other_types; }}) {
  connection_.on_connected = [this] {
    link_.connected(introduction(), now_ms());
    send();
  };
  connection_.on_bytes = [this] {
    context_.dispatcher.begin_batch();
    link_.heard(now_ms());
    process();
  };
  connection_.on_lost = [this](const std::string& why) {
    fail(why, PrimaryLink::Severity::kPassing);
  };
}

int64_t Upstream::now_ms() const {
  return Clock::monotonic_ms_now();
}

int64_t Upstream::applied_offset() const {
  return is_obsolete_ ? kObsoleteOffset : context_.replication.offset();
}

int64_t Upstream::received_offset() const {
  if (is_obsolete_) return kObsoleteOffset;
  const size_t waiting = link_.is_streaming() ? connection_.input().size() : 0;
  return context_.replication.offset() + static_cast<int64_t>(held_.size() + waiting);
}

// --- Roles ---------------------------------------------------------------------------------------

void Upstream::start() {
  const std::string& configured = context_.config->replicaof;
  if (configured.empty()) return;
  primary_ = address_in(configured);
  is_starting_ = true;
  become_replica();
}

void Upstream::resume(const SavedPosition& saved) {
  context_.replication.resume({.id = saved.id, .offset = saved.offset});
  if (!is_on()) return;
  has_position_ = true;
  const size_t databases = context_.keyspace.databases().size();
  if (saved.db >= 0 && static_cast<size_t>(saved.db) < databases)
    replay_.select(static_cast<uint32_t>(saved.db));
  context_.replication.follow_database(replay_.db());
}

void Upstream::become_replica() {
  context_.replication.set_role(ReplicationStream::Role::kCutOff);
  update_effects();
  link_.begin(now_ms());
  is_to_look_ = true;
  is_obsolete_ = false;
  asked_durable_ = 0;
  on_role_changed();
}

void Upstream::follow(ServerAddress primary, std::string_view by) {
  const bool was_primary = !is_on();
  drop_connection();
  if (was_primary) {
    unblock_clients();
    // What this server has told is a part of its history: maybe the other one can go on from there.
    context_.propagation.cut_unit();
    context_.replicas.pass_on();
    has_position_ = true;
    record_ = Record();
    context_.log.notice(
        "Before turning into a replica, using my own master parameters to synthesize a cached "
        "master: I may be able to synchronize with the new master with just a partial transfer.");
  }
  primary_ = std::move(primary);
  context_.config.note("replicaof", primary_->host + " " + std::to_string(primary_->port));
  become_replica();
  context_.log.notice("REPLICAOF " + primary_->text() + " enabled (user request from '" +
                      std::string(by) + "')");
}

void Upstream::hand_over(const ServerAddress& to) {
  follow(to, "a failover");
  is_handing_over_ = true;
}

void Upstream::promote(std::string_view by) {
  if (!is_on()) return;
  is_handing_over_ = false;
  drop_connection();
  link_.end();
  context_.replicas.pass_on();
  const std::string former = context_.replication.history().id();
  context_.replication.promote();
  context_.replication.set_role(ReplicationStream::Role::kPrimary);
  const History& history = context_.replication.history();
  context_.log.warning("Setting secondary replication ID to " + former +
                       ", valid up to offset: " + std::to_string(history.former_end()) +
                       ". New replication ID is " + history.id());
  context_.replicas.disconnect_all("this server is a primary now");
  primary_.reset();
  has_position_ = is_obsolete_ = false;
  context_.config.note("replicaof", "");
  update_effects();
  on_role_changed();
  context_.log.notice("MASTER MODE enabled (" + std::string(by) + ")");
}

/// They wait for what a primary does.
void Upstream::unblock_clients() {
  for (const auto& [id, client] : context_.clients) {
    if (!client->blocked || client->closed) continue;
    if (context_.dispatcher.unblock(*client, kRoleChanged)) context_.io.close_after_reply(*client);
  }
}

/// What being a replica means for clients and for keys.
void Upstream::update_effects() {
  const Settings& settings = context_.config.values();
  Dispatcher& dispatcher = context_.dispatcher;
  dispatcher.set_gate(kReadonlyGate, is_on() && settings.replica_read_only);
  dispatcher.set_gate(kStaleGate,
                      is_on() && !settings.replica_serve_stale_data && !link_.is_streaming());
  context_.keyspace.expired_keys = is_on() ? ExpiredKeys::kAreHidden : ExpiredKeys::kGo;
  context_.memory.set_ignored(is_on() && settings.replica_ignore_maxmemory);
}

void Upstream::settings_changed() {
  update_effects();
  const bool may_go_on = is_on() && !link_.is_on() && context_.config->replica_ignore_other_types;
  if (may_go_on) link_.begin(now_ms());
}

// --- The link ------------------------------------------------------------------------------------

void Upstream::cron() {
  if (!is_on() || is_starting_) return;
  if (link_.is_streaming()) {
    link_.applied(context_.replication.offset());
    link_.durable(durable_offset());
    update_face();
  }
  const int64_t now = now_ms();
  switch (link_.tick(now, context_.config->repl_timeout_s * kMsPerSecond)) {
    case PrimaryLink::Due::kNothing:
      break;
    case PrimaryLink::Due::kConnect:
      return connect(now);
    case PrimaryLink::Due::kFailure:
      return fail(link_.silence_text(), PrimaryLink::Severity::kPassing);
  }
  send();
}

/// A log that a restart would not find yet holds nothing.
std::optional<int64_t> Upstream::durable_offset() const {
  const AppendLog& log = context_.append_log;
  if (!log.is_on() || log.is_aside()) return std::nullopt;
  return context_.replication.of_told(log.durable_offset());
}

void Upstream::more_is_durable() {
  if (asked_durable_ == 0 || !link_.is_streaming()) return;
  const std::optional<int64_t> durable = durable_offset();
  if (!durable) return;
  if (*durable >= asked_durable_) asked_durable_ = 0;
  acknowledge();
  send();
}

void Upstream::acknowledge() {
  const int64_t applied = context_.replication.offset();
  const std::optional<int64_t> durable = durable_offset();
  asked_durable_ = durable && *durable < applied ? applied : 0;
  link_.applied(applied);
  link_.durable(durable);
  link_.acknowledge(now_ms());
}

void Upstream::connect(int64_t now) {
  link_.connecting(now);
  ++record_.attempts;
  ++record_.current_attempts;
  context_.log.notice("Connecting to MASTER " + primary_->text());
  const Settings& settings = context_.config.values();
  const std::string why = connection_.open({.host = primary_->host,
                                            .port = primary_->port,
                                            .is_tls = settings.tls_replication,
                                            .keepalive_s = settings.tcp_keepalive_s});
  if (!why.empty())
    return fail("Unable to connect to MASTER: " + why, PrimaryLink::Severity::kPassing);
  context_.log.notice("MASTER <-> REPLICA sync started");
}

PrimaryLink::Introduction Upstream::introduction() const {
  const Settings& settings = context_.config.values();
  PrimaryLink::Introduction introduction{
      .user = settings.masteruser,
      .password = settings.masterauth,
      .port = settings.tls_replication ? settings.tls_port : settings.port,
      .announced_ip = settings.replica_announce_ip};
  if (settings.replica_announce_port != 0) introduction.port = settings.replica_announce_port;
  introduction.takes_over = is_handing_over_;
  if (has_position_) introduction.position = context_.replication.history().position();
  return introduction;
}

void Upstream::send() {
  if (!link_.output().empty()) connection_.send(link_.output());
}

void Upstream::process() {
  for (;;) {
    const PrimaryLink::Event event = link_.next(connection_.input().view());
    const size_t consumed = link_.consumed();
    std::visit([this](const auto& what) { act(what); }, event);
    if (!connection_.is_open()) return;
    connection_.input().consume(consumed);
    if (std::holds_alternative<PrimaryLink::NeedMore>(event)) break;
  }
  send();
}

void Upstream::fail(const std::string& why, PrimaryLink::Severity severity) {
  context_.log.warning(why);
  const bool is_answered = link_.state() == PrimaryLink::State::kPsync;
  drop_connection();
  if (severity == PrimaryLink::Severity::kBroken) has_position_ = false;
  link_.failed(severity, now_ms());
  update_effects();
  if (is_answered && std::exchange(is_handing_over_, false)) on_handed_over(false);
}

bool Upstream::lost_if_on(int fd, const std::string& why) {
  if (!connection_.is_open() || connection_.fd() != fd) return false;
  fail("Error registering fd event for the connection with MASTER: " + why,
       PrimaryLink::Severity::kPassing);
  return true;
}

void Upstream::drop_connection() {
  if (link_.is_streaming()) {
    record_.down_since_ms = now_ms();
    context_.replication.set_role(ReplicationStream::Role::kCutOff);
  }
  connection_.close();
  close_face();
  forget_transfer();
  held_.clear();
  replay_.forget_transaction();
}

void Upstream::link_is_up() {
  const int64_t now = now_ms();
  if (record_.down_since_ms >= 0) record_.disconnected_ms += now - record_.down_since_ms;
  record_.up_since_ms = now;
  record_.current_attempts = 0;
  warned_of_foreign_ = false;
  context_.replication.set_role(ReplicationStream::Role::kFollowing);
  context_.replication.follow_database(replay_.db());
  open_face();
  update_effects();
}

/// For CLIENT LIST and CLIENT KILL, with a descriptor of its own.
void Upstream::open_face() {
  Client& face = context_.clients.add(dup(connection_.fd()), false, now_ms());
  face.is_primary = true;
  face.io = &context_.io;
  face_ = face.id;
}

/// What CLIENT LIST shows of it.
void Upstream::update_face() {
  Client* const face = context_.clients.find(face_);
  if (face == nullptr) return;
  face->db = replay_.db();
  face->last_active_ms = link_.last_heard_ms();
  face->bytes_in = connection_.bytes_in();
}

void Upstream::close_face() {
  Client* const face = context_.clients.find(std::exchange(face_, 0));
  if (face != nullptr) context_.io.close(*face);
}

void Upstream::closed(const Client& client) {
  if (client.id != face_) return;
  face_ = 0;
  fail("Connection with master was closed by a command.", PrimaryLink::Severity::kPassing);
}

// --- What it tells -------------------------------------------------------------------------------

void Upstream::act(const PrimaryLink::NeedMore&) {}

void Upstream::act(const PrimaryLink::Remark& event) {
  context_.log.notice(event.text);
}

void Upstream::act(const PrimaryLink::Failure& event) {
  fail(event.text, event.severity);
}

void Upstream::act(const PrimaryLink::Continue& event) {
  context_.log.notice("Successful partial resynchronization with master.");
  context_.replicas.pass_on();
  if (context_.replication.continue_as(event.id)) {
    context_.log.notice("Master replication ID changed to " + event.id);
    context_.replicas.disconnect_all("the history has another name now");
  }
  is_obsolete_ = false;
  link_is_up();
  if (std::exchange(is_handing_over_, false)) on_handed_over(true);
  context_.log.notice("MASTER <-> REPLICA sync: Master accepted a Partial Resynchronization.");
}

void Upstream::act(const PrimaryLink::Command& event) {
  if (event.argv.empty()) return context_.propagation.pass_through(event.bytes, std::nullopt);
  if (equals_ignoring_case(event.argv[0], "replconf") && !replay_.in_transaction()) {
    const bool asks = event.argv.size() > 1 && equals_ignoring_case(event.argv[1], "getack");
    if (asks) acknowledge();
    return context_.propagation.pass_through(event.bytes, std::nullopt);
  }
  apply(event);
}

// The log has its own SELECTs; one inside of a transaction is not known to it.
void Upstream::apply(const PrimaryLink::Command& command) {
  const uint32_t db = replay_.db();
  const Replay::Step step = replay_.take(command.argv);
  if (step.status == Replay::Status::kForeign) return refuse_foreign(step.foreign);
  const bool is_part = step.status == Replay::Status::kQueued || !held_.empty();
  if (is_part) held_ += command.bytes;
  if (step.status == Replay::Status::kQueued) return;
  const std::optional<uint32_t> changed = step.has_written ? std::optional(db) : std::nullopt;
  context_.propagation.pass_through(is_part ? std::string_view(held_) : command.bytes, changed);
  held_.clear();
  if (step.passed_over > 0 && !std::exchange(warned_of_foreign_, true)) {
    context_.log.warning(
        "The master sends commands for data of other types; they are passed over "
        "(replica-ignore-other-types)");
  }
  if (replay_.db() == db) return;
  if (is_part) context_.propagation.forget_database();
  context_.replication.follow_database(replay_.db());
}

/// Trying again would meet the same command: nothing more until somebody changes something.
void Upstream::refuse_foreign(const std::string& name) {
  context_.log.warning("The master sent the command '" + name +
                       "', which this server does not have. The link is closed and stays so: make "
                       "this server the replica of one that has only streams, or set "
                       "replica-ignore-other-types to yes.");
  drop_connection();
  link_.end();
  update_effects();
}

void Upstream::complain(std::string_view error, std::string_view command) {
  context_.log.warning("== CRITICAL == This replica is sending an error to its master: '" +
                       std::string(error) + "' after processing the command '" + to_lower(command) +
                       "'");
  if (context_.config->propagation_error_behavior == PropagationErrors::kIgnore) return;
  context_.log.warning("This server ends here (propagation-error-behavior)");
  std::abort();
}

}  // namespace weir
