// Lists of IDs, as several commands take them.
#pragma once

#include <span>
#include <string_view>

#include "server/commands/args.h"
#include "server/commands/short_list.h"

namespace weir {

/// The IDs of a command, all read before anything is touched.  Short lists need no allocation.
class IdList {
 public:
  /// False if one of the words is no ID.
  bool read(std::span<const std::string_view> words);
  void add(const StreamId& id) { ids_.push_back(id); }

  size_t size() const { return ids_.size(); }
  auto begin() const { return ids_.begin(); }
  auto end() const { return ids_.end(); }
  std::span<const StreamId> all() const { return {begin(), end()}; }

 private:
  ShortList<StreamId, 64> ids_;
};

/// How a command counts the words of its IDS block, and what it says about a wrong number.
struct IdsRules {
  int64_t most;
  std::string_view bad_number;
  std::string_view too_few_words;
};

/// Reads `numids id [id ...]` behind the keyword IDS; the IDs themselves are not looked at.
Parsed<std::span<const std::string_view>> take_ids(ArgCursor& args, const IdsRules& rules);

}  // namespace weir
