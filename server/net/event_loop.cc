#include "server/net/event_loop.h"

#include <cassert>

#include <sys/timerfd.h>
#include <unistd.h>

namespace weir {

EventLoop::EventLoop() {
  event_config* config = event_config_new();
  event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
  event_config_set_flag(config, EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST);
  base_ = event_base_new_with_config(config);
  event_config_free(config);
  assert(base_ != nullptr);
}

EventLoop::~EventLoop() {
  event_base_free(base_);
}

void EventLoop::run(const std::function<bool()>& end_of_turn) {
  bool again = end_of_turn();
  while (!stopped_) {
    event_base_loop(base_, again ? EVLOOP_ONCE | EVLOOP_NONBLOCK : EVLOOP_ONCE);
    again = end_of_turn();
  }
}

bool EventLoop::poll(const std::function<bool()>& end_of_turn) {
  event_base_loop(base_, EVLOOP_ONCE | EVLOOP_NONBLOCK);
  return end_of_turn();
}

bool EventLoop::wait(const std::function<bool()>& end_of_turn) {
  event_base_loop(base_, EVLOOP_ONCE);
  return end_of_turn();
}

void Watch::start(EventLoop& loop, int fd, short what, Callback callback, void* argument) {
  assert(!active_);
  event_assign(&event_, loop.base(), fd, static_cast<short>(what | EV_PERSIST), callback, argument);
  event_add(&event_, nullptr);
  active_ = true;
}

void Watch::stop() {
  if (!active_) return;
  event_del(&event_);
  active_ = false;
}

// --- Timer ---------------------------------------------------------------------------------------

Timer::Timer(EventLoop& loop, std::function<void()> callback)
    : callback_(std::move(callback)),
      fd_(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)) {
  assert(fd_ >= 0);
  watch_.start(loop, fd_, EV_READ, &on_ready, this);
}

Timer::~Timer() {
  watch_.stop();
  close(fd_);
}

void Timer::on_ready(int fd, short, void* argument) {
  uint64_t times = 0;
  // Nothing to read: it was set again or cancelled in the turn in which it became ready.
  if (::read(fd, &times, sizeof(times)) != sizeof(times)) return;
  static_cast<Timer*>(argument)->callback_();
}

void Timer::set(const timespec& delay) const {
  const itimerspec once{.it_interval = {}, .it_value = delay};
  const int result = timerfd_settime(fd_, 0, &once, nullptr);
  assert(result == 0);
}

void Timer::set_ms(int64_t delay_ms) {
  if (delay_ms <= 0) return set({0, 1});  // as soon as can be; 0 would be never
  set({delay_ms / 1000, delay_ms % 1000 * 1'000'000});
}

void Timer::cancel() {
  set({0, 0});
}

}  // namespace weir
