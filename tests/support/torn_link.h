// One connection that goes through TornLinks, and what befalls it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "tests/support/patience.h"

namespace weir::testing {

class TornLink {
 public:
  enum class Kind : uint8_t { kNothing, kCut, kReset, kHalf, kStall, kDrip };
  struct Fate {
    Kind kind = Kind::kNothing;
    uint64_t at_byte = 0;  // of both directions together
    Milliseconds lasts{0};
    size_t direction = 0;  // that ends, of kHalf
  };

  /// Owns both sockets.
  TornLink(int client, int server, Fate fate);
  ~TornLink();
  TornLink(const TornLink&) = delete;
  TornLink& operator=(const TornLink&) = delete;

  /// Passes on what there is.  False when it is over.
  bool pass();
  int fd(size_t side) const { return fds_[side]; }
  bool reads(size_t side) const { return !is_ended_[side] && waiting_[side].empty(); }
  bool writes(size_t side) const { return !waiting_[1 - side].empty(); }
  /// Both ends see a reset, not an end.
  void reset();

  uint64_t bytes() const { return bytes_; }
  /// What it met, once it has: for the counts.
  Kind take_met();

 private:
  bool pass(size_t from);
  size_t room() const;
  bool meet_fate();

  int fds_[2];
  std::string waiting_[2];  // read from this side, not yet written to the other
  bool is_ended_[2] = {false, false};
  Fate fate_;
  bool is_met_ = false;
  Kind told_ = Kind::kNothing;
  Clock::time_point until_{};
  uint64_t bytes_ = 0;
};

}  // namespace weir::testing
