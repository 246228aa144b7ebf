// The dispatcher's part of commands that come from the log: they were allowed when they were
// written.
#include <cassert>

#include "server/commands/table.h"
#include "server/dispatcher.h"
#include "server/errors.h"
#include "server/text.h"

namespace weir {

Dispatcher::Replayed Dispatcher::replay(Client& client, std::span<const std::string_view> argv) {
  const CommandSpec* command = client.last_command;
  if (command == nullptr || command->is_subcommand() ||
      !equals_ignoring_case(command->name, argv[0]))
    command = find_command(argv[0]);
  client.last_command = command;
  if (command != nullptr && command->has(kContainer))
    command = argv.size() > 1 ? find_subcommand(*command, argv[1]) : nullptr;
  if (command == nullptr || command->run == nullptr) return {.is_known = false, .error = {}};
  if (!command->accepts(argv.size()))
    return {.error = std::string(errors::wrong_number_of_arguments(command->name).text())};
  Call call = make_call(client, argv);
  call.may_wait = false;
  call.is_replay = true;
  const Outcome outcome = command->run(call);
  assert(!outcome.is_wait());
  client.output.clear();
  return {.error = std::string(outcome.is_error() ? outcome.error_text() : std::string_view())};
}

}  // namespace weir
