// What takes long to free is freed beside the requests.
#include <string>

#include <catch2/catch.hpp>

#include "tests/server/watching.h"
#include "tests/support/test_server.h"

namespace weir::testing {
namespace {

/// A stream of 20,000 entries under each of these keys.
void fill(RawClient& client, const std::string& key) {
  std::string requests;
  for (int i = 1; i <= 20'000; ++i)
    requests += "XADD " + key + " " + std::to_string(i) + "-0 f v\r\n";
  client.write(requests);
  for (int i = 1; i <= 20'000; ++i)
    client.read();
}

TEST_CASE("Whoever removes a great stream, the helper frees it", "[lazy_free]") {
  TestServer server;
  RawClient client = server.connect_raw();
  Redis redis = server.connect();
  for (const std::string key : {"a", "b", "c", "d", "e"})
    fill(client, key);
  redis("XADD", "small", "*", "f", "v");
  redis("DEL", "a", "small");
  redis("UNLINK", "b");
  redis("PEXPIRE", "c", 1);
  redis("RENAME", "d", "e");  // the old "e" goes
  CHECK(info_becomes(redis, "lazyfreed_objects", 4));
  CHECK(redis("XLEN", "e") == 20'000);
  redis("FLUSHALL");
  CHECK(info_becomes(redis, "lazyfreed_objects", 5));
  CHECK(info_number(redis, "lazyfree_pending_objects") == 0);
}

TEST_CASE("FLUSHDB counts each key that the helper frees, and CONFIG RESETSTAT begins anew",
          "[flushdb][lazy_free]") {
  TestServer server;
  Redis redis = server.connect();
  for (int i = 0; i < 100; ++i)
    redis("XADD", "k" + std::to_string(i), "*", "f", "v");
  redis("FLUSHDB", "SYNC");
  CHECK(redis("DBSIZE") == 0);
  CHECK(info_becomes(redis, "lazyfreed_objects", 100));
  redis("CONFIG", "RESETSTAT");
  CHECK(info_number(redis, "lazyfreed_objects") == 0);
}

TEST_CASE("Memory of a great stream is free again soon after it was deleted", "[lazy_free]") {
  TestServer server;
  RawClient client = server.connect_raw();
  Redis redis = server.connect();
  if (!counts_memory(redis)) return;
  const int64_t before = info_number(redis, "used_memory");
  for (int i = 0; i < 5; ++i)
    fill(client, "s" + std::to_string(i));
  redis("DEL", "s0", "s1", "s2", "s3", "s4");
  CHECK(wait_until([&] { return info_number(redis, "used_memory") < before + 100'000; }));
}

}  // namespace
}  // namespace weir::testing
