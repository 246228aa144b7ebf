// Handlers without a server: the parts that they touch, no socket, and a clock that the test moves.
//
//   HandlerStage stage;
//   CHECK(stage.run({"XADD", "s", "*", "f", "v"}) == R"("1000000-0")");
//   CHECK(stage.told() == "XADD s 1000000-0 f v");
//   CHECK(stage.events() == "new s, xadd s");
//   stage.is_replay = true;                       // what follows comes from a log or a primary
//   stage.now_ms += 5000;
#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "resp/reply_parser.h"
#include "server/clock.h"
#include "server/command.h"
#include "server/commands/table.h"
#include "server/config.h"
#include "server/context.h"
#include "server/data/keyspace.h"
#include "server/data/waiters.h"
#include "server/dispatcher.h"
#include "server/insight/info.h"
#include "server/insight/log.h"
#include "server/insight/stats.h"
#include "server/net/client_io.h"
#include "server/net/client_table.h"
#include "server/net/event_loop.h"
#include "server/propagation.h"
#include "server/shutdown_control.h"
#include "tests/support/in_process.h"

namespace weir::testing {

class HandlerStage {
 public:
  HandlerStage()
      : stats_(command_table().size()),
        keyspace(1),
        context_{.clock = clock_,
                 .identity = identity_,
                 .commands = command_table(),
                 .config = config_,
                 .keyspace = keyspace,
                 .waiters = waiters_,
                 .propagation = propagation_,
                 .clients = clients_,
                 .io = io_,
                 .dispatcher = dispatcher_,
                 .stats = stats_,
                 .log = log_,
                 .shutdown = shutdown_},
        dispatcher_(context_, clock_),
        io_(loop_, dispatcher_),
        client_(clients_.add(kNoSocket, true, 0)) {
    dispatcher_.attach(io_);
    propagation_.add(recorder_);
  }

  void configure(std::string_view option, std::string_view value) {
    const Config::Assignment assignment{option, value};
    const std::optional<std::string> why = config_.set({&assignment, 1}, Caller::kLocal);
    if (why) throw std::logic_error(*why);
  }

  /// Calls the handler of a command, past all gates of the dispatcher.  The reply as show() has it.
  std::string run(const std::vector<std::string_view>& words) {
    Call call{.args = words,
              .client = client_,
              .db = keyspace.database(0),
              .reply = client_.reply,
              .context = context_,
              .settings = config_.values(),
              .now_ms = now_ms,
              .monotonic_ms = now_ms};
    call.is_replay = is_replay;
    const Outcome outcome = row_of(words).run(call);
    propagation_.finish(0, words, call.told);
    if (outcome.is_error()) return "-" + std::string(outcome.error_text());
    resp::ReplyParser parser;
    const bool is_whole =
        parser.parse(client_.output.view()) == resp::ReplyParser::Status::kReply &&
        parser.consumed() == client_.output.size();
    client_.output.clear();
    return is_whole ? resp::show(parser.take()) : "not one reply";
  }

  /// The forms told since the last time this was asked, a line each.
  std::string told() {
    std::string text;
    for (; told_ < forms().size(); ++told_) {
      for (const std::string& word : forms()[told_])
        text += (text.empty() || text.ends_with('\n') ? "" : " ") + word;
      text += '\n';
    }
    if (!text.empty()) text.pop_back();
    return text;
  }
  /// All forms told.
  const std::vector<WriteForm>& forms() const { return recorder_.forms; }
  /// The events since the last time this was asked: "new s, xadd s".
  std::string events() {
    std::string text;
    for (const std::string& event : std::exchange(recorder_.events, {}))
      text += (text.empty() ? "" : ", ") + event;
    return text;
  }

  int64_t now_ms = 1'000'000;  // Unix time
  bool is_replay = false;

 private:
  static constexpr int kNoSocket = -1;

  static const CommandSpec& row_of(const std::vector<std::string_view>& words) {
    const CommandSpec* const row = find_command(words[0]);
    return row->has(kContainer) ? *find_subcommand(*row, words[1]) : *row;
  }

  Config config_;
  Log log_;
  weir::Clock clock_;
  ServerIdentity identity_;
  EventLoop loop_;
  ShutdownControl shutdown_;
  Stats stats_;
  ClientTable clients_;

 public:
  Keyspace keyspace;

 private:
  Waiters waiters_;
  Propagation propagation_;
  Context context_;
  Dispatcher dispatcher_;
  ClientIo io_;
  Client& client_;
  Recorder recorder_;
  size_t told_ = 0;
};

}  // namespace weir::testing
