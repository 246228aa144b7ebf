// What this server does not have: commands of other types, cluster, scripts, modules.
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "server/text.h"
#include "tests/server/watching.h"
#include "tests/support/test_server.h"

namespace weir::testing {
namespace {

/// Commands of Redis for other types and for scripts, and those left out on purpose.
constexpr std::string_view kElsewhere =
    "append arcount arget bitcount bitfield bitfield_ro bitop bitpos blmove blmpop blpop brpop "
    "brpoplpush bzmpop bzpopmax bzpopmin decr decrby delex digest eval eval_ro evalsha evalsha_ro "
    "fcall fcall_ro geoadd geodist geohash geopos georadius georadius_ro georadiusbymember "
    "georadiusbymember_ro geosearch geosearchstore get getbit getdel getex getrange getset hdel "
    "hexists hexpire hexpireat hexpiretime hget hgetall hgetdel hgetex hincrby hincrbyfloat hkeys "
    "hlen hmget hmset hpersist hpexpire hpexpireat hpexpiretime hpttl hrandfield hscan hset hsetex "
    "hsetnx hstrlen httl hvals incr incrby incrbyfloat json.get json.set lcs lindex linsert llen "
    "lmove lmpop lpop lpos lpush lpushx lrange lrem lset ltrim mget migrate mset msetex msetnx "
    "pfadd pfcount pfdebug pfmerge pfselftest psetex restore-asking rpop rpoplpush rpush rpushx "
    "sadd scard sdiff sdiffstore sentinel set setbit setex setnx setrange sinter sintercard "
    "sinterstore sismember smembers smismember smove sort sort_ro spop srandmember srem sscan "
    "strlen substr sunion sunionstore vadd vcard vsim zadd zcard zcount zdiff zdiffstore zincrby "
    "zinter zintercard zinterstore zlexcount zmpop zmscore zpopmax zpopmin zrandmember zrange "
    "zrangebylex zrangebyscore zrangestore zrank zrem zremrangebylex zremrangebyrank "
    "zremrangebyscore zrevrange zrevrangebylex zrevrangebyscore zrevrank zscan zscore zunion "
    "zunionstore";

const std::string kNoCluster = "ERR This instance has cluster support disabled";

}  // namespace

TEST_CASE("A command that is not here gets one error, and the connection goes on", "[absent]") {
  TestServer server;
  Redis redis = server.connect();
  int64_t errors = 0;
  std::string_view names = kElsewhere;
  while (!names.empty()) {
    const std::string name(next_word(names));
    CAPTURE(name);
    REQUIRE(redis(name, "a", "b") ==
            "ERR unknown command '" + name + "', with args beginning with: 'a' 'b' ");
    REQUIRE(redis("PING") == "PONG");
    ++errors;
  }
  CHECK(errors > 160);
  CHECK(info_field(redis, "errorstat_ERR") == "count=" + std::to_string(errors));
  CHECK(info_number(redis, "total_error_replies") == errors);
}

TEST_CASE("Unknown commands in a pipeline get one reply each", "[absent]") {
  TestServer server;
  Redis redis = server.connect();
  for (int i = 0; i < 50; ++i) {
    redis.send("GET", i);
    redis.send("ECHO", i);
  }
  for (int i = 0; i < 50; ++i) {
    CHECK(redis.read().starts_with("ERR unknown command 'GET'"));
    CHECK(redis.read() == i);
  }
}

TEST_CASE("Subcommands of CLUSTER say that there is no cluster", "[absent][cluster]") {
  TestServer server;
  Redis redis = server.connect();
  for (const std::string line : {"CLUSTER ADDSLOTS 1",
                                 "CLUSTER ADDSLOTSRANGE 1 2",
                                 "CLUSTER BUMPEPOCH",
                                 "CLUSTER COUNT-FAILURE-REPORTS id",
                                 "CLUSTER COUNTKEYSINSLOT 1",
                                 "CLUSTER DELSLOTS 1",
                                 "CLUSTER DELSLOTSRANGE 1 2",
                                 "CLUSTER FAILOVER",
                                 "CLUSTER FLUSHSLOTS",
                                 "CLUSTER FORGET id",
                                 "CLUSTER GETKEYSINSLOT 1 2",
                                 "CLUSTER HELP",
                                 "CLUSTER INFO",
                                 "CLUSTER KEYSLOT k",
                                 "CLUSTER LINKS",
                                 "CLUSTER MEET 127.0.0.1 1",
                                 "CLUSTER MYID",
                                 "CLUSTER MYSHARDID",
                                 "CLUSTER NODES",
                                 "CLUSTER REPLICAS id",
                                 "CLUSTER REPLICATE id",
                                 "CLUSTER RESET",
                                 "CLUSTER SAVECONFIG",
                                 "CLUSTER SET-CONFIG-EPOCH 1",
                                 "CLUSTER SETSLOT 1 STABLE",
                                 "CLUSTER SHARDS",
                                 "CLUSTER SLAVES id",
                                 "CLUSTER SLOT-STATS SLOTSRANGE 0",
                                 "CLUSTER SLOTS",
                                 "ASKING",
                                 "READONLY",
                                 "READWRITE"}) {
    CAPTURE(line);
    std::vector<std::string> words;
    for (std::string_view rest = line; !rest.empty();)
      words.emplace_back(next_word(rest));
    redis.send_words(words);
    CHECK(redis.read() == kNoCluster);
  }
  CHECK(redis("CLUSTER", "FOO") == "ERR unknown subcommand 'FOO'. Try CLUSTER HELP.");
  CHECK(redis("CLUSTER", "KEYSLOT") ==
        "ERR wrong number of arguments for 'cluster|keyslot' command");
}

TEST_CASE("There are no scripts: none known, none running, none to load", "[absent][script]") {
  TestServer server;
  Redis redis = server.connect();
  CHECK(redis("SCRIPT", "EXISTS", "a", "b") == "[0,0]");
  CHECK(redis("SCRIPT", "FLUSH") == "OK");
  CHECK(redis("SCRIPT", "FLUSH", "ASYNC") == "OK");
  CHECK(redis("SCRIPT", "FLUSH", "X") == "ERR SCRIPT FLUSH only support SYNC|ASYNC option");
  CHECK(redis("SCRIPT", "KILL") == "NOTBUSY No scripts in execution right now.");
  CHECK(redis("SCRIPT", "LOAD", "x") == "ERR unknown subcommand 'LOAD'. Try SCRIPT HELP.");
}

TEST_CASE("There are no functions: none listed, none running, none to load", "[absent][function]") {
  TestServer server;
  Redis redis = server.connect();
  CHECK(redis("FUNCTION", "FLUSH", "SYNC") == "OK");
  CHECK(redis("FUNCTION", "FLUSH", "SYNC", "SYNC") ==
        "ERR unknown subcommand or wrong number of arguments for 'FLUSH'. Try FUNCTION HELP.");
  CHECK(redis("FUNCTION", "FLUSH", "X") == "ERR FUNCTION FLUSH only supports SYNC|ASYNC option");
  CHECK(redis("FUNCTION", "LIST") == "[]");
  CHECK(redis("FUNCTION", "LIST", "LIBRARYNAME", "x*", "WITHCODE") == "[]");
  CHECK(redis("FUNCTION", "LIST", "LIBRARYNAME") == "ERR library name argument was not given");
  CHECK(redis("FUNCTION", "LIST", "X") == "ERR Unknown argument X");
  CHECK(redis("FUNCTION", "STATS") == R"(["running_script",nil,"engines",[]])");
  CHECK(redis("FUNCTION", "KILL") == "NOTBUSY No scripts in execution right now.");
  CHECK(redis("FUNCTION", "LOAD", "x") == "ERR unknown subcommand 'LOAD'. Try FUNCTION HELP.");
}

TEST_CASE("There are no modules, and loading one needs a permission", "[absent][module]") {
  TestServer server;
  Redis redis = server.connect();
  CHECK(redis("MODULE", "LIST") == "[]");
  CHECK(redis("MODULE", "LOAD", "x").starts_with("ERR MODULE command not allowed. If the "));
  CHECK(redis("MODULE", "LOADEX", "x").contains("enable-module-command"));
  CHECK(redis("MODULE", "UNLOAD", "x").contains("enable-module-command"));
  TestServer allowing({"--enable-module-command", "local"});
  Redis allowed = allowing.connect();
  CHECK(allowed("MODULE", "LOAD", "x").starts_with("ERR Error loading the extension."));
  CHECK(allowed("MODULE", "UNLOAD", "x") ==
        "ERR Error unloading module: no such module with that name");
}

TEST_CASE("A server without replicas is a primary", "[role]") {
  TestServer server;
  CHECK(server.connect()("ROLE") == R"(["master",0,[]])");
}

}  // namespace weir::testing
