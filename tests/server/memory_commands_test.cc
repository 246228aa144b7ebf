// MEMORY: what memory is used for.
#include <string>

#include <catch2/catch.hpp>

#include "tests/server/watching.h"
#include "tests/support/test_server.h"

namespace weir::testing {

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

TEST_CASE("The allocator reports and gives back", "[memory]") {
  TestServer server;
  Redis redis = server.connect();
  CHECK(redis("MEMORY", "MALLOC-STATS").text.size() > 100);
  CHECK(redis("MEMORY", "PURGE") == "OK");
  CHECK(redis("MEMORY", "FOO") == "ERR unknown subcommand 'FOO'. Try MEMORY HELP.");
}

}  // namespace weir::testing
