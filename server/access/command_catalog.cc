#include "server/access/command_catalog.h"

#include <algorithm>
#include <cassert>

#include "server/access/absent_commands.h"

namespace weir {

CommandCatalog::CommandCatalog(std::span<const CommandSpec> rows) : rows_(rows) {
  assert(rows.size() <= kMostCommands);
  for (const CommandSpec& row : rows) {
    by_name_.emplace(row.name, &row);
    all_.set(number(row));
  }
}

const CommandSpec* CommandCatalog::find(std::string_view lower_name) const {
  const auto at = by_name_.find(lower_name);
  return at == by_name_.end() ? nullptr : at->second;
}

bool CommandCatalog::is_absent(std::string_view lower_name) {
  const std::span<const std::string_view> names = absent_commands();
  return std::binary_search(names.begin(), names.end(), lower_name);
}

CommandSet CommandCatalog::family(const CommandSpec& command) const {
  CommandSet set;
  set.set(number(command));
  for (const CommandSpec& row : rows_) {
    const bool is_part = row.name.size() > command.name.size() &&
                         row.name.starts_with(command.name) && row.name[command.name.size()] == '|';
    if (is_part) set.set(number(row));
  }
  return set;
}

CommandSet CommandCatalog::in(CategoryMask categories) const {
  CommandSet set;
  for (const CommandSpec& row : rows_) {
    if ((categories_of(row) & categories) != 0) set.set(number(row));
  }
  return set;
}

}  // namespace weir
