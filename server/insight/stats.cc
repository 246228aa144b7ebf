#include "server/insight/stats.h"

#include <numeric>

namespace weir {
namespace {

/// Codes beyond these many are not told apart: a client could make up any number of them.
constexpr size_t kMaxErrorCodes = 128;

}  // namespace

void Rate::sample(uint64_t total, int64_t now_us) {
  if (last_us_ != 0 && now_us > last_us_ && total >= last_total_) {
    samples_[next_] = (total - last_total_) * 1'000'000 / static_cast<uint64_t>(now_us - last_us_);
    next_ = (next_ + 1) % samples_.size();
  }
  last_total_ = total;
  last_us_ = now_us;
}

uint64_t Rate::per_second() const {
  return std::accumulate(samples_.begin(), samples_.end(), uint64_t{0}) / samples_.size();
}

void Stats::count_error(std::string_view text) {
  ++errors;
  const std::string_view code = text.substr(0, text.find(' '));
  const auto known = errors_by_code.find(code);
  if (known != errors_by_code.end()) {
    ++known->second;
  } else if (errors_by_code.size() < kMaxErrorCodes) {
    errors_by_code.emplace(code, 1);
  }
}

void Stats::reset(const IoCounts& io) {
  for (CommandStats& command : by_command)
    command = CommandStats();
  errors_by_code.clear();
  commands = connections = rejected_connections = errors = auth_failures = turns = turns_ns = 0;
  expiry_runs_cut = 0;
  expiry_us = 0;
  denied_commands = denied_keys = denied_channels = denied_certificates = 0;
  io_at_reset = io;
  command_rate.clear();
  in_rate.clear();
  out_rate.clear();
  turn_rate.clear();
  turn_ns_rate.clear();
}

}  // namespace weir
