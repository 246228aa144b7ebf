// How long a client waited for single commands: since the last look, and of all time.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <utility>

#include "server/insight/histogram.h"

namespace weir::soak {

/// One thread adds, another looks.
class Latencies {
 public:
  void add(uint64_t ns) {
    const std::lock_guard lock(mutex_);
    all_.record(ns);
    recent_.record(ns);
  }
  uint64_t count() const {
    const std::lock_guard lock(mutex_);
    return all_.count();
  }
  /// In microseconds: "p50 81 p99 240 p99.9 1310 max 9211"; the last is at most 1/16 too high.
  std::string text() const {
    const std::lock_guard lock(mutex_);
    return text_of(all_);
  }
  /// Of those since the last call.
  std::string recent_text() {
    const std::lock_guard lock(mutex_);
    return text_of(std::exchange(recent_, Histogram()));
  }

 private:
  static std::string text_of(const Histogram& histogram) {
    const auto us = [&histogram](double percent) {
      return std::to_string(histogram.percentile(percent) / 1000);
    };
    return "p50 " + us(50) + " p99 " + us(99) + " p99.9 " + us(99.9) + " max " + us(100);
  }

  mutable std::mutex mutex_;
  Histogram all_;
  Histogram recent_;
};

}  // namespace weir::soak
