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

Config& HandlerStage::prepared_config() {
  read_lines("databases 4\nsave \"\"");  // or FLUSHALL would write a snapshot
  return config_;
}

HandlerStage::HandlerStage(Audience audience, FileSystem& files)
    : parts_({.config = prepared_config(),
              .log = log_,
              .clock = clock_,
              .loop = loop_,
              .tls = tls_,
              .files = files},
             {}),
      client_(parts_.clients.add(kNoSocket, true, 0)) {
  parts_.replicas.pass_on = [] {};
  parts_.replicas.on_news = [] {};
  parts_.upstream.run_turn = [](bool) { return false; };
  parts_.upstream.restart_log = [] {};
  parts_.upstream.on_role_changed = [] {};
  log_.set_level(LogLevel::kNothing);
  parts_.gatekeeper.greet(client_);
  is_recording_ = audience == Audience::kRecorder;
  if (!is_recording_) return;
  parts_.propagation.to_replicas = nullptr;  // the recorder takes it
  parts_.propagation.set_listener(Propagation::Listener::kLog, true);
  parts_.propagation.set_listener(Propagation::Listener::kReplicas, true);
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
            .context = parts_.context,
            .settings = config_.values(),
            .now_ms = now_ms,
            .monotonic_ms = now_ms,
            .may_wait = may_wait};
  call.is_replay = is_replay;
  parts_.propagation.begin();
  Outcome outcome = row->run(call);
  parts_.propagation.finish(0, words, call.told);
  if (is_recording_) recorder_.take(parts_.propagation);
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
