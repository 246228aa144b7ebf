#include "server/net/event_loop.h"

#include <algorithm>
#include <cassert>
#include <cstdlib>

namespace weir {

EventLoop::EventLoop() {
  event_config* config = event_config_new();
  event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
  event_config_set_flag(config, EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST);
  event_config_set_flag(config, EVENT_BASE_FLAG_PRECISE_TIMER);
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

Timer::Timer(EventLoop& loop, std::function<void()> callback) : callback_(std::move(callback)) {
  const auto fire = [](int, short, void* self) { static_cast<Timer*>(self)->callback_(); };
  event_assign(&event_, loop.base(), -1, 0, fire, this);
}

Timer::~Timer() {
  event_del(&event_);
}

void Timer::set_ms(int64_t delay_ms) {
  delay_ms = std::max<int64_t>(delay_ms, 0);
  const timeval delay{delay_ms / 1000, static_cast<suseconds_t>(delay_ms % 1000 * 1000)};
  event_add(&event_, &delay);
}

void Timer::cancel() {
  event_del(&event_);
}

}  // namespace weir
