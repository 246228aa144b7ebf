#include "tests/bench/machine.h"

#include <algorithm>
#include <ctime>
#include <fstream>
#include <thread>

#include <sched.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>
namespace weir::bench {
namespace {

/// Of all cores since boot, neither idle nor waiting for a disk.
double busy_seconds() {
  std::ifstream stat("/proc/stat");
  std::string cpu;
  double user = 0, nice = 0, system = 0, idle = 0, io_wait = 0, irq = 0, soft_irq = 0, steal = 0;
  stat >> cpu >> user >> nice >> system >> idle >> io_wait >> irq >> soft_irq >> steal;
  const auto ticks_per_s = static_cast<double>(sysconf(_SC_CLK_TCK));
  return (user + nice + system + irq + soft_irq + steal) / ticks_per_s;
}

/// Of this process and of its children that have been reaped.
double own_seconds() {
  double sum_s = 0;
  for (const auto who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
    rusage usage{};
    getrusage(who, &usage);
    for (const timeval& time : {usage.ru_utime, usage.ru_stime}) {
      sum_s += static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    }
  }
  return sum_s;
}

}  // namespace

ForeignLoad::ForeignLoad()
    : busy_s_(busy_seconds()), ours_s_(own_seconds()), started_ns_(now_ns()) {}

double ForeignLoad::share() const {
  const double others_s = (busy_seconds() - busy_s_) - (own_seconds() - ours_s_);
  const double cores_s = static_cast<double>(now_ns() - started_ns_) / 1e9 *
                         static_cast<double>(std::thread::hardware_concurrency());
  return std::clamp(others_s / cores_s, 0.0, 1.0);
}

Cores take_cores() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  sched_getaffinity(0, sizeof allowed, &allowed);
  Cores cores;
  for (int core = 0; core < CPU_SETSIZE && cores.client < 0; ++core) {
    if (!CPU_ISSET(core, &allowed)) continue;
    (cores.server < 0 ? cores.server : cores.client) = core;
  }
  if (cores.client < 0) return {};
  pin_to(cores.client);
  return cores;
}

void pin_to(int core) {
  if (core < 0) return;
  cpu_set_t only;
  CPU_ZERO(&only);
  CPU_SET(core, &only);
  sched_setaffinity(0, sizeof only, &only);
}

size_t raise_file_limit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

uint64_t now_ns() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(time.tv_nsec);
}

std::string describe_machine() {
  std::string model = "unknown CPU";
  std::ifstream cpus("/proc/cpuinfo");
  for (std::string line; std::getline(cpus, line);) {
    if (line.starts_with("model name")) {
      model = line.substr(line.find(':') + 2);
      break;
    }
  }
  utsname kernel{};
  uname(&kernel);
  return model + ", " + std::to_string(std::thread::hardware_concurrency()) + " cores, " +
         kernel.sysname + " " + kernel.release;
}

}  // namespace weir::bench
