#include "persistence/rdb_stream_reader.h"

#include <string>

#include <catch2/catch.hpp>

#include "persistence/rdb_stream_writer.h"
#include "tests/support/describe_stream.h"
#include "tests/support/sample_stream.h"
#include "tests/support/text_file.h"

using namespace weir;
using namespace weir::testing;

namespace {

/// The value of the only key of a file with an explained content.
std::string worked_example() {
  constexpr size_t kValueAt = 0x64;
  constexpr size_t kValueEnd = 0x12f;
  const std::string file = read_text(WEIR_SOURCE_DIR "/tests/golden/rdb/14-worked-example.rdb");
  REQUIRE(file.size() == 312);
  return file.substr(kValueAt, kValueEnd - kValueAt);
}

std::string value_of(const Stream& stream, rdb::StreamType type) {
  RdbOutput out;
  NodePacking packing(false);
  write_rdb_stream(out, type, StreamView(stream), packing);
  return std::string(out.kept());
}

/// Why the bytes are no stream; empty if they are one.
std::string why_not(const std::string& bytes, rdb::StreamType type) {
  RdbInput in(bytes);
  if (read_rdb_stream(in, type, {})) return {};
  return in.error().reason;
}

}  // namespace

TEST_CASE("A stream of a file has its entries, counters, groups and consumers", "[rdb]") {
  const std::string bytes = worked_example();
  RdbInput in(bytes);
  const std::optional<Stream> stream =
      read_rdb_stream(in, rdb::StreamType::kWithCounters, {.duration_s = 7, .maxsize = 8});
  REQUIRE(stream);
  CHECK(in.is_at_end());
  stream->assert_consistent();
  stream->groups().at(0).pending_or_null()->assert_consistent();
  CHECK(describe(*stream) ==
        "length 2 last 1700000000005-1 added 3 deleted 1700000000005-0\n"
        "entry 1700000000000-0 op=run n=7\n"
        "entry 1700000000005-1 msg=hi\n"
        "messages kept 7 s, 8 of a producer, added 0 duplicates 0\n"
        "group g last 1700000000000-0 read -1\n"
        "  consumer amy 1\n"
        "  pending 1700000000000-0 amy 1700000100000 1\n");
  CHECK(stream->groups().at(0).consumer_at(0).seen_ms() == 1795254619144);
  CHECK(stream->groups().at(0).consumer_at(0).active_ms() == 1795254619144);
}

TEST_CASE("A stream that is cut anywhere is no stream", "[rdb]") {
  const std::string bytes = worked_example();
  for (size_t cut = 0; cut < bytes.size(); ++cut) {
    RdbInput in(std::string_view(bytes).substr(0, cut));
    CHECK_FALSE(read_rdb_stream(in, rdb::StreamType::kWithCounters, {}));
    CHECK(in.failed());
  }
}

TEST_CASE("Only what is pending and has no consumer can have been released", "[rdb]") {
  using Type = rdb::StreamType;
  constexpr std::string_view kWhy = "NACK zone entry not pending or owned by a consumer";
  Stream stream = stream_of(3);
  ConsumerGroup& group = stream.groups().add("g", {3, 0}, 3);
  std::string bytes = value_of(stream, Type::kWithReleasedNacks);
  // Behind the group: limits of messages in 2 and 2 bytes, and three counts of none.
  const size_t count_at = bytes.size() - 8;
  REQUIRE(why_not(bytes, Type::kWithReleasedNacks).empty());
  REQUIRE(bytes[count_at] == 0);
  bytes[count_at] = 1;
  bytes.insert(count_at + 1, std::string(16, 'x'));
  CHECK(why_not(bytes, Type::kWithReleasedNacks) == kWhy);

  PendingList::Edit(group.pending()).put({.id = {2, 0}, .deliveries = 4, .release = 1});
  bytes = value_of(stream, Type::kWithReleasedNacks);
  REQUIRE(why_not(bytes, Type::kWithReleasedNacks).empty());
  bytes[bytes.size() - 8] = '\x03';  // the number of the released ID, which is not pending then
  CHECK(why_not(bytes, Type::kWithReleasedNacks) == kWhy);
}

TEST_CASE("Limits of messages that no stream can have are refused", "[rdb]") {
  using Type = rdb::StreamType;
  Stream stream = stream_of(3);
  for (const IdempotenceLimits limits : {IdempotenceLimits{1, 1}, IdempotenceLimits{60, 60}}) {
    stream.set_idempotence_limits(limits);
    std::string bytes = value_of(stream, Type::kWithIdempotence);
    REQUIRE(why_not(bytes, Type::kWithIdempotence).empty());
    for (const size_t limit_at : {bytes.size() - 5, bytes.size() - 4}) {
      std::string broken = bytes;
      broken[limit_at] = 0;
      CHECK(why_not(broken, Type::kWithIdempotence) == "Stream IDMP configuration out of range");
    }
  }
}
