// scale-costs: a stream of 100 million entries, a fifth of them pending in one group.
//
// Memory, the time of SAVE and of loading; then each command that is not documented as O(N), many
// times and at random places of the stream: how long it took inside the server (INFO latencystats).
// A round of a command may meet a moment in which the machine gave the core to somebody else; what
// the command itself costs is in every round.  The program fails if a command exceeded kMostUs in
// each of its rounds.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "tests/bench/client_socket.h"
#include "tests/bench/failure.h"
#include "tests/bench/machine.h"
#include "tests/bench/server_process.h"
#include "tests/bench/wait_until.h"

namespace weir::bench {
namespace {

constexpr uint64_t kEntries = 100'000'000;
constexpr uint64_t kFewestEntries = 100'000;  // all that is drawn and removed must be there
constexpr uint64_t kPendingShare = 5;         // one in so many entries is pending
constexpr uint64_t kConsumers = 100;
constexpr uint64_t kPipeline = 1000;
constexpr int kRounds = 3;
constexpr int kTogether = 10;  // requests in a pipeline: long replies do not pile up
constexpr double kMostUs = 1000;
constexpr std::chrono::minutes kPatience{20};

/// The stream "s" of entries 1-0, 2-0 and so on, and its group "g".
class BigStream {
 public:
  BigStream(ServerProcess& server, uint64_t entries)
      : server_(server), fd_(connect_and_ping(server.unix_socket())), entries_(entries) {}

  void fill() {
    for (uint64_t id = 1; id <= entries_; id += kPipeline) {
      std::string requests;
      for (uint64_t i = id; i < id + kPipeline; ++i)
        append_command(requests, {"XADD", "s", std::to_string(i), "f", "sixteen bytes xx"});
      send(std::move(requests));
    }
    send("XGROUP CREATE s g 0\r\n");
    for (uint64_t i = 0; i < pending() / kPipeline; ++i) {
      send("XREADGROUP GROUP g c" + std::to_string(i % kConsumers) + " COUNT " +
           std::to_string(kPipeline) + " STREAMS s >\r\n");
    }
  }

  uint64_t entries() const { return entries_; }
  uint64_t pending() const { return entries_ / kPendingShare; }
  void send(std::string requests) { run_requests(fd_, std::move(requests)); }

  double seconds_of(std::initializer_list<std::string_view> words) {
    const uint64_t begin_ns = now_ns();
    const std::string reply = ask(fd_, words, kPatience);
    if (reply.starts_with('-')) throw Failure(reply);
    return static_cast<double>(now_ns() - begin_ns) / 1e9;
  }

  // --- Words of commands, drawn

  std::string id() { return std::to_string(1 + random_() % entries_); }
  std::string pending_id() { return std::to_string(1 + random_() % pending()); }
  std::string consumer() { return "c" + std::to_string(random_() % kConsumers); }
  std::string ids(int count, bool are_pending) {
    std::string text;
    for (; count > 0; --count)
      text += " " + (are_pending ? pending_id() : id());
    return text;
  }

 private:
  ServerProcess& server_;
  Fd fd_;
  uint64_t entries_;
  std::mt19937_64 random_{20261};
};

struct Measured {
  const char* what;
  const char* command;  // as INFO latencystats names it
  int calls;            // in a round
  std::function<std::string(BigStream&)> request;
  const char* other = nullptr;  // sent behind each call, to make it possible again
};

std::string plain(const char* words) {
  return words;
}

std::vector<Measured> reads() {
  using S = BigStream;
  return {
      {"XLEN", "xlen", 5000, [](S&) { return plain("XLEN s"); }},
      {"XRANGE, 1 entry", "xrange", 5000, [](S& s) { return "XRANGE s " + s.id() + " + COUNT 1"; }},
      {"XRANGE COUNT 100", "xrange", 2000,
       [](S& s) { return "XRANGE s " + s.id() + " + COUNT 100"; }},
      {"XREVRANGE COUNT 100", "xrevrange", 2000,
       [](S& s) { return "XREVRANGE s " + s.id() + " - COUNT 100"; }},
      {"XREAD COUNT 10", "xread", 5000, [](S& s) { return "XREAD COUNT 10 STREAMS s " + s.id(); }},
      {"XPENDING", "xpending", 2000, [](S&) { return plain("XPENDING s g"); }},
      {"XPENDING, 100", "xpending", 2000,
       [](S& s) { return "XPENDING s g " + s.pending_id() + " + 100"; }},
      {"XPENDING, 100 of a consumer", "xpending", 2000,
       [](S& s) { return "XPENDING s g " + s.pending_id() + " + 100 " + s.consumer(); }},
      {"XPENDING IDLE, none", "xpending", 2000,
       [](S& s) { return "XPENDING s g IDLE 86400000 " + s.pending_id() + " + 100"; }},
      {"XINFO STREAM", "xinfo|stream", 2000, [](S&) { return plain("XINFO STREAM s"); }},
      {"XINFO STREAM FULL", "xinfo|stream", 1000, [](S&) { return plain("XINFO STREAM s FULL"); }},
      {"XINFO GROUPS", "xinfo|groups", 2000, [](S&) { return plain("XINFO GROUPS s"); }},
      {"XINFO CONSUMERS", "xinfo|consumers", 2000, [](S&) { return plain("XINFO CONSUMERS s g"); }},
      {"TYPE", "type", 2000, [](S&) { return plain("TYPE s"); }},
      {"OBJECT ENCODING", "object|encoding", 2000, [](S&) { return plain("OBJECT ENCODING s"); }},
      {"MEMORY USAGE", "memory|usage", 2000, [](S&) { return plain("MEMORY USAGE s"); }},
      {"SCAN", "scan", 2000, [](S&) { return plain("SCAN 0"); }},
  };
}

std::vector<Measured> writes() {
  using S = BigStream;
  return {
      // First: later they would walk past entries that were removed while they were pending.
      {"XREADGROUP CLAIM, none", "xreadgroup", 2000,
       [](S& s) {
         return "XREADGROUP GROUP g " + s.consumer() + " COUNT 10 CLAIM 86400000 STREAMS s >";
       }},
      {"XREADGROUP CLAIM, 10", "xreadgroup", 2000,
       [](S& s) { return "XREADGROUP GROUP g " + s.consumer() + " COUNT 10 CLAIM 0 STREAMS s >"; }},
      {"XADD", "xadd", 20000, [](S&) { return plain("XADD s * f v"); }},
      {"XADD MAXLEN", "xadd", 5000,
       [](S& s) { return "XADD s MAXLEN " + std::to_string(s.entries()) + " * f v"; }},
      {"XADD IDMPAUTO", "xadd", 5000, [](S& s) { return "XADD s IDMPAUTO p * f " + s.id(); }},
      {"XDEL", "xdel", 5000, [](S& s) { return "XDEL s " + s.id(); }},
      {"XDEL, 10", "xdel", 2000, [](S& s) { return "XDEL s" + s.ids(10, false); }},
      {"XDELEX ACKED", "xdelex", 5000, [](S& s) { return "XDELEX s ACKED IDS 1 " + s.id(); }},
      {"XDELEX DELREF", "xdelex", 5000, [](S& s) { return "XDELEX s DELREF IDS 1 " + s.id(); }},
      {"XREADGROUP COUNT 10", "xreadgroup", 5000,
       [](S& s) { return "XREADGROUP GROUP g " + s.consumer() + " COUNT 10 STREAMS s >"; }},
      {"XREADGROUP COUNT 100", "xreadgroup", 1000,
       [](S& s) { return "XREADGROUP GROUP g " + s.consumer() + " COUNT 100 STREAMS s >"; }},
      {"XREADGROUP, history of 10", "xreadgroup", 5000,
       [](S& s) {
         return "XREADGROUP GROUP g " + s.consumer() + " COUNT 10 STREAMS s " + s.pending_id();
       }},
      {"XACK", "xack", 5000, [](S& s) { return "XACK s g " + s.pending_id(); }},
      {"XACK, 10", "xack", 2000, [](S& s) { return "XACK s g" + s.ids(10, true); }},
      {"XACKDEL", "xackdel", 5000,
       [](S& s) { return "XACKDEL s g DELREF IDS 1 " + s.pending_id(); }},
      {"XNACK", "xnack", 5000, [](S& s) { return "XNACK s g FAIL IDS 1 " + s.pending_id(); }},
      {"XCLAIM", "xclaim", 5000,
       [](S& s) { return "XCLAIM s g " + s.consumer() + " 0 " + s.pending_id(); }},
      {"XCLAIM, 10", "xclaim", 2000,
       [](S& s) { return "XCLAIM s g " + s.consumer() + " 0" + s.ids(10, true); }},
      {"XAUTOCLAIM COUNT 100", "xautoclaim", 1000,
       [](S& s) { return "XAUTOCLAIM s g " + s.consumer() + " 0 " + s.pending_id(); }},
      {"XAUTOCLAIM, none", "xautoclaim", 2000,
       [](S& s) { return "XAUTOCLAIM s g " + s.consumer() + " 86400000 " + s.pending_id(); }},
      {"XTRIM MAXLEN ~ LIMIT 100", "xtrim", 1000,
       [](S& s) { return "XTRIM s MAXLEN ~ " + std::to_string(s.entries() / 2) + " LIMIT 100"; }},
      {"XTRIM MINID ~", "xtrim", 100,
       [](S& s) { return "XTRIM s MINID ~ " + std::to_string(s.entries() / 2); }},
      {"XSETID", "xsetid", 2000, [](S&) { return plain("XSETID s 9000000000000-0"); }},
      {"XGROUP CREATE", "xgroup|create", 2000, [](S& s) { return "XGROUP CREATE s h " + s.id(); },
       "XGROUP DESTROY s h"},
      {"XGROUP SETID", "xgroup|setid", 2000, [](S& s) { return "XGROUP SETID s h2 " + s.id(); }},
      {"XGROUP CREATECONSUMER", "xgroup|createconsumer", 2000,
       [](S&) { return plain("XGROUP CREATECONSUMER s g new"); }, "XGROUP DELCONSUMER s g new"},
      {"XGROUP DELCONSUMER, idle", "xgroup|delconsumer", 2000,
       [](S&) { return plain("XGROUP DELCONSUMER s g new"); }, "XGROUP CREATECONSUMER s g new"},
      {"EXPIRE", "expire", 2000, [](S&) { return plain("EXPIRE s 100000"); }},
      {"PERSIST", "persist", 2000, [](S&) { return plain("PERSIST s"); }, "EXPIRE s 100000"},
      {"RENAME", "rename", 2000, [](S&) { return plain("RENAME s t"); }, "RENAME t s"},
      {"XGROUP DESTROY", "xgroup|destroy", 1, [](S&) { return plain("XGROUP DESTROY s g"); }},
      {"UNLINK", "unlink", 1, [](S&) { return plain("UNLINK s"); }},
  };
}

/// "p50=1.003,p99.9=2.007,p100=5.023"
double percentile_of(const std::string& text, const std::string& name) {
  const size_t at = text.find(name + "=");
  if (at == std::string::npos) throw Failure("no " + name + " in: " + text);
  return std::strtod(text.c_str() + at + name.size() + 1, nullptr);
}

/// A helper that frees would share the server's core with what is measured.
void wait_until_freed(ServerProcess& server) {
  const auto is_freed = [&] { return server.info("memory", "lazyfree_pending_objects") == "0"; };
  wait_until(is_freed, "what was removed is freed", {.until = kPatience});
}

/// Prints a row; false if the command took too long in each round.
bool measure(ServerProcess& server, BigStream& stream, const Measured& measured) {
  double median = 0;
  double most = 0;
  double least_longest = 1e18;
  double longest = 0;
  const int rounds = measured.calls == 1 ? 1 : kRounds;
  for (int round = 0; round < rounds; ++round) {
    wait_until_freed(server);
    server.command({"CONFIG", "RESETSTAT"});
    for (int sent = 0; sent < measured.calls;) {
      std::string requests;
      for (int i = 0; i < kTogether && sent < measured.calls; ++i, ++sent) {
        requests += measured.request(stream) + "\r\n";
        if (measured.other != nullptr) requests += std::string(measured.other) + "\r\n";
      }
      stream.send(std::move(requests));
    }
    const std::string text =
        server.info("latencystats", "latency_percentiles_usec_" + std::string(measured.command));
    if (round == 0) median = percentile_of(text, "p50");
    most = std::max(most, percentile_of(text, "p99.9"));
    least_longest = std::min(least_longest, percentile_of(text, "p100"));
    longest = std::max(longest, percentile_of(text, "p100"));
  }
  const bool is_good = least_longest <= kMostUs;
  std::printf("%-30s %8d %10.1f %10.1f %12.1f %12.1f%s\n", measured.what, rounds * measured.calls,
              median, most, least_longest, longest, is_good ? "" : "   too long");
  std::fflush(stdout);
  return is_good;
}

void print_memory(ServerProcess& server, const BigStream& stream, uint64_t before) {
  const auto used = static_cast<double>(server.used_memory() - before);
  std::printf("memory: %.2f GB, %.1f B an entry with its share of the PEL; resident %.2f GB\n",
              used / 1e9, used / static_cast<double>(stream.entries()),
              static_cast<double>(server.rss_bytes()) / 1e9);
  std::fflush(stdout);
}

int run(const std::string& program, uint64_t wanted) {
  const uint64_t entries = wanted == 0 ? kEntries : std::max(wanted, kFewestEntries);
  std::printf("machine: %s\n%llu entries, %llu pending, %llu consumers\n",
              describe_machine().c_str(), static_cast<unsigned long long>(entries),
              static_cast<unsigned long long>(entries / kPendingShare),
              static_cast<unsigned long long>(kConsumers));
  const Cores cores = take_cores();
  ServerProcess server(
      {.program = program, .core = cores.server, .max_clients = 100, .allows_debug = true});
  server.command({"CONFIG", "SET", "latency-tracking-info-percentiles", "50 99.9 100"});
  const uint64_t before = server.used_memory();
  BigStream stream(server, entries);
  const uint64_t begin_ns = now_ns();
  stream.fill();
  std::printf("filled in %.0f s\n", static_cast<double>(now_ns() - begin_ns) / 1e9);
  print_memory(server, stream, before);
  const double save_s = stream.seconds_of({"SAVE"});
  const auto bytes = static_cast<double>(std::filesystem::file_size(server.folder() / "dump.rdb"));
  stream.send("FLUSHALL\r\n");
  wait_until_freed(server);
  const double load_s = stream.seconds_of({"DEBUG", "RELOAD", "NOSAVE"});
  std::printf("SAVE %.1f s, %.2f GB; loading %.1f s\n", save_s, bytes / 1e9, load_s);
  print_memory(server, stream, before);

  std::printf("\n%-30s %8s %10s %10s %12s %12s   microseconds in the server\n", "", "calls",
              "median", "99.9 %", "longest of", "longest of");
  std::printf("%-30s %8s %10s %10s %12s %12s\n", "", "", "", "", "best round", "all");
  stream.send("XGROUP CREATE s h2 0\r\n");
  bool is_good = true;
  for (const std::vector<Measured>& family : {reads(), writes()}) {
    for (const Measured& measured : family)
      is_good = measure(server, stream, measured) && is_good;
  }
  return is_good ? 0 : 1;
}

}  // namespace
}  // namespace weir::bench

int main(int argc, char** argv) {
  return weir::bench::run_main(argc, argv, "/path/to/weir-server [entries]", weir::bench::run);
}
