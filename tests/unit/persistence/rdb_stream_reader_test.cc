#include "persistence/rdb_stream_reader.h"

#include <string>

#include <catch2/catch.hpp>

#include "tests/support/describe_stream.h"
#include "tests/support/text_file.h"

using namespace weir;
using namespace weir::testing;

namespace {

/// The value of the only key of a file with an explained content.
std::string worked_example() {
  constexpr size_t kValueAt = 0x64;
  constexpr size_t kValueEnd = 0x12f;
  const std::string file =
      read_text(std::string(WEIR_SOURCE_DIR) + "/tests/golden/rdb/14-worked-example.rdb");
  REQUIRE(file.size() == 312);
  return file.substr(kValueAt, kValueEnd - kValueAt);
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
  CHECK(stream->groups().at(0).consumer_at(0).seen_ms == 1795254619144);
  CHECK(stream->groups().at(0).consumer_at(0).active_ms == 1795254619144);
}

TEST_CASE("A stream that is cut anywhere is no stream", "[rdb]") {
  const std::string bytes = worked_example();
  for (size_t cut = 0; cut < bytes.size(); ++cut) {
    RdbInput in(std::string_view(bytes).substr(0, cut));
    CHECK_FALSE(read_rdb_stream(in, rdb::StreamType::kWithCounters, {}));
    CHECK(in.failed());
  }
}
