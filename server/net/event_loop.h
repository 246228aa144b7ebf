// The loop: waits for sockets and timers, then lets the server finish the turn.
//
//   one turn:  wait ─► callbacks of ready sockets and timers ─► end_of_turn()  ─► wait …
//
// A thin RAII cover of libevent: a Watch is a socket with something to wait for, a Timer a moment.
// A timer is a file of the system's that becomes ready then.  libevent's own would be coarse, or
// cost a system call in every turn; this one costs one when it is set, which is rare.
// One thread; nothing here is called from another.
#pragma once

#include <cstdint>
#include <ctime>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include <event2/event.h>
#include <event2/event_struct.h>

namespace weir {

class EventLoop {
 public:
  EventLoop();
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  event_base* base() const { return base_; }

  /// Asks the system to watch what is to be watched so far, in a turn that waits for nothing.
  /// Empty, or what it refused.
  std::string begin();
  /// Told, before the turn ends, of a descriptor that the system refuses to watch: as each user may
  /// have only so many watched, or for want of memory.  It would never be ready.
  std::function<void(int fd, const std::string& why)> on_unwatched;
  /// What a Timer or a Wakeup was refused, for whom nothing will be ready; empty if nothing was.
  const std::string& refusal() const { return refusal_; }
  /// `call` has just failed.
  void note_refusal(const char* call);

  /// Runs turns until stop(); `end_of_turn` ends each.  It returns true to be called again soon,
  /// without waiting for anything.
  void run(const std::function<bool()>& end_of_turn);
  void stop() { stopped_ = true; }
  /// One turn that waits for nothing, for somebody who is busy: before run(), or at the very end of
  /// a turn.  Returns what `end_of_turn` does.
  bool poll(const std::function<bool()>& end_of_turn);
  /// The same, and waits until something is ready.
  bool wait(const std::function<bool()>& end_of_turn);

 private:
  struct Unwatched {
    int fd;
    std::string why;
  };

  void turn(int flags);
  void look(int flags);
  void tell_unwatched();
  static void hear(int severity, const char* text);

  event_base* base_;
  std::string refusal_;
  std::vector<Unwatched> unwatched_;  // in this turn
  bool stopped_ = false;
};

/// Whether the system would watch all of these together: asked at once, where a loop asks only when
/// its turn ends.  If not, errno says why.  A system call for each, and two more.
bool can_be_watched(std::span<const int> fds);

/// Calls back while a file descriptor is ready.
class Watch {
 public:
  using Callback = void (*)(int fd, short what, void* argument);

  Watch() = default;
  ~Watch() { stop(); }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  /// `what`: EV_READ or EV_WRITE; with EV_ET, whenever the descriptor becomes ready again, and with
  /// EV_CLOSED, also that the other end was closed.
  void start(EventLoop& loop, int fd, short what, Callback callback, void* argument);
  void stop();
  bool is_active() const { return active_; }

 private:
  event event_{};
  bool active_ = false;
};

/// Calls back at a moment, once for each set_ms.
///
/// Where the system has no file for it, the loop has a refusal(), and it never does.
class Timer {
 public:
  Timer(EventLoop& loop, std::function<void()> callback);
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  /// Never calls early; late by what the loop is busy with.
  void set_ms(int64_t delay_ms);
  void cancel();

 private:
  static void on_ready(int fd, short what, void* argument);
  void set(const timespec& delay) const;

  std::function<void()> callback_;
  int fd_;
  Watch watch_;
};

}  // namespace weir
