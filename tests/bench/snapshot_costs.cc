// snapshot-costs: what a snapshot takes, and who waits for it.
//
// For each content: the seconds that SAVE and loading take, and the bytes of the file for each
// entry.  Then snapshots in the background while one client writes to a hundred streams and another
// sends PING after PING: the longest of their waits at a steady load, beside the longest of a
// second of that load without a snapshot, and while the writer writes as fast as it can, which
// leaves the snapshot no core of its own; and the memory beyond what the writes themselves need.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "persistence/helper_thread.h"
#include "tests/bench/client_socket.h"
#include "tests/bench/failure.h"
#include "tests/bench/machine.h"
#include "tests/bench/server_process.h"

namespace weir::bench {
namespace {

constexpr uint64_t kMegabytes = 256;
constexpr uint64_t kStreams = 100;
constexpr uint64_t kPipeline = 500;
constexpr uint64_t kMegabyte = 1 << 20;
constexpr uint64_t kEntriesPerWrite = 50;
/// Of a steady load: 50,000 entries a second.
constexpr std::chrono::milliseconds kSteadyInterval{1};
/// Between two looks at the server's memory: each takes some of its time.
constexpr std::chrono::milliseconds kSampleInterval{20};
/// What SAVE and loading of many gibibytes may take.
constexpr std::chrono::minutes kPatience{10};

struct Content {
  const char* name;
  size_t fields;
  size_t value_bytes;
  bool is_pending;
  uint64_t bytes_per_entry;  // of memory, about: to know how many make so many megabytes
};

constexpr Content kContents[] = {
    {"1f16", 1, 16, false, 30},
    {"5f20", 5, 20, false, 120},
    {"1KB", 1, 1024, false, 1070},
    {"1f16, all pending", 1, 16, true, 46},
};

std::string stream_name(uint64_t number) {
  return "stream:" + std::to_string(number % kStreams);
}

/// Text that nothing packs well, as most payloads.
std::string value_of(size_t bytes, uint64_t& state) {
  std::string value(bytes, ' ');
  for (char& c : value) {
    state = state * 6364136223846793005 + 1442695040888963407;
    c = static_cast<char>('0' + (state >> 58));
  }
  return value;
}

void append_entry(std::string& requests, const std::string& stream, const Content& content,
                  uint64_t& state) {
  std::vector<std::string> words = {"XADD", stream, "*"};
  for (size_t i = 0; i < content.fields; ++i) {
    words.push_back("field" + std::to_string(i));
    words.push_back(value_of(content.value_bytes, state));
  }
  append_command(requests, std::span<const std::string>(words));
}

uint64_t fill(const Fd& fd, const Content& content, uint64_t megabytes) {
  const uint64_t entries = megabytes * kMegabyte / content.bytes_per_entry;
  uint64_t state = 1;
  run_requests(fd, "FLUSHALL\r\n");
  for (uint64_t done = 0; done < entries; done += kPipeline) {
    std::string requests;
    const std::string stream = stream_name(done / kPipeline);
    for (uint64_t i = 0; i < kPipeline; ++i)
      append_entry(requests, stream, content, state);
    run_requests(fd, std::move(requests));
  }
  for (uint64_t stream = 0; content.is_pending && stream < kStreams; ++stream) {
    const std::string name = stream_name(stream);
    run_requests(fd, "XGROUP CREATE " + name + " g 0\r\n");
    const uint64_t portions = entries / kStreams / kPipeline + 1;
    for (uint64_t i = 0; i < portions; ++i) {
      run_requests(fd, "XREADGROUP GROUP g c" + std::to_string(i % 10) + " COUNT " +
                           std::to_string(kPipeline) + " STREAMS " + name + " >\r\n");
    }
  }
  return entries;
}

double seconds_of(const Fd& fd, std::initializer_list<std::string_view> words) {
  const uint64_t begin_ns = now_ns();
  const std::string reply = ask(fd, words, kPatience);
  if (reply.starts_with('-')) throw Failure(reply);
  return static_cast<double>(now_ns() - begin_ns) / 1e9;
}

struct Load {
  std::vector<double> waits_ms;  // of PING, ascending
  uint64_t written = 0;          // entries
  uint64_t most_memory = 0;
};

bool is_saving(ServerProcess& server) {
  return server.info("persistence", "rdb_bgsave_in_progress") == "1";
}

enum class Haste { kSteady, kAsFastAsItCan };

/// Writes and pings until `is_over` says so.
template <class IsOver>
Load under_load(ServerProcess& server, const Content& content, Haste haste, IsOver is_over) {
  Load load;
  std::atomic<bool> ends = false;
  std::thread writer([&] {
    const Fd fd = connect_and_ping(server.unix_socket());
    uint64_t state = 7;
    auto next = std::chrono::steady_clock::now();
    while (!ends) {
      std::string requests;
      for (uint64_t i = 0; i < kEntriesPerWrite; ++i, ++load.written)
        append_entry(requests, stream_name(load.written), content, state);
      run_requests(fd, std::move(requests));
      next += kSteadyInterval;
      if (haste == Haste::kSteady) std::this_thread::sleep_until(next);
    }
  });
  // Prompt, so that what it waits for is the server, not the writer on its own core.
  IoResult<std::thread> pinger = start_helper(Niceness::kNone, [&] {
    const Fd fd = connect_and_ping(server.unix_socket());
    while (!ends) {
      const uint64_t sent_ns = now_ns();
      ask(fd, {"PING"});
      load.waits_ms.push_back(static_cast<double>(now_ns() - sent_ns) / 1e6);
    }
  });
  while (!is_over()) {
    load.most_memory = std::max(load.most_memory, server.used_memory());
    std::this_thread::sleep_for(kSampleInterval);
  }
  ends = true;
  writer.join();
  pinger.value().join();
  std::sort(load.waits_ms.begin(), load.waits_ms.end());
  return load;
}

double longest(const Load& load) {
  return load.waits_ms.empty() ? 0 : load.waits_ms.back();
}

void measure(ServerProcess& server, const Content& content, uint64_t megabytes) {
  const Fd fd = connect_and_ping(server.unix_socket());
  const uint64_t entries = fill(fd, content, megabytes);
  const double save_s = seconds_of(fd, {"SAVE"});
  const auto bytes = static_cast<double>(std::filesystem::file_size(server.folder() / "dump.rdb"));
  run_requests(fd, "FLUSHALL\r\n");
  const double load_s = seconds_of(fd, {"DEBUG", "RELOAD", "NOSAVE"});

  const uint64_t quiet_until_ns = now_ns() + 1'000'000'000;
  const Load quiet =
      under_load(server, content, Haste::kSteady, [&] { return now_ns() > quiet_until_ns; });
  const auto while_saving = [&](Haste haste) {
    ask(fd, {"BGSAVE"});
    return under_load(server, content, haste, [&] { return !is_saving(server); });
  };
  const Load steady = while_saving(Haste::kSteady);
  const uint64_t before = server.used_memory();
  const uint64_t begin_ns = now_ns();
  const Load hasty = while_saving(Haste::kAsFastAsItCan);
  const double background_s = static_cast<double>(now_ns() - begin_ns) / 1e9;
  const auto after = static_cast<double>(std::max(before, server.used_memory()));
  const double extra = static_cast<double>(hasty.most_memory) - after;
  std::printf("%-18s %9.1f %8.2f %8.2f %8.1f %9.2f %9.2f %9.2f %8.2f %8.0f %8.1f\n", content.name,
              static_cast<double>(entries) / 1e6, save_s, load_s,
              bytes / static_cast<double>(entries), longest(quiet), longest(steady), longest(hasty),
              background_s, static_cast<double>(hasty.written) / background_s / 1000,
              std::max(0.0, extra) / kMegabyte);
  std::fflush(stdout);
}

int run(const std::string& program, uint64_t wanted) {
  const uint64_t megabytes = wanted == 0 ? kMegabytes : wanted;
  std::printf("machine: %s\n%s: %llu MiB in %llu streams\n\n", describe_machine().c_str(),
              program.c_str(), static_cast<unsigned long long>(megabytes),
              static_cast<unsigned long long>(kStreams));
  std::printf("%-18s %9s %8s %8s %8s %9s %9s %9s %8s %8s %8s\n", "", "million", "SAVE", "load",
              "bytes/", "ping, ms:", "steady,", "as fast", "BGSAVE", "written", "extra");
  std::printf("%-18s %9s %8s %8s %8s %9s %9s %9s %8s %8s %8s\n", "", "entries", "s", "s", "entry",
              "steady", "saving", "as it can", "s", "k/s", "MiB");
  const Cores cores = take_cores();
  static_cast<void>(cores);
  ServerProcess server({.program = program, .max_clients = 100, .allows_debug = true});
  for (const Content& content : kContents)
    measure(server, content, megabytes);
  return 0;
}

}  // namespace
}  // namespace weir::bench

int main(int argc, char** argv) {
  return weir::bench::run_main(argc, argv, "/path/to/server [MiB of memory, 256]",
                               weir::bench::run);
}
