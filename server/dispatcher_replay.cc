// The dispatcher's part of commands that come from the log or from a primary: they were allowed
// when they were written.
#include <cassert>

#include "server/commands/table.h"
#include "server/dispatcher.h"
#include "server/errors.h"
#include "server/insight/stats.h"
#include "server/text.h"

namespace weir {
const CommandSpec* Dispatcher::find_row(std::span<const std::string_view> argv) {
  const CommandSpec* command = last_replayed_;
  if (command == nullptr || !equals_ignoring_case(command->name, argv[0]))
    command = find_command(argv[0]);
  last_replayed_ = command;
  if (command != nullptr && command->has(kContainer))
    command = argv.size() > 1 ? find_subcommand(*command, argv[1]) : nullptr;
  return command != nullptr && command->run != nullptr ? command : nullptr;
}

std::string Dispatcher::replay(Client& client, const CommandSpec& command,
                               std::span<const std::string_view> argv) {
  if (!command.accepts(argv.size()))
    return std::string(errors::wrong_number_of_arguments(command.name).text());
  if (command.has(kNeedsConnection)) [[unlikely]]
    return "ERR '" + std::string(command.name) + "' is no change of data";
  CommandStats& stats = context_.stats.by_command[row_number(command)];
  ++stats.calls;
  Call call = make_call(client, argv);
  call.may_wait = false;
  call.is_replay = true;
  const Outcome outcome = command.run(call);
  assert(!outcome.is_wait());
  client.output.clear();
  if (!outcome.is_error()) return {};
  ++stats.failed_calls;
  return std::string(outcome.error_text());
}

}  // namespace weir
