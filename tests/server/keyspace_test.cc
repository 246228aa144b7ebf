// Keys whatever they hold: SCAN while the database changes, KEYS, RANDOMKEY, FLUSHALL, OBJECT.
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/server/watching.h"
#include "tests/support/seed.h"
#include "tests/support/test_server.h"

namespace weir::testing {
namespace {

using resp::Reply;

struct Page {
  std::string cursor;
  std::vector<std::string> keys;
};

Page read_page(RawClient& client) {
  const Reply reply = client.read();
  Page page{.cursor = reply.elements.at(0).text, .keys = {}};
  for (const Reply& key : reply.elements.at(1).elements)
    page.keys.push_back(key.text);
  return page;
}

template <typename... Words>
std::vector<std::string> scan_all(RawClient& client, const Words&... options) {
  std::vector<std::string> found;
  std::string cursor = "0";
  do {
    client.send("SCAN", cursor, options...);
    Page page = read_page(client);
    found.insert(found.end(), page.keys.begin(), page.keys.end());
    cursor = page.cursor;
  } while (cursor != "0");
  return found;
}

/// Adds or deletes keys `prefix`0 ... in one packet, and reads the replies.
void add_keys(RawClient& client, const std::string& prefix, int first, int end) {
  std::string requests;
  for (int i = first; i < end; ++i) {
    requests += "XADD " + prefix + std::to_string(i) + " 1-0 f v\r\n";
  }
  client.write(requests);
  for (int i = first; i < end; ++i)
    client.read();
}

void delete_keys(RawClient& client, const std::string& prefix, int first, int end) {
  std::string requests;
  for (int i = first; i < end; ++i)
    requests += "DEL " + prefix + std::to_string(i) + "\r\n";
  client.write(requests);
  for (int i = first; i < end; ++i)
    client.read();
}

/// Scans while `change` alters the database before every page; how often each stable key came.
template <typename Change>
std::map<std::string, int> scan_while(RawClient& client, const Change& change) {
  std::map<std::string, int> seen;
  std::string cursor = "0";
  int page_number = 0;
  do {
    change(page_number++);
    client.send("SCAN", cursor, "COUNT", "20");
    const Page page = read_page(client);
    for (const std::string& key : page.keys) {
      if (key.starts_with("stable:")) ++seen[key];
    }
    cursor = page.cursor;
  } while (cursor != "0");
  return seen;
}

}  // namespace

TEST_CASE("SCAN returns every key that stays, while 20,000 others come", "[scan]") {
  TestServer server;
  RawClient client = server.connect_raw();
  add_keys(client, "stable:", 0, 1000);
  const auto seen = scan_while(client, [&](int page) {
    if (page < 40) add_keys(client, "new:", page * 500, (page + 1) * 500);
  });
  CHECK(seen.size() == 1000);
  CHECK(client("DBSIZE").integer == 21'000);
}

TEST_CASE("SCAN returns every key that stays, while 20,000 others go", "[scan]") {
  TestServer server;
  RawClient client = server.connect_raw();
  add_keys(client, "stable:", 0, 1000);
  add_keys(client, "old:", 0, 20'000);
  const auto seen = scan_while(client, [&](int page) {
    if (page < 40) delete_keys(client, "old:", page * 500, (page + 1) * 500);
  });
  CHECK(seen.size() == 1000);
  CHECK(client("DBSIZE").integer == 1000);
}

TEST_CASE("SCAN returns every key that stays, while the table grows and shrinks in turn",
          "[scan][seed]") {
  TestServer server;
  RawClient client = server.connect_raw();
  const uint64_t seed = first_seed();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  add_keys(client, "stable:", 0, 300);
  for (int round = 0; round < 5; ++round) {
    int present = 0;
    const auto seen = scan_while(client, [&](int page) {
      if (page > 60) return;  // or it might run after its own tail for long
      if (present > 0 && random() % 2 == 0) {
        delete_keys(client, "other:", 0, present);
        present = 0;
      } else {
        const int more = static_cast<int>(random() % 2000);
        add_keys(client, "other:", present, present + more);
        present += more;
      }
    });
    CHECK(seen.size() == 300);
    delete_keys(client, "other:", 0, present);
  }
}

TEST_CASE("SCAN of an unchanging database returns each key once", "[scan]") {
  TestServer server;
  RawClient client = server.connect_raw();
  add_keys(client, "k", 0, 5000);
  for (const char* count : {"1", "10", "1000", "1000000", "9223372036854775807"}) {
    const std::vector<std::string> found = scan_all(client, "COUNT", count);
    CHECK(found.size() == 5000);
    CHECK(std::set<std::string>(found.begin(), found.end()).size() == 5000);
  }
}

TEST_CASE("SCAN COUNT is about how much comes at once", "[scan]") {
  TestServer server;
  RawClient client = server.connect_raw();
  add_keys(client, "k", 0, 5000);
  client.send("SCAN", "0");
  CHECK(read_page(client).keys.size() < 40);
  client.send("SCAN", "0", "COUNT", "1000");
  const size_t page = read_page(client).keys.size();
  CHECK(page >= 900);
  CHECK(page < 1100);
}

TEST_CASE("SCAN MATCH and TYPE filter, whatever the COUNT", "[scan]") {
  TestServer server;
  RawClient client = server.connect_raw();
  add_keys(client, "a:", 0, 100);
  add_keys(client, "b:", 0, 100);
  CHECK(scan_all(client, "MATCH", "a:*").size() == 100);
  CHECK(scan_all(client, "MATCH", "?:9?", "COUNT", "1000").size() == 20);
  CHECK(scan_all(client, "MATCH", "[b]:[0-4]").size() == 5);
  CHECK(scan_all(client, "MATCH", "nothing*").empty());
  CHECK(scan_all(client, "TYPE", "stream").size() == 200);
  CHECK(scan_all(client, "TYPE", "STREAM", "MATCH", "b:1").size() == 1);
  CHECK(scan_all(client, "TYPE", "hash").empty());
  CHECK(scan_all(client, "TYPE", "thing").empty());
}

TEST_CASE("SCAN refuses bad cursors, counts and words", "[scan]") {
  TestServer server;
  Redis redis = server.connect();
  for (const char* cursor : {"x", "-1", "", "+", "++1", "1x", "18446744073709551616"}) {
    CHECK(redis("SCAN", cursor) == "ERR invalid cursor");
  }
  CHECK(redis("SCAN", "18446744073709551615").starts_with("[\"0\""));
  CHECK(redis("SCAN", "+1").starts_with("[\"0\""));
  CHECK(redis("SCAN", 0, "COUNT", 0) == "ERR syntax error");
  CHECK(redis("SCAN", 0, "COUNT", "x") == "ERR value is not an integer or out of range");
  CHECK(redis("SCAN", 0, "TYPE") == "ERR syntax error");
  CHECK(redis("SCAN", 0, "MATCH") == "ERR syntax error");
}

TEST_CASE("A cursor of a database that has shrunk to nothing ends", "[scan]") {
  TestServer server;
  RawClient client = server.connect_raw();
  add_keys(client, "k", 0, 10'000);
  client.send("SCAN", "0", "COUNT", "100");
  const std::string cursor = read_page(client).cursor;
  REQUIRE(cursor != "0");
  client("FLUSHALL");
  CHECK(resp::show(client("SCAN", cursor)) == R"(*["0", *[]])");
}

TEST_CASE("KEYS matches globs, and costs no exponential time", "[keys]") {
  TestServer server;
  Redis redis = server.connect();
  for (const char* key : {"one", "two", "three", "a*b", "a]b"})
    redis("XADD", key, "1-0", "f", "v");
  CHECK(redis("KEYS", "t*e") == R"(["three"])");
  CHECK(redis("KEYS", "[^ot]*").text.size() == std::string(R"(["a*b","a]b"])").size());
  CHECK(redis("KEYS", "a\\*b") == R"(["a*b"])");
  CHECK(redis("KEYS", "a\\]b") == R"(["a]b"])");
  CHECK(redis("KEYS", "") == "[]");
  redis("XADD", std::string(300, 'a'), "1-0", "f", "v");
  std::string pattern;
  for (int i = 0; i < 60; ++i)
    pattern += "a*";
  CHECK(redis("KEYS", pattern + "b") == "[]");
}

TEST_CASE("RANDOMKEY gives every key now and then", "[randomkey]") {
  TestServer server;
  RawClient client = server.connect_raw();
  CHECK(resp::show(client("RANDOMKEY")) == "$-1");
  add_keys(client, "k", 0, 20);
  std::set<std::string> seen;
  for (int i = 0; i < 5000 && seen.size() < 20; ++i)
    seen.insert(client("RANDOMKEY").text);
  CHECK(seen.size() == 20);
  delete_keys(client, "k", 1, 20);
  for (int i = 0; i < 20; ++i)
    CHECK(client("RANDOMKEY").text == "k0");
}

TEST_CASE("A table that grows finishes its move when no more writes come", "[info]") {
  TestServer server;
  Redis redis = server.connect();
  int64_t keys = 0;
  const auto add_keys = [&](int count) {
    for (int i = 0; i < count; ++i)
      redis.send("XADD", "key:" + std::to_string(++keys), "1-0", "f", "v");
    for (int i = 0; i < count; ++i)
      redis.read();
  };
  add_keys(100'000);  // a smaller table would be moved before one could look
  while (keys < 1'000'000 && info_number(redis, "mem_overhead_db_hashtable_rehashing") == 0)
    add_keys(1000);
  REQUIRE(info_number(redis, "mem_overhead_db_hashtable_rehashing") > 0);
  CHECK(info_becomes(redis, "mem_overhead_db_hashtable_rehashing", 0));
}

TEST_CASE("FLUSHDB empties one database and FLUSHALL all", "[flushdb][flushall]") {
  TestServer server;
  Redis redis = server.connect();
  for (int db = 0; db < 3; ++db) {
    redis("SELECT", db);
    redis("XADD", "s", "1-0", "f", "v");
  }
  CHECK(redis("FLUSHDB", "ASYNC") == "OK");
  CHECK(redis("DBSIZE") == 0);
  redis("SELECT", 0);
  CHECK(redis("DBSIZE") == 1);
  CHECK(redis("FLUSHALL", "NOW") == "ERR syntax error");
  CHECK(redis("FLUSHALL", "SYNC", "ASYNC") == "ERR syntax error");
  CHECK(redis("FLUSHALL", "sync") == "OK");
  CHECK(redis("INFO", "keyspace") == "# Keyspace\r\n");
}

TEST_CASE("Deleting 100,000 keys gives their memory back", "[flushall][del]") {
  TestServer server;
  Redis redis = server.connect();
  RawClient client = server.connect_raw();
  const int64_t baseline = info_number(redis, "used_memory");
  add_keys(client, "k", 0, 100'000);
  CHECK(redis("DBSIZE") == 100'000);
  delete_keys(client, "k", 0, 50'000);
  redis("FLUSHALL");
  CHECK(redis("DBSIZE") == 0);
  CHECK(wait_until([&] { return info_number(redis, "used_memory") < baseline + (4 << 20); }));
}

TEST_CASE("DEL and UNLINK count what was there; EXISTS and TOUCH count repeats",
          "[del][unlink][exists][touch]") {
  TestServer server;
  Redis redis = server.connect();
  for (const char* key : {"a", "b", "c"})
    redis("XADD", key, "1-0", "f", "v");
  CHECK(redis("EXISTS", "a", "a", "x", "b") == 3);
  CHECK(redis("TOUCH", "a", "a", "x") == 2);
  CHECK(redis("DEL", "a", "a", "x") == 1);
  CHECK(redis("UNLINK", "b", "c", "c") == 2);
  CHECK(redis("DBSIZE") == 0);
}

TEST_CASE("TYPE and OBJECT tell what a key holds", "[type][object]") {
  TestServer server;
  Redis redis = server.connect();
  redis("XADD", "s", "1-0", "f", "v");
  CHECK(redis("TYPE", "s") == "stream");
  CHECK(redis("TYPE", "x") == "none");
  CHECK(redis("OBJECT", "ENCODING", "s") == "stream");
  CHECK(redis("OBJECT", "REFCOUNT", "s") == 1);
  CHECK(redis("OBJECT", "IDLETIME", "s") == 0);
  CHECK(redis("OBJECT", "ENCODING", "x") == "nil");
  CHECK(redis("OBJECT", "IDLETIME", "x") == "nil");
  CHECK(redis("OBJECT", "NOSUCH", "s") == "ERR unknown subcommand 'NOSUCH'. Try OBJECT HELP.");
}

TEST_CASE("TOUCH and reads reset the idle time; EXISTS, TYPE and OBJECT do not",
          "[object][touch]") {
  TestServer server;
  Redis redis = server.connect();
  redis("XADD", "s", "1-0", "f", "v");
  const auto becomes_idle = [&] {
    return wait_until([&] {
      redis("EXISTS", "s");
      redis("TYPE", "s");
      return redis("OBJECT", "IDLETIME", "s").number() >= 1;
    });
  };
  REQUIRE(becomes_idle());
  redis("TOUCH", "s");
  CHECK(redis("OBJECT", "IDLETIME", "s") == 0);
}

TEST_CASE("Keys are bytes: empty, binary and a megabyte long", "[keys]") {
  TestServer server;
  RawClient client = server.connect_raw();
  const std::string binary("a\0b\r\n\xff", 6);
  const std::string large(1 << 20, 'k');
  for (const std::string& key : {std::string(), binary, large}) {
    CHECK(resp::show(client("XADD", key, "1-0", "f", "v")) == R"("1-0")");
    CHECK(client("XLEN", key).integer == 1);
  }
  const std::vector<std::string> found = scan_all(client);
  CHECK(std::set<std::string>(found.begin(), found.end()) ==
        std::set<std::string>{std::string(), binary, large});
  CHECK(client("DEL", binary, large, "").integer == 3);
}

}  // namespace weir::testing
