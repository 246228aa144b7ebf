// A snapshot on its way from the thread that writes it to the replicas that are sent it.
//
//   helper: write() ──► ┌───────┬───────┬───────┐ ──► at(place)   main thread, for each replica
//    waits while it is  └───────┴───────┴───────┘
//    full                ▲ forget(): all replicas have it
//
// It exists once however many replicas read it; the slowest says how fast the snapshot is written.
//
// Always: the bytes from first_ to end_ are there; end() is the last that is done to it.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>

namespace weir {

class TransferPipe {
 public:
  /// What may wait for the replicas.
  static constexpr size_t kMostBytes = size_t{2} << 20;

  /// wake: called by the helper when there is more.
  explicit TransferPipe(std::function<void()> wake) : wake_(std::move(wake)) {}

  // --- Helper
  /// Waits for room; false when nobody wants it any more.  is_cancelled: asked now and then.
  bool write(std::string_view bytes, const std::function<bool()>& is_cancelled);

  // --- Main thread
  /// `last` is behind all that was written, and nothing follows.
  void end(std::string_view last);
  /// Nobody wants the rest.
  void abort();
  /// The bytes from `place` on, as many as lie together; empty: they have not come.  They stay
  /// where they are until forget().
  std::string_view at(uint64_t place) const;
  /// All have what is before `place`.
  void forget(uint64_t place);
  /// Whether `place` is its end, and it will stay so.
  bool ends_at(uint64_t place) const;

 private:
  std::function<void()> wake_;
  mutable std::mutex mutex_;  // of what follows
  std::condition_variable has_room_;
  std::deque<std::string> chunks_;
  uint64_t first_ = 0;
  uint64_t end_ = 0;
  bool is_ended_ = false;
  bool is_aborted_ = false;
};

}  // namespace weir
