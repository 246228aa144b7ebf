#include "streams/consumer_group.h"

#include <algorithm>
#include <cassert>

#include "streams/same_text.h"

namespace weir {
namespace {

/// Inserts into a vector that grows by an eighth: groups and consumers come to stay.
template <class T>
void insert_lean(std::vector<T>& vector, typename std::vector<T>::iterator place, T value) {
  const auto index = place - vector.begin();
  if (vector.size() == vector.capacity()) vector.reserve(vector.size() + vector.size() / 8 + 1);
  vector.insert(vector.begin() + index, std::move(value));
}

}  // namespace

ConsumerGroup::Members& ConsumerGroup::members() {
  if (!members_) members_ = std::make_unique<Members>();
  return *members_;
}

/// Where a consumer of that name is or would be.
std::vector<ConsumerNumber>::iterator ConsumerGroup::place_of(std::string_view name) {
  std::vector<ConsumerNumber>& order = members_->order;
  return std::lower_bound(order.begin(), order.end(), name,
                          [this](ConsumerNumber number, std::string_view wanted) {
                            return members_->pending.consumer(number)->name() < wanted;
                          });
}

Consumer* ConsumerGroup::find_consumer(std::string_view name) {
  if (!members_) return nullptr;
  // Who asks for entries mostly asks again.
  PendingList& pending = members_->pending;
  if (members_->last_found < pending.consumer_numbers()) {
    Consumer* const last = pending.consumer(members_->last_found);
    if (last != nullptr && same_text(last->name(), name)) return last;
  }
  const auto place = place_of(name);
  if (place == members_->order.end()) return nullptr;
  Consumer* const consumer = pending.consumer(*place);
  if (!same_text(consumer->name(), name)) return nullptr;
  members_->last_found = *place;
  return consumer;
}

Consumer& ConsumerGroup::add_consumer(std::string_view name, int64_t now_ms) {
  assert(find_consumer(name) == nullptr);
  Consumer& consumer = members().pending.add_consumer(name);
  consumer.set_seen_ms(now_ms);
  insert_lean(members_->order, place_of(name), consumer.number());
  return consumer;
}

std::optional<uint64_t> ConsumerGroup::remove_consumer(std::string_view name) {
  const Consumer* const consumer = find_consumer(name);
  if (consumer == nullptr) return std::nullopt;
  const ConsumerNumber number = consumer->number();
  members_->order.erase(place_of(name));
  return members_->pending.remove_consumer(number);
}

size_t ConsumerGroup::freeing_cost(size_t most) const {
  if (!members_) return 1;
  const PendingList& pending = members_->pending;
  if (pending.blocks().is_frozen()) return 0;
  size_t cost = 2 + pending.blocks().leaf_count();
  for (size_t i = 0; i < consumer_count() && cost < most; ++i)
    cost += consumer_at(i).freeing_cost();
  return cost;
}

ConsumerGroups::Groups::iterator ConsumerGroups::place_of(std::string_view name) {
  return std::lower_bound(groups_.begin(), groups_.end(), name,
                          [](const std::unique_ptr<ConsumerGroup>& group, std::string_view wanted) {
                            return group->name() < wanted;
                          });
}

ConsumerGroup* ConsumerGroups::find(std::string_view name) {
  const auto place = place_of(name);
  return place != groups_.end() && same_text((*place)->name(), name) ? place->get() : nullptr;
}

ConsumerGroup& ConsumerGroups::add(std::string_view name, const StreamId& last_id,
                                   int64_t entries_read) {
  auto group = std::make_unique<ConsumerGroup>(name, last_id, entries_read);
  ConsumerGroup& added = *group;
  insert_lean(groups_, place_of(name), std::move(group));
  return added;
}

std::unique_ptr<ConsumerGroup> ConsumerGroups::take(std::string_view name) {
  const auto place = place_of(name);
  if (place == groups_.end() || (*place)->name() != name) return nullptr;
  std::unique_ptr<ConsumerGroup> taken = std::move(*place);
  groups_.erase(place);
  return taken;
}

}  // namespace weir
