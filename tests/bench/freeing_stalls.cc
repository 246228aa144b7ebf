// freeing-stalls: how long another client waits while a great stream is removed.
//
// A stream of ten million entries, a million of them pending, is made and then removed in each way
// that there is, while this program sends PING after PING.  Beside the longest wait stands the
// longest one of as long a time before, in which nothing was removed: what the machine does by
// itself; and the time that the command took inside the server.
#include <algorithm>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "tests/bench/client_socket.h"
#include "tests/bench/failure.h"
#include "tests/bench/machine.h"
#include "tests/bench/server_process.h"

namespace weir::bench {
namespace {

constexpr uint64_t kEntries = 10'000'000;
constexpr uint64_t kPendingShare = 10;  // one in so many entries is pending
constexpr uint64_t kPipeline = 1000;
constexpr uint64_t kWatchNs = 2'000'000'000;

struct Way {
  const char* name;
  const char* command;  // of INFO commandstats
  std::vector<std::string> words;
};

const std::vector<Way>& ways() {
  static const std::vector<Way> all = {
      {"DEL", "del", {"DEL", "s"}},
      {"UNLINK", "unlink", {"UNLINK", "s"}},
      {"FLUSHALL", "flushall", {"FLUSHALL"}},
      {"FLUSHALL ASYNC", "flushall", {"FLUSHALL", "ASYNC"}},
      {"expiry", "pexpire", {"PEXPIRE", "s", "1"}},
      {"RENAME", "rename", {"RENAME", "small", "s"}},
      {"XGROUP DESTROY", "xgroup|destroy", {"XGROUP", "DESTROY", "s", "g"}},
      {"XGROUP DELCONSUMER", "xgroup|delconsumer", {"XGROUP", "DELCONSUMER", "s", "g", "c0"}},
      {"XTRIM MAXLEN 0", "xtrim", {"XTRIM", "s", "MAXLEN", "0"}},
      {"XTRIM MAXLEN 1000", "xtrim", {"XTRIM", "s", "MAXLEN", "1000"}},
      {"XTRIM DELREF", "xtrim", {"XTRIM", "s", "MAXLEN", "0", "DELREF"}},
  };
  return all;
}

void fill(const Fd& fd, uint64_t entries) {
  run_requests(fd, "FLUSHALL\r\nXADD small 1-0 f v\r\n");
  for (uint64_t id = 1; id <= entries; id += kPipeline) {
    std::string requests;
    for (uint64_t i = id; i < id + kPipeline; ++i)
      append_command(requests, {"XADD", "s", std::to_string(i), "f", "sixteen bytes xx"});
    run_requests(fd, std::move(requests));
  }
  run_requests(fd, "XGROUP CREATE s g 0\r\n");
  for (uint64_t i = 0; i < entries / kPendingShare; i += kPipeline) {
    run_requests(fd, "XREADGROUP GROUP g c" + std::to_string(i / kPipeline % 10) + " COUNT " +
                         std::to_string(kPipeline) + " STREAMS s >\r\n");
  }
}

/// Pings until the time is over; the waits in microseconds, in ascending order.
std::vector<double> waits_until(const Fd& fd, uint64_t end_ns) {
  std::vector<double> waits;
  for (uint64_t sent_ns = now_ns(); sent_ns < end_ns; sent_ns = now_ns()) {
    ask(fd, {"PING"});
    waits.push_back(static_cast<double>(now_ns() - sent_ns) / 1000);
  }
  std::sort(waits.begin(), waits.end());
  return waits;
}

/// Microseconds that the last call of a command took; the statistics were reset before.
std::string time_of(ServerProcess& server, const std::string& command) {
  const std::string field = server.info("commandstats", "cmdstat_" + command);
  const size_t at = field.find("usec=");
  return at == std::string::npos ? "-" : field.substr(at + 5, field.find(',', at) - at - 5);
}

void measure(ServerProcess& server, const Way& way, uint64_t entries) {
  const Fd remover = connect_and_ping(server.unix_socket());
  const Fd pinger = connect_and_ping(server.unix_socket());
  fill(remover, entries);
  const std::vector<double> before = waits_until(pinger, now_ns() + kWatchNs);
  server.command({"CONFIG", "RESETSTAT"});
  std::string request;
  append_command(request, way.words);
  const uint64_t end_ns = now_ns() + kWatchNs;
  std::thread thread([&] { run_requests(remover, request); });
  const std::vector<double> during = waits_until(pinger, end_ns);
  thread.join();
  std::printf("%-18s %10s %12.0f %12.0f %12.0f %14.0f\n", way.name,
              time_of(server, way.command).c_str(), during[during.size() / 2],
              during[during.size() * 999 / 1000], during.back(), before.back());
  std::fflush(stdout);
}

int run(const std::string& program, uint64_t wanted) {
  const uint64_t entries = wanted == 0 ? kEntries : wanted;
  std::printf("machine: %s\n%llu entries, %llu pending; microseconds\n\n",
              describe_machine().c_str(), static_cast<unsigned long long>(entries),
              static_cast<unsigned long long>(entries / kPendingShare));
  std::printf("%-18s %10s %12s %12s %12s %14s\n", "", "command", "ping median", "ping 99.9 %",
              "ping longest", "longest before");
  const Cores cores = take_cores();
  ServerProcess server({.program = program, .core = cores.server, .max_clients = 100});
  for (const Way& way : ways())
    measure(server, way, entries);
  return 0;
}

}  // namespace
}  // namespace weir::bench

int main(int argc, char** argv) {
  return weir::bench::run_main(argc, argv, "/path/to/weir-server [entries]", weir::bench::run);
}
