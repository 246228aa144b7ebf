// Asking the server to stop.  The loop looks at it at the end of each turn.
#pragma once

#include <csignal>

namespace weir {

class ShutdownControl {
 public:
  void request() { requested_ = 1; }
  /// May be called from a signal handler.
  void request(int signal) {
    signal_ = signal;
    request();
  }
  /// The same by somebody who has seen to what must be done before.
  void request_prepared() {
    is_prepared_ = true;
    request();
  }
  bool is_requested() const { return requested_ != 0; }
  bool is_prepared() const { return is_prepared_; }
  /// The signal that asked for the end that is under way; 0: none did.
  int signal() const { return signal_; }
  /// It cannot be now.
  void refuse() { requested_ = 0; }
  /// What the signal asked for will not be.
  void forget_signal() { signal_ = 0; }

 private:
  volatile std::sig_atomic_t signal_ = 0;
  volatile std::sig_atomic_t requested_ = 0;
  bool is_prepared_ = false;
};

}  // namespace weir
