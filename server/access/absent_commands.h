// The names of the commands of Redis that this server does not have, or may not have: ACL rules may
// speak of them.
#pragma once

#include <span>
#include <string_view>

namespace weir {

/// Commands, and subcommands as "script|load", in lower case and sorted.  A name that the command
/// table has may stand here, too: the table is asked first.
std::span<const std::string_view> absent_commands();

}  // namespace weir
