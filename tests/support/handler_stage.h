// Handlers without a server: the parts that they touch, no socket, and a clock that the test moves.
//
//   HandlerStage stage;
//   CHECK(stage.run({"XADD", "s", "*", "f", "v"}) == R"("1000000-0")");
//   stage.is_replay = true;                       // what follows comes from a log or a primary
//   stage.now_ms += 5000;
#pragma once

#include <string>
#include <string_view>
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
    const Outcome outcome = find_command(words[0])->run(call);
    if (outcome.is_error()) return "-" + std::string(outcome.error_text());
    resp::ReplyParser parser;
    const bool is_whole =
        parser.parse(client_.output.view()) == resp::ReplyParser::Status::kReply &&
        parser.consumed() == client_.output.size();
    client_.output.clear();
    return is_whole ? resp::show(parser.take()) : "not one reply";
  }

  int64_t now_ms = 1'000'000;  // Unix time
  bool is_replay = false;

 private:
  static constexpr int kNoSocket = -1;

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
};

}  // namespace weir::testing
