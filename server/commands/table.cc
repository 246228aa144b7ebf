#include "server/commands/table.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <vector>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "server/commands/rows/absent.h"
#include "server/commands/rows/access.h"
#include "server/commands/rows/connection.h"
#include "server/commands/rows/insight.h"
#include "server/commands/rows/keys.h"
#include "server/commands/rows/pubsub.h"
#include "server/commands/rows/replication.h"
#include "server/commands/rows/server.h"
#include "server/commands/rows/streams.h"
#include "server/commands/rows/transactions.h"
#include "server/text.h"

namespace weir {
namespace {

/// One table of all rows, family behind family.
template <size_t... counts>
constexpr std::array<CommandSpec, (counts + ...)> joined(
    const CommandSpec (&... families)[counts]) {
  std::array<CommandSpec, (counts + ...)> all;
  CommandSpec* at = all.data();
  ((at = std::copy(std::begin(families), std::end(families), at)), ...);
  for (CommandSpec& command : all) {
    if (command.name.find('|') != std::string_view::npos) command.flags |= kSubcommand;
  }
  return all;
}

constexpr auto kCommands =
    joined(kStreamRows, kKeyRows, kConnectionRows, kTransactionRows, kPubsubRows, kServerRows,
           kInsightRows, kAbsentRows, kAccessRows, kReplicationRows);

// --- Lookup --------------------------------------------------------------------------------------

/// Longest name of a row; longer words are no command.
constexpr size_t kMaxNameLength = 32;

/// Names to rows, by hash: open addressing, at most a quarter full.
class Lookup {
 public:
  Lookup() : slots_(kSlots, nullptr) {
    static_assert(kSlots >= 4 * kCommands.size());
    for (const CommandSpec& command : kCommands) {
      size_t slot = hash(command.name);
      while (slots_[slot] != nullptr)
        slot = (slot + 1) % kSlots;
      slots_[slot] = &command;
    }
  }

  const CommandSpec* find(std::string_view lower_name) const {
    size_t slot = hash(lower_name);
    while (slots_[slot] != nullptr && slots_[slot]->name != lower_name)
      slot = (slot + 1) % kSlots;
    return slots_[slot];
  }

 private:
  static constexpr size_t kSlots = 2048;

  static size_t hash(std::string_view name) {
    return XXH3_64bits(name.data(), name.size()) % kSlots;
  }

  std::vector<const CommandSpec*> slots_;
};

}  // namespace

std::span<const CommandSpec> command_table() {
  return kCommands;
}

const CommandSpec* find_command(std::string_view name) {
  static const Lookup lookup;
  if (name.size() > kMaxNameLength) return nullptr;
  char lower[kMaxNameLength];
  std::transform(name.begin(), name.end(), lower, [](char c) { return to_lower(c); });
  return lookup.find({lower, name.size()});
}

const CommandSpec* find_subcommand(const CommandSpec& container, std::string_view subcommand) {
  if (container.name.size() + 1 + subcommand.size() > kMaxNameLength) return nullptr;
  std::string name(container.name);
  name += '|';
  name += subcommand;
  return find_command(name);
}

std::span<const CommandSpec> subcommands_of(const CommandSpec& container) {
  const size_t first = row_number(container) + 1;
  size_t end = first;
  while (end < kCommands.size() && kCommands[end].name.size() > container.name.size() &&
         kCommands[end].name.starts_with(container.name) &&
         kCommands[end].name[container.name.size()] == '|') {
    ++end;
  }
  return std::span(kCommands).subspan(first, end - first);
}

size_t row_number(const CommandSpec& command) {
  const size_t number = static_cast<size_t>(&command - kCommands.data());
  assert(number < kCommands.size());
  return number;
}

}  // namespace weir
