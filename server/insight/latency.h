// LATENCY: moments at which something took at least latency-monitor-threshold.
//
//   event ─► the last 160 samples, at most one for a second (the longest)  ·  the longest ever
//
// Events are named as in Redis; one without samples does not exist.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>

namespace weir {

namespace latency_events {
inline constexpr std::string_view kCommand = "command";
inline constexpr std::string_view kFastCommand = "fast-command";
inline constexpr std::string_view kCommandUnblocking = "command-unblocking";
inline constexpr std::string_view kExpireCycle = "expire-cycle";
inline constexpr std::string_view kEvictionCycle = "eviction-cycle";
}  // namespace latency_events

struct LatencySample {
  int64_t unix_s = 0;
  uint64_t ms = 0;
};

struct LatencyHistory {
  std::deque<LatencySample> samples;  // oldest first, not empty
  uint64_t max_ms = 0;
};

class LatencyMonitor {
 public:
  using Events = std::map<std::string, LatencyHistory, std::less<>>;

  /// `threshold_ms`: of the options; an event below it is nothing to be noted, and with 0 none is.
  void note(std::string_view event, uint64_t ms, int64_t unix_s, int64_t threshold_ms);
  const Events& events() const { return events_; }
  /// Null without samples.
  const LatencyHistory* find(std::string_view event) const;
  /// Forgets an event; false if there was none.
  bool forget(std::string_view event);
  /// Forgets all and returns how many there were.
  size_t forget_all();

 private:
  Events events_;
};

/// LATENCY GRAPH: columns whose height is the duration, and below each how long ago it was.
std::string latency_graph(std::string_view event, const LatencyHistory& history, int64_t now_s);
/// LATENCY DOCTOR: what the samples say, in sentences.
std::string latency_report(const LatencyMonitor& monitor, int64_t threshold_ms, int64_t now_s);

}  // namespace weir
