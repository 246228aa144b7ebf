// The menu: every command of this server, one row each.
//
// The rows are the only record of the commands.  The dispatcher's gates, COMMAND, the statistics
// and the key extraction all read them; nothing else knows a command by name.
#pragma once

#include <span>
#include <string_view>

#include "server/command.h"

namespace weir {

/// All rows; a container's subcommands follow it, in the order of their names.
std::span<const CommandSpec> command_table();

/// The row of a command ("xadd") or subcommand ("xinfo|stream"), ignoring case; null if there is
/// none.  Cost: O(length).
const CommandSpec* find_command(std::string_view name);
const CommandSpec* find_subcommand(const CommandSpec& container, std::string_view subcommand);

/// A container's subcommands; none for other rows.
std::span<const CommandSpec> subcommands_of(const CommandSpec& container);

/// Number of a row, for tables beside this one.
size_t row_number(const CommandSpec& command);

}  // namespace weir
