// Bytes that a connection is sent and that do not live in its own buffer: several connections read
// them where they are, each at its own pace.
#pragma once

#include <cstddef>
#include <string_view>

namespace weir {

class SharedOutput {
 public:
  SharedOutput() = default;
  SharedOutput(const SharedOutput&) = delete;
  SharedOutput& operator=(const SharedOutput&) = delete;
  virtual ~SharedOutput() = default;

  /// What may be sent next, or some of it; empty: nothing now.  It holds until sent() is called.
  virtual std::string_view next() = 0;
  /// The first `bytes` of that have been sent.
  virtual void sent(size_t bytes) = 0;
  /// What waits for this connection, for its limit.
  virtual size_t pending_bytes() const = 0;
  /// An empty line came from the other side, which shows no more than that it lives.
  virtual void heard() = 0;
};

}  // namespace weir
