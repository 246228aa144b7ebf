// LATENCY.
#include "server/insight/latency.h"

#include <algorithm>
#include <vector>

#include "server/commands/handlers.h"
#include "server/commands/help_reply.h"
#include "server/commands/reply_pairs.h"
#include "server/commands/table.h"
#include "server/context.h"
#include "server/errors.h"
#include "server/insight/stats.h"
#include "server/insight/tick_clock.h"
#include "server/settings.h"
#include "server/time_units.h"

namespace weir {
namespace {

/// The first bound of a histogram's reply, as a power of two in nanoseconds: a microsecond.
constexpr unsigned kFirstExponent = 10;

ReplyError no_samples(std::string_view event) {
  return errors::with_text("ERR No samples available for event '", event, "'");
}

/// How many took at most 2^k microseconds; bounds that add nothing are left out.
void write_histogram(resp::ReplyWriter& reply, const Histogram& durations) {
  std::vector<std::pair<uint64_t, uint64_t>> steps;
  uint64_t before = 0;
  for (unsigned exponent = kFirstExponent; exponent <= Histogram::kMaxExponent; ++exponent) {
    const uint64_t below = durations.below_power(exponent);
    if (below == before) continue;
    steps.emplace_back((uint64_t{1} << exponent) / kNsPerUs, below);
    before = below;
  }
  reply.map(2);
  number_pair(reply, "calls", durations.count());
  reply.bulk("histogram_usec");
  reply.map(steps.size());
  for (const auto& [bound_us, count] : steps) {
    reply.integer(static_cast<int64_t>(bound_us));
    reply.integer(static_cast<int64_t>(count));
  }
}

/// The rows of a command that were timed: itself, or those of a container.
void add_timed(const Call& call, const CommandSpec& command,
               std::vector<const CommandSpec*>& rows) {
  const auto is_timed = [&](const CommandSpec& row) {
    return call.context.stats.by_command[row_number(row)].durations != nullptr;
  };
  if (is_timed(command)) rows.push_back(&command);
  for (const CommandSpec& row : subcommands_of(command)) {
    if (is_timed(row)) rows.push_back(&row);
  }
}

}  // namespace

Outcome latency_histogram(Call& call) {
  std::vector<const CommandSpec*> rows;
  if (call.args.size() == 2) {
    for (const CommandSpec& command : command_table()) {
      if (!command.is_subcommand()) add_timed(call, command, rows);
    }
  }
  for (const std::string_view name : call.args.subspan(2)) {
    if (const CommandSpec* const command = find_command(name)) add_timed(call, *command, rows);
  }
  call.reply.map(rows.size());
  for (const CommandSpec* const row : rows) {
    call.reply.bulk(row->name);
    write_histogram(call.reply, *call.context.stats.by_command[row_number(*row)].durations);
  }
  return Outcome::done();
}

Outcome latency_latest(Call& call) {
  const LatencyMonitor::Events& events = call.context.latency.events();
  call.reply.array(events.size());
  for (const auto& [event, history] : events) {
    call.reply.array(4);
    call.reply.bulk(event);
    call.reply.integer(history.samples.back().unix_s);
    call.reply.integer(static_cast<int64_t>(history.samples.back().ms));
    call.reply.integer(static_cast<int64_t>(history.max_ms));
  }
  return Outcome::done();
}

Outcome latency_history(Call& call) {
  const LatencyHistory* const history = call.context.latency.find(call.args[2]);
  call.reply.array(history != nullptr ? history->samples.size() : 0);
  if (history == nullptr) return Outcome::done();
  for (const LatencySample& sample : history->samples) {
    call.reply.array(2);
    call.reply.integer(sample.unix_s);
    call.reply.integer(static_cast<int64_t>(sample.ms));
  }
  return Outcome::done();
}

Outcome latency_graph_of(Call& call) {
  const LatencyHistory* const history = call.context.latency.find(call.args[2]);
  if (history == nullptr) return no_samples(call.args[2]);
  call.reply.verbatim("txt", latency_graph(call.args[2], *history, call.now_ms / kMsPerSecond));
  return Outcome::done();
}

Outcome latency_doctor(Call& call) {
  call.reply.verbatim(
      "txt", latency_report(call.context.latency, call.settings.latency_monitor_threshold_ms,
                            call.now_ms / kMsPerSecond));
  return Outcome::done();
}

Outcome latency_reset(Call& call) {
  LatencyMonitor& latency = call.context.latency;
  size_t forgotten = 0;
  if (call.args.size() == 2) {
    forgotten = latency.forget_all();
  } else {
    const auto events = call.args.subspan(2);
    forgotten = static_cast<size_t>(
        std::count_if(events.begin(), events.end(),
                      [&](std::string_view event) { return latency.forget(event); }));
  }
  call.reply.integer(static_cast<int64_t>(forgotten));
  return Outcome::done();
}

Outcome latency_help(Call& call) {
  static constexpr std::string_view kLines[] = {
      "DOCTOR",
      "    What took long, and what to do about it.",
      "GRAPH <event>",
      "    A drawing of the samples of <event>.",
      "HISTOGRAM [<command> ...]",
      "    How often these commands, or all, took how long.",
      "HISTORY <event>",
      "    The samples of <event>: Unix time and milliseconds.",
      "LATEST",
      "    Of every event: time and milliseconds of the latest sample, and the longest ever.",
      "RESET [<event> ...]",
      "    Forget the samples of these events, or all.",
  };
  write_help(call.reply, "latency", kLines);
  return Outcome::done();
}

}  // namespace weir
