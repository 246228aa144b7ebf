#include "server/replication/primary_link.h"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/support/link_player.h"
#include "tests/support/recorded_link.h"

namespace weir {
namespace {

using testing::all_bytes;
using testing::LinkPlayer;
using testing::recorded_link;
using testing::RecordedBytes;
using Due = PrimaryLink::Due;
using Severity = PrimaryLink::Severity;
using State = PrimaryLink::State;

constexpr int64_t kTimeoutMs = 60'000;
const std::string kId = "d36ea4b12680f0eda390d3bc02d17fc9029b89b6";
const std::string kOtherId = "6703705bc3df943887f7608c8faf2f46777beb7a";

/// A recorded connection, and what is to be said of the replica in it.
struct Recording {
  std::vector<RecordedBytes> link;
  PrimaryLink::Introduction introduction;
};

std::vector<Recording> recordings() {
  const std::string disk = "handshake-disk.txt";
  const std::string failover = "handshake-diskless-partial-failover.txt";
  const std::string auth = "handshake-clients-auth-88.txt";
  return {
      {recorded_link(disk, "A", "c1"), {.port = 7113}},
      {recorded_link(failover, "C", "c1"), {.port = 7117, .announced_ip = "127.0.0.1"}},
      {recorded_link(failover, "D", "c2"),
       {.port = 7117, .announced_ip = "127.0.0.1", .position = StreamPosition{kId, 67}}},
      {recorded_link(failover, "E", "c1"), {.port = 7118}},
      {recorded_link(failover, "G", "c2"), {.port = 7118, .position = StreamPosition{kId, 169}}},
      {recorded_link(failover, "J", "c5"),
       {.port = 7118, .position = StreamPosition{kOtherId, 296}}},
      {recorded_link(auth, "R", "c1"),
       {.port = 7111,
        .position = StreamPosition{"f495f42591bca2a96906bcdbfaf4e44ada9fa659", 81},
        .takes_over = true}},
  };
}

/// Everything up to the answer of PSYNC; acknowledgements come from time.
std::string handshake_of(const std::string& said) {
  const size_t ack = said.find("*3\r\n$8\r\nREPLCONF\r\n$3\r\nACK");
  return said.substr(0, ack);
}

TEST_CASE("The recorded handshakes are said byte for byte", "[primary_link]") {
  for (const Recording& recording : recordings()) {
    REQUIRE(recording.link.size() > 8);
    LinkPlayer player(recording.introduction);
    player.feed(all_bytes(recording.link, true));
    CHECK(handshake_of(player.said) == handshake_of(all_bytes(recording.link, false)));
    CHECK(player.link.state() == State::kStreaming);
    CHECK(player.waiting() == 0);
  }
}

TEST_CASE("A cut between any two bytes changes nothing", "[primary_link]") {
  for (const Recording& recording : recordings()) {
    const std::string bytes = all_bytes(recording.link, true);
    LinkPlayer whole(recording.introduction);
    whole.feed(bytes);
    LinkPlayer single(recording.introduction);
    for (const char byte : bytes)
      single.feed({&byte, 1});
    CHECK(single.told == whole.told);
    CHECK(single.said == whole.said);
    for (size_t cut = 1; cut < bytes.size(); ++cut) {
      LinkPlayer player(recording.introduction);
      player.feed(std::string_view(bytes).substr(0, cut));
      player.feed(std::string_view(bytes).substr(cut));
      REQUIRE(player.told == whole.told);
      REQUIRE(player.said == whole.said);
    }
  }
}

TEST_CASE("A snapshot and the commands behind it are told", "[primary_link]") {
  LinkPlayer player;
  player.feed("+PONG\r\n+OK\r\n+OK\r\n\n\n+FULLRESYNC " + kId + " 12\r\n\n$5\r\nREDIS");
  player.feed("\n*1\r\n$4\r\nping\r\n\n*0\r\n");
  CHECK(player.told ==
        "# Master replied to PING, replication can continue...\n"
        "# Partial resynchronization not possible (no cached master)\n"
        "full " +
            kId +
            " 12\n"
            "transfer\nsnapshot REDIS\n14 ping\n4\n");
}

TEST_CASE("The stream goes on, perhaps under another ID", "[primary_link]") {
  LinkPlayer player({.position = StreamPosition{kId, 7}});
  player.feed("+PONG\r\n+OK\r\n+OK\r\n");
  SECTION("another") {
    player.feed("+CONTINUE " + kOtherId + "\r\n*1\r\n$4\r\nping\r\n");
    CHECK(player.told.ends_with("continue " + kOtherId + "\n14 ping\n"));
  }
  SECTION("an old primary names none") {
    player.feed("+CONTINUE\r\n");
    CHECK(player.told.ends_with("continue " + kId + "\n"));
  }
}

TEST_CASE("Passwords are given first, and a wrong one ends it", "[primary_link]") {
  LinkPlayer player({.user = "rep", .password = "pw", .port = 7113});
  player.feed("-NOAUTH Authentication required.\r\n");
  CHECK(player.said.find("*3\r\n$4\r\nAUTH\r\n$3\r\nrep\r\n$2\r\npw\r\n*3\r\n$8\r\nREPLCONF") !=
        std::string::npos);
  player.feed("-WRONGPASS invalid username-password pair or user is disabled.\r\n");
  CHECK(
      player.told.ends_with("! Unable to AUTH to MASTER: -WRONGPASS invalid username-password "
                            "pair or user is disabled.\n"));
  CHECK(player.link.state() == State::kWaiting);
}

TEST_CASE("A password alone is one of the default user", "[primary_link]") {
  LinkPlayer player({.password = "pw", .port = 7113});
  player.feed("+PONG\r\n");
  CHECK(player.said.find("*2\r\n$4\r\nAUTH\r\n$2\r\npw\r\n") != std::string::npos);
}

TEST_CASE("A primary that does not know us yet is asked on", "[primary_link]") {
  for (const char* const answer : {"-NOAUTH x", "-NOPERM x", "-ERR operation not permitted"}) {
    CAPTURE(answer);
    LinkPlayer player;
    player.feed(std::string(answer) + "\r\n+OK\r\n+OK\r\n");
    CHECK(player.link.state() == State::kPsync);
  }
}

TEST_CASE("What is announced in the place of the own address is said", "[primary_link]") {
  LinkPlayer player({.port = 555, .announced_ip = "1.2.3.4"});
  player.feed("+PONG\r\n");
  CHECK(player.said.find("$14\r\nlistening-port\r\n$3\r\n555\r\n*3\r\n$8\r\nREPLCONF\r\n$10\r\n"
                         "ip-address\r\n$7\r\n1.2.3.4\r\n") != std::string::npos);
}

TEST_CASE("Empty lines say only that a primary lives, wherever they come", "[primary_link]") {
  LinkPlayer player;
  player.feed("+PONG\r\n+OK\r\n+OK\r\n\n\n+FULLRESYNC " + kId + " 0\r\n\n\n$5\r\nREDIS");
  CHECK(player.told.find("full " + kId + " 0\n") != std::string::npos);
  CHECK(player.told.find("!") == std::string::npos);
  CHECK(player.link.state() == State::kStreaming);
}

/// The last line that is told when a primary answers like that.
std::string failure_of(const std::string& answers) {
  LinkPlayer player;
  player.feed(answers);
  const std::string told = player.told.substr(0, player.told.size() - 1);
  return told.substr(told.rfind('\n') + 1);
}

TEST_CASE("What a primary should not say ends the connection", "[primary_link]") {
  const std::string ready = "+PONG\r\n+OK\r\n+OK\r\n";
  const std::string full = ready + "+FULLRESYNC " + kId + " 0\r\n";
  CHECK(failure_of("HTTP/1.1 400\r\n") == "! Unexpected reply to PING from master: 'HTTP/1.1 400'");
  CHECK(failure_of("-MASTERDOWN x\r\n").starts_with("! Error reply to PING from master"));
  CHECK(failure_of("-MISCONF x\r\n").starts_with("! Error reply to PING from master"));
  CHECK(failure_of("-LOADING x\r\n") == "! Error reply to PING from master: '-LOADING x'");
  CHECK(failure_of(ready + "-NOMASTERLINK x\r\n") ==
        "! Master is currently unable to PSYNC but should be in the future: -NOMASTERLINK x");
  CHECK(failure_of(ready + "-ERR unknown command\r\n") ==
        "! Master does not support PSYNC or is in error state (reply: -ERR unknown command)");
  CHECK(failure_of(ready + "+CONTINUE\r\n").starts_with("! Unexpected reply to PSYNC"));
  CHECK(failure_of(full + "-ERR no disk\r\n") ==
        "! MASTER aborted replication with an error: ERR no disk");
  CHECK(failure_of(full + "+OK\r\n").starts_with("! Bad protocol from MASTER"));
  CHECK(failure_of(full + "$1\r\nxPING\r\n").starts_with("! Protocol error from master"));
  CHECK(failure_of(full + "$1\r\nx*1\r\n+\r\n").starts_with("! Protocol error from master"));
  CHECK(failure_of(std::string(20'000, 'x')).starts_with("! The primary sent a line"));
}

TEST_CASE("Options that a primary does not know are no reason to give up", "[primary_link]") {
  LinkPlayer player;
  player.feed("+PONG\r\n-ERR Unrecognized REPLCONF option: listening-port\r\n+OK\r\n");
  CHECK(player.link.state() == State::kPsync);
  CHECK(player.told.find("(Non critical) Master does not understand REPLCONF listening-port") !=
        std::string::npos);
}

TEST_CASE("A full resync that nobody understands is one of an unknown history", "[primary_link]") {
  LinkPlayer player;
  player.feed("+PONG\r\n+OK\r\n+OK\r\n+FULLRESYNC here\r\n");
  CHECK(player.told.ends_with("full " + std::string(40, '0') + " 0\n"));
}

// --- Time ----------------------------------------------------------------------------------------

/// Past the handshake, at time 0.
LinkPlayer streaming() {
  LinkPlayer player({.position = StreamPosition{kId, 7}});
  player.feed("+PONG\r\n+OK\r\n+OK\r\n+CONTINUE\r\n");
  player.said.clear();
  return player;
}

std::string taken(PrimaryLink& link) {
  std::string bytes(link.output().view());
  link.output().clear();
  return bytes;
}

TEST_CASE("The stream is acknowledged once a second", "[primary_link]") {
  LinkPlayer player = streaming();
  player.link.applied(134);
  CHECK(player.link.tick(500, kTimeoutMs) == Due::kNothing);
  CHECK(taken(player.link).empty());
  player.link.tick(1000, kTimeoutMs);
  CHECK(taken(player.link) == "*3\r\n$8\r\nREPLCONF\r\n$3\r\nACK\r\n$3\r\n134\r\n");
  player.link.tick(1999, kTimeoutMs);
  CHECK(taken(player.link).empty());
  player.link.durable(67);
  player.link.tick(2000, kTimeoutMs);
  CHECK(taken(player.link) ==
        "*5\r\n$8\r\nREPLCONF\r\n$3\r\nACK\r\n$3\r\n134\r\n$4\r\nFACK\r\n$2\r\n67\r\n");
}

TEST_CASE("A transfer that ends with a mark is acknowledged at once, another one is not",
          "[primary_link]") {
  const std::string ready = "+PONG\r\n+OK\r\n+OK\r\n+FULLRESYNC " + kId + " 9\r\n";
  LinkPlayer marked;
  marked.feed(ready + "$EOF:" + kOtherId + "\r\nREDIS" + kOtherId);
  CHECK(marked.said.ends_with("*3\r\n$8\r\nREPLCONF\r\n$3\r\nACK\r\n$1\r\n0\r\n"));
  LinkPlayer counted;
  counted.feed(ready + "$5\r\nREDIS");
  CHECK(counted.said.ends_with("PSYNC\r\n$1\r\n?\r\n$2\r\n-1\r\n"));
}

TEST_CASE("While it loads, the primary gets an empty line once a second", "[primary_link]") {
  PrimaryLink link;
  link.begin(0);
  link.connecting(0);
  link.connected({}, 0);
  std::string input = "+PONG\r\n+OK\r\n+OK\r\n+FULLRESYNC " + kId + " 9\r\n$5\r\nREDIS*1";
  while (link.state() != State::kLoading) {
    static_cast<void>(link.next(input));
    input.erase(0, link.consumed());
  }
  taken(link);
  CHECK(std::holds_alternative<PrimaryLink::NeedMore>(link.next(input)));
  CHECK(link.consumed() == 0);
  CHECK(link.tick(100'000, kTimeoutMs) == Due::kNothing);
  CHECK(link.tick(100'999, kTimeoutMs) == Due::kNothing);
  CHECK(link.tick(101'000, kTimeoutMs) == Due::kNothing);
  CHECK(taken(link) == "\n\n");
}

TEST_CASE("Silence is a failure, in each state by its name", "[primary_link]") {
  LinkPlayer player;
  CHECK(player.link.tick(kTimeoutMs, kTimeoutMs) == Due::kNothing);
  CHECK(player.link.tick(kTimeoutMs + 1, kTimeoutMs) == Due::kFailure);
  CHECK(player.link.silence_text() == "Timeout connecting to the MASTER...");
  player.feed("+PONG\r\n+OK\r\n+OK\r\n+FULLRESYNC " + kId + " 0\r\n");
  CHECK(player.link.silence_text().starts_with("Timeout receiving bulk data from MASTER..."));
  CHECK(streaming().link.silence_text() == "MASTER timeout: no data nor PING received...");
}

TEST_CASE("A stream that went on for a second is asked for again at once, then every second",
          "[primary_link]") {
  LinkPlayer player = streaming();
  PrimaryLink& link = player.link;
  link.tick(0, kTimeoutMs);
  link.tick(1000, kTimeoutMs);
  link.failed(Severity::kPassing, 5000);
  CHECK(link.tick(5000, kTimeoutMs) == Due::kConnect);
  link.connecting(5000);
  link.failed(Severity::kPassing, 5001);
  CHECK(link.tick(6000, kTimeoutMs) == Due::kNothing);
  CHECK(link.tick(6001, kTimeoutMs) == Due::kConnect);
}

TEST_CASE("One that breaks at once is not asked for without a pause", "[primary_link]") {
  LinkPlayer player = streaming();
  player.link.failed(Severity::kPassing, 10);
  CHECK(player.link.tick(1009, kTimeoutMs) == Due::kNothing);
  CHECK(player.link.tick(1010, kTimeoutMs) == Due::kConnect);
}

TEST_CASE("A primary that refuses is asked less and less often", "[primary_link]") {
  PrimaryLink link;
  link.begin(0);
  std::vector<int64_t> pauses_ms;
  for (int64_t now_ms = 0; pauses_ms.size() < 8; now_ms = link.retry_at_ms()) {
    link.connecting(now_ms);
    link.failed(Severity::kRefused, now_ms);
    pauses_ms.push_back(link.retry_at_ms() - now_ms);
  }
  CHECK(pauses_ms == std::vector<int64_t>{1000, 2000, 4000, 8000, 16000, 32000, 32000, 32000});
}

TEST_CASE("The states have the names that ROLE tells", "[primary_link]") {
  PrimaryLink link;
  CHECK(link.state_name() == "none");
  link.begin(0);
  CHECK(link.state_name() == "connect");
  link.connecting(0);
  CHECK(link.state_name() == "connecting");
  link.connected({}, 0);
  CHECK(link.state_name() == "handshake");
  CHECK(streaming().link.state_name() == "connected");
}

}  // namespace
}  // namespace weir
