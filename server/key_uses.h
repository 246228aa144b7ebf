// What a command line needs rights for: its keys, and what it does with them; its channels.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "server/access/selector.h"
#include "server/command.h"

namespace weir {

/// The keys of a command line, as far as they are rights to data; none where its words cannot be
/// understood, which the command itself refuses.
std::vector<KeyUse> key_uses(const CommandSpec& command, std::span<const std::string_view> argv);

/// Which of its words are channels.
std::vector<size_t> channel_positions(const CommandSpec& command,
                                      std::span<const std::string_view> argv);

}  // namespace weir
