#include "server/server.h"

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

ServerIdentity make_identity(const Clock& clock) {
  return {.run_id = random_run_id(),
          .executable = executable_path(),
          .started_unix_s = clock.unix_ms() / 1000,
          .memory_at_start = used_memory()};
}

IdempotenceLimits idempotence_limits(const Settings& settings) {
  return {.duration_s = static_cast<uint32_t>(settings.stream_idmp_duration_s),
          .maxsize = static_cast<uint32_t>(settings.stream_idmp_maxsize)};
}

}  // namespace

Server::Server(Config& config, Log& log)
    : config_(config),
      log_(log),
      identity_(make_identity(clock_)),
      stats_(command_table().size()),
      keyspace_(static_cast<uint32_t>(config->databases)),
      watches_(keyspace_),
      memory_(config.values(), keyspace_, clock_, latency_),
      replication_(propagation_),
      key_publisher_(keyspace_.events, pubsub_),
      tracking_(clients_, keyspace_.events, config.values()),
      key_removal_(config_.values(), propagation_, waiters_),
      snapshot_runner_(keyspace_, loop_),
      snapshots_({.settings = config_.values(),
                  .keyspace = keyspace_,
                  .runner = snapshot_runner_,
                  .log = log_,
                  .files = real_files()}),
      loader_(config_.values(), keyspace_, log_, real_files()),
      context_{.clock = clock_,
               .identity = identity_,
               .commands = command_table(),
               .config = config_,
               .keyspace = keyspace_,
               .waiters = waiters_,
               .watches = watches_,
               .memory = memory_,
               .propagation = propagation_,
               .replication = replication_,
               .replicas = replicas_,
               .upstream = upstream_,
               .failover = failover_,
               .snapshot_runner = snapshot_runner_,
               .snapshots = snapshots_,
               .loader = loader_,
               .commit_gate = commit_gate_,
               .append_log = append_log_,
               .log_rewriter = log_rewriter_,
               .pubsub = pubsub_,
               .tracking = tracking_,
               .clients = clients_,
               .io = io_,
               .dispatcher = dispatcher_,
               .gatekeeper = gatekeeper_,
               .stats = stats_,
               .ticks = ticks_,
               .slowlog = slowlog_,
               .latency = latency_,
               .monitors = monitors_,
               .ids = ids_,
               .log = log_,
               .shutdown = shutdown_,
               .ending = ending_},
      ending_(context_),
      gatekeeper_(context_),
      dispatcher_(context_, clock_),
      io_(loop_, dispatcher_),
      replicas_({.settings = config_.values(),
                 .clock = clock_,
                 .stream = replication_,
                 .propagation = propagation_,
                 .runner = snapshot_runner_,
                 .loop = loop_,
                 .io = io_,
                 .log = log_,
                 .files = real_files()}),
      commit_gate_(io_, [this](uint64_t id) { return clients_.find(id); }),
      append_log_({.settings = config_.values(),
                   .propagation = propagation_,
                   .gate = commit_gate_,
                   .loop = loop_,
                   .log = log_,
                   .files = real_files(),
                   .lazy_free = keyspace_.lazy_free}),
      log_rewriter_({.settings = config_.values(),
                     .keyspace = keyspace_,
                     .runner = snapshot_runner_,
                     .append_log = append_log_,
                     .log = log_,
                     .files = real_files()}),
      log_control_(context_),
      replication_control_(context_),
      ports_(loop_, config_, log_, [this](Accepted accepted) { accept(accepted); }),
      upstream_({.context = context_,
                 .clock = clock_,
                 .loop = loop_,
                 .tls = ports_.tls(),
                 .files = real_files()}),
      failover_(context_),
      cron_(context_, clock_, loop_),
      deadline_timer_(loop_, [this] { armed_deadline_ms_.reset(); }),
      eviction_timer_(loop_, [] {}) {  // what is to be done is done at the end of the turn
  keyspace_.lazy_free.on_idle = &release_thread_cache;
  dispatcher_.attach(io_);
  keyspace_.removal_listener = &key_removal_;
  replicas_.take_over = [this] { upstream_.promote("failover request"); };
  upstream_.on_handed_over = [this](bool is_accepted) { failover_.answered(is_accepted); };
  upstream_.on_role_changed = [this] { replication_control_.role_changed(); };
  upstream_.run_turn = [this](bool may_sleep) { return run_inner_turn(may_sleep); };
  upstream_.restart_log = [this] { log_control_.restart(); };
  keyspace_.new_stream_limits = idempotence_limits(config_.values());
  key_publisher_.configure(*NotifyFlags::parse(config_->notify_keyspace_events));
  note_uses();
  limit_client_memory();
  memory_.set_pause(&dispatcher_.pause());
  register_appliers();
}

// --- Starting ------------------------------------------------------------------------------------

std::string Server::open() {
  const Settings& settings = config_.values();
  std::string why = gatekeeper_.open();
  if (!why.empty()) return why;
  why = ports_.open();
  if (!why.empty()) return why;
  if (!settings.pidfile.empty() || settings.daemonize) {
    const std::string path = settings.pidfile.empty() ? "/var/run/weir.pid" : settings.pidfile;
    const std::string failure = pid_file_.write(path);
    if (!failure.empty()) log_.warning(failure);
  }
  log_.notice("Server initialized");
  why = load();
  if (why.empty() && !shutdown_.is_requested()) announce();
  return why;
}

/// Clients are served meanwhile, as far as they do not ask for data.
std::string Server::load() {
  const bool has_file = access(config_->dbfilename.c_str(), F_OK) == 0;
  if (has_file && is_supervised_by_systemd(config_.values()))
    notify_systemd("STATUS=Loading the dataset in memory\n");
  for (const std::string& path : remove_stale_temporaries(real_files(), config_->dbfilename))
    log_.notice("Removed what a crash has left of a snapshot: " + path);
  dispatcher_.set_gate(kLoadingGate, true);
  keyspace_.set_time({.ms = clock_.unix_ms(), .s = clock_.unix_s()}, true);
  upstream_.start();
  loader_.keep_expired(upstream_.is_on());
  loader_.look_after_clients = [this] {
    loop_.poll([this] { return end_turn(); });
    return !shutdown_.is_requested();
  };
  std::string why;
  if (config_->appendonly) {
    why = log_control_.load();
  } else if (loader_.load(config_->dbfilename) == Loader::Result::kFailed) {
    why = "Fatal error loading the DB, exiting.";
  }
  loader_.look_after_clients = nullptr;
  loader_.keep_expired(false);
  dispatcher_.set_gate(kLoadingGate, false);
  if (!config_->appendonly && loader_.position()) upstream_.resume(*loader_.position());
  upstream_.started();
  keyspace_.changes = 0;
  return why;
}

/// A turn inside of one that has ended, for who is busy.  False when the server is to end.
bool Server::run_inner_turn(bool may_sleep) {
  const auto end = [this] { return end_turn(); };
  inner_turn_wants_more_ = may_sleep && !inner_turn_wants_more_ ? loop_.wait(end) : loop_.poll(end);
  return !shutdown_.is_requested();
}

void Server::announce() const {
  ports_.announce();
  if (is_supervised_by_systemd(config_.values())) {
    notify_systemd("STATUS=Ready to accept connections\n");
    notify_systemd("READY=1\n");
  }
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
                       [this](const Settings&) { upstream_.settings_changed(); });
  config_.after_change({"repl-backlog-size"},
                       [this](const Settings&) { replicas_.backlog_size_changed(); });
  config_.after_change({"appendfsync"}, [this](const Settings&) { append_log_.policy_changed(); });
  config_.after_change(
      {"stream-idmp-duration", "stream-idmp-maxsize"},
      [this](const Settings& after) { keyspace_.new_stream_limits = idempotence_limits(after); });
  config_.after_change({"maxmemory-policy", "lfu-log-factor", "lfu-decay-time"},
                       [this](const Settings&) { note_uses(); });
  config_.after_change({"notify-keyspace-events"}, [this](const Settings& after) {
    key_publisher_.configure(*NotifyFlags::parse(after.notify_keyspace_events));
  });
  config_.after_change({"slowlog-log-slower-than", "slowlog-max-len", "latency-monitor-threshold"},
                       [this](const Settings&) { dispatcher_.look_out(); });
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
  ++stats_.connections;
  const bool is_unix_socket = accepted.transport == Transport::kUnix;
  Client& client = clients_.add(accepted.fd, is_unix_socket, clock_.monotonic_ms());
  gatekeeper_.greet(client);
  if (clients_.size() > config_->maxclients) return turn_away(client, accepted.transport);
  if (!client.is_unix_socket) set_tcp_options(client.fd, config_->tcp_keepalive_s);
  if (accepted.transport == Transport::kTls) client.tls = ports_.tls().accept(client.fd);
  io_.start(client);
  if (!is_refused(client)) return;
  ++stats_.rejected_connections;
  io_.prepare_reply(client);
  client.reply.error(errors::kProtectedMode);
  io_.close_after_reply(client);
}

/// There are too many.  What is not encrypted would mean nothing to a client of TLS: it finds its
/// connection closed.
void Server::turn_away(Client& client, Transport transport) {
  ++stats_.rejected_connections;
  if (transport != Transport::kTls) {
    const std::string line = "-" + std::string(errors::kMaxClients) + "\r\n";
    ::send(client.fd, line.data(), line.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  }
  clients_.remove(client);
}

/// Protected mode: without a password only this host may connect.
bool Server::is_refused(const Client& client) const {
  return config_->protected_mode && gatekeeper_.users().default_user().needs_no_password() &&
         !client.is_local();
}

// --- Turns ---------------------------------------------------------------------------------------

void Server::run() {
  if (!shutdown_.is_requested()) {
    cron_.run();
    loop_.run([this] { return end_turn(); });
  }
  if (is_supervised_by_systemd(config_.values())) notify_systemd("STOPPING=1\n");
  log_control_.end();
  for (const auto& [id, client] : clients_)
    io_.send_rest(*client, kLastWordsMs);
  ports_.close();
  pid_file_.remove();
  log_.warning("Weir is now ready to exit, bye bye...");
}

// A reader that is woken may run requests that wake others, so both are done until nothing is left.
bool Server::end_turn() {
  ++stats_.turns;
  append_log_.look_at_syncs();
  dispatcher_.expire_waiters();
  dispatcher_.run_put_off();
  io_.read_on();
  do {
    dispatcher_.serve_waiters();
    io_.run_resumed();
  } while (waiters_.has_signals());
  if (tracking_.has_news()) tracking_.send_news();
  replication_control_.look_at_replicas();
  replicas_.end_turn();
  bool has_more = io_.end_of_turn();
  replicas_.turn_ended();
  memory_.set_not_counted(replicas_.bytes_beyond_backlog() + append_log_.buffered_bytes());
  if (!loader_.progress().is_loading) work_off_memory();
  if (replication_control_.pass_on()) has_more |= replicas_.send();  // keys that were evicted
  dispatcher_.turn_ended();
  const bool has_more_to_save = snapshot_runner_.end_turn();
  dispatcher_.set_gate(kSavingGate, snapshots_.refuses_writes());
  dispatcher_.set_gate(kLogGate, !append_log_.refusal().empty());
  if (ending_.is_waiting()) ending_.look();
  if (shutdown_.is_requested()) begin_to_end();
  arm_deadline_timer();
  if (failover_.is_on()) failover_.look(Clock::monotonic_us() / 1000);
  has_more |= upstream_.end_turn();
  return has_more || has_more_to_save;
}

/// A signal may ask at any time.
void Server::begin_to_end() {
  if (!shutdown_.is_prepared()) {
    const bool is_sigint = shutdown_signal() == SIGINT;
    log_.warning(std::string("Received ") + (is_sigint ? "SIGINT" : "SIGTERM") +
                 " scheduling shutdown...");
    const SignalShutdown& how =
        is_sigint ? config_->shutdown_on_sigint : config_->shutdown_on_sigterm;
    FinalSave save = FinalSave::kWithSavePoints;
    if (how.save) save = FinalSave::kYes;
    // What is not loaded yet would be missing in the file.
    if (how.nosave || loader_.progress().is_loading) save = FinalSave::kNo;
    const Ending::Wish wish{.save = save, .force = how.force, .waits = !how.now};
    if (ending_.begin(wish) != Ending::Answer::kEnds) return shutdown_.refuse();
  }
  loop_.stop();
}

void Server::arm_deadline_timer() {
  std::optional<int64_t> next_ms = waiters_.next_deadline_ms();
  const std::optional<int64_t> late_ms = commit_gate_.next_deadline_ms();
  if (late_ms && (!next_ms || *late_ms < *next_ms)) next_ms = late_ms;
  const std::optional<int64_t> pause_ms = dispatcher_.pause().until_ms();
  if (pause_ms && (!next_ms || *pause_ms < *next_ms)) next_ms = pause_ms;
  if (next_ms == armed_deadline_ms_) return;
  armed_deadline_ms_ = next_ms;
  if (next_ms) {
    deadline_timer_.set_ms(*next_ms - Clock::monotonic_us() / 1000);
  } else {
    deadline_timer_.cancel();
  }
}

// --- Memory --------------------------------------------------------------------------------------

void Server::work_off_memory() {
  if (memory_.work_off()) eviction_timer_.set_ms(1);
}

void Server::limit_client_memory() {
  const MemoryShare& share = config_->maxmemory_clients;
  ClientMemory& memory = io_.memory();
  memory.set_limit(share.percent > 0
                       ? config_->maxmemory / 100 * static_cast<uint64_t>(share.percent)
                       : share.bytes);
  if (!memory.is_on()) return;
  for (const auto& [id, client] : clients_)
    memory.look_at(*client);
  io_.evict_clients();
}

void Server::note_uses() {
  keyspace_.set_access_notes(
      MemoryLimit::access_notes(config_.values()),
      {.log_factor = config_->lfu_log_factor, .decay_minutes = config_->lfu_decay_time});
}

std::string Server::describe() const {
  std::string text = info_text(context_, {});
  text += "\r\n# Clients\r\n";
  for (const auto& [id, client] : clients_)
    text += describe_client(*client, context_) + "\n";
  const CommandSpec* const running = dispatcher_.running();
  text += "Command that ran: " + std::string(running != nullptr ? running->name : "none") + "\n";
  return text;
}

}  // namespace weir
