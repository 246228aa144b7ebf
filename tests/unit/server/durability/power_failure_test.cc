// The log on a disk whose power fails at any moment, or whose server is killed: what was promised
// is loaded, whole units only, and no start is refused.

#include <catch2/catch.hpp>

#include "tests/support/forgetful_disk.h"
#include "tests/support/log_machine.h"
#include "tests/support/patience.h"
#include "tests/support/seed.h"
#include "tests/support/temp_folder.h"

namespace weir::testing {
namespace {

/// A working directory on a forgetful disk.
struct Lab {
  WorkingFolder folder;
  ForgetfulDisk disk{folder.path()};
};

/// What servers do, at random, until the machine is off.
void live(LogMachine& machine, ForgetfulDisk& disk, std::mt19937_64& random) {
  for (int step = 0; step < 300 && !disk.is_dead() && !machine.is_fatal(); ++step) {
    const uint64_t what = random() % 40;
    if (what < 30) {
      for (uint64_t left = 1 + random() % 4; left > 0; --left)
        machine.write(random() % 8 == 0 ? random() % 9000 : 10);
    } else if (what < 33) {
      machine.begin_rewrite();
    } else if (what < 34) {
      machine.switch_off();
      machine.switch_on();
    } else if (what < 36) {
      static_cast<void>(wait_until(
          [&] {
            machine.turn();
            return disk.is_dead() || !machine.log().is_syncing();
          },
          Milliseconds(2000)));
    } else {
      machine.log().cron();
    }
    machine.turn();
    machine.promised();
  }
}

/// Calls that the story makes, more or less: helpers share the disk with it.
constexpr uint64_t kMostCalls = 400;

/// What came of a life that ended while its story was told.
struct Story {
  uint64_t promised = 0;
  bool is_whole = false;
};

/// Tells the story on a disk that is gone from this call on.
Story tell_until(ForgetfulDisk& disk, uint64_t call) {
  LogMachine machine(disk, "always");
  machine.is_off = [&disk] { return disk.is_dead(); };
  REQUIRE(machine.start() == "");
  disk.die_at(call);
  machine.tell_story();
  const Story story{.promised = machine.promised(), .is_whole = !disk.is_dead()};
  disk.die();
  return story;
}

}  // namespace

TEST_CASE("Under always a power failure at any moment loses nothing that was promised",
          "[aof][power][seed]") {
  const uint64_t seed = first_seed();
  for (uint64_t run = 0; run < 25; ++run) {
    std::mt19937_64 random(seed + run);
    Lab lab;
    uint64_t promised = 0;
    for (int life = 0; life < 5; ++life) {
      CAPTURE(seed, run, life, promised);
      LogMachine machine(lab.disk, "always");
      machine.is_off = [&lab] { return lab.disk.is_dead(); };
      REQUIRE(machine.start() == "");
      REQUIRE(machine.units() >= promised);
      lab.disk.die_at(1 + random() % 300);
      live(machine, lab.disk, random);
      promised = machine.promised();
      lab.disk.die();
      const bool is_power_lost = random() % 3 != 0;
      if (is_power_lost) lab.disk.lose_power(random);
      lab.disk.revive();
    }
  }
}

TEST_CASE("Under everysec and no a power failure leaves whole units without a gap",
          "[aof][power][seed]") {
  const uint64_t seed = first_seed();
  for (const char* const policy : {"everysec", "no"}) {
    for (uint64_t run = 0; run < 15; ++run) {
      std::mt19937_64 random(seed + run);
      Lab lab;
      for (int life = 0; life < 5; ++life) {
        CAPTURE(seed, policy, run, life);
        LogMachine machine(lab.disk, policy);
        machine.is_off = [&lab] { return lab.disk.is_dead(); };
        REQUIRE(machine.start() == "");
        lab.disk.die_at(1 + random() % 200);
        live(machine, lab.disk, random);
        lab.disk.die();
        lab.disk.lose_power(random);
        lab.disk.revive();
      }
    }
  }
}

TEST_CASE("An increment that was emptied is ours again before anything is written to it",
          "[aof][power]") {
  for (uint64_t run = 0; run < 30; ++run) {
    CAPTURE(run);
    std::mt19937_64 random(run);
    Lab lab;
    REQUIRE(LogMachine(lab.disk, "no").start() == "");
    REQUIRE(cut_file(lab.disk, "appendonlydir/appendonly.aof.1.incr.aof", 0));
    {
      LogMachine machine(lab.disk, "no");
      REQUIRE(machine.start() == "");
      for (int i = 0; i < 5; ++i)
        machine.write(1000);
      machine.turn();
      lab.disk.die();
      lab.disk.lose_power(random);
      lab.disk.revive();
    }
    CHECK(LogMachine(lab.disk, "no").start() == "");
  }
}

TEST_CASE("A disk that lies about syncs is found out: this test can fail", "[aof][power]") {
  uint64_t losses = 0;
  for (uint64_t run = 0; run < 10; ++run) {
    std::mt19937_64 random(run);
    Lab lab;
    uint64_t promised = 0;
    {
      LogMachine machine(lab.disk, "always");
      machine.is_off = [&lab] { return lab.disk.is_dead(); };
      REQUIRE(machine.start() == "");
      lab.disk.lie();
      machine.write();
      REQUIRE(machine.settle());
      promised = machine.promised();
      lab.disk.die();
      lab.disk.lose_power(random);
      lab.disk.revive();
    }
    LogMachine next(lab.disk, "always");
    losses += next.start() != "" || next.units() < promised;
  }
  CHECK(losses > 0);
}

TEST_CASE("Power may fail at each call of a rewrite, and when the log is switched on",
          "[aof][power]") {
  bool was_whole = false;
  for (uint64_t n = 1; n < kMostCalls && !was_whole; ++n) {
    for (uint64_t fate = 0; fate < 6; ++fate) {
      CAPTURE(n, fate);
      std::mt19937_64 random(n * 100 + fate);
      Lab lab;
      const Story story = tell_until(lab.disk, n);
      was_whole = story.is_whole;
      lab.disk.lose_power(random);
      lab.disk.revive();
      LogMachine next(lab.disk, "always");
      REQUIRE(next.start() == "");
      REQUIRE(next.units() >= story.promised);
    }
  }
  CHECK(was_whole);
}

TEST_CASE("A server may be killed at each call of a rewrite, and leaves no file for ever",
          "[aof][power]") {
  bool was_whole = false;
  for (uint64_t n = 1; n < kMostCalls && !was_whole; ++n) {
    CAPTURE(n);
    Lab lab;
    const Story story = tell_until(lab.disk, n);
    was_whole = story.is_whole;
    lab.disk.revive();
    LogMachine next(lab.disk, "always");
    REQUIRE(next.start() == "");
    REQUIRE(next.units() >= story.promised);
    next.begin_rewrite();
    REQUIRE(next.settle());
    CHECK(files_without_name(lab.disk) == "");
  }
  CHECK(was_whole);
}

}  // namespace weir::testing
