// MEMORY: what memory is used for.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <string_view>

#include <catch2/catch.hpp>
#include <sys/resource.h>

#include "tests/server/watching.h"
#include "tests/support/test_server.h"
#include "tests/support/text_file.h"

namespace weir::testing {
namespace {

namespace fs = std::filesystem;

/// Whether the server has a thread of that name.
bool has_thread(const TestServer& server, std::string_view name) {
  for (const fs::directory_entry& thread :
       fs::directory_iterator("/proc/" + std::to_string(server.pid()) + "/task")) {
    std::string found;
    if (std::getline(std::ifstream(thread.path() / "comm"), found) && found == name) return true;
  }
  return false;
}

/// A variable for the servers that are started while this lives.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) { setenv(name, value, 1); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;
  ~Variable() { unsetenv(name_); }

 private:
  const char* name_;
};

}  // namespace

TEST_CASE("MEMORY STATS has every field once, and those of used databases", "[memory]") {
  TestServer server;
  Redis redis = server.connect();
  redis("SELECT", 3);
  redis("XADD", "s", "1-0", "f", "v");
  const Shown stats = redis("MEMORY", "STATS");
  std::string rest = stats.text;
  for (const char* name : {"peak.allocated",
                           "total.allocated",
                           "startup.allocated",
                           "replication.backlog",
                           "clients.slaves",
                           "clients.normal",
                           "cluster.links",
                           "aof.buffer",
                           "lua.caches",
                           "functions.caches",
                           "db.3",
                           "overhead.hashtable.main",
                           "overhead.hashtable.expires",
                           "overhead.db.hashtable.lut",
                           "overhead.db.hashtable.rehashing",
                           "db.dict.rehashing.count",
                           "overhead.total",
                           "keys.count",
                           "keys.bytes-per-key",
                           "dataset.bytes",
                           "dataset.percentage",
                           "peak.percentage",
                           "allocator.allocated",
                           "allocator.active",
                           "allocator.resident",
                           "allocator.muzzy",
                           "allocator-fragmentation.ratio",
                           "allocator-fragmentation.bytes",
                           "allocator-rss.ratio",
                           "allocator-rss.bytes",
                           "rss-overhead.ratio",
                           "rss-overhead.bytes",
                           "fragmentation",
                           "fragmentation.bytes"}) {
    CAPTURE(name);
    const size_t at = rest.find('"' + std::string(name) + "\",");
    REQUIRE(at != std::string::npos);
    rest.erase(0, at);
  }
  CHECK(stats.contains(R"("keys.count",1,)"));
  CHECK(redis("PING") == "PONG");  // the map was as long as it said
}

TEST_CASE("MEMORY DOCTOR has nothing to say about an empty server", "[memory]") {
  TestServer server;
  Redis redis = server.connect();
  if (!counts_memory(redis)) return;
  CHECK(redis("MEMORY", "DOCTOR").starts_with("There is hardly any data"));
  redis("XADD", "s", "1-0", "f", std::string(50'000'000, 'x'));
  CHECK_FALSE(redis("MEMORY", "DOCTOR").starts_with("There is hardly any data"));
  redis("XADD", "t", "1-0", "f", std::string(10'000'000, 'x'));
  redis("DEL", "s");
  CHECK(redis("MEMORY", "DOCTOR").contains("Peak:"));
}

TEST_CASE("Once there is much memory, a thread of the allocator is there to give it back",
          "[memory]") {
  constexpr std::string_view kPurger = "jemalloc_bg_thd";
  TestServer server;
  Redis redis = server.connect();
  if (info_field(redis, "mem_allocator") == "libc") return;
  redis("XADD", "s", "1-0", "f", std::string(8'000'000, 'x'));
  REQUIRE(wait_until([&] { return info_number(redis, "used_memory_peak") > 8'000'000; }));
  CHECK_FALSE(has_thread(server, kPurger));
  redis("XADD", "s", "2-0", "f", std::string(40'000'000, 'x'));
  CHECK(wait_until([&] { return has_thread(server, kPurger); }));
  redis("DEL", "s");
  CHECK(wait_until([&] { return info_number(redis, "used_memory_rss") < 40'000'000; }));
}

TEST_CASE("The allocator can profile the heap", "[memory]") {
  const Variable profiling("MALLOC_CONF", "prof:true,prof_final:false,lg_prof_sample:12");
  TestServer server;
  Redis redis = server.connect();
  for (int i = 0; i < 100; ++i)
    redis("XADD", "s" + std::to_string(i), "1-0", "f", std::string(10'000, 'x'));
  CHECK(redis("XLEN", "s99") == "1");
  if (info_field(redis, "mem_allocator") == "libc") return;
  CHECK(redis("MEMORY", "MALLOC-STATS").contains("opt.prof: true"));
}

#ifdef WEIR_CARRIES_LIBRARIES
TEST_CASE("A release server maps no library but libc", "[memory]") {
  const TestServer server;
  std::ifstream maps("/proc/" + std::to_string(server.pid()) + "/maps");
  std::set<std::string> libraries;
  for (std::string line; std::getline(maps, line);) {
    const size_t name = line.rfind('/') + 1;
    if (line.compare(name, 3, "lib") == 0) libraries.insert(line.substr(name));
  }
  CHECK(libraries == std::set<std::string>{"libc.so.6"});
}
#endif

TEST_CASE("What only the start needed does not stay mapped", "[memory]") {
  const TestServer server;
  const auto kib = [&](const std::string& name) {
    const std::string status = read_text("/proc/" + std::to_string(server.pid()) + "/status");
    return std::stol(status.substr(status.find(name + ":") + name.size() + 1));
  };
  CHECK(wait_until([&] { return kib("VmHWM") - kib("VmRSS") >= 256; }));
}

TEST_CASE("What the log could not write yet is in MEMORY STATS as it is in INFO", "[memory][aof]") {
  TestServer server({"--appendonly", "yes"});
  Redis redis = server.connect();
  const rlimit tight{.rlim_cur = 400, .rlim_max = RLIM_INFINITY};
  REQUIRE(prlimit(server.pid(), RLIMIT_FSIZE, &tight, nullptr) == 0);
  REQUIRE(wait_until([&] { return redis("XADD", "s", "*", "f", "v").starts_with("MISCONF"); }));
  const std::string bytes = info_field(redis, "mem_aof_buffer");
  CHECK(bytes != "0");
  CHECK(redis("MEMORY", "STATS").contains("\"aof.buffer\"," + bytes + ","));
}

TEST_CASE("The allocator reports and gives back", "[memory]") {
  TestServer server;
  Redis redis = server.connect();
  CHECK(redis("MEMORY", "MALLOC-STATS").text.size() > 100);
  CHECK(redis("MEMORY", "PURGE") == "OK");
  CHECK(redis("MEMORY", "FOO") == "ERR unknown subcommand 'FOO'. Try MEMORY HELP.");
}

}  // namespace weir::testing
