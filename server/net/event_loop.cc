#include "server/net/event_loop.h"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "server/net/socket.h"

namespace weir {
namespace {

/// The loop that runs.  What libevent says of a failure names nobody: it was said by this one.
thread_local EventLoop* running_loop = nullptr;

}  // namespace

EventLoop::EventLoop() {
  event_set_log_callback(&hear);
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
    turn(again ? EVLOOP_ONCE | EVLOOP_NONBLOCK : EVLOOP_ONCE);
    again = end_of_turn();
  }
}

std::string EventLoop::begin() {
  look(EVLOOP_ONCE | EVLOOP_NONBLOCK);
  return unwatched_.empty() ? std::string() : "epoll_ctl: " + unwatched_.front().why;
}

void EventLoop::look(int flags) {
  EventLoop* const outer = std::exchange(running_loop, this);
  event_base_loop(base_, flags);
  running_loop = outer;
}

void EventLoop::turn(int flags) {
  look(flags);
  if (!unwatched_.empty()) [[unlikely]]
    tell_unwatched();
}

void EventLoop::tell_unwatched() {
  for (const Unwatched& unwatched : std::exchange(unwatched_, {})) {
    if (on_unwatched) on_unwatched(unwatched.fd, unwatched.why);
  }
}

// libevent asks the system when the turn is over in which somebody began to watch, and tells only
// its log that it was refused: "Epoll ADD(1) on fd 9 failed.  <what it was>: <why>".
void EventLoop::hear(int severity, const char* text) {
  int fd = -1;
  const bool is_of_watch = std::sscanf(text, "Epoll ADD(%*d) on fd %d failed", &fd) == 1;
  if (is_of_watch && running_loop != nullptr) {
    running_loop->unwatched_.push_back({fd, std::strrchr(text, ':') + 2});
  } else if (severity >= EVENT_LOG_WARN) {
    std::fprintf(stderr, "libevent: %s\n", text);
  }
}

void EventLoop::note_refusal(const char* call) {
  refusal_ = std::string(call) + ": " + std::strerror(errno);
}

bool EventLoop::poll(const std::function<bool()>& end_of_turn) {
  turn(EVLOOP_ONCE | EVLOOP_NONBLOCK);
  return end_of_turn();
}

bool EventLoop::wait(const std::function<bool()>& end_of_turn) {
  turn(EVLOOP_ONCE);
  return end_of_turn();
}

bool can_be_watched(std::span<const int> fds) {
  const Fd trial(epoll_create1(EPOLL_CLOEXEC));
  if (!trial.is_open()) return false;
  epoll_event event{.events = EPOLLIN, .data = {}};
  return std::all_of(fds.begin(), fds.end(), [&](int fd) {
    return epoll_ctl(trial.get(), EPOLL_CTL_ADD, fd, &event) == 0;
  });
}

// --- Watch ---------------------------------------------------------------------------------------

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
  if (fd_ < 0) {
    loop.note_refusal("timerfd_create");
  } else {
    watch_.start(loop, fd_, EV_READ, &on_ready, this);
  }
}

Timer::~Timer() {
  watch_.stop();
  if (fd_ >= 0) close(fd_);
}

void Timer::on_ready(int fd, short, void* argument) {
  uint64_t times = 0;
  // Nothing to read: it was set again or cancelled in the turn in which it became ready.
  if (::read(fd, &times, sizeof(times)) != sizeof(times)) return;
  static_cast<Timer*>(argument)->callback_();
}

void Timer::set(const timespec& delay) const {
  if (fd_ < 0) return;
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
