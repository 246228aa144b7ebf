#include "tests/support/patience.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <thread>

#include <poll.h>

namespace weir::testing {
namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr double kPatience = 4;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
constexpr double kPatience = 4;
#else
constexpr double kPatience = 1;
#endif
#else
constexpr double kPatience = 1;
#endif

double factor() {
  const char* wanted = std::getenv("WEIR_TEST_PATIENCE");
  const double value = wanted ? std::strtod(wanted, nullptr) : 0;
  return value > 0 ? value : kPatience;
}

}  // namespace

Milliseconds patient(Milliseconds wanted) {
  static const double stretch = factor();
  return Milliseconds(static_cast<int64_t>(static_cast<double>(wanted.count()) * stretch));
}

bool wait_until(const std::function<bool()>& condition, Milliseconds deadline,
                Milliseconds between_looks) {
  const Clock::time_point end = Clock::now() + deadline;
  while (!condition()) {
    if (Clock::now() >= end) return false;
    let_pass(between_looks);
  }
  return true;
}

void let_pass(Milliseconds time) {
  std::this_thread::sleep_for(time);
}

int milliseconds_left(Clock::time_point deadline) {
  const auto left = std::chrono::ceil<Milliseconds>(deadline - Clock::now()).count();
  return static_cast<int>(std::max<int64_t>(left, 0));
}

bool becomes_readable(int fd, Clock::time_point deadline) {
  pollfd ready{.fd = fd, .events = POLLIN, .revents = 0};
  int events = 0;
  do {
    events = poll(&ready, 1, milliseconds_left(deadline));
  } while (events < 0 && errno == EINTR);
  return events != 0;
}

}  // namespace weir::testing
