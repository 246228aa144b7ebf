// What is written is read again, in every version, and Redis's own checker finds nothing wrong.
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "persistence/rdb_payload.h"
#include "persistence/rdb_stream_reader.h"
#include "persistence/rdb_stream_writer.h"
#include "tests/support/child_process.h"
#include "tests/support/describe_stream.h"
#include "tests/support/random_stream.h"
#include "tests/support/rdb_in_memory.h"
#include "tests/support/sample_stream.h"
#include "tests/support/seed.h"
#include "tests/support/temp_folder.h"
#include "tests/support/text_file.h"

using namespace std::string_literals;
using namespace weir;
using namespace weir::testing;

namespace {

std::string all_of(const Stream& stream) {
  return describe(stream) + describe_times(stream);
}

Stream random_stream(uint64_t seed, int changes) {
  const std::vector<uint8_t> bytes = random_input(seed, static_cast<size_t>(changes) * 40);
  ModelInput input(bytes);
  return RandomStream(input).make(changes);
}

/// The only stream of a file.
Stream read_back(const std::string& file) {
  RdbContent content;
  const RdbResult read = read_rdb(file, content);
  if (!read) FAIL(read.error().offset << ": " << read.error().reason);
  REQUIRE(content.keys.size() == 1);
  assert_consistent(content.keys[0].stream);
  return std::move(content.keys[0].stream);
}

/// A field as it stands in a file or a payload.
std::string field(std::string_view name, std::string_view value) {
  RdbOutput out;
  out.byte(rdb::kAux);
  out.plain_string(name);
  out.plain_string(value);
  return std::string(out.kept());
}

/// What is wrong with a payload of this stream that has more bytes behind the value.
std::string fault_with(const std::string& behind, const Stream& stream = stream_of(3)) {
  const std::string plain = dump_payload(StreamView(stream), 14, {});
  RdbOutput out;
  out.raw(plain.substr(0, plain.size() - 10));
  out.raw(behind);
  out.little16(14);
  out.little64(out.checksum());
  const auto restored = restore_payload(out.kept(), {});
  if (!restored) return restored.error().error.reason;
  return describe(*restored) == describe(stream) ? "" : "another stream";
}

}  // namespace

TEST_CASE("A stream that was written and read is the same, in every version", "[rdb]") {
  const uint64_t seed = first_seed();
  CAPTURE(seed);
  for (uint64_t life = 0; life < 60; ++life) {
    const Stream stream = random_stream(seed + life, life < 40 ? 150 : 1500);
    const std::string expected = all_of(stream);
    for (uint16_t version = 10; version <= 14; ++version) {
      CAPTURE(life, version);
      for (const bool packs : {false, true}) {
        const std::string file = write_rdb("key", stream, {.version = version, .packs = packs});
        CHECK(all_of(read_back(file)) == expected);
      }
    }
  }
}

TEST_CASE("A file with thousands of pending entries, messages and consumers loses nothing",
          "[rdb]") {
  Stream stream = stream_of(20000);
  ConsumerGroup& group = stream.groups().add("g", {1, 0}, 5);
  for (int i = 0; i < 9000; ++i)
    group.add_consumer("consumer-" + std::to_string(i), i).set_active_ms(2 * i);
  {
    PendingList::Edit edit(group.pending());
    for (uint64_t ms = 1; ms <= 20000; ++ms) {
      Nack nack = {.id = {ms, 0}, .deliveries = ms % 7};
      if (ms % 3 == 0) {
        nack.release = 50000 - ms;
      } else {
        nack.consumer = static_cast<ConsumerNumber>(ms * 7 % 9000);
        nack.delivered_ms = 1700000000000 + ms;
      }
      edit.put(nack);
    }
  }
  stream.set_idempotence_limits({.duration_s = 100, .maxsize = 10000});
  for (uint64_t i = 1; i <= 20000; ++i)
    stream.use_idempotence().record("pid" + std::to_string(i % 3), std::to_string(i), {i, 0});
  for (const uint16_t version : {uint16_t{10}, uint16_t{13}, uint16_t{14}}) {
    const std::string file = write_rdb("key", stream, {.version = version});
    const Stream read = read_back(file);
    CHECK((all_of(read) == all_of(stream)));
  }
}

TEST_CASE("A consumer beyond the numbers of narrow blocks gets its entries back", "[rdb]") {
  Stream stream = stream_of(10);
  ConsumerGroup& group = stream.groups().add("g", {10, 0}, 10);
  for (int i = 0; i < 70000; ++i)
    group.add_consumer("c" + std::to_string(i), 5);
  {
    PendingList::Edit edit(group.pending());
    for (uint64_t ms = 1; ms <= 10; ++ms) {
      edit.put({.id = {ms, 0},
                .consumer = static_cast<ConsumerNumber>(ms * 6999),
                .delivered_ms = ms,
                .deliveries = 1});
    }
  }
  CHECK((all_of(read_back(write_rdb("key", stream))) == all_of(stream)));
}

TEST_CASE("Pending entries that nobody owns are hidden from versions that do not know them",
          "[rdb]") {
  Stream stream = stream_of(3);
  ConsumerGroup& group = stream.groups().add("g", {3, 0}, 3);
  PendingList::Edit(group.pending()).put({.id = {2, 0}, .deliveries = 4, .release = 1});
  const StreamView view(stream);
  RdbOutput out;
  NodePacking packing(false);
  write_rdb_stream(out, rdb::StreamType::kWithIdempotence, view, packing);
  RdbInput in(out.kept());
  const std::optional<Stream> read =
      read_rdb_stream(in, rdb::StreamType::kWithIdempotence, IdempotenceLimits{});
  REQUIRE(read);
  CHECK(read->groups().at(0).pending_count() == 0);

  RdbOutput file;
  RdbWriter writer(file, {});
  writer.key({.name = "key"}, view);
  CHECK(writer.hidden().released_nacks == 1);
}

TEST_CASE("Keys keep their database, TTL and use", "[rdb]") {
  RdbContent content;
  content.keys.push_back({{.db = 0, .name = "", .deadline_ms = 4102444800000}, stream_of(1)});
  content.keys.push_back({{.db = 0, .name = "-129", .idle_s = 70000}, stream_of(2)});
  content.keys.push_back({{.db = 15, .name = "a\r\n", .frequency = uint8_t{255}}, stream_of(3)});
  content.keys.push_back({{.db = 15, .name = "2147483648", .deadline_ms = -5}, {}});
  RdbContent read;
  REQUIRE(read_rdb(write_rdb(content), read));
  REQUIRE(read.keys.size() == content.keys.size());
  for (size_t i = 0; i < read.keys.size(); ++i) {
    CHECK(read.keys[i].key.db == content.keys[i].key.db);
    CHECK(read.keys[i].key.name == content.keys[i].key.name);
    CHECK(read.keys[i].key.deadline_ms == content.keys[i].key.deadline_ms);
    CHECK(read.keys[i].key.idle_s == content.keys[i].key.idle_s);
    CHECK(read.keys[i].key.frequency == content.keys[i].key.frequency);
    CHECK(read.keys[i].stream.length() == content.keys[i].stream.length());
  }
}

TEST_CASE("A file says what it is in the order in which Redis says it", "[rdb]") {
  RdbOutput out;
  RdbWriter writer(out, {.version = 12});
  writer.begin({.redis_version = "8.8.0",
                .weir_version = "0.1.0",
                .created_s = 1795254619,
                .used_memory_bytes = 1091936,
                .replication = RdbReplicationInfo{.db = -1, .id = "abc", .offset = 77},
                .is_aof_base = true});
  writer.end();
  CHECK(out.kept().substr(0, 9) == "REDIS0012");
  RdbContent content;
  const RdbResult read = read_rdb(out.kept(), content);
  REQUIRE(read);
  CHECK(read->sum_was_checked);
  const std::vector<std::pair<std::string, std::string>> expected = {
      {"redis-ver", "8.8.0"},  {"redis-bits", "64"},     {"ctime", "1795254619"},
      {"used-mem", "1091936"}, {"repl-stream-db", "-1"}, {"repl-id", "abc"},
      {"repl-offset", "77"},   {"aof-base", "1"},        {"weir-ver", "0.1.0"}};
  CHECK(content.fields == expected);
}

TEST_CASE("A part of what Weir adds belongs to the key before it, or to nobody", "[rdb]") {
  Stream stream = stream_of(3);
  stream.groups().add("g", {3, 0}, 3).add_consumer("c", 1000).set_active_ms(2000);
  const std::string file = write_rdb("key", stream);
  const std::string_view field = "weir-active-times";
  const size_t at = file.find(field);
  REQUIRE(at != std::string::npos);
  std::string of_another = file.substr(0, file.size() - 8) + std::string(8, '\0');
  of_another[at + field.size() + 2] = 'k';  // behind two lengths; "key" becomes …
  of_another[at + field.size() + 4] = 'x';  // … "kex"
  const Stream read = read_back(of_another);
  CHECK(read.groups().at(0).consumer_at(0).active_ms() == 1000);

  std::string malformed = file.substr(0, file.size() - 8) + std::string(8, '\0');
  malformed[at + field.size() + 6] = 'h';  // there is no group "h"
  RdbContent content;
  const RdbResult refused = read_rdb(malformed, content);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().reason == "Malformed field weir-active-times of key 'key'");
}

TEST_CASE("Limits of messages that no stream can have are refused behind it, too", "[rdb]") {
  Stream stream = stream_of(3);
  stream.set_idempotence_limits({60, 60});
  const std::string file = write_rdb("key", stream);
  const std::string_view field = "weir-idmp";
  const size_t at = file.find(field);
  REQUIRE(at != std::string::npos);
  const size_t limits_at = at + field.size() + 5;  // behind two lengths and "key"
  for (const size_t limit_at : {limits_at, limits_at + 1}) {
    std::string broken = file.substr(0, file.size() - 8) + std::string(8, '\0');
    REQUIRE(broken[limit_at] == 60);
    broken[limit_at] = 0;
    RdbContent content;
    const RdbResult refused = read_rdb(broken, content);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().reason == "Malformed field weir-idmp of key 'key'");
  }
}

TEST_CASE("Redis's checker finds nothing wrong with what Weir writes", "[rdb]") {
  TempFolder folder;
  const uint64_t seed = first_seed();
  CAPTURE(seed);
  for (uint64_t life = 0; life < 12; ++life) {
    const Stream stream = random_stream(seed + life, 700);
    const std::string path = folder / "dump.rdb";
    write_text(path, write_rdb("key", stream, {.packs = life % 2 == 0}));
    const Finished check = run_to_end("/usr/bin/redis-check-rdb", {path});
    INFO(check.out);
    CHECK(check.exit_code == 0);
    CHECK(check.out.find("Checksum OK") != std::string::npos);
  }
}

TEST_CASE("A payload takes the version asked for, or the first that loses nothing", "[rdb]") {
  const auto version_of = [](const Stream& stream, uint16_t version) {
    const std::string payload = dump_payload(StreamView(stream), version, {});
    return int{payload[payload.size() - 10]};
  };
  Stream plain = stream_of(3);
  CHECK(version_of(plain, 10) == 10);
  CHECK(version_of(plain, 12) == 12);
  Stream with_messages = stream_of(3);
  with_messages.use_idempotence().record("p", "i", {3, 0});
  CHECK(version_of(with_messages, 10) == 13);
  Stream with_released = stream_of(3);
  PendingList::Edit(with_released.groups().add("g", {3, 0}, 3).pending())
      .put({.id = {2, 0}, .deliveries = 4, .release = 1});
  CHECK(version_of(with_released, 12) == 14);
}

TEST_CASE("What a payload restores is what was dumped", "[rdb]") {
  const uint64_t seed = first_seed();
  CAPTURE(seed);
  for (uint64_t life = 0; life < 30; ++life) {
    CAPTURE(life);
    const Stream stream = random_stream(seed + life, 200);
    const std::string payload = dump_payload(StreamView(stream), 10, {});
    const auto restored = restore_payload(payload, {});
    REQUIRE(restored);
    assert_consistent(*restored);
    CHECK(describe(*restored) == describe(stream));
    for (size_t cut = 0; cut < payload.size(); cut += 1 + payload.size() / 50)
      CHECK_FALSE(restore_payload(payload.substr(0, cut), {}));
  }
}

TEST_CASE("What a payload says of its key is passed over", "[rdb]") {
  const std::string plain = dump_payload(StreamView(stream_of(3)), 14, {});
  RdbOutput out;
  append_key_meta(out);
  out.raw(plain.substr(0, plain.size() - 8));
  out.little64(out.checksum());
  const auto restored = restore_payload(out.kept(), {});
  REQUIRE(restored);
  CHECK(describe(*restored) == describe(stream_of(3)));
}

TEST_CASE("What stands behind the value of a payload has to be a field of ours that fits",
          "[rdb]") {
  CHECK(fault_with("") == "");
  CHECK(fault_with("\0"s) == "Bytes behind the value");
  CHECK(fault_with(field("other", "\0"s)) == "Malformed field other");
  CHECK(fault_with(field("weir-to-come", "\0"s)) == "");
  CHECK(fault_with(field("weir-released", "\1k\1g"s)) == "");  // of a key that has a name
  CHECK(fault_with(field("weir-released", "\0\1g\0\0"s)) == "Malformed field weir-released");
  const std::string whole = field("weir-to-come", "\0"s);
  for (size_t size = 1; size < whole.size(); ++size)
    CHECK_FALSE(fault_with(whole.substr(0, size)).empty());
}

TEST_CASE("A field of ours that does not fit the stream before it is refused", "[rdb]") {
  Stream stream = stream_of(3);
  stream.groups().add("g", {3, 0}, 3).add_consumer("c", 1000);
  const auto fault = [&stream](const char* name, const std::string& value) {
    return fault_with(field(name, "\0"s + value), stream);
  };
  const std::string time(8, '\1');
  CHECK(fault("weir-active-times", "\1g\0\1"s + time) == "");
  // The first and the number of them, of one consumer.
  for (const std::string& value : {"\0\2"s + time + time, "\1\1"s + time, "\2\0"s})
    CHECK(fault("weir-active-times", "\1g" + value) == "Malformed field weir-active-times");

  const std::string nack = std::string(7, '\0') + '\2' + std::string(8, '\0') + '\4';  // 2-0
  CHECK(fault("weir-released", "\1g\0\1"s + nack) == "another stream");
  CHECK(fault("weir-released", "\1g\0\2"s + nack + nack) == "Malformed field weir-released");

  const std::string message = "\1i\2\0"s;
  CHECK(fault("weir-messages", "\1p\0\1"s + message) == "another stream");
  for (const auto& [name, value] :
       {std::pair("weir-active-times", "\1g\0\1"s + time),
        std::pair("weir-released", "\1g\0\1"s + nack), std::pair("weir-idmp", "\7\7\1\1"s),
        std::pair("weir-messages", "\1p\0\1"s + message)}) {
    CAPTURE(name);
    CHECK_FALSE(fault(name, value).starts_with("Malformed"));
    for (size_t size = 0; size < value.size(); ++size)
      CHECK(fault(name, value.substr(0, size)) == "Malformed field "s + name);
  }
}

TEST_CASE("An output without room keeps the error and says so at the end", "[rdb]") {
  class Full final : public RdbDestination {
   public:
    IoResult<void> write(std::string_view) override {
      return tl::unexpected(IoError{.operation = "write", .path = "x", .errno_value = 28});
    }
  };
  Full full;
  RdbOutput out(full, RdbChecksum::kComputed);
  RdbWriter writer(out, {});
  writer.begin({});
  writer.begin_database(0, 1, 0);
  writer.key({.name = "s"}, StreamView(stream_of(10000)));
  writer.end();
  CHECK_FALSE(out.flush());
  CHECK(to_string(out.error()) == "write 'x': No space left on device");
}
