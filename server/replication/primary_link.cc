#include "server/replication/primary_link.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "resp/reply_writer.h"
#include "resp/whole_number.h"
#include "server/text.h"
#include "server/time_units.h"

namespace weir {
namespace {

/// Between two attempts; where somebody has to do something first it doubles, so many times.
constexpr int64_t kPauseMs = kMsPerSecond;
constexpr int kMostDoublings = 5;
/// How often the primary hears of us.
constexpr int64_t kSignOfLifeMs = kMsPerSecond;
/// A stream that has gone on for so long was no failure.
constexpr int64_t kSteadyMs = kMsPerSecond;
/// Longest line before the stream.
constexpr size_t kMostLineBytes = size_t{16} * 1024;
/// Of what is not understood, in the log.
constexpr size_t kQuotedBytes = 128;
/// A primary may have let through more than this server's clients may send.
constexpr resp::RequestLimits kStreamLimits{.max_bulk_bytes = resp::kMaxBulkBytes};

/// Errors of PING that only mean that a password comes first.
constexpr std::string_view kGoOnErrors[] = {"-NOAUTH", "-NOPERM", "-ERR operation not permitted"};
/// Errors of PSYNC that pass.
constexpr std::string_view kPassingErrors[] = {"-NOMASTERLINK", "-LOADING"};

bool starts_with_one_of(std::string_view line, std::span<const std::string_view> beginnings) {
  return std::any_of(beginnings.begin(), beginnings.end(),
                     [line](std::string_view beginning) { return line.starts_with(beginning); });
}

std::string quoted(std::string_view bytes) {
  return quoted_for_log(bytes.substr(0, kQuotedBytes));
}

bool is_replication_id(std::string_view text) {
  return text.size() == kReplicationIdBytes && text.find_first_of(" \t") == std::string_view::npos;
}

/// The first of the words that blanks separate, and what follows it.
std::pair<std::string_view, std::string_view> split(std::string_view words) {
  const size_t blank = words.find(' ');
  if (blank == std::string_view::npos) return {words, {}};
  return {words.substr(0, blank), words.substr(blank + 1)};
}

PrimaryLink::Failure passing(std::string text) {
  return {std::move(text), PrimaryLink::Severity::kPassing};
}
PrimaryLink::Failure refused(std::string text) {
  return {std::move(text), PrimaryLink::Severity::kRefused};
}

}  // namespace

// --- Time ----------------------------------------------------------------------------------------

void PrimaryLink::begin(int64_t now_ms) {
  end();
  state_ = State::kWaiting;
  retry_at_ms_ = now_ms;
  refusals_ = 0;
  attempts_ = 0;
}

void PrimaryLink::end() {
  state_ = State::kOff;
  output_.release();
  questions_.clear();
  transfer_.reset();
}

PrimaryLink::Due PrimaryLink::tick(int64_t now_ms, int64_t timeout_ms) {
  switch (state_) {
    case State::kOff:
      return Due::kNothing;
    case State::kWaiting:
      return now_ms >= retry_at_ms_ ? Due::kConnect : Due::kNothing;
    case State::kLoading:
      if (now_ms - last_said_ms_ < kSignOfLifeMs) return Due::kNothing;
      last_said_ms_ = now_ms;
      output_.append("\n");
      return Due::kNothing;
    default:
      break;
  }
  if (now_ms - last_heard_ms_ > timeout_ms) return Due::kFailure;
  if (state_ == State::kStreaming) tick_stream(now_ms);
  return Due::kNothing;
}

// What breaks at once, again and again, is not tried again without a pause.
void PrimaryLink::tick_stream(int64_t now_ms) {
  if (!streams_since_ms_) streams_since_ms_ = now_ms;
  if (now_ms - *streams_since_ms_ >= kSteadyMs) attempts_ = refusals_ = 0;
  if (now_ms - last_said_ms_ >= kSignOfLifeMs) acknowledge(now_ms);
}

void PrimaryLink::begin_stream() {
  state_ = State::kStreaming;
  streams_since_ms_.reset();
}

std::string PrimaryLink::silence_text() const {
  if (state_ == State::kStreaming) return "MASTER timeout: no data nor PING received...";
  if (state_ == State::kAnnounced || state_ == State::kTransfer) {
    return "Timeout receiving bulk data from MASTER... If the problem persists try to set the "
           "'repl-timeout' parameter in redis.conf to a larger value.";
  }
  return "Timeout connecting to the MASTER...";
}

void PrimaryLink::failed(Severity severity, int64_t now_ms) {
  int64_t pause_ms = 0;
  if (severity != Severity::kPassing) {
    pause_ms = kPauseMs << std::min(refusals_++, kMostDoublings);
  } else if (attempts_ > 0) {
    pause_ms = kPauseMs;
  }
  const int refusals = refusals_;
  const int attempts = attempts_;
  begin(now_ms + pause_ms);
  refusals_ = refusals;
  attempts_ = attempts;
}

// --- The connection ------------------------------------------------------------------------------

void PrimaryLink::connecting(int64_t now_ms) {
  assert(state_ == State::kWaiting);
  state_ = State::kConnecting;
  last_heard_ms_ = now_ms;
  ++attempts_;
}

void PrimaryLink::connected(Introduction introduction, int64_t now_ms) {
  assert(state_ == State::kConnecting);
  introduction_ = std::move(introduction);
  last_heard_ms_ = now_ms;
  parser_.reset();
  state_ = State::kPing;
  say({"PING"});
}

void PrimaryLink::loaded(int64_t now_ms) {
  assert(state_ == State::kLoading);
  begin_stream();
  last_heard_ms_ = now_ms;
  const bool is_waited_for = transfer_->ends_with_mark();
  transfer_.reset();
  if (is_waited_for) acknowledge(now_ms);
}

// --- What goes -----------------------------------------------------------------------------------

void PrimaryLink::say(std::initializer_list<std::string_view> words) {
  resp::ReplyWriter writer(output_);
  writer.array(words.size());
  for (const std::string_view word : words)
    writer.bulk(word);
}

/// What need not wait for each other's answers.
void PrimaryLink::introduce() {
  const auto ask = [this](Question question, std::initializer_list<std::string_view> words) {
    questions_.push_back(question);
    say(words);
  };
  const Introduction& we = introduction_;
  if (!we.password.empty() && !we.user.empty()) {
    ask(Question::kAuth, {"AUTH", we.user, we.password});
  } else if (!we.password.empty()) {
    ask(Question::kAuth, {"AUTH", we.password});
  }
  ask(Question::kPort, {"REPLCONF", "listening-port", std::to_string(we.port)});
  if (!we.announced_ip.empty())
    ask(Question::kAddress, {"REPLCONF", "ip-address", we.announced_ip});
  ask(Question::kCapabilities, {"REPLCONF", "capa", "eof", "capa", "psync2"});
}

void PrimaryLink::ask_for_stream() {
  state_ = State::kPsync;
  const std::optional<StreamPosition>& position = introduction_.position;
  const std::string offset = std::to_string(position ? position->offset + 1 : -1);
  const std::string_view id = position ? std::string_view(position->id) : "?";
  if (introduction_.takes_over) return say({"PSYNC", id, offset, "FAILOVER"});
  say({"PSYNC", id, offset});
}

void PrimaryLink::acknowledge(int64_t now_ms) {
  if (state_ != State::kStreaming) return;
  last_said_ms_ = now_ms;
  const std::string offset = std::to_string(applied_);
  if (!durable_) return say({"REPLCONF", "ACK", offset});
  say({"REPLCONF", "ACK", offset, "FACK", std::to_string(*durable_)});
}

// --- What came -----------------------------------------------------------------------------------

PrimaryLink::Event PrimaryLink::next(std::string_view input) {
  consumed_ = 0;
  switch (state_) {
    case State::kPing:
    case State::kIntroduction:
    case State::kPsync:
    case State::kAnnounced:
      return next_line(input);
    case State::kTransfer:
      return next_piece(input);
    case State::kStreaming:
      return next_command(input);
    case State::kOff:
    case State::kWaiting:
    case State::kConnecting:
    case State::kLoading:
      break;
  }
  return NeedMore{};
}

PrimaryLink::Event PrimaryLink::next_line(std::string_view input) {
  for (;;) {
    const std::string_view rest = input.substr(consumed_);
    const size_t end = rest.find('\n');
    if (std::min(end, rest.size()) > kMostLineBytes)
      return refused("The primary sent a line that is too long: " + quoted(rest));
    if (end == std::string_view::npos) return NeedMore{};
    consumed_ += end + 1;
    std::string_view line = rest.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) continue;
    if (std::optional<Event> event = answered(line)) return std::move(*event);
  }
}

std::optional<PrimaryLink::Event> PrimaryLink::answered(std::string_view line) {
  switch (state_) {
    case State::kPing:
      return pinged(line);
    case State::kIntroduction:
      return introduced(line);
    case State::kPsync:
      return psync_answered(line);
    default:
      return announced(line);
  }
}

PrimaryLink::Event PrimaryLink::pinged(std::string_view line) {
  if (!line.starts_with('+') && !starts_with_one_of(line, kGoOnErrors)) {
    if (line.starts_with('-')) return passing("Error reply to PING from master: " + quoted(line));
    return refused("Unexpected reply to PING from master: " + quoted(line));
  }
  state_ = State::kIntroduction;
  introduce();
  return Remark{"Master replied to PING, replication can continue..."};
}

std::optional<PrimaryLink::Event> PrimaryLink::introduced(std::string_view line) {
  const Question question = questions_.front();
  questions_.pop_front();
  const bool is_error = line.starts_with('-');
  if (is_error && question == Question::kAuth)
    return refused("Unable to AUTH to MASTER: " + std::string(line));
  if (questions_.empty()) ask_for_stream();
  if (is_error) {
    constexpr std::string_view kOptions[] = {"", "listening-port", "ip-address", "capa"};
    return Remark{"(Non critical) Master does not understand REPLCONF " +
                  std::string(kOptions[static_cast<size_t>(question)]) + ": " + std::string(line)};
  }
  if (!questions_.empty()) return std::nullopt;
  const std::optional<StreamPosition>& position = introduction_.position;
  if (!position) return Remark{"Partial resynchronization not possible (no cached master)"};
  return Remark{"Trying a partial resynchronization (request " + position->id + ":" +
                std::to_string(position->offset + 1) + ")."};
}

PrimaryLink::Event PrimaryLink::psync_answered(std::string_view line) {
  const auto [word, rest] = split(line);
  if (word == "+FULLRESYNC") return full_resync(rest);
  if (word == "+CONTINUE") return continued(rest);
  if (starts_with_one_of(line, kPassingErrors)) {
    return passing("Master is currently unable to PSYNC but should be in the future: " +
                   std::string(line));
  }
  if (line.starts_with("-ERR"))
    return refused(
        "Master does not support PSYNC or is in error state (reply: " + std::string(line) + ")");
  return refused("Unexpected reply to PSYNC from master: " + quoted(line));
}

/// "<id> <offset>"; what is not understood is a history that nobody can go on with.
PrimaryLink::Event PrimaryLink::full_resync(std::string_view words) {
  const auto [id, number] = split(words);
  const auto offset = resp::whole_number<int64_t>(number);
  const bool is_understood = is_replication_id(id) && offset.value_or(-1) >= 0;
  StreamPosition position;
  position.id = is_understood ? std::string(id) : std::string(kReplicationIdBytes, '0');
  position.offset = is_understood ? *offset : 0;
  state_ = State::kAnnounced;
  return FullResync{std::move(position)};
}

PrimaryLink::Event PrimaryLink::continued(std::string_view words) {
  if (!introduction_.position)
    return refused("Unexpected reply to PSYNC from master: '+CONTINUE', and nothing to continue");
  const std::string_view id = split(words).first;
  begin_stream();
  return Continue{is_replication_id(id) ? std::string(id) : introduction_.position->id};
}

PrimaryLink::Event PrimaryLink::announced(std::string_view line) {
  if (line.starts_with('-'))
    return passing("MASTER aborted replication with an error: " + std::string(line.substr(1)));
  transfer_ = Transfer::announced(line);
  if (!transfer_) {
    return refused("Bad protocol from MASTER, the first byte is not '$' (we received " +
                   quoted(line) + "), are you sure the host and port are right?");
  }
  state_ = State::kTransfer;
  transfer_is_over_ = false;
  return TransferBegins{};
}

PrimaryLink::Event PrimaryLink::next_piece(std::string_view input) {
  if (transfer_is_over_) {
    state_ = State::kLoading;
    return TransferEnds{};
  }
  const Transfer::Piece piece = transfer_->next(input);
  consumed_ = piece.consumed;
  transfer_is_over_ = piece.is_last;
  if (!piece.bytes.empty()) return TransferBytes{piece.bytes};
  if (!piece.is_last) return NeedMore{};
  state_ = State::kLoading;
  return TransferEnds{};
}

PrimaryLink::Event PrimaryLink::next_command(std::string_view input) {
  size_t passed = 0;  // signs of life
  while (passed < input.size() && (input[passed] == '\n' || input[passed] == '\r'))
    ++passed;
  consumed_ = passed;
  const std::string_view rest = input.substr(passed);
  if (rest.empty()) return NeedMore{};
  if (rest[0] != '*')
    return Failure{"Protocol error from master, a command begins with " + quoted(rest.substr(0, 1)),
                   Severity::kBroken};
  switch (parser_.parse(rest, kStreamLimits)) {
    case resp::RequestParser::Status::kRequest:
      consumed_ += parser_.consumed();
      return Command{parser_.argv(), rest.substr(0, parser_.consumed())};
    case resp::RequestParser::Status::kIncomplete:
      return NeedMore{};
    case resp::RequestParser::Status::kError:
      break;
  }
  return Failure{"Protocol error from master (" + std::string(parser_.error()) + ")",
                 Severity::kBroken};
}

std::string_view PrimaryLink::state_name() const {
  switch (state_) {
    case State::kOff:
      return "none";
    case State::kWaiting:
      return "connect";
    case State::kConnecting:
      return "connecting";
    case State::kPing:
    case State::kIntroduction:
    case State::kPsync:
      return "handshake";
    case State::kAnnounced:
    case State::kTransfer:
    case State::kLoading:
      return "sync";
    case State::kStreaming:
      return "connected";
  }
  return "none";
}

}  // namespace weir
