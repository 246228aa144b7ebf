// Every call of the file door fails in turn, once or for good, while the log is begun, written,
// rewritten, switched off and on, and loaded: nothing that was promised is lost, and it works again
// when the disk does.
#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <utility>

#include <catch2/catch.hpp>

#include "tests/support/faulty_file.h"
#include "tests/support/forgetful_disk.h"
#include "tests/support/log_machine.h"
#include "tests/support/patience.h"
#include "tests/support/temp_folder.h"
#include "tests/support/text_file.h"

namespace weir::testing {
namespace {

constexpr int kNever = 1'000'000;

struct Lab {
  WorkingFolder folder;
  ForgetfulDisk quick{folder.path()};  // needs no time for a sync
  FaultyFileSystem disk{quick};
};

struct Fault {
  int errno_value;
  bool stays;
  size_t most_bytes_per_write;
};

constexpr Fault kFaults[] = {{EIO, false, 0}, {ENOSPC, false, 3000}, {ENOSPC, true, 3000}};

void let_fail(FaultyFileSystem& disk, int n, const Fault& fault) {
  disk.shorten_writes(fault.most_bytes_per_write);
  fault.stays ? disk.fail_from_call(n, fault.errno_value) : disk.fail_call(n, fault.errno_value);
}

void heal(FaultyFileSystem& disk) {
  disk.shorten_writes(0);
  disk.fail_call(kNever, EIO);
}

/// Units that a new server finds.
uint64_t units_found(Lab& lab) {
  LogMachine next(lab.disk, "no");
  REQUIRE(next.start() == "");
  return next.units();
}

struct FailingStart {
  std::string why;  // empty: the server started
  bool was_whole;   // there was no n-th call
  uint64_t units;   // found
};

/// Starts a server whose n-th call of the file door fails, and ends it.
FailingStart start_failing(Lab& lab, int n, int errno_value) {
  LogMachine machine(lab.disk, "no");
  lab.disk.fail_call(n, errno_value);
  std::string why = machine.start();
  const bool was_whole = !lab.disk.has_failed();
  heal(lab.disk);
  return {.why = std::move(why), .was_whole = was_whole, .units = machine.units()};
}

std::string last_increment() {
  std::string last;
  for (const auto& entry : std::filesystem::directory_iterator("appendonlydir")) {
    const std::string path = entry.path();
    if (path.ends_with(".incr.aof")) last = std::max(last, path);
  }
  return last;
}

/// As a log has it.
std::string unit(int number) {
  std::string text = "*1\r\n$5\r\nMULTI\r\n";
  for (const char key : {'s', 't'}) {
    text += "*5\r\n$4\r\nXADD\r\n$1\r\n";
    text += key;
    text += "\r\n$3\r\n";
    text += std::to_string(number);
    text += "-0\r\n$1\r\nf\r\n$1\r\nv\r\n";
  }
  text += "*1\r\n$4\r\nEXEC\r\n";
  return text;
}

}  // namespace

TEST_CASE("Every call that fails while the log is kept costs nothing that was written",
          "[aof][faults]") {
  for (const Fault& fault : kFaults) {
    bool was_whole = false;
    for (int n = 1; n < 400 && !was_whole; ++n) {
      CAPTURE(n, fault.errno_value, fault.stays);
      Lab lab;
      uint64_t written = 0;
      {
        LogMachine machine(lab.disk, "no");
        REQUIRE(machine.start() == "");
        let_fail(lab.disk, n, fault);
        machine.is_off = [&] { return lab.disk.has_failed() && fault.stays; };
        machine.tell_story();
        was_whole = !lab.disk.has_failed();
        heal(lab.disk);
        machine.is_off = [] { return false; };
        REQUIRE_FALSE(machine.is_fatal());
        if (!machine.log().is_on()) REQUIRE(machine.switch_on());
        REQUIRE(machine.settle());
        machine.write();
        REQUIRE(machine.settle());
        written = machine.units();
      }
      REQUIRE(units_found(lab) == written);
    }
    CHECK(was_whole);
  }
}

TEST_CASE("Under always every call that fails costs nothing that was promised", "[aof][faults]") {
  for (const Fault& fault : kFaults) {
    bool was_whole = false;
    for (int n = 1; n < 400 && !was_whole; ++n) {
      CAPTURE(n, fault.errno_value, fault.stays);
      Lab lab;
      uint64_t promised = 0;
      {
        LogMachine machine(lab.disk, "always");
        REQUIRE(machine.start() == "");
        let_fail(lab.disk, n, {fault.errno_value, fault.stays, 0});  // filler would be many calls
        machine.is_off = [&] { return lab.disk.has_failed() && fault.stays; };
        machine.tell_story();
        was_whole = !lab.disk.has_failed();
        promised = machine.promised();
        heal(lab.disk);
      }
      REQUIRE(units_found(lab) >= promised);
    }
    CHECK(was_whole);
  }
}

TEST_CASE("Every call that fails at a start is told, or costs nothing; the next start has all",
          "[aof][faults]") {
  for (const char* const policy : {"no", "always"}) {
    for (const bool is_killed : {false, true}) {
      Lab lab;
      uint64_t written = 0;
      {
        LogMachine machine(lab.disk, policy);
        REQUIRE(machine.start() == "");
        machine.tell_story();
        written = machine.units();
        if (!is_killed) machine.log().end();
      }
      bool was_whole = false;
      for (int n = 1; n < 400 && !was_whole; ++n) {
        CAPTURE(policy, is_killed, n);
        {
          LogMachine machine(lab.disk, policy);
          lab.disk.fail_call(n, EIO);
          const std::string why = machine.start();
          was_whole = !lab.disk.has_failed();
          heal(lab.disk);
          if (why.empty()) CHECK(machine.units() == written);
          CHECK((was_whole || !why.empty() || machine.settle()));
        }
        REQUIRE(units_found(lab) == written);
      }
      CHECK(was_whole);
    }
  }
}

TEST_CASE("Every call that fails at the first start of all is told, and the next one works",
          "[aof][faults]") {
  bool was_whole = false;
  for (int n = 1; n < 100 && !was_whole; ++n) {
    CAPTURE(n);
    Lab lab;
    was_whole = start_failing(lab, n, ENOSPC).was_whole;
    LogMachine next(lab.disk, "no");
    REQUIRE(next.start() == "");
    next.write();
    REQUIRE(next.settle());
  }
  CHECK(was_whole);
}

TEST_CASE("Every call that fails while a torn end is cut off is told, or costs nothing",
          "[aof][faults]") {
  Lab lab;
  {
    LogMachine machine(lab.disk, "no");
    REQUIRE(machine.start() == "");
    machine.tell_story();
    machine.log().end();
  }
  const std::string path = last_increment();
  const uint64_t units = units_found(lab);
  bool was_whole = false;
  bool was_told = false;
  for (int n = 1; n < 400 && !was_whole; ++n) {
    CAPTURE(n);
    const auto bytes = std::filesystem::file_size(path);
    std::ofstream(path, std::ios::app) << "*3\r\n$4\r\nXADD\r\n$1";
    const FailingStart start = start_failing(lab, n, EIO);
    was_whole = start.was_whole;
    was_told |= start.why.starts_with("Error truncating the AOF file ");
    if (start.why.empty()) CHECK(start.units == units);
    REQUIRE(units_found(lab) == units);
    std::filesystem::resize_file(path, std::min(std::filesystem::file_size(path), bytes));
  }
  CHECK(was_whole);
  CHECK(was_told);
}

TEST_CASE(
    "Every call that fails while what follows a torn file is emptied is told, or costs nothing",
    "[aof][faults]") {
  bool was_whole = false;
  bool was_told = false;
  for (int n = 1; n < 400 && !was_whole; ++n) {
    CAPTURE(n);
    Lab lab;
    {
      LogMachine machine(lab.disk, "no");
      REQUIRE(machine.start() == "");
      machine.write();
      machine.turn();
      machine.write();
      machine.turn();
      REQUIRE(machine.log().rotate());  // into a file that says of nothing that it was synced
    }
    const std::string first = "appendonlydir/appendonly.aof.1.incr.aof";
    std::filesystem::resize_file(first, std::filesystem::file_size(first) - 100);
    const FailingStart start = start_failing(lab, n, EIO);
    was_whole = start.was_whole;
    was_told |= !start.why.empty();
    if (start.why.empty()) CHECK(start.units == 1);
    REQUIRE(units_found(lab) == 1);
  }
  CHECK(was_whole);
  CHECK(was_told);
}

TEST_CASE(
    "That a file of the log ends too soon is not missed since a call failed that would tell it",
    "[aof][faults]") {
  bool was_whole = false;
  bool was_told = false;
  for (int n = 1; n < 400 && !was_whole; ++n) {
    CAPTURE(n);
    Lab lab;
    const std::string first = "appendonlydir/appendonly.aof.1.incr.aof";
    uintmax_t bytes = 0;
    {
      LogMachine machine(lab.disk, "no");
      REQUIRE(machine.start() == "");
      machine.write();
      machine.turn();
      bytes = std::filesystem::file_size(first);
      machine.write();
      machine.turn();
      REQUIRE(machine.log().rotate());
      REQUIRE(machine.settle());  // so that what follows was not lost with the end before it
      machine.write();
      machine.turn();
    }
    std::filesystem::resize_file(first, bytes);
    const FailingStart start = start_failing(lab, n, EIO);
    was_whole = start.was_whole;
    was_told |=
        start.why.starts_with("Unrecoverable error reading the append only file appendonly.aof.2");
    if (start.why.empty()) CHECK(start.units == 1);
    CHECK_FALSE(start.why.starts_with("a gap"));
  }
  CHECK(was_whole);
  CHECK(was_told);
}

TEST_CASE("An end that makes no sense is cut off where it is shorter than told", "[aof]") {
  const std::string sense = unit(1) + unit(2) + "*1\r\n$5\r\nMULTI\r\n";
  const std::string nonsense = "*1\r\nnonsense\r\n";
  const auto started_with = [&](size_t most_bytes) {
    Lab lab;
    std::ofstream("appendonly.aof") << sense << nonsense;
    LogMachine machine(lab.disk, "no");
    machine.stage().configure("aof-load-corrupt-tail-max-size", std::to_string(most_bytes).c_str());
    const std::string why = machine.start();
    return why.empty() ? std::to_string(machine.units()) + " units" : why.substr(0, 15);
  };
  CHECK(started_with(0) == "Bad file format");
  CHECK(started_with(nonsense.size()) == "Bad file format");
  CHECK(started_with(nonsense.size() + 1) == "2 units");
}

TEST_CASE("A start that is stopped while a base is loaded says so", "[aof]") {
  Lab lab;
  {
    LogMachine machine(lab.disk, "no");
    REQUIRE(machine.start() == "");
    machine.write();
    machine.begin_rewrite();
    REQUIRE(machine.settle());
  }
  LogMachine machine(lab.disk, "no");
  machine.stage().context().loader.look_after_clients = [] { return false; };
  CHECK(machine.start() == "Loading was stopped.");
}

TEST_CASE(
    "Every call that fails while an old-style log is taken over is told; the next start has it",
    "[aof][faults]") {
  bool was_whole = false;
  bool was_told = false;
  for (int n = 1; n < 100 && !was_whole; ++n) {
    CAPTURE(n);
    Lab lab;
    std::ofstream("appendonly.aof") << unit(1) << unit(2);
    const FailingStart start = start_failing(lab, n, ENOSPC);
    was_whole = start.was_whole;
    was_told |=
        start.why.starts_with("Error trying to migrate the old-style AOF file appendonly.aof");
    if (start.why.empty()) CHECK(start.units == 2);
    REQUIRE(units_found(lab) == 2);
  }
  CHECK(was_whole);
  CHECK(was_told);
}

TEST_CASE("A manifest that is damaged stays as it is when the log is switched on, or rewritten",
          "[aof]") {
  const std::string path = "appendonlydir/appendonly.aof.manifest";
  Lab lab;
  LogMachine machine(lab.disk, "no");
  REQUIRE(machine.start() == "");
  machine.write();
  machine.switch_off();
  write_text(path, "nonsense\n");
  CHECK(machine.log().begin_aside() ==
        "Can't begin the append-only file: understand line 1 (Invalid AOF manifest file format) of "
        "'" +
            path + "'");
  CHECK_FALSE(machine.log().is_on());
  CHECK_FALSE(machine.rewriter().begin());
  CHECK(read_text(path) == "nonsense\n");
}

TEST_CASE("A sync that failed is healed by a base of a later moment only", "[aof][faults]") {
  Lab lab;
  LogMachine machine(lab.disk, "everysec");
  AppendLog& log = machine.log();
  const auto set_policy = [&](const char* policy) {
    machine.stage().configure("appendfsync", policy);
    log.policy_changed();
  };
  const auto has_synced = [&] { return !log.is_syncing(); };
  REQUIRE(machine.start() == "");
  REQUIRE(log.rotate());
  REQUIRE(wait_until(has_synced));
  machine.write();
  machine.turn();
  REQUIRE(wait_until(has_synced));
  machine.write();
  machine.turn();
  lab.disk.fail_from_call(1, EIO);
  set_policy("always");  // a sync at once
  REQUIRE(wait_until(has_synced));
  heal(lab.disk);
  set_policy("everysec");
  log.look_at_syncs();
  REQUIRE(log.needs_rewrite());

  REQUIRE(log.files().write_base(log.next_base_path()));
  REQUIRE(log.commit_base(0));
  CHECK(log.needs_rewrite());
  CHECK(log.refusal() == "MISCONF Errors writing to the AOF file: Input/output error");

  REQUIRE(log.rotate());
  REQUIRE(log.files().write_base(log.next_base_path()));
  REQUIRE(log.commit_base(0));
  CHECK_FALSE(log.needs_rewrite());
  CHECK(log.refusal().empty());
  CHECK(log.durable_offset() == machine.stage().propagation().offset());
}

TEST_CASE("A failed sync of what was kept aside stands in the way of no later base",
          "[aof][faults]") {
  Lab lab;
  LogMachine machine(lab.disk, "everysec");
  AppendLog& log = machine.log();
  REQUIRE(machine.start() == "");
  machine.switch_off();
  REQUIRE(log.begin_aside() == "");
  lab.disk.fail_from_call(2, EIO);  // the batch is written, nothing reaches the disk
  machine.write();
  machine.turn();
  REQUIRE(wait_until([&] {
    log.look_at_syncs();
    return log.needs_rewrite();
  }));
  machine.stage().configure("appendfsync", "always");
  heal(lab.disk);
  log.policy_changed();
  REQUIRE(log.rotate());
  REQUIRE(log.files().write_base(log.next_base_path()));
  machine.stage()("XADD s 5-0 f v");  // behind the moment of the base
  lab.disk.fail_from_call(2, EIO);
  CHECK_FALSE(log.commit_base(0));
  CHECK(log.is_aside());
  heal(lab.disk);

  REQUIRE(log.rotate());
  REQUIRE(log.files().write_base(log.next_base_path()));
  CHECK(log.commit_base(0));
  CHECK_FALSE(log.is_aside());
  CHECK(log.refusal() == "");
  CHECK(log.durable_offset() == machine.stage().propagation().offset());
}

}  // namespace weir::testing
