// What ACL rules can name: the rows of the command table by name, their families and categories,
// and the commands of Redis that this server does not have.
//
// A rule file written for Redis gives and takes rights to GET, EVAL and the like.  Their names are
// accepted and kept, and stand for nothing here.
#pragma once

#include <bitset>
#include <map>
#include <span>
#include <string_view>

#include "server/access/categories.h"
#include "server/command.h"

namespace weir {

/// Most rows of the command table that rights can be given to; twice what there is.
inline constexpr size_t kMostCommands = 512;

/// One bit for each row of the command table.
using CommandSet = std::bitset<kMostCommands>;

class CommandCatalog {
 public:
  /// rows: of the command table; they outlive the catalog.
  explicit CommandCatalog(std::span<const CommandSpec> rows);

  /// "xadd", "config|get", in lower case; null for other names.
  const CommandSpec* find(std::string_view lower_name) const;
  /// A command or subcommand of Redis that is not in the table.
  static bool is_absent(std::string_view lower_name);

  size_t number(const CommandSpec& command) const {
    return static_cast<size_t>(&command - rows_.data());
  }
  const CommandSet& all() const { return all_; }
  /// The command and its subcommands.
  CommandSet family(const CommandSpec& command) const;
  /// All that belong to one of the categories.
  CommandSet in(CategoryMask categories) const;
  std::span<const CommandSpec> rows() const { return rows_; }

 private:
  std::span<const CommandSpec> rows_;
  std::map<std::string_view, const CommandSpec*> by_name_;
  CommandSet all_;
};

}  // namespace weir
