#include "streams/delivery_order.h"

#include <algorithm>
#include <utility>

namespace weir {

DeliveryOrder& DeliveryOrder::operator=(const DeliveryOrder& other) {
  if (this == &other) return *this;
  latest_ms_ = other.latest_ms_;
  greatest_ = other.greatest_;
  is_plain_ = other.is_plain_;
  late_ = other.late_ != nullptr ? std::make_unique<Late>(*other.late_) : nullptr;
  return *this;
}

/// The one with the entry, or the free one where it would be.  There always is a free one.
DeliveryOrder::Place& DeliveryOrder::slot_of(std::vector<Place>& slots, const StreamId& id) {
  constexpr uint64_t kMix = 0x9E3779B97F4A7C15;
  const size_t mask = slots.size() - 1;
  size_t slot = ((id.ms * kMix + id.seq) * kMix >> 32) & mask;
  while (slots[slot].number != 0 && slots[slot].id != id)
    slot = (slot + 1) & mask;
  return slots[slot];
}

/// For one more, a quarter stays free: more slots, or fewer entries.
void DeliveryOrder::make_room() {
  std::vector<Place>& old = late_->slots;
  if (late_->taken < old.size() / 4 * 3) return;
  const bool may_grow = old.size() < kMostSlots;
  const uint64_t oldest =
      may_grow || late_->last_number < kMostLate ? 0 : late_->last_number - kMostLate;
  std::vector<Place> slots(may_grow ? std::max(2 * old.size(), kFewestSlots) : kMostSlots);
  late_->taken = 0;
  for (const Place& place : old) {
    if (place.number <= oldest) continue;
    slot_of(slots, place.id) = place;
    ++late_->taken;
  }
  old = std::move(slots);
}

void DeliveryOrder::note_late(uint64_t ms, const StreamId& id) {
  if (ms == latest_ms_) is_plain_ = false;
  if (late_ == nullptr) late_ = std::make_unique<Late>();
  make_room();
  Place& place = slot_of(late_->slots, id);
  if (place.number == 0) ++late_->taken;
  place = {id, ms, ++late_->last_number};
  late_->least_ms = std::min(late_->least_ms, ms);
}

uint64_t DeliveryOrder::late_number(uint64_t ms, const StreamId& id) const {
  const Place& place = slot_of(late_->slots, id);
  return place.number != 0 && place.ms == ms ? place.number : 0;
}

size_t DeliveryOrder::memory_bytes() const {
  return late_ == nullptr ? 0 : sizeof(Late) + late_->slots.size() * sizeof(Place);
}

}  // namespace weir
