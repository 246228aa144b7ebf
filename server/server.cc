#include "server/server.h"

#include <algorithm>
#include <csignal>

#include <sys/socket.h>
#include <unistd.h>

#include "persistence/replacing_file.h"
#include "server/commands/client_describe.h"
#include "server/commands/table.h"
#include "server/errors.h"
#include "server/host/memory.h"

namespace weir {
namespace {

/// How long a client may keep a shutdown waiting for the socket to take the rest of its replies.
constexpr int kLastWordsMs = 100;

/// Below this every connection would go before it has said a word, also the one that raises the
/// limit again.
constexpr uint64_t kLeastClientMemory = 128 << 10;

ServerIdentity make_identity(const Clock& clock) {
  return {.run_id = random_run_id(),
          .executable = executable_path(),
          .started_unix_s = clock.unix_s(),
          .memory_at_start = used_memory()};
}

IdempotenceLimits idempotence_limits(const Settings& settings) {
  return {.duration_s = static_cast<uint32_t>(settings.stream_idmp_duration_s),
          .maxsize = static_cast<uint32_t>(settings.stream_idmp_maxsize)};
}

std::string unable_to_wait(const std::string& refusal) {
  return "The system refuses what the server waits with: " + refusal + ". Exiting.";
}

}  // namespace

Server::Server(Config& config, Log& log)
    : config_(config),
      log_(log),
      ports_(loop_, config_, log_, [this](Accepted accepted) { accept(accepted); }),
      parts_({.config = config_,
              .log = log_,
              .clock = clock_,
              .loop = loop_,
              .tls = ports_.tls(),
              .files = real_files()},
             make_identity(clock_)),
      log_control_(parts_.context),
      replication_control_(parts_.context),
      cron_(parts_.context, clock_, loop_),
      deadline_timer_(loop_, [this] { armed_deadline_ms_.reset(); }),
      eviction_timer_(loop_, [] {}) {  // what is to be done is done at the end of the turn
  loop_.on_unwatched = [this](int fd, const std::string& why) { close_unwatched(fd, why); };
  parts_.upstream.on_role_changed = [this] { replication_control_.role_changed(); };
  parts_.upstream.run_turn = [this](bool may_sleep) { return run_inner_turn(may_sleep); };
  parts_.upstream.restart_log = [this] { log_control_.restart(); };
  parts_.keyspace.new_stream_limits = idempotence_limits(config_.values());
  parts_.key_publisher.configure(*NotifyFlags::parse(config_->notify_keyspace_events));
  note_uses();
  limit_client_memory();
  register_appliers();
}

// --- Starting ------------------------------------------------------------------------------------

std::string Server::open() {
  const Settings& settings = config_.values();
  if (!loop_.refusal().empty()) return unable_to_wait(loop_.refusal());
  std::string why = parts_.gatekeeper.open();
  if (!why.empty()) return why;
  why = ports_.open();
  if (!why.empty()) return why;
  if (const std::string refused = loop_.begin(); !refused.empty()) {
    ports_.close();
    return unable_to_wait(refused);
  }
  if (!settings.pidfile.empty() || settings.daemonize) {
    const std::string path = settings.pidfile.empty() ? "/var/run/weir.pid" : settings.pidfile;
    const std::string failure = pid_file_.write(path);
    if (!failure.empty()) log_.warning(failure);
  }
  log_.notice("Server initialized");
  why = load();
  if (why.empty() && !parts_.shutdown.is_requested()) announce();
  return why;
}

/// Clients are served meanwhile, as far as they do not ask for data.
std::string Server::load() {
  const bool has_file = access(config_->dbfilename.c_str(), F_OK) == 0;
  if (has_file) tell_systemd("STATUS=Loading the dataset in memory\n");
  for (const std::string& path : remove_stale_temporaries(real_files(), config_->dbfilename))
    log_.notice("Removed what a crash has left of a snapshot: " + path);
  parts_.dispatcher.set_gate(kLoadingGate, true);
  parts_.keyspace.set_time({.ms = clock_.unix_ms(), .s = clock_.unix_s()}, true);
  parts_.upstream.start();
  parts_.loader.keep_expired(parts_.upstream.is_on());
  parts_.loader.look_after_clients = [this] {
    loop_.poll([this] { return end_turn(); });
    return !parts_.shutdown.is_requested();
  };
  std::string why;
  if (config_->appendonly) {
    why = log_control_.load();
  } else if (parts_.loader.load(config_->dbfilename) == Loader::Result::kFailed) {
    why = "Fatal error loading the DB: Invalid argument. Exiting.";
  }
  parts_.loader.look_after_clients = nullptr;
  parts_.loader.keep_expired(false);
  parts_.dispatcher.set_gate(kLoadingGate, false);
  if (!config_->appendonly && parts_.loader.position())
    parts_.upstream.resume(*parts_.loader.position());
  parts_.upstream.started();
  parts_.keyspace.changes = 0;
  return why;
}

/// A turn inside of one that has ended, for who is busy.  False when the server is to end.
bool Server::run_inner_turn(bool may_sleep) {
  const auto end = [this] { return end_turn(); };
  inner_turn_wants_more_ = may_sleep && !inner_turn_wants_more_ ? loop_.wait(end) : loop_.poll(end);
  return !parts_.shutdown.is_requested();
}

void Server::announce() const {
  ports_.announce();
  tell_systemd("STATUS=Ready to accept connections\n");
  tell_systemd("READY=1\n");
}

void Server::tell_systemd(std::string_view state) const {
  if (!is_supervised_by_systemd(config_.values())) return;
  if (const std::string why = notify_systemd(state); !why.empty()) log_.warning(why);
}

void Server::register_appliers() {
  config_.after_change({"loglevel"},
                       [this](const Settings& after) { log_.set_level(after.loglevel); });
  config_.on_change({"maxclients"},
                    [](const Settings&, Settings& after) -> std::optional<std::string> {
                      const uint64_t possible = raise_file_limit(after.maxclients);
                      if (possible >= after.maxclients) return std::nullopt;
                      return "The operating system is not able to handle the specified number of "
                             "clients, try with " +
                             std::to_string(possible);
                    });
  config_.on_change({"appendonly"},
                    [this](const Settings&, Settings& after) -> std::optional<std::string> {
                      return log_control_.switch_to(after.appendonly);
                    });
  config_.after_change({"replica-read-only", "replica-serve-stale-data", "replica-ignore-maxmemory",
                        "replica-ignore-other-types"},
                       [this](const Settings&) { parts_.upstream.settings_changed(); });
  config_.after_change({"repl-backlog-size"},
                       [this](const Settings&) { parts_.replicas.backlog_size_changed(); });
  config_.after_change({"appendfsync"},
                       [this](const Settings&) { parts_.append_log.policy_changed(); });
  config_.after_change({"stream-idmp-duration", "stream-idmp-maxsize"},
                       [this](const Settings& after) {
                         parts_.keyspace.new_stream_limits = idempotence_limits(after);
                       });
  config_.after_change({"maxmemory-policy", "lfu-log-factor", "lfu-decay-time"},
                       [this](const Settings&) { note_uses(); });
  config_.after_change({"notify-keyspace-events"}, [this](const Settings& after) {
    parts_.key_publisher.configure(*NotifyFlags::parse(after.notify_keyspace_events));
  });
  config_.after_change({"slowlog-log-slower-than", "slowlog-max-len", "latency-monitor-threshold"},
                       [this](const Settings&) { parts_.dispatcher.look_out(); });
  config_.after_change({"maxmemory-clients", "maxmemory"},
                       [this](const Settings&) { limit_client_memory(); });
  config_.after_change(
      {"min-replicas-to-ack", "min-replicas-ack-fsync", "min-replicas-ack-timeout"},
      [this](const Settings&) { replication_control_.promise_changed(); });
  config_.on_change({"dir"},
                    [this](const Settings&, Settings& after) -> std::optional<std::string> {
                      return log_control_.go_to(after.dir);
                    });
}

// --- Connections ---------------------------------------------------------------------------------

void Server::accept(Accepted accepted) {
  clock_.refresh();
  ++parts_.stats.connections;
  const bool is_unix_socket = accepted.transport == Transport::kUnix;
  Client& client = parts_.clients.add(accepted.fd, is_unix_socket, clock_.monotonic_ms());
  parts_.gatekeeper.greet(client);
  if (parts_.clients.size() > config_->maxclients) return turn_away(client, accepted.transport);
  if (!client.is_unix_socket) set_tcp_options(client.fd, config_->tcp_keepalive_s);
  if (accepted.transport == Transport::kTls) client.tls = ports_.tls().accept(client.fd);
  parts_.io.start(client);
  if (!is_refused(client)) return;
  ++parts_.stats.rejected_connections;
  parts_.io.prepare_reply(client);
  client.reply.error(errors::kProtectedMode);
  parts_.io.close_after_reply(client);
}

/// A client of whom nothing would ever be heard; or the primary, which is asked again later.
void Server::close_unwatched(int fd, const std::string& why) {
  for (const auto& [id, client] : parts_.clients) {
    if (client->fd != fd || client->closed) continue;
    log_.warning("Error registering fd event for the new client connection: " + why +
                 " (addr=" + client->peer_address() + " laddr=" + client->local_address() + ")");
    ++parts_.stats.rejected_connections;
    return parts_.io.close(*client);
  }
  if (parts_.upstream.lost_if_on(fd, why)) return;
  log_.warning("The system refuses to watch the file descriptor " + std::to_string(fd) + ": " +
               why);
}

/// There are too many.  What is not encrypted would mean nothing to a client of TLS: it finds its
/// connection closed.
void Server::turn_away(Client& client, Transport transport) {
  ++parts_.stats.rejected_connections;
  if (transport != Transport::kTls) {
    const std::string line = "-" + std::string(errors::kMaxClients) + "\r\n";
    ::send(client.fd, line.data(), line.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  }
  parts_.clients.remove(client);
}

/// Protected mode: without a password only this host may connect.
bool Server::is_refused(const Client& client) const {
  return config_->protected_mode && parts_.gatekeeper.users().default_user().needs_no_password() &&
         !client.is_local();
}

// --- Turns ---------------------------------------------------------------------------------------

void Server::run() {
  if (!parts_.shutdown.is_requested()) {
    cron_.start();
    loop_.run([this] { return end_turn(); });
  }
  tell_systemd("STOPPING=1\n");
  log_control_.end();
  for (const auto& [id, client] : parts_.clients)
    parts_.io.send_rest(*client, kLastWordsMs);
  ports_.close();
  pid_file_.remove();
  log_.warning("Redis is now ready to exit, bye bye...");  // tools search for these very words
}

// A reader that is woken may run requests that wake others, so both are done until nothing is left.
bool Server::end_turn() {
  ++parts_.stats.turns;
  parts_.append_log.look_at_syncs();
  parts_.dispatcher.expire_waiters();
  parts_.dispatcher.run_put_off();
  parts_.io.read_on();
  parts_.io.run_left_overs();
  do {
    parts_.dispatcher.serve_waiters();
    parts_.io.run_resumed();
  } while (parts_.waiters.has_signals());
  if (parts_.tracking.has_news()) parts_.tracking.send_news();
  replication_control_.look_at_replicas();
  parts_.replicas.end_turn();
  bool has_more = parts_.io.end_of_turn();
  parts_.replicas.turn_ended();
  parts_.memory.set_not_counted(parts_.replicas.bytes_beyond_backlog() +
                                parts_.append_log.buffered_bytes());
  if (!parts_.loader.progress().is_loading) work_off_memory();
  if (replication_control_.pass_on()) has_more |= parts_.replicas.send();  // keys that were evicted
  parts_.dispatcher.turn_ended();
  const bool has_more_to_save = parts_.snapshot_runner.end_turn();
  parts_.dispatcher.set_gate(kSavingGate, parts_.snapshots.refuses_writes());
  parts_.dispatcher.set_gate(kLogGate, !parts_.append_log.refusal().empty());
  if (parts_.ending.is_waiting()) parts_.ending.look();
  if (parts_.shutdown.is_requested()) begin_to_end();
  arm_deadline_timer();
  if (parts_.failover.is_on()) parts_.failover.look(Clock::monotonic_ms_now());
  has_more |= parts_.upstream.end_turn();
  // What a base that counts now, or an eviction, lets go is served in the next turn.
  return has_more || has_more_to_save || parts_.waiters.has_signals();
}

/// A signal may ask at any time.
void Server::begin_to_end() {
  if (!parts_.shutdown.is_prepared()) {
    const bool is_sigint = parts_.shutdown.signal() == SIGINT;
    log_.warning(std::string("Received ") + (is_sigint ? "SIGINT" : "SIGTERM") +
                 " scheduling shutdown...");
    const SignalShutdown& how =
        is_sigint ? config_->shutdown_on_sigint : config_->shutdown_on_sigterm;
    FinalSave save = FinalSave::kWithSavePoints;
    if (how.save) save = FinalSave::kYes;
    // What is not loaded yet would be missing in the file.
    if (how.nosave || parts_.loader.progress().is_loading) save = FinalSave::kNo;
    const Ending::Wish wish{.save = save, .force = how.force, .waits = !how.now};
    const Ending::Answer answer = parts_.ending.begin(wish);
    if (answer == Ending::Answer::kRefused) parts_.shutdown.forget_signal();
    if (answer != Ending::Answer::kEnds) return parts_.shutdown.refuse();
  }
  loop_.stop();
}

void Server::arm_deadline_timer() {
  std::optional<int64_t> next_ms = parts_.waiters.next_deadline_ms();
  const std::optional<int64_t> late_ms = parts_.commit_gate.next_deadline_ms();
  if (late_ms && (!next_ms || *late_ms < *next_ms)) next_ms = late_ms;
  const std::optional<int64_t> pause_ms = parts_.dispatcher.pause().until_ms();
  if (pause_ms && (!next_ms || *pause_ms < *next_ms)) next_ms = pause_ms;
  if (next_ms == armed_deadline_ms_) return;
  armed_deadline_ms_ = next_ms;
  if (next_ms) {
    deadline_timer_.set_ms(*next_ms - Clock::monotonic_ms_now());
  } else {
    deadline_timer_.cancel();
  }
}

// --- Memory --------------------------------------------------------------------------------------

void Server::work_off_memory() {
  if (parts_.memory.work_off()) eviction_timer_.set_ms(1);
}

void Server::limit_client_memory() {
  const MemoryShare& share = config_->maxmemory_clients;
  ClientMemory& memory = parts_.io.memory();
  const uint64_t limit = share.percent > 0
                             ? config_->maxmemory / 100 * static_cast<uint64_t>(share.percent)
                             : share.bytes;
  memory.set_limit(limit == 0 ? 0 : std::max(limit, kLeastClientMemory));
  if (!memory.is_on()) return;
  for (const auto& [id, client] : parts_.clients)
    memory.look_at(*client);
  parts_.io.evict_clients();
}

void Server::note_uses() {
  parts_.keyspace.set_access_notes(
      MemoryLimit::access_notes(config_.values()),
      {.log_factor = config_->lfu_log_factor, .decay_minutes = config_->lfu_decay_time});
}

std::string Server::describe() const {
  std::string text = info_text(parts_.context, {});
  text += "\r\n# Clients\r\n";
  for (const auto& [id, client] : parts_.clients)
    text += describe_client(*client, parts_.context) + "\n";
  const CommandSpec* const running = parts_.dispatcher.running();
  text += "Command that ran: " + std::string(running != nullptr ? running->name : "none") + "\n";
  return text;
}

}  // namespace weir
