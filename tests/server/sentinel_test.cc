// Three of Debian's Sentinels watch a primary of ours and two replicas.
#include <catch2/catch.hpp>

#include "tests/server/sentinel_group.h"
#include "tests/support/replication_stage.h"

namespace weir::testing {
namespace {

/// The primary that all Sentinels name has become another one.
bool changes(SentinelGroup& group, size_t former) {
  return wait_until([&] {
    const std::optional<size_t> now = group.primary();
    return now && *now != former;
  });
}

std::string replicaof(const ConfiguredServer& primary) {
  return "replicaof 127.0.0.1 " + std::to_string(primary.port()) + "\n";
}

std::string digest(const ConfiguredServer& server) {
  return server.connect()("DEBUG", "DIGEST").text;
}

bool have_the_same(SentinelGroup& group, size_t primary) {
  Redis one = group.server(primary).connect();
  for (size_t i = 0; i < SentinelGroup::kServers; ++i) {
    Redis other = group.server(i).connect();
    if (i != primary && !in_step(one, other)) return false;
    if (digest(group.server(i)) != digest(group.server(primary))) return false;
  }
  return true;
}

}  // namespace

TEST_CASE("When a primary is killed, Sentinel makes a replica the primary of all",
          "[sentinel][replica]") {
  SentinelGroup group({});
  INFO(group.logs());
  REQUIRE(group.becomes_well());
  REQUIRE(group.primary() == 0U);
  Redis redis = group.server(0).connect();
  for (int i = 1; i <= 100; ++i)
    redis("XADD", "s", i, "f", "v");
  redis("XGROUP", "CREATE", "s", "g", 0);
  redis("XREADGROUP", "GROUP", "g", "c", "COUNT", 10, "STREAMS", "s", ">");
  REQUIRE(redis("WAIT", 2, 3000) == 2);
  Redis bystander = group.server(1).connect();
  CHECK(bystander("SUBSCRIBE", "c").contains("subscribe"));
  group.server(0).crash_now();

  REQUIRE(changes(group, 0));
  const size_t promoted = *group.primary();
  const size_t other = 3 - promoted;
  CHECK(bystander.read() == "(closed)");  // CLIENT KILL TYPE pubsub, whatever it became
  Redis now = group.server(promoted).connect();
  CHECK(info_field(now, "role") == "master");
  CHECK(now("XADD", "s", "101-1", "f", "v") == "101-1");
  CHECK(now("XPENDING", "s", "g").starts_with("[10,"));
  Redis follower = group.server(other).connect();
  REQUIRE(in_step(now, follower));
  CHECK(follower("XLEN", "s") == 101);
  CHECK(info_field(now, "sync_full") == "0");
  CHECK(group.server(promoted).configuration().find("replicaof") == std::string::npos);
  CHECK(group.server(other).configuration().find(replicaof(group.server(promoted))) !=
        std::string::npos);

  // The one that was killed comes back empty, and as a primary.
  group.server(0).start();
  REQUIRE(group.becomes_well());
  CHECK(have_the_same(group, promoted));
  CHECK(group.server(0).configuration().find(replicaof(group.server(promoted))) !=
        std::string::npos);
  // Roles outlive a restart.
  group.server(other).crash_now();
  group.server(other).start();
  CHECK(have_the_same(group, promoted));
}

TEST_CASE("SENTINEL FAILOVER makes a replica the primary, and the primary a replica",
          "[sentinel][replica]") {
  SentinelGroup group({});
  INFO(group.logs());
  REQUIRE(group.becomes_well());
  group.server(0).connect()("XADD", "s", "1-1", "f", "v");
  Redis sentinel = group.sentinel(0).connect();
  REQUIRE(wait_until([&] { return sentinel("SENTINEL", "FAILOVER", "weir") == "OK"; }));
  REQUIRE(changes(group, 0));
  REQUIRE(group.becomes_well());
  const size_t promoted = *group.primary();
  CHECK(have_the_same(group, promoted));
  CHECK(group.server(0).connect()("XADD", "s", "*", "f", "v").starts_with("READONLY"));
}

TEST_CASE("A user who may do what Sentinel needs may say all that Sentinel says",
          "[sentinel][acl]") {
  const std::string binary = GENERATE(as<std::string>(), WEIR_SERVER, kRedis);
  TestServer server({}, binary.starts_with("/usr") ? binary : server_binary());
  Redis admin = server.connect();
  CHECK(admin("ACL", "SETUSER", "watcher", "on", ">pw", "&__sentinel__:hello", "+multi", "+slaveof",
              "+ping", "+exec", "+subscribe", "+config|rewrite", "+role", "+publish", "+info",
              "+client|setname", "+client|kill", "+script|kill") == "OK");
  Redis sentinel = server.connect();
  CHECK(sentinel("AUTH", "watcher", "pw") == "OK");
  CHECK(sentinel("CLIENT", "SETNAME", "sentinel-12345678-cmd") == "OK");
  CHECK(sentinel("PING") == "PONG");
  CHECK(sentinel("INFO").contains("run_id:"));
  CHECK(sentinel("PUBLISH", "__sentinel__:hello", "x") == 0);
  CHECK(sentinel("ROLE") == R"(["master",0,[]])");
  CHECK(sentinel("SCRIPT", "KILL") == "NOTBUSY No scripts in execution right now.");
  sentinel("MULTI");
  for (const char* const type : {"normal", "pubsub"})
    CHECK(sentinel("CLIENT", "KILL", "TYPE", type) == "QUEUED");
  CHECK(sentinel("SLAVEOF", "NO", "ONE") == "QUEUED");
  CHECK(sentinel("CONFIG", "REWRITE") == "QUEUED");
  CHECK(sentinel("EXEC") == "[1,0,OK,ERR The server is running without a config file]");
  CHECK(sentinel("CONFIG", "GET", "port").starts_with("NOPERM"));
  CHECK(sentinel("PUBLISH", "other", "x").starts_with("NOPERM"));
  CHECK(sentinel("SUBSCRIBE", "__sentinel__:hello").contains("subscribe"));
}

}  // namespace weir::testing
