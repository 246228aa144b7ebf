// Asking the server to stop.  The loop looks at it at the end of each turn.
#pragma once

#include <csignal>

namespace weir {

class ShutdownControl {
 public:
  /// May be called from a signal handler.
  void request() { requested_ = 1; }
  bool is_requested() const { return requested_ != 0; }

 private:
  volatile std::sig_atomic_t requested_ = 0;
};

}  // namespace weir
