#include "tests/wire/session.h"

#include <charconv>
#include <chrono>
#include <map>
#include <stdexcept>
#include <system_error>
#include <utility>
#include <variant>

#include "tests/wire/matcher.h"

namespace weir::wire {
namespace {

using resp::Reply;
using testing::Arrival;
using testing::RawClient;

int64_t unix_time_ms() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

std::string describe(const Arrival& arrival) {
  if (const Reply* reply = std::get_if<Reply>(&arrival)) return shortened(show(*reply));
  if (std::holds_alternative<testing::ServerClosed>(arrival)) return "(closed)";
  if (const auto* none = std::get_if<testing::NoReply>(&arrival)) return "no RESP: " + none->reason;
  return "(nothing)";
}

/// Kept text of a reply: of a string its bytes, of an integer its digits.
std::string kept_text(const Reply& reply) {
  return reply.kind == Reply::Kind::kInteger ? std::to_string(reply.integer) : reply.text;
}

bool uses(const Case& recorded, std::string_view command) {
  for (const Step& step : recorded.steps) {
    if (step.kind == Step::Kind::kSend && lower(step.words[0].text) == command) return true;
  }
  return false;
}

/// Who may block for longer than this is not awake again while a case is played.
constexpr int64_t kLongestBlockMs = 3'600'000;

/// How long the command may wait, where it says so: behind BLOCK.
std::optional<testing::Milliseconds> block_time(const std::vector<std::string>& words) {
  for (size_t i = 1; i + 1 < words.size(); ++i) {
    if (lower(words[i]) != "block") continue;
    int64_t block_ms = 0;
    const std::string& text = words[i + 1];
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), block_ms);
    const bool is_number = error == std::errc() && end == text.data() + text.size();
    if (!is_number || block_ms <= 0 || block_ms > kLongestBlockMs) return std::nullopt;
    return testing::Milliseconds(block_ms);
  }
  return std::nullopt;
}

bool is_null_reply(const Arrival& arrival) {
  const Reply* const reply = std::get_if<Reply>(&arrival);
  return reply != nullptr &&
         (reply->kind == Reply::Kind::kNullArray || reply->kind == Reply::Kind::kNull);
}

/// The connections of one case and what it has kept.
class Session {
 public:
  Session(const Case& recorded, Control& control, const Timing& timing)
      : recorded_(recorded), control_(control), timing_(timing) {}

  std::optional<Failure> run() {
    for (const Step& step : recorded_.steps) {
      if (std::optional<Failure> failure = obey(step)) return failure;
    }
    return nothing_unread();
  }

 private:
  struct Connection {
    RawClient client;
    std::optional<Reply> last{};
    /// Since then the time of a command that waits may be over, if the last command is one.
    std::optional<testing::Clock::time_point> may_be_over{};
    /// Came while a step looked for silence, and is the next one's to judge.
    std::optional<Arrival> early{};

    Arrival await(testing::Milliseconds patience) {
      return early ? *std::exchange(early, std::nullopt) : client.await(patience);
    }
  };

  static Failure failure_at(const Step& step, std::string got) {
    return {.line = step.line, .expected = step.source, .got = std::move(got)};
  }

  Connection& connection(const Step& step) {
    const auto found = connections_.find(step.connection);
    if (found != connections_.end()) return found->second;
    RawClient client(control_.port());
    if (recorded_.proto == 3) {
      const Reply reply = client("HELLO", "3");
      if (reply.is_error()) throw std::runtime_error("HELLO 3: " + show(reply));
    }
    return connections_.emplace(step.connection, Connection{std::move(client)}).first->second;
  }

  std::optional<Failure> obey(const Step& step) {
    switch (step.kind) {
      case Step::Kind::kSend:
        return send(step);
      case Step::Kind::kBytes:
        return send_bytes(connection(step), expand(step.words[0], kept_));
      case Step::Kind::kExpect:
        return expect(step);
      case Step::Kind::kSilence:
        return expect_silence(step);
      case Step::Kind::kClosed: {
        const Arrival arrival = connection(step).await(timing_.reply);
        if (std::holds_alternative<testing::ServerClosed>(arrival)) return std::nullopt;
        return failure_at(step, describe(arrival));
      }
      case Step::Kind::kKeep: {
        const std::optional<Reply>& last = connection(step).last;
        if (!last) return failure_at(step, "no reply to keep");
        kept_[step.name] = kept_text(*last);
        return std::nullopt;
      }
      case Step::Kind::kSleep:
        testing::let_pass(testing::Milliseconds(step.milliseconds));
        return std::nullopt;
      case Step::Kind::kClose:
        connections_.erase(step.connection);
        return std::nullopt;
    }
    return std::nullopt;
  }

  static std::optional<Failure> send_bytes(Connection& to, const std::string& bytes) {
    to.may_be_over.reset();
    to.client.write(bytes);
    return std::nullopt;
  }

  /// Sends the command, as often as it says, and drops all replies but the last.
  std::optional<Failure> send(const Step& step) {
    Connection& to = connection(step);
    to.may_be_over.reset();
    std::string bytes;
    for (int i = 1; i <= step.times; ++i) {
      if (step.times > 1) kept_["i"] = std::to_string(i);
      std::vector<std::string> words;
      for (const Word& word : step.words)
        words.push_back(expand(word, kept_));
      bytes += testing::encode_command(words);
      if (const auto time = block_time(words)) to.may_be_over = testing::Clock::now() + *time;
    }
    to.client.write(bytes);
    for (int i = 1; i < step.times; ++i) {
      const Arrival arrival = to.await(timing_.reply);
      if (!std::holds_alternative<Reply>(arrival)) {
        return failure_at(step, "to command " + std::to_string(i) + ": " + describe(arrival));
      }
    }
    return std::nullopt;
  }

  std::optional<Failure> expect(const Step& step) {
    Connection& from = connection(step);
    Arrival arrival = from.await(timing_.reply);
    Reply* reply = std::get_if<Reply>(&arrival);
    if (!reply) return failure_at(step, describe(arrival));
    const std::optional<Difference> found =
        find_difference(*step.pattern, *reply, kept_, unix_time_ms());
    if (found) {
      Failure failure = failure_at(step, shortened(show(*reply)));
      if (!found->where.empty()) {
        failure.detail = found->where + ": " + found->expected + ", not " + found->got;
      }
      return failure;
    }
    from.may_be_over.reset();
    from.last = std::move(*reply);
    return std::nullopt;
  }

  std::optional<Failure> expect_silence(const Step& step) {
    Connection& from = connection(step);
    Arrival arrival = from.await(timing_.quiet);
    if (std::holds_alternative<testing::NothingCame>(arrival)) return std::nullopt;
    const bool is_late = from.may_be_over && testing::Clock::now() >= *from.may_be_over;
    if (!is_late || !is_null_reply(arrival)) return failure_at(step, describe(arrival));
    from.early = std::move(arrival);  // we were too slow to see that it waited
    return std::nullopt;
  }

  /// After the last step no connection may have more to say.  The server has said all it has once
  /// it answers on another connection.
  std::optional<Failure> nothing_unread() {
    control_.ask({"PING"});
    for (auto& [number, open] : connections_) {
      const Arrival arrival = open.await(testing::Milliseconds(0));
      if (std::holds_alternative<Reply>(arrival) ||
          std::holds_alternative<testing::NoReply>(arrival)) {
        return Failure{
            .line = recorded_.steps.empty() ? recorded_.line : recorded_.steps.back().line,
            .expected = "nothing more on connection " + std::to_string(number),
            .got = describe(arrival)};
      }
    }
    return std::nullopt;
  }

  const Case& recorded_;
  Control& control_;
  const Timing& timing_;
  std::map<int, Connection> connections_;
  Kept kept_;
};

using Configs = std::vector<std::pair<std::string, std::string>>;

/// Sets the options of the case; `old` gets what they were before.
std::optional<Failure> set_configs(const Case& recorded, Control& control, Configs& old) {
  for (const auto& [name, value] : recorded.configs) {
    const std::optional<std::string> before = control.config(name);
    if (before) old.emplace_back(name, *before);
    const Reply reply = control.ask({"CONFIG", "SET", name, value});
    if (reply.is_error() || !before) {
      return Failure{.line = recorded.line,
                     .expected = std::string("config ").append(name).append(" ").append(value),
                     .got = before ? show(reply) : "an option that the server does not know"};
    }
  }
  return std::nullopt;
}

void clear_stage(const Case& recorded, Control& control, const Configs& old) {
  std::vector<std::vector<std::string>> commands;
  for (const auto& [name, value] : old)
    commands.push_back({"CONFIG", "SET", name, value});
  for (const std::string& user : recorded.users)
    commands.push_back({"ACL", "DELUSER", user});
  if (uses(recorded, "replicaof")) commands.push_back({"REPLICAOF", "NO", "ONE"});
  commands.push_back({"CLIENT", "UNPAUSE"});
  if (uses(recorded, "debug")) commands.push_back({"DEBUG", "SET-ACTIVE-EXPIRE", "1"});
  commands.push_back({"FLUSHALL"});
  control.ask_all(commands);
}

}  // namespace

std::optional<Failure> run_case(const Case& recorded, Control& control, const Timing& timing) {
  control.ask({"FLUSHALL"});
  Configs old;
  std::optional<Failure> failure = set_configs(recorded, control, old);
  if (!failure) {
    try {
      Session session(recorded, control, timing);
      failure = session.run();
    } catch (const std::runtime_error& error) {
      failure = Failure{.line = recorded.line, .expected = "an answer", .got = error.what()};
    }
  }
  try {
    clear_stage(recorded, control, old);
  } catch (const std::runtime_error&) {
    if (!failure) throw;  // otherwise what came first says more
  }
  return failure;
}

}  // namespace weir::wire
