#include "server/command_names.h"

#include "server/text.h"

namespace weir {

CommandNames::CommandNames(std::span<const CommandSpec> rows, Renames renames) {
  for (const CommandSpec& row : rows) {
    if (!row.is_subcommand()) rows_.emplace(row.name, &row);
  }
  for (const auto& [from, to] : renames) {
    const auto renamed = rows_.extract(from);
    if (!renamed.empty() && !to.empty()) rows_.insert_or_assign(to, renamed.mapped());
  }
}

const CommandSpec* CommandNames::find(std::string_view name) const {
  const auto at = rows_.find(to_lower(name));
  return at == rows_.end() ? nullptr : at->second;
}

}  // namespace weir
