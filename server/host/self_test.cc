#include "server/host/self_test.h"

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>

#include <sys/resource.h>

#include "persistence/file.h"
#include "server/host/memory.h"

namespace weir {
namespace {

/// What a default configuration wants: tcp-backlog, and files for maxclients and the server's own.
constexpr long kWantedBacklog = 511;
constexpr rlim_t kWantedFiles = 10032;

std::string first_line(const std::string& path) {
  const IoResult<std::string> text = read_all(real_files(), path);
  return text ? text->substr(0, text->find('\n')) : std::string();
}

void ask(SystemReport& report, const std::string& question, bool is_fine,
         const std::string& warning) {
  report.text += "[" + question + "]..." + (is_fine ? "OK\n" : "WARNING:\n" + warning + "\n\n");
  report.is_fine = report.is_fine && is_fine;
}

/// Clocks that are read without asking the kernel.
bool is_fast_clock(const std::string& name) {
  return name.empty() || name == "tsc" || name == "kvm-clock" || name == "arch_sys_counter" ||
         name.starts_with("hyperv");
}

}  // namespace

SystemReport check_system(const std::string& root) {
  SystemReport report;
  const std::string clock =
      first_line(root + "/sys/devices/system/clocksource/clocksource0/current_clocksource");
  ask(report, "slow-clocksource", is_fast_clock(clock),
      "Reading the clock '" + clock +
          "' asks the kernel each time. Choose tsc: echo tsc > "
          "/sys/devices/system/clocksource/clocksource0/current_clocksource");
  ask(report, "overcommit", first_line(root + "/proc/sys/vm/overcommit_memory") != "2",
      "The kernel refuses memory that is not there yet (vm.overcommit_memory is 2), and a server "
      "that is refused memory stops. Set it to 0 or 1.");
  const std::string huge_pages = first_line(root + "/sys/kernel/mm/transparent_hugepage/enabled");
  ask(report, "THP", huge_pages.find("[always]") == std::string::npos,
      "Transparent huge pages are always on: the process takes more memory than it uses. Choose "
      "madvise: echo madvise > /sys/kernel/mm/transparent_hugepage/enabled");
  const std::string backlog = first_line(root + "/proc/sys/net/core/somaxconn");
  ask(report, "backlog",
      backlog.empty() || std::strtol(backlog.c_str(), nullptr, 10) >= kWantedBacklog,
      "Only " + backlog +
          " connections may wait to be accepted (net.core.somaxconn); tcp-backlog "
          "wants 511.");
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  ask(report, "open-files", files.rlim_max >= kWantedFiles,
      "The limit of open files allows fewer than the 10000 clients of maxclients: raise it with "
      "ulimit -n or LimitNOFILE=.");
  return report;
}

bool test_memory(size_t megabytes) {
  constexpr int kRounds = 4;
  if (megabytes > machine_bytes() >> 20) return false;
  const size_t words = megabytes * ((size_t{1} << 20) / sizeof(uint64_t));
  const std::unique_ptr<uint64_t[]> memory(new (std::nothrow) uint64_t[words]);
  if (memory == nullptr) return false;
  for (int round = 0; round < kRounds; ++round) {
    // Each word has its own pattern, and every bit is once 0 and once 1 over two rounds.
    const uint64_t mask = round % 2 == 0 ? 0 : UINT64_MAX;
    const auto pattern = [mask, round](size_t at) {
      return (at + static_cast<size_t>(round / 2)) * 0x9e3779b97f4a7c15ULL ^ mask;
    };
    auto* const place = static_cast<volatile uint64_t*>(memory.get());
    for (size_t at = 0; at < words; ++at)
      place[at] = pattern(at);
    for (size_t at = 0; at < words; ++at) {
      if (place[at] != pattern(at)) return false;
    }
  }
  return true;
}

}  // namespace weir
