#include "server/memory_limit.h"

#include <limits>

#include "server/clock.h"
#include "server/insight/latency.h"
#include "server/pause.h"
#include "server/time_units.h"

namespace weir {
namespace {

using Policy = MaxmemoryPolicy;
using Keys = EvictionRules::Keys;
using Order = EvictionRules::Order;

/// The clock and the allocator are asked after so many evicted keys.
constexpr int kKeysPerLook = 16;

/// How long evicting may take in one go: 0 to 10 is 50 us each; beyond, each is 15 % more.
int64_t patience_us(int64_t tenacity) {
  constexpr int64_t kStepUs = 50;
  constexpr int64_t kLinear = 10;
  constexpr int64_t kNoLimit = 100;
  constexpr double kGrowth = 1.15;
  if (tenacity <= kLinear) return kStepUs * tenacity;
  if (tenacity >= kNoLimit) return std::numeric_limits<int64_t>::max();
  double patience = static_cast<double>(kStepUs * kLinear);
  for (int64_t step = kLinear; step < tenacity; ++step)
    patience *= kGrowth;
  return static_cast<int64_t>(patience);
}

Keys keys_of(Policy policy) {
  switch (policy) {
    case Policy::kNoEviction:
      return Keys::kNone;
    case Policy::kAllkeysLru:
    case Policy::kAllkeysLfu:
    case Policy::kAllkeysLrm:
    case Policy::kAllkeysRandom:
      return Keys::kAll;
    default:
      return Keys::kVolatile;
  }
}

Order order_of(Policy policy) {
  switch (policy) {
    case Policy::kAllkeysLfu:
    case Policy::kVolatileLfu:
      return Order::kRarestUse;
    case Policy::kAllkeysRandom:
    case Policy::kVolatileRandom:
      return Order::kRandom;
    case Policy::kVolatileTtl:
      return Order::kNextToExpire;
    default:
      return Order::kOldestUse;
  }
}

}  // namespace

AccessNotes MemoryLimit::access_notes(const Settings& settings) {
  const Policy policy = settings.maxmemory_policy;
  if (order_of(policy) == Order::kRarestUse) return AccessNotes::kFrequency;
  const bool is_lrm = policy == Policy::kAllkeysLrm || policy == Policy::kVolatileLrm;
  return is_lrm ? AccessNotes::kTimeOfWrite : AccessNotes::kTime;
}

EvictionRules MemoryLimit::rules(const Settings& settings) {
  return {.keys = keys_of(settings.maxmemory_policy),
          .order = order_of(settings.maxmemory_policy),
          .samples = static_cast<size_t>(settings.maxmemory_samples)};
}

bool MemoryLimit::work_off() {
  if (settings_.maxmemory == 0 || guess_used_memory() <= limit()) {
    note(false);
    return false;
  }
  return look() == State::kWorking;
}

MemoryLimit::State MemoryLimit::look() {
  if (is_ignored_) return State::kBelow;
  if (is_falling()) return State::kWorking;
  // What the guess does not know of are other threads, which have no time to do much meanwhile.
  const bool is_known = asked_at_ms_ == clock_.monotonic_ms();
  asked_at_ms_ = clock_.monotonic_ms();
  const bool is_above = (is_known ? guess_used_memory() : used_memory()) > limit();
  note(is_above);
  if (!is_above || (pause_ != nullptr && pause_->is_on())) return State::kBelow;
  const State state = evict();
  if (state == State::kBelow) note(false);
  return state;
}

/// What the helper frees is not in the guess: the allocator is to be asked next.
bool MemoryLimit::is_falling() {
  if (keyspace_.lazy_free.pending() == 0) return false;
  asked_at_ms_ = -1;
  return true;
}

MemoryLimit::State MemoryLimit::evict() {
  const EvictionRules rules = MemoryLimit::rules(settings_);
  if (rules.keys == Keys::kNone) return State::kFull;
  const int64_t began_us = Clock::monotonic_us();
  const State state = evict_from(began_us, rules);
  const int64_t took_ms = (Clock::monotonic_us() - began_us) / kUsPerMs;
  latency_.note(latency_events::kEvictionCycle, static_cast<uint64_t>(took_ms), clock_.unix_s(),
                settings_.latency_monitor_threshold_ms);
  return state;
}

MemoryLimit::State MemoryLimit::evict_from(int64_t began_us, const EvictionRules& rules) {
  const int64_t most_us = patience_us(settings_.maxmemory_eviction_tenacity);
  keyspace_.set_time({.ms = clock_.unix_ms(), .s = clock_.unix_s()}, true);
  for (int evicted = 1;; ++evicted) {
    if (!eviction_.evict_one(rules)) return State::kFull;
    if (is_falling()) return State::kWorking;
    if (guess_used_memory() <= limit()) return State::kBelow;
    if (evicted % kKeysPerLook == 0 && Clock::monotonic_us() - began_us >= most_us)
      return State::kWorking;
  }
}

// --- Time above the limit ------------------------------------------------------------------------

void MemoryLimit::note(bool is_above) {
  if (is_above == (above_since_us_ >= 0)) return;
  exceeded_us_ += exceeded_for_us();
  above_since_us_ = is_above ? Clock::monotonic_us() : -1;
}

int64_t MemoryLimit::exceeded_for_us() const {
  return above_since_us_ < 0 ? 0 : Clock::monotonic_us() - above_since_us_;
}

}  // namespace weir
