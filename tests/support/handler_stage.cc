#include "tests/support/handler_stage.h"

#include <iterator>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "resp/reply_parser.h"
#include "server/commands/table.h"
#include "server/errors.h"
#include "server/net/client.h"

namespace weir::testing {
namespace {

constexpr int kNoSocket = -1;

}  // namespace

void Recorder::take(Propagation& propagation) {
  const std::string_view bytes = propagation.pending();
  std::span<const Propagation::Part> relayed = propagation.parts();
  resp::RequestParser parser;
  for (size_t at = 0; at < bytes.size(); at += parser.consumed()) {
    if (parser.parse(bytes.substr(at), {}) != resp::RequestParser::Status::kRequest)
      throw std::logic_error("what was told is no command");
    const bool is_relay = !relayed.empty() && relayed.front().begin == at;
    if (is_relay) relayed = relayed.subspan(1);
    const std::string_view name = parser.argv()[0];
    if (name == "SELECT" || name == "MULTI" || name == "EXEC") continue;
    (is_relay ? relays : forms).emplace_back(parser.argv().begin(), parser.argv().end());
  }
  propagation.take();
}

void Recorder::happened(uint32_t, const KeyEvent& event, std::string_view key) {
  auto& heard = event.event_class == EventClass::kMissed ? misses : events;
  heard.push_back(std::string(event.name) + " " + std::string(key));
}

void Recorder::flushing(uint32_t db) {
  events.push_back("(flushing) " + std::to_string(db));
}

void Recorder::swapping(uint32_t first_db, uint32_t second_db) {
  events.push_back("(swapping) " + std::to_string(first_db) + " " + std::to_string(second_db));
}

HandlerStage::HandlerStage(Audience audience, FileSystem& files)
    : stats_(command_table().size()),
      keyspace(4),
      watches_(keyspace),
      memory_(config_.values(), keyspace, clock_, latency_),
      replication_(propagation_),
      tracking_(clients_, keyspace.events, config_.values()),
      key_removal_(config_.values(), propagation_, waiters_),
      snapshot_runner(keyspace, loop_),
      snapshots({.settings = config_.values(),
                 .keyspace = keyspace,
                 .runner = snapshot_runner,
                 .log = log_,
                 .files = files}),
      loader(config_.values(), keyspace, log_, files),
      context_{.clock = clock_,
               .identity = identity_,
               .commands = command_table(),
               .config = config_,
               .keyspace = keyspace,
               .waiters = waiters_,
               .watches = watches_,
               .memory = memory_,
               .propagation = propagation_,
               .replication = replication_,
               .replicas = replicas_,
               .upstream = upstream_,
               .failover = failover_,
               .snapshot_runner = snapshot_runner,
               .snapshots = snapshots,
               .loader = loader,
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
      gatekeeper_(context_, files),
      dispatcher_(context_, clock_),
      io_(loop_, dispatcher_),
      replicas_({.settings = config_.values(),
                 .clock = clock_,
                 .stream = replication_,
                 .propagation = propagation_,
                 .runner = snapshot_runner,
                 .loop = loop_,
                 .io = io_,
                 .log = log_,
                 .files = files}),
      upstream_({.context = context_, .clock = clock_, .loop = loop_, .tls = tls_, .files = files}),
      failover_(context_),
      commit_gate_(io_, [this](uint64_t id) { return clients_.find(id); }),
      append_log_({.settings = config_.values(),
                   .propagation = propagation_,
                   .gate = commit_gate_,
                   .loop = loop_,
                   .log = log_,
                   .files = files,
                   .lazy_free = keyspace.lazy_free}),
      log_rewriter_({.settings = config_.values(),
                     .keyspace = keyspace,
                     .runner = snapshot_runner,
                     .append_log = append_log_,
                     .log = log_,
                     .files = files}),
      client_(clients_.add(kNoSocket, true, 0)) {
  dispatcher_.attach(io_);
  replicas_.pass_on = [] {};
  replicas_.on_news = [] {};
  upstream_.run_turn = [](bool) { return false; };
  upstream_.restart_log = [] {};
  upstream_.on_role_changed = [] {};
  upstream_.on_handed_over = [](bool) {};
  keyspace.removal_listener = &key_removal_;
  log_.set_level(LogLevel::kNothing);
  read_lines("save \"\"");  // FLUSHALL would write a snapshot
  gatekeeper_.greet(client_);
  is_recording_ = audience == Audience::kRecorder;
  if (!is_recording_) return;
  propagation_.to_replicas = nullptr;  // the recorder takes it
  propagation_.set_listener(Propagation::Listener::kLog, true);
  propagation_.set_listener(Propagation::Listener::kReplicas, true);
  keyspace.events.add(recorder_);
}

const CommandSpec* HandlerStage::row_of(std::span<const std::string_view> words) {
  const CommandSpec* row = find_command(words[0]);
  if (row != nullptr && row->has(kContainer))
    row = words.size() > 1 ? find_subcommand(*row, words[1]) : nullptr;
  return row;
}

void HandlerStage::configure(std::string_view option, std::string_view value) {
  const Config::Assignment assignment{option, value};
  const std::optional<std::string> why = config_.set({&assignment, 1}, Caller::kLocal);
  if (why) throw std::logic_error(*why);
}

void HandlerStage::read_lines(std::string_view lines) {
  if (const auto error = config_.parse(lines, "a test")) throw std::logic_error(error->reason);
}

std::string_view HandlerStage::answer(std::span<const std::string_view> words) {
  client_.output.clear();
  wait_.reset();
  const CommandSpec* const row = row_of(words);
  if (row == nullptr) throw std::logic_error("no such command");
  if (!row->accepts(words.size())) {
    client_.reply.error(errors::wrong_number_of_arguments(row->name).text());
    return client_.output.view();
  }
  keyspace.set_time({.ms = now_ms, .s = now_ms / 1000}, true);
  Call call{.args = words,
            .client = client_,
            .db = keyspace.database(0),
            .reply = client_.reply,
            .context = context_,
            .settings = config_.values(),
            .now_ms = now_ms,
            .monotonic_ms = now_ms,
            .may_wait = may_wait};
  call.is_replay = is_replay;
  propagation_.begin();
  Outcome outcome = row->run(call);
  propagation_.finish(0, words, call.told);
  if (is_recording_) recorder_.take(propagation_);
  if (outcome.is_error()) client_.reply.error(outcome.error_text());
  if (outcome.is_wait()) wait_ = outcome.take_wait();
  return client_.output.view();
}

std::string HandlerStage::run(const std::vector<std::string_view>& words) {
  const std::string_view bytes = answer(words);
  if (wait_ != nullptr) return bytes.empty() ? "waits" : "not one reply";
  resp::ReplyParser parser;
  const bool is_whole =
      parser.parse(bytes) == resp::ReplyParser::Status::kReply && parser.consumed() == bytes.size();
  return is_whole ? resp::show(parser.take()) : "not one reply";
}

std::string HandlerStage::operator()(std::string_view words) {
  std::istringstream text{std::string(words)};
  const WriteForm form{std::istream_iterator<std::string>(text), {}};
  return run({form.begin(), form.end()});
}

size_t HandlerStage::reply_room() const {
  return client_.output.capacity();
}

std::string HandlerStage::told() {
  std::string text;
  for (; told_ < forms().size(); ++told_) {
    for (const std::string& word : forms()[told_])
      text += (text.empty() || text.ends_with('\n') ? "" : " ") + word;
    text += '\n';
  }
  if (!text.empty()) text.pop_back();
  return text;
}

std::vector<WriteForm> HandlerStage::take_forms() {
  told_ = 0;
  return std::exchange(recorder_.forms, {});
}

namespace {

std::string joined(const std::vector<std::string>& events) {
  std::string text;
  for (const std::string& event : events)
    text += (text.empty() ? "" : ", ") + event;
  return text;
}

}  // namespace

std::string HandlerStage::events() {
  return joined(std::exchange(recorder_.events, {}));
}

std::string HandlerStage::misses() {
  return joined(std::exchange(recorder_.misses, {}));
}

}  // namespace weir::testing
