// A consumer group: how far it has read, what is pending, and who takes part.
//
//   ConsumerGroup ─ last delivered ID · entries read · name
//     ├─ PendingList   the PEL, with the consumers by number
//     └─ order_        the consumers' numbers by name, so that finding one is a bisection
//
// A group alone knows no entries: what concerns both it and its stream (which entries are new, the
// lag, references) is the Stream's business, see stream.h.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "streams/pending_list.h"
#include "streams/stream_id.h"

namespace weir {

class ConsumerGroup {
 public:
  ConsumerGroup(std::string_view name, const StreamId& last, int64_t read)
      : last_id(last), entries_read(read), name_(name) {}

  std::string_view name() const { return name_; }

  PendingList& pending() { return members().pending; }
  /// Null as long as there was neither a consumer nor a pending entry.
  const PendingList* pending_or_null() const { return members_ ? &members_->pending : nullptr; }
  uint64_t pending_count() const { return members_ ? members_->pending.size() : 0; }
  uint64_t released_count() const { return members_ ? members_->pending.released_count() : 0; }
  std::optional<Nack> find_pending(const StreamId& id) const {
    return members_ ? members_->pending.find(id) : std::nullopt;
  }

  // Consumers.  Cost: O(log consumers).
  Consumer* find_consumer(std::string_view name);
  const Consumer* find_consumer(std::string_view name) const {
    return const_cast<ConsumerGroup*>(this)->find_consumer(name);
  }
  /// The name is new.  now_ms: when the consumer was first seen.
  Consumer& add_consumer(std::string_view name, int64_t now_ms);
  /// Drops a consumer with its pending entries and returns how many they were; nothing if there is
  /// no such consumer.
  std::optional<uint64_t> remove_consumer(std::string_view name);
  size_t consumer_count() const { return members_ ? members_->order.size() : 0; }
  /// The i-th consumer by name.
  const Consumer& consumer_at(size_t i) const {
    return *members_->pending.consumer(members_->order[i]);
  }
  const Consumer* consumer(ConsumerNumber number) const {
    return members_->pending.consumer(number);
  }

  /// Adds the frozen trees of the PEL and the consumers.
  void freeze(std::vector<FrozenTree>& frozen);

  /// Takes over copies of another group's consumers and pending entries; has none.
  void copy_members(const ConsumerGroup& other);

  /// How many allocations freeing it gives back, about, counted up to `most`; 0 while a
  /// frozen view keeps them.
  size_t freeing_cost(size_t most) const;
  /// Bytes of the PEL, the consumers and the group itself; see Stream::memory_bytes().
  size_t memory_bytes(size_t samples = 0) const;

  StreamId last_id;      // last delivered
  int64_t entries_read;  // logical number of the last delivered entry; -1: not known

 private:
  /// What a group without consumers does not have.
  struct Members {
    PendingList pending;
    std::vector<ConsumerNumber> order;  // by name
    ConsumerNumber last_found = 0;      // there need be none any more
  };

  Members& members();
  std::vector<ConsumerNumber>::iterator place_of(std::string_view name);

  std::string name_;
  std::unique_ptr<Members> members_;
};

/// The groups of a stream, by name.
class ConsumerGroups {
 public:
  size_t size() const { return groups_.size(); }
  ConsumerGroup& at(size_t i) { return *groups_[i]; }
  const ConsumerGroup& at(size_t i) const { return *groups_[i]; }
  ConsumerGroup* find(std::string_view name);
  const ConsumerGroup* find(std::string_view name) const {
    return const_cast<ConsumerGroups*>(this)->find(name);
  }
  /// The name is new.
  ConsumerGroup& add(std::string_view name, const StreamId& last_id, int64_t entries_read);
  /// False if there is no such group.
  bool erase(std::string_view name) { return take(name) != nullptr; }
  /// Takes a group out; null if there is no such group.
  std::unique_ptr<ConsumerGroup> take(std::string_view name);
  size_t memory_bytes(size_t samples = 0) const;
  void freeze(std::vector<FrozenTree>& frozen);
  /// Adds copies of all groups of another stream; there are none yet.
  void copy_from(const ConsumerGroups& other);

 private:
  using Groups = std::vector<std::unique_ptr<ConsumerGroup>>;
  Groups::iterator place_of(std::string_view name);

  Groups groups_;  // by name
};

}  // namespace weir
