// maxmemory-clients: what all connections take together, and which of them takes most.
//
//   client ID ─► bytes when last looked at, class          total
//   class     [10] ─► 3 · 8 · 21     [11]     …     [27] ─► 5        one for each power of two
//
// A client is looked at when bytes have been read from it or written to it, which is when its
// buffers change.  Without a limit nothing is kept and nothing is looked at.
//
// Always: total is the sum of the bytes; each client is in the class of its bytes.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <unordered_set>

#include "server/net/client.h"

namespace weir {

class ClientMemory {
 public:
  /// In bytes; 0: none, and all is forgotten.
  void set_limit(size_t bytes) {
    limit_ = bytes;
    if (bytes == 0) *this = ClientMemory();
  }
  bool is_on() const { return limit_ > 0; }
  bool is_exceeded() const { return is_on() && total_ > limit_; }
  size_t total() const { return total_; }

  /// Looks at a client.  One that must not be closed for its memory (CLIENT NO-EVICT, a replica)
  /// does not count.
  void look_at(const Client& client);
  void forget(uint64_t client_id);

  /// The ID of one of those that take most; nothing if there is none.
  std::optional<uint64_t> greatest() const;

 private:
  static constexpr size_t kClasses = 64;

  static size_t class_of(size_t bytes) { return static_cast<size_t>(std::bit_width(bytes)) - 1; }

  size_t limit_ = 0;
  size_t total_ = 0;
  std::unordered_map<uint64_t, size_t> bytes_;
  std::array<std::unordered_set<uint64_t>, kClasses> classes_;
};

}  // namespace weir
