// A stream and one of its consumer groups, by their names.
#pragma once

#include <string_view>

#include "server/command.h"
#include "server/data/keyspace.h"

namespace weir {

/// Both null without the key or without the group.
struct FoundGroup {
  Stream* stream = nullptr;
  ConsumerGroup* group = nullptr;

  explicit operator bool() const { return group != nullptr; }
};

inline FoundGroup group_of(Stream* stream, std::string_view name) {
  ConsumerGroup* const group = stream != nullptr ? stream->find_group(name) : nullptr;
  return group != nullptr ? FoundGroup{stream, group} : FoundGroup{};
}

/// For commands that write: counts neither hit nor miss.
inline FoundGroup find_group(Call& call, std::string_view key, std::string_view name) {
  return group_of(call.db.find_for_write(key), name);
}

/// For those that write, too, but look for the key as readers do, in Redis: counts a hit or a miss.
inline FoundGroup find_group_as_reader(Call& call, std::string_view key, std::string_view name) {
  return group_of(call.db.find_to_change(key), name);
}

}  // namespace weir
