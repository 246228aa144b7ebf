// The end of the server, asked for by SHUTDOWN or by a signal: replicas get what they lack first,
// so that the one that takes its place has everything; then a snapshot is written, if that is
// wanted.
//
//   begin() ── replicas lag ──► waits: writes are put off, GETACK
//      │                          │
//      │                          ▼ all have it, or shutdown-timeout is over
//      └──── none lags ────────► saved?
//                                 yes: the loop stops    no: refused, and it goes on as before
//
// Always: while it waits nothing is written, so what the replicas lack only gets less.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "server/context.h"
#include "server/durability/snapshots.h"

namespace weir {

class Ending {
 public:
  struct Wish {
    FinalSave save = FinalSave::kWithSavePoints;
    bool force = false;  // even if that fails
    bool waits = true;   // for replicas
  };
  enum class Answer : uint8_t { kEnds, kWaits, kRefused };

  /// `context` outlives it.
  explicit Ending(Context& context) : context_(context) {}

  Answer begin(const Wish& wish);
  /// The client that asked gets an error if it does not come to the end.
  void add_waiting(uint64_t client_id) { clients_.push_back(client_id); }
  /// It is not wanted any more; false if nothing waits.
  bool abort();
  bool is_waiting() const { return waiting_.has_value(); }
  /// While it waits.
  int64_t ms_left() const;
  /// In each turn while it waits.
  void look();

 private:
  Answer finish(const Wish& wish);
  void go_on();
  void log_lag() const;

  Context& context_;
  std::optional<Wish> waiting_;
  int64_t target_ = 0;  // what replicas are to have
  int64_t until_ms_ = 0;
  std::vector<uint64_t> clients_;
};

}  // namespace weir
