// A whole server under random commands from many connections, which come and go at any moment: its
// log, snapshots and a replica are on.  All structures are looked at again and again, and at the
// end the replica and a server that reads the log have the same data.
//
// WEIR_COMMANDS in the environment: how many commands (8,000).
#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "resp/inline_words.h"
#include "server/text.h"
#include "tests/server/watching.h"
#include "tests/support/environment.h"
#include "tests/support/random_commands.h"
#include "tests/support/random_table_commands.h"
#include "tests/support/replication_stage.h"
#include "tests/support/seed.h"
#include "tests/support/test_server.h"

namespace weir::testing {
namespace {

using resp::show;

constexpr size_t kConnections = 12;
constexpr uint64_t kMostAtOnce = 12;
constexpr uint64_t kCommandsPerCheck = 1000;
constexpr int64_t kNowMs = 1'700'000'000'000;  // only somewhere to begin

uint64_t commands_wanted() {
  return number_in_environment("WEIR_COMMANDS").value_or(8'000);
}

/// A connection that sends and, now and then, reads what has come; after PSYNC that is no RESP.
class Member {
 public:
  explicit Member(const TestServer& server) : client_(server.connect_raw()) {}

  void send(const std::vector<Words>& commands, size_t cut_off) {
    std::string bytes;
    for (const Words& words : commands) {
      bytes += encode_command(words);
      is_replica_ |=
          equals_ignoring_case(words[0], "psync") || equals_ignoring_case(words[0], "sync");
    }
    bytes.resize(bytes.size() - std::min(cut_off, bytes.size()));
    client_.write(bytes);
  }

  /// What is wrong with the replies that are there; nothing if all is well.
  std::string read_all() {
    while (!is_replica_) {
      const Arrival arrival = client_.await(Milliseconds(0));
      if (std::holds_alternative<NothingCame>(arrival)) return {};
      if (std::holds_alternative<ServerClosed>(arrival)) {
        is_gone_ = true;
        return {};
      }
      if (const NoReply* const none = std::get_if<NoReply>(&arrival)) {
        is_gone_ = true;  // the server may close it anywhere: CLIENT KILL
        if (none->reason != "the connection ended inside of a reply") return none->reason;
        return {};
      }
    }
    return {};
  }
  bool is_gone() const { return is_gone_; }

 private:
  RawClient client_;
  bool is_replica_ = false;
  bool is_gone_ = false;
};

class Crowd {
 public:
  Crowd(const TestServer& server, uint64_t seed)
      : server_(server), streams_(seed, kNowMs), table_(seed), random_(seed) {
    for (size_t i = 0; i < kConnections; ++i)
      members_.emplace_back(server);
  }

  /// Some commands over one of the connections; what is wrong with a reply, or nothing.
  std::string step() {
    Member& member = members_[draw(members_.size())];
    std::vector<Words> commands(1 + draw(kMostAtOnce));
    for (Words& words : commands)
      words = draw(3) == 0 ? table_.next() : streams_.next();
    sent += commands.size();
    const bool goes = draw(25) == 0;
    member.send(commands, goes ? draw(30) : 0);
    std::string wrong = member.read_all();
    if (goes || member.is_gone()) member = Member(server_);
    return wrong;
  }

  uint64_t sent = 0;

 private:
  uint64_t draw(uint64_t bound) { return random_() % bound; }

  const TestServer& server_;
  RandomCommands streams_;
  RandomTableCommands table_;
  std::mt19937_64 random_;
  std::vector<Member> members_;
};

/// One command over a connection of its own, again if the connection was killed meanwhile.
Shown ask(const TestServer& server, const std::vector<std::string>& words) {
  for (;;) {
    Redis redis = server.connect();
    redis.send_words(words);
    const Shown reply = redis.read();
    if (reply != "(closed)") return reply;
  }
}

/// The names of all keys, in order.
std::vector<std::string> names_of(RawClient& client) {
  std::vector<std::string> names;
  for (const resp::Reply& name : client("KEYS", "*").elements)
    names.push_back(name.text);
  std::sort(names.begin(), names.end());
  return names;
}

/// Calls `visit(database, name)` for all keys.
template <class Visit>
void for_each_key(RawClient& client, Visit visit) {
  for (int db = 0; db < 16; ++db) {
    client("SELECT", std::to_string(db));
    for (const std::string& name : names_of(client))
      visit(db, name);
  }
}

/// No key goes by itself any more.
void end_all_ttls(RawClient& client) {
  for_each_key(client, [&](int, const std::string& name) { client("PERSIST", name); });
}

/// Removes `"name":value` of each field that a server has its own of: when consumers were seen, and
/// nodes in memory.
std::string without_own(std::string text) {
  for (const std::string_view name :
       {"seen-time", "active-time", "radix-tree-keys", "radix-tree-nodes", "iids-duplicates"}) {
    const std::string field = "\"" + std::string(name) + "\"";
    for (size_t at = 0; (at = text.find(field, at)) != std::string::npos;)
      text.erase(at, text.find_first_of(",]", at + field.size() + 1) - at);
  }
  return text;
}

/// All data, a line for each key.
std::string description(const TestServer& server) {
  RawClient client = server.connect_raw();
  std::string all;
  for_each_key(client, [&](int db, const std::string& name) {
    all += std::to_string(db) + " " + resp::quote_word(name) + " " + show(client("PTTL", name)) +
           " " + without_own(show(client("XINFO", "STREAM", name, "FULL", "COUNT", "0"))) + "\n";
  });
  return all;
}

/// The first line in which two descriptions differ, of both; nothing if they are the same.
std::string difference(const std::string& one, const std::string& other) {
  std::istringstream lines(one);
  std::istringstream other_lines(other);
  std::string line;
  std::string other_line;
  while (std::getline(lines, line)) {
    if (!std::getline(other_lines, other_line)) other_line = "nothing";
    if (line == other_line) continue;
    return line + "\n" + other_line;
  }
  return std::getline(other_lines, other_line) ? "nothing\n" + other_line : "";
}

std::string end_of(const std::string& log) {
  constexpr size_t kShown = 3000;
  return log.size() <= kShown ? log : log.substr(log.size() - kShown);
}

/// Below level 8.8, and in a base of commands, less is told than is compared.
std::vector<std::string> options_of(uint64_t seed) {
  return primary_options({"--appendonly", "yes", "--appendfsync",
                          seed % 3 == 0 ? "always" : "everysec", "--propagation-level", "8.8",
                          "--auto-aof-rewrite-min-size", "100kb", "--save", "1 100",
                          "--stream-node-max-entries", seed % 5 == 0 ? "100" : "7"});
}

}  // namespace

TEST_CASE("Whatever many clients send, nothing breaks and every copy of the data is the same",
          "[random_server][seed]") {
  const uint64_t seed = first_seed();
  CAPTURE(seed);
  TestServer primary(options_of(seed));
  TestServer replica(replica_of(primary, {"--appendonly", "yes"}));
  {
    Crowd crowd(primary, seed);
    uint64_t checked = 0;
    while (crowd.sent < commands_wanted()) {
      INFO("sent: " << crowd.sent);
      REQUIRE(crowd.step() == "");
      if (crowd.sent / kCommandsPerCheck == checked) continue;
      checked = crowd.sent / kCommandsPerCheck;
      REQUIRE(ask(primary, {"DEBUG", "CHECK-STRUCTURES"}) == "OK");
      REQUIRE(ask(replica, {"DEBUG", "CHECK-STRUCTURES"}) == "OK");
    }
  }
  Redis watcher = primary.connect();
  REQUIRE(connected_become(watcher, 1));  // what the crowd has sent may run when it has gone
  RawClient last = primary.connect_raw();
  end_all_ttls(last);
  const bool is_together = in_step(primary, replica);
  INFO("primary: " << end_of(primary.log()) << "\nreplica: " << end_of(replica.log()));
  REQUIRE(is_together);
  const std::string expected = description(primary);
  CHECK(difference(expected, description(replica)) == "");

  CHECK(show(last("WAITAOF", "1", "0", "5000")).starts_with("*[:1"));
  primary.crash_now();
  primary.start_again();
  CHECK(difference(expected, description(primary)) == "");
}

}  // namespace weir::testing
