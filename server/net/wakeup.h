// Lets another thread end the loop's wait: a counter of the system's that becomes ready.  Where the
// system has none to give, the loop has a refusal().
#pragma once

#include <cstdint>

#include <sys/eventfd.h>
#include <unistd.h>

#include "server/net/event_loop.h"

namespace weir {

class Wakeup {
 public:
  explicit Wakeup(EventLoop& loop) : fd_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    if (fd_ < 0) {
      loop.note_refusal("eventfd");
    } else {
      watch_.start(loop, fd_, EV_READ, &on_ready, nullptr);
    }
  }
  ~Wakeup() {
    watch_.stop();
    if (fd_ >= 0) close(fd_);
  }
  Wakeup(const Wakeup&) = delete;
  Wakeup& operator=(const Wakeup&) = delete;

  /// From any thread: a turn begins and ends soon.
  void signal() const {
    constexpr uint64_t kOne = 1;
    static_cast<void>(!write(fd_, &kOne, sizeof(kOne)));  // fails only when it is ready anyway
  }

 private:
  static void on_ready(int fd, short /*what*/, void* /*argument*/) {
    uint64_t times = 0;
    static_cast<void>(!read(fd, &times, sizeof(times)));
  }

  int fd_;
  Watch watch_;
};

}  // namespace weir
