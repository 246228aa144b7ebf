// What replicas of Redis said to their primary, said to ours byte by byte: it answers as that did.
#include <string>

#include <catch2/catch.hpp>
#include <sys/socket.h>

#include "tests/support/recorded_link.h"
#include "tests/support/replication_stage.h"

namespace weir::testing {
namespace {

TestServer primary(std::vector<std::string> options) {
  options.insert(options.end(),
                 {"--repl-diskless-sync-delay", "0", "--repl-ping-replica-period", "1000"});
  return TestServer(options);
}

/// What comes over a connection, as it is.
class Bytes {
 public:
  explicit Bytes(const TestServer& server) : client_(server.port()) {}

  void send(std::string_view bytes) {
    for (const char byte : bytes)
      client_.write({&byte, 1});
  }
  /// Waits until so many have come in all.
  bool have(size_t size) {
    return wait_until([&] { return received(size).size() >= size; });
  }
  const std::string& received(size_t wanted) {
    char buffer[4096];
    while (received_.size() < wanted) {
      const ssize_t got = recv(client_.fd(), buffer, sizeof(buffer), MSG_DONTWAIT);
      if (got <= 0) break;
      received_.append(buffer, static_cast<size_t>(got));
    }
    return received_;
  }

 private:
  RawClient client_;
  std::string received_;
};

/// Says what the replica said until it asks for the stream, and no answer is missing.
void introduce(Bytes& replica, const std::vector<RecordedBytes>& link) {
  size_t expected = 0;
  for (const RecordedBytes& part : link) {
    if (part.is_from_primary) {
      expected += part.bytes.size();
      REQUIRE(replica.have(expected));
      continue;
    }
    if (part.bytes.find("PSYNC") != std::string::npos) return;
    replica.send(part.bytes);
  }
}

/// Everything behind the transfer that the primary said, up to the first question.
std::string recorded_stream(const std::vector<RecordedBytes>& link) {
  const std::string question = "GETACK\r\n$1\r\n*\r\n";
  std::string stream;
  for (const RecordedBytes& part : link) {
    if (part.is_from_primary && (part.bytes.starts_with("*") || !stream.empty()))
      stream += part.bytes;
    if (stream.ends_with(question)) break;
  }
  return stream;
}

std::string psync(const std::string& id, const std::string& next) {
  return encode_command(std::vector<std::string>{"PSYNC", id, next});
}

std::string ack(size_t offset) {
  return encode_command(std::vector<std::string>{"REPLCONF", "ACK", std::to_string(offset)});
}

}  // namespace

TEST_CASE("Replies to a recorded replica, byte by byte, are those that Redis gave",
          "[psync][golden]") {
  TestServer server = primary({});
  const auto link = recorded_link("handshake-diskless-partial-failover.txt", "C ", "c1");
  Bytes replica(server);
  std::string expected;
  for (const RecordedBytes& part : link) {
    if (part.is_from_primary && part.bytes.starts_with("\n")) break;
    if (part.is_from_primary) {
      expected += part.bytes;
      REQUIRE(replica.have(expected.size()));
    } else {
      replica.send(part.bytes);
    }
  }
  CHECK(replica.received(expected.size()).starts_with(expected));
  const size_t line = expected.size() + std::string("+FULLRESYNC  0\r\n").size() + 40;
  REQUIRE(replica.have(line + 5));
  CHECK(replica.received(line + 5).substr(expected.size()).starts_with("+FULLRESYNC "));
  CHECK(replica.received(line + 5).substr(line, 5) == "$EOF:");
}

TEST_CASE("A recorded redis-cli --replica sees the stream without the data", "[sync][golden]") {
  TestServer server = primary({});
  Redis redis = server.connect();
  redis("XADD", "s", "1-1", "f", "v");
  const auto link = recorded_link("handshake-clients-auth-88.txt", "M ", "c1");
  Bytes client(server);
  size_t oks = 0;
  for (const RecordedBytes& part : link) {
    if (part.is_from_primary && part.bytes == "+OK\r\n") REQUIRE(client.have(5 * ++oks));
    if (part.is_from_primary) continue;
    client.send(part.bytes);
    if (part.bytes.find("SYNC") != std::string::npos) break;
  }
  constexpr size_t kHeaderBytes = std::string_view("$EOF:\r\nREDIS").size() + 40;
  REQUIRE(client.have(5 * oks + kHeaderBytes));
  REQUIRE(wait_until(
      [&] { return info_field(redis, "slave0").find("state=online") != std::string::npos; }));
  const size_t size = client.received(SIZE_MAX).size();
  CHECK(size < 1000);
  client.send("*3\r\n$8\r\nREPLCONF\r\n$3\r\nACK\r\n$1\r\n0\r\n");
  redis("XADD", "s", "600-1", "f", "v");
  CHECK(client.have(size + 20));
  CHECK(client.received(SIZE_MAX).find("SELECT", size) != std::string::npos);
}

TEST_CASE("The stream that a recorded replica was sent is byte for byte ours", "[psync][golden]") {
  TestServer server = primary({"--repl-diskless-sync", "no"});
  const auto link = recorded_link("handshake-disk.txt", "A", "c1");
  const std::string stream = recorded_stream(link);
  constexpr size_t kWritten = 134;  // bytes, as the recorded replica acknowledged them
  REQUIRE(stream.size() ==
          kWritten + std::string("*3\r\n$8\r\nREPLCONF\r\n$6\r\nGETACK\r\n$1\r\n*\r\n").size());
  Bytes replica(server);
  introduce(replica, link);
  const size_t answered = replica.received(SIZE_MAX).size();
  replica.send(psync("?", "-1"));
  const size_t announced = answered + std::string("+FULLRESYNC  0\r\n").size() + 40;
  REQUIRE(replica.have(announced + 6));
  const size_t length_at = replica.received(SIZE_MAX).find('$', announced);
  REQUIRE(length_at != std::string::npos);
  REQUIRE(wait_until(
      [&] { return replica.received(SIZE_MAX).find('\n', length_at) != std::string::npos; }));
  const size_t begin = replica.received(SIZE_MAX).find('\n', length_at) + 1 +
                       std::stoul(replica.received(SIZE_MAX).substr(length_at + 1));
  REQUIRE(replica.have(begin));

  Redis redis = server.connect();
  REQUIRE(
      wait_until([&] { return info_field(redis, "slave0").find("online") != std::string::npos; }));
  redis("XADD", "s", "2-0", "a", "c");
  redis("SELECT", 4);
  redis("XADD", "x", "2-0", "a", "c");
  redis.send("WAIT", 1, 0);
  REQUIRE(replica.have(begin + stream.size()));
  CHECK(replica.received(SIZE_MAX).substr(begin) == stream);
  replica.send(ack(kWritten));
  CHECK(redis.read() == 1);
}

TEST_CASE("A replica that comes back is sent the stream from any byte of it", "[psync][golden]") {
  TestServer server = primary({});
  const auto link = recorded_link("handshake-disk.txt", "A", "c1");
  std::string stream = recorded_stream(link);
  stream.resize(stream.rfind("*3\r\n$8\r\nREPLCONF"));
  Bytes first(server);
  introduce(first, link);
  first.send(psync("?", "-1"));
  Redis redis = server.connect();
  REQUIRE(becomes(redis, "sync_full", "1"));
  REQUIRE(wait_until([&] { return first.received(SIZE_MAX).find("$EOF:") != std::string::npos; }));
  redis("XADD", "s", "2-0", "a", "c");
  redis("SELECT", 4);
  redis("XADD", "x", "2-0", "a", "c");
  const std::string id = info_field(redis, "master_replid");
  const std::string answer = "+CONTINUE " + id + "\r\n";
  for (size_t from = 0; from <= stream.size(); ++from) {
    CAPTURE(from);
    Bytes replica(server);
    introduce(replica, link);
    const size_t answered = replica.received(SIZE_MAX).size();
    replica.send(psync(id, std::to_string(from + 1)));
    const std::string expected = answer + stream.substr(from);
    REQUIRE(replica.have(answered + expected.size()));
    REQUIRE(replica.received(SIZE_MAX).substr(answered) == expected);
  }
  Bytes beyond(server);
  introduce(beyond, link);
  const size_t answered = beyond.received(SIZE_MAX).size();
  beyond.send(psync(id, std::to_string(stream.size() + 2)));
  REQUIRE(beyond.have(answered + 12));
  CHECK(beyond.received(SIZE_MAX).substr(answered).starts_with("+FULLRESYNC "));
}

}  // namespace weir::testing
