#include "streams/delivery_order.h"

#include <algorithm>

namespace weir {

DeliveryOrder& DeliveryOrder::operator=(const DeliveryOrder& other) {
  if (this == &other) return *this;
  latest_ms_ = other.latest_ms_;
  greatest_ = other.greatest_;
  is_plain_ = other.is_plain_;
  late_ = other.late_ != nullptr ? std::make_unique<Late>(*other.late_) : nullptr;
  return *this;
}

void DeliveryOrder::note_late(uint64_t ms, const StreamId& id) {
  if (ms == latest_ms_) is_plain_ = false;
  if (late_ == nullptr) late_ = std::make_unique<Late>();
  late_->least_ms = std::min(late_->least_ms, ms);
  late_->places.insert_or_assign(id, Place{ms, ++late_->last_number});
  if (late_->places.size() > kMostLate) late_->places.erase(late_->places.begin());
}

uint64_t DeliveryOrder::late_number(uint64_t ms, const StreamId& id) const {
  const auto at = late_->places.find(id);
  return at != late_->places.end() && at->second.ms == ms ? at->second.number : 0;
}

size_t DeliveryOrder::memory_bytes() const {
  constexpr size_t kNodeBytes = sizeof(std::map<StreamId, Place>::value_type) + 32;
  return late_ == nullptr ? 0 : sizeof(Late) + late_->places.size() * kNodeBytes;
}

}  // namespace weir
