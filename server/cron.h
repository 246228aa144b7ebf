// What is done now and then, whoever asks for what: `hz` times a second.
//
//   run() ─► rates of INFO are sampled · expired keys and messages go · tables of keys move ·
//            idle clients are closed · snapshots, log, replicas and links look at the time
//
// What one run leaves of expiry and of freed memory has a timer of its own and goes on before the
// next run, in slices so short that requests do not feel them.
#pragma once

#include <cstdint>

#include "server/clock.h"
#include "server/context.h"
#include "server/net/event_loop.h"

namespace weir {

class Cron {
 public:
  /// All of them outlive it.
  Cron(Context& context, Clock& clock, EventLoop& loop);
  Cron(const Cron&) = delete;
  Cron& operator=(const Cron&) = delete;

  /// From now on it runs `hz` times a second, the first time at once.
  void start();

 private:
  /// Who gives the system back what is freed.
  enum class Purger : uint8_t { kNobody, kThread, kCron };

  void run();
  void note_memory();
  void sample_rates();
  void move_tables();
  void take_back_memory();
  void expire_messages();
  void expire_keys();
  void go_on_with_expiry_later();
  void close_idle_clients();

  Context& context_;
  Clock& clock_;
  Timer timer_;
  Timer start_timer_;       // set until what only the start needed is let go of
  Timer iid_expiry_timer_;  // set while one run was not enough
  Timer key_expiry_timer_;  // the same
  Timer memory_timer_;      // the same
  Purger purger_ = Purger::kNobody;
};

}  // namespace weir
