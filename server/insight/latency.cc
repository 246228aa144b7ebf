#include "server/insight/latency.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <vector>

namespace weir {
namespace {

/// Samples of an event that are kept, as many as Redis keeps.
constexpr size_t kMaxSamples = 160;

}  // namespace

void LatencyMonitor::note(std::string_view event, uint64_t ms, int64_t unix_s,
                          int64_t threshold_ms) {
  if (threshold_ms <= 0 || ms < static_cast<uint64_t>(threshold_ms)) return;
  auto at = events_.find(event);
  if (at == events_.end()) at = events_.emplace(event, LatencyHistory()).first;
  LatencyHistory& history = at->second;
  history.max_ms = std::max(history.max_ms, ms);
  if (!history.samples.empty() && history.samples.back().unix_s == unix_s) {
    history.samples.back().ms = std::max(history.samples.back().ms, ms);
    return;
  }
  history.samples.push_back({.unix_s = unix_s, .ms = ms});
  if (history.samples.size() > kMaxSamples) history.samples.pop_front();
}

const LatencyHistory* LatencyMonitor::find(std::string_view event) const {
  const auto at = events_.find(event);
  return at == events_.end() ? nullptr : &at->second;
}

bool LatencyMonitor::forget(std::string_view event) {
  const auto at = events_.find(event);
  if (at == events_.end()) return false;
  events_.erase(at);
  return true;
}

size_t LatencyMonitor::forget_all() {
  const size_t count = events_.size();
  events_.clear();
  return count;
}

// --- For people ----------------------------------------------------------------------------------

namespace {

/// Lines of a graph, and what they are drawn with, from empty to full.
constexpr size_t kGraphRows = 4;
constexpr std::string_view kFill = " _o#";
constexpr size_t kLevelsOfRow = kFill.size() - 1;

std::string age_text(int64_t seconds) {
  if (seconds < 60) return std::to_string(seconds) + "s";
  if (seconds < 3600) return std::to_string(seconds / 60) + "m";
  if (seconds < 86400) return std::to_string(seconds / 3600) + "h";
  return std::to_string(seconds / 86400) + "d";
}

struct Spread {
  uint64_t high = 0;
  uint64_t low = UINT64_MAX;
};

Spread spread_of(const LatencyHistory& history) {
  Spread spread;
  for (const LatencySample& sample : history.samples) {
    spread.high = std::max(spread.high, sample.ms);
    spread.low = std::min(spread.low, sample.ms);
  }
  return spread;
}

std::string column_rows(const LatencyHistory& history, const Spread& spread) {
  constexpr size_t kLevels = kGraphRows * kLevelsOfRow;
  const double range = static_cast<double>(std::max<uint64_t>(1, spread.high - spread.low));
  std::string text;
  for (size_t row = kGraphRows; row-- > 0;) {
    for (const LatencySample& sample : history.samples) {
      const double share = static_cast<double>(sample.ms - spread.low) / range;
      const size_t level = 1 + static_cast<size_t>(share * (kLevels - 1));
      const size_t below = row * kLevelsOfRow;
      text += kFill[level <= below ? 0 : std::min(level - below, kLevelsOfRow)];
    }
    text += '\n';
  }
  return text;
}

/// The ages, written downwards below their columns.
std::string age_rows(const LatencyHistory& history, int64_t now_s) {
  std::vector<std::string> ages;
  size_t longest = 0;
  for (const LatencySample& sample : history.samples) {
    ages.push_back(age_text(std::max<int64_t>(0, now_s - sample.unix_s)));
    longest = std::max(longest, ages.back().size());
  }
  std::string text;
  for (size_t row = 0; row < longest; ++row) {
    for (const std::string& age : ages)
      text += row < age.size() ? age[row] : ' ';
    text += '\n';
  }
  return text;
}

}  // namespace

std::string latency_graph(std::string_view event, const LatencyHistory& history, int64_t now_s) {
  const Spread spread = spread_of(history);
  std::string text(event);
  text += " - high " + std::to_string(spread.high) + " ms, low " + std::to_string(spread.low) +
          " ms (all time high " + std::to_string(history.max_ms) + " ms)\n";
  text += std::string(80, '-') + "\n";
  return text + column_rows(history, spread) + "\n" + age_rows(history, now_s);
}

namespace {

struct Advice {
  std::string_view event;
  std::string_view text;
};

constexpr Advice kAdvice[] = {
    {latency_events::kCommand,
     "Look at SLOWLOG GET for the commands: large COUNTs, KEYS, and DEL of long streams take time "
     "in proportion. slowlog-log-slower-than decides what is remembered."},
    {latency_events::kFastCommand,
     "A command that should take microseconds did not: the machine is short of processor time or "
     "memory, or a stream is trimmed in large steps. Look for swapping and for other processes."},
    {latency_events::kCommandUnblocking,
     "Many readers waited for one key and were served at once. Consumers in one group cost less "
     "than many plain readers."},
    {latency_events::kExpireCycle,
     "Many keys ran out at the same time. Spread their times to live, or lower "
     "active-expire-effort."},
    {latency_events::kEvictionCycle,
     "Making room in memory took long. Raise maxmemory or trim streams as they grow."},
};

std::string describe_event(const std::string& event, const LatencyHistory& history, int64_t now_s) {
  uint64_t sum = 0;
  for (const LatencySample& sample : history.samples)
    sum += sample.ms;
  const uint64_t mean = sum / history.samples.size();
  uint64_t deviation = 0;
  for (const LatencySample& sample : history.samples)
    deviation += sample.ms > mean ? sample.ms - mean : mean - sample.ms;
  const LatencySample& last = history.samples.back();
  std::array<char, 256> text{};
  std::snprintf(text.data(), text.size(),
                "%s: %zu spikes, average %llu ms, mean deviation %llu ms, worst %llu ms, last %llu "
                "ms %s ago.\n",
                event.c_str(), history.samples.size(), static_cast<unsigned long long>(mean),
                static_cast<unsigned long long>(deviation / history.samples.size()),
                static_cast<unsigned long long>(history.max_ms),
                static_cast<unsigned long long>(last.ms),
                age_text(std::max<int64_t>(0, now_s - last.unix_s)).c_str());
  return text.data();
}

}  // namespace

std::string latency_report(const LatencyMonitor& monitor, int64_t threshold_ms, int64_t now_s) {
  if (threshold_ms <= 0 && monitor.events().empty()) {
    return "Latency is not monitored. CONFIG SET latency-monitor-threshold <milliseconds> begins "
           "to note what takes at least that long.\n";
  }
  if (monitor.events().empty()) {
    return "Nothing took " + std::to_string(threshold_ms) +
           " ms or more since the monitor was switched on or reset.\n";
  }
  std::string text;
  for (const auto& [event, history] : monitor.events()) {
    text += describe_event(event, history, now_s);
    for (const Advice& advice : kAdvice) {
      if (advice.event == event) text += "    " + std::string(advice.text) + "\n";
    }
  }
  return text;
}

}  // namespace weir
