#include "server/key_uses.h"

#include <algorithm>

#include "server/commands/command_keys.h"
#include "server/text.h"

namespace weir {
namespace {

/// What must be allowed for a key that the row says this of.
uint8_t access_of(std::string_view flags) {
  uint8_t access = kNoAccess;
  while (!flags.empty()) {
    const std::string_view word = next_word(flags);
    if (word == "access") access |= kReadAccess;
    if (word == "insert" || word == "update" || word == "delete") access |= kWriteAccess;
  }
  return access;
}

}  // namespace

std::vector<KeyUse> key_uses(const CommandSpec& command, std::span<const std::string_view> argv) {
  std::vector<KeyUse> uses;
  if (command.keys.kind == KeySpec::Kind::kNone) return uses;
  const Parsed<std::vector<size_t>> positions = key_positions(command, argv);
  if (!positions) return uses;
  for (const size_t position : *positions)
    uses.push_back({position, access_of(command.keys.flags_of(uses.size()))});
  return uses;
}

std::vector<size_t> channel_positions(const CommandSpec& command,
                                      std::span<const std::string_view> argv) {
  std::vector<size_t> positions;
  if (command.channels == Channels::kNone) return positions;
  const size_t end = command.channels == Channels::kFirst ? 2 : argv.size();
  for (size_t i = 1; i < std::min(end, argv.size()); ++i)
    positions.push_back(i);
  return positions;
}

}  // namespace weir
