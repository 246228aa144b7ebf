// What clients call the commands where rename-command has changed that.
//
// Only the word that a client sends is looked up here.  Everything behind it, rules, statistics,
// the log and replicas, knows a command by the name in the table.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "server/command.h"

namespace weir {

class CommandNames {
 public:
  using Renames = std::span<const std::pair<std::string, std::string>>;

  /// renames: old and new names in lower case, in their order; a new name that is empty takes the
  /// command away.
  CommandNames(std::span<const CommandSpec> rows, Renames renames);

  /// Null for a name that means nothing; ignores case.
  const CommandSpec* find(std::string_view name) const;

 private:
  std::map<std::string, const CommandSpec*, std::less<>> rows_;
};

}  // namespace weir
