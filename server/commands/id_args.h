// Lists of IDs, as several commands take them.
#pragma once

#include <array>
#include <memory_resource>
#include <span>
#include <string_view>
#include <vector>

#include "server/commands/args.h"

namespace weir {

/// The IDs of a command, all read before anything is touched.  Short lists need no allocation.
class IdList {
 public:
  IdList() = default;
  IdList(const IdList&) = delete;
  IdList& operator=(const IdList&) = delete;

  /// False if one of the words is no ID.
  bool read(std::span<const std::string_view> words);
  void add(const StreamId& id) { ids_.push_back(id); }

  size_t size() const { return ids_.size(); }
  auto begin() const { return ids_.begin(); }
  auto end() const { return ids_.end(); }

 private:
  std::array<std::byte, 1024> arena_;
  std::pmr::monotonic_buffer_resource memory_{arena_.data(), arena_.size()};
  std::pmr::vector<StreamId> ids_{&memory_};
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
