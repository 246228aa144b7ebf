// What a connection asked CLIENT TRACKING for.  The data alone; what becomes of it is
// server/messaging/tracking.h.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace weir {

struct TrackingOptions {
  /// Which of the keys it reads are remembered.
  enum class Reads : uint8_t { kAll, kOptIn, kOptOut };

  Reads reads = Reads::kAll;
  bool is_broadcast = false;               // it hears of all keys with a prefix, read or not
  bool no_loop = false;                    // not of its own changes
  bool is_redirect_broken = false;         // the other connection was found to be gone
  bool caching = false;                    // CLIENT CACHING: the next command is an exception
  uint64_t redirect = 0;                   // ID of the connection that is told instead; 0: itself
  std::vector<std::string> prefixes = {};  // of broadcasts, ascending; "" is all keys

  size_t memory_bytes() const {
    size_t bytes = sizeof(*this);
    for (const std::string& prefix : prefixes)
      bytes += sizeof(std::string) + prefix.size();
    return bytes;
  }
};

}  // namespace weir
