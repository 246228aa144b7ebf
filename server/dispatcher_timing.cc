// The dispatcher's part of what commands took: which of them are noteworthy, and for whom.
#include <algorithm>

#include "server/commands/table.h"
#include "server/config.h"
#include "server/dispatcher.h"
#include "server/insight/latency.h"
#include "server/insight/monitors.h"
#include "server/insight/slowlog.h"
#include "server/insight/stats.h"
#include "server/insight/tick_clock.h"
#include "server/time_units.h"

namespace weir {
void Dispatcher::ended(Client& client, const CommandSpec& command, uint64_t ns) {
  CommandStats& stats = context_.stats.by_command[row_number(command)];
  stats.count_call(ns, settings_.latency_tracking);
  ++context_.stats.commands;
  ++client.commands;
}

void Dispatcher::look_out() {
  noteworthy_ns_ = context_.monitors.is_empty() ? UINT64_MAX : 0;
  const auto notice_from = [this](int64_t value, uint64_t unit_ns) {
    const uint64_t ns = static_cast<uint64_t>(value) > UINT64_MAX / unit_ns
                            ? UINT64_MAX
                            : static_cast<uint64_t>(value) * unit_ns;
    noteworthy_ns_ = std::min(noteworthy_ns_, ns);
  };
  if (settings_.slowlog_log_slower_than_us >= 0 && settings_.slowlog_max_len > 0)
    notice_from(settings_.slowlog_log_slower_than_us, kNsPerUs);
  if (settings_.latency_monitor_threshold_ms > 0)
    notice_from(settings_.latency_monitor_threshold_ms, kNsPerMs);
}

/// What ran() does not do itself: it is rare.
void Dispatcher::note(const Client& client, const CommandSpec& command,
                      std::span<const std::string_view> argv, uint64_t ns) {
  if (!client.blocked) note_slow(client, command, argv, ns);
  if (!context_.monitors.is_empty())
    context_.monitors.show(client, command, argv, Clock::unix_us_now());
}

void Dispatcher::note_slow(const Client& client, const CommandSpec& command,
                           std::span<const std::string_view> argv, uint64_t ns) {
  const int64_t unix_s = clock_.unix_s();
  const int64_t slow_us = settings_.slowlog_log_slower_than_us;
  const uint64_t us = ns / kNsPerUs;
  if (slow_us >= 0 && us >= static_cast<uint64_t>(slow_us) && !command.has(kSkipSlowlog))
    context_.slowlog.add(settings_, client, command, argv, us, unix_s);
  context_.latency.note(
      command.has(kFast) ? latency_events::kFastCommand : latency_events::kCommand, ns / kNsPerMs,
      unix_s, settings_.latency_monitor_threshold_ms);
}

}  // namespace weir
