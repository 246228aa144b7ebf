#include "server/access/categories.h"

#include <algorithm>
#include <array>

#include "server/command.h"
#include "server/text.h"

namespace weir {
namespace {

constexpr std::array<std::string_view, 22> kNames = {
    "keyspace", "read",        "write",      "set",         "sortedset", "list",  "hash", "string",
    "bitmap",   "hyperloglog", "geo",        "stream",      "pubsub",    "admin", "fast", "slow",
    "blocking", "dangerous",   "connection", "transaction", "scripting", "array"};

constexpr CategoryMask bit(std::string_view name) {
  const auto* const at = std::find(kNames.begin(), kNames.end(), name);
  return CategoryMask{1} << (at - kNames.begin());
}

/// Reading is a category of its own only where there is something to be read: keys.
bool is_read(const CommandSpec& command) {
  if ((command.categories & kNoRead) != 0) return false;
  const bool about_keys =
      command.keys.kind != KeySpec::Kind::kNone || (command.categories & kKeyspace) != 0;
  return (command.categories & kRead) != 0 || (command.has(kReadonly) && about_keys);
}

}  // namespace

std::span<const std::string_view> category_names() {
  return kNames;
}

std::optional<CategoryMask> find_category(std::string_view name) {
  for (const std::string_view known : kNames) {
    if (equals_ignoring_case(known, name)) return bit(known);
  }
  return std::nullopt;
}

CategoryMask categories_of(const CommandSpec& command) {
  const auto adds = [&command](Category category) { return (command.categories & category) != 0; };
  CategoryMask mask = command.has(kFast) ? bit("fast") : bit("slow");
  if (adds(kKeyspace)) mask |= bit("keyspace");
  if (is_read(command)) mask |= bit("read");
  if (command.has(kWrite)) mask |= bit("write");
  // A container alone does nothing; its subcommands carry the group's category.
  if (command.group == Group::kStream && !command.has(kContainer)) mask |= bit("stream");
  if (command.has(kPubsub)) mask |= bit("pubsub");
  if (command.has(kAdmin) || adds(kAdminCategory)) mask |= bit("admin");
  if (command.has(kBlocking)) mask |= bit("blocking");
  if (command.has(kAdmin) || adds(kDangerous)) mask |= bit("dangerous");
  if (adds(kConnectionCategory)) mask |= bit("connection");
  if (adds(kTransactionCategory)) mask |= bit("transaction");
  if (adds(kScriptingCategory)) mask |= bit("scripting");
  return mask;
}

}  // namespace weir
