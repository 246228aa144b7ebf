// A naive model of a stream with consumer groups: maps of what there is, and the rules of Redis 8.8
// for entries_read and lag and for which entries groups refer to.
//
//   NaiveGroups ─ NaiveStream: the entries, nodes and counters
//     └─ groups by name ─► last ID, entries read
//          ├─ pending by ID ─► owner or none, time and number of deliveries
//          └─ consumers by name ─► seen, active
//
// Who owns what is looked for, the order of delivery is sorted for, each time it is asked.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "tests/support/naive_stream.h"

namespace weir::testing {

struct NaiveNack {
  static constexpr uint64_t kMostDeliveries = INT64_MAX;

  std::optional<std::string> owner;  // none: released
  int64_t delivered_ms = 0;
  uint64_t deliveries = 0;
  uint64_t released_as = 0;   // number of the release, for their order
  uint64_t delivered_as = 0;  // of the delivery

  static uint64_t one_more(uint64_t deliveries) {
    return std::min(deliveries + 1, kMostDeliveries);
  }
  /// Released ones always are.
  bool is_idle(int64_t min_idle_ms, int64_t now_ms) const {
    return !owner || now_ms - delivered_ms >= min_idle_ms;
  }
};

struct NaiveConsumer {
  int64_t seen_ms = 0;
  int64_t active_ms = -1;
};

struct NaiveGroup {
  using Pending = std::map<StreamId, NaiveNack>;

  StreamId last_id;
  int64_t entries_read = -1;
  Pending pending;
  std::map<std::string, NaiveConsumer> consumers;
  uint64_t releases = 0;
  uint64_t deliveries = 0;

  /// What a consumer has pending.
  Pending owned_by(const std::string& consumer) const {
    Pending owned;
    for (const auto& [id, nack] : pending) {
      if (nack.owner == consumer) owned.emplace(id, nack);
    }
    return owned;
  }

  uint64_t released() const {
    return static_cast<uint64_t>(std::count_if(
        pending.begin(), pending.end(), [](const auto& entry) { return !entry.second.owner; }));
  }

  /// The released ones as they were released, then the others as they were delivered.
  std::vector<StreamId> oldest_first() const {
    std::vector<StreamId> ids;
    for (const auto& [id, nack] : pending)
      ids.push_back(id);
    std::stable_sort(ids.begin(), ids.end(), [this](const StreamId& a, const StreamId& b) {
      return age(pending.at(a)) < age(pending.at(b));
    });
    return ids;
  }

  /// The consumer, made if it is new, is seen now.
  NaiveConsumer& see(const std::string& consumer, int64_t now_ms) {
    consumers[consumer].seen_ms = now_ms;
    return consumers[consumer];
  }

 private:
  static std::tuple<bool, uint64_t, int64_t, uint64_t> age(const NaiveNack& nack) {
    return {nack.owner.has_value(), nack.released_as, nack.delivered_ms, nack.delivered_as};
  }
};

class NaiveGroups : public NaiveStream {
 public:
  std::map<std::string, NaiveGroup> groups;

  NaiveGroup* find_group(const std::string& name) {
    const auto at = groups.find(name);
    return at == groups.end() ? nullptr : &at->second;
  }
  bool has(const StreamId& id) const { return entries().contains(id); }

  /// Some group has not read it, or not acknowledged it.
  bool is_referenced(const StreamId& id) const {
    return std::any_of(groups.begin(), groups.end(), [&](const auto& group) {
      return group.second.last_id < id || group.second.pending.contains(id);
    });
  }

  void drop_references(const StreamId& id) {
    for (auto& [name, group] : groups)
      group.pending.erase(id);
  }

  uint64_t trim(const Trim& trim) {
    if (trim.references == References::kKeep) return NaiveStream::trim(trim);
    return NaiveStream::trim(trim, [&](const StreamId& id) {
      if (trim.references == References::kAcked) return !is_referenced(id);
      drop_references(id);
      return true;
    });
  }

  /// The group is given a new entry.
  void count_delivery(NaiveGroup& group, const StreamId& id) const {
    if (group.entries_read != -1 && group.last_id >= first_id() && !has_gaps_from(group.last_id)) {
      ++group.entries_read;
    } else if (entries_added() > 0) {
      group.entries_read = position_of(id).value_or(-1);
    }
    group.last_id = id;
  }

  std::optional<int64_t> lag(const NaiveGroup& group) const {
    const auto added = static_cast<int64_t>(entries_added());
    if (added == 0 || is_empty()) return 0;
    if (group.last_id < first_id() && max_deleted_id() < first_id())
      return static_cast<int64_t>(length());
    std::optional<int64_t> read = position_of(group.last_id);
    if (group.entries_read != -1 && !has_gaps_from(group.last_id)) read = group.entries_read;
    if (!read) return std::nullopt;
    return std::max<int64_t>(added - *read, 0);  // a negative one is shown as none
  }

 private:
  /// "frag"
  bool has_gaps_from(const StreamId& id) const {
    return !is_empty() && !max_deleted_id().is_zero() && id <= max_deleted_id();
  }

  /// "estimate"
  std::optional<int64_t> position_of(const StreamId& id) const {
    const auto added = static_cast<int64_t>(entries_added());
    const auto before_first = added - static_cast<int64_t>(length());
    if (added == 0) return 0;
    if (is_empty() && id <= last_id()) return added;
    if (!id.is_zero() && id < max_deleted_id()) return std::nullopt;
    if (id == last_id()) return added;
    if (id > last_id()) return std::nullopt;
    if (max_deleted_id().is_zero() || max_deleted_id() < first_id()) {
      if (id < first_id()) return before_first;
      if (id == first_id()) return before_first + 1;
    }
    return std::nullopt;
  }
};

}  // namespace weir::testing
