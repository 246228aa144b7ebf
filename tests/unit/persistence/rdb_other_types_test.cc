// What is no stream: passed over to the very byte, or refused.
#include <functional>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/support/rdb_in_memory.h"
#include "tests/support/sample_stream.h"

using namespace weir;
using namespace weir::testing;

namespace {

using Write = std::function<void(RdbOutput&)>;

/// A file with something in front of a stream.
std::string file_with(const Write& write) {
  RdbOutput out;
  RdbWriter writer(out, {});
  out.raw("REDIS0014");
  write(out);
  writer.key({.name = "s"}, StreamView(stream_of(3)));
  writer.end();
  return std::string(out.kept());
}

RdbResult read(const std::string& file, RdbContent& content, RdbOtherTypes what) {
  RdbReadOptions options;
  options.other_types = what;
  return read_rdb(file, content, options);
}

void value(RdbOutput& out, uint8_t type, const Write& write) {
  out.byte(type);
  out.string("key");
  write(out);
}

void strings(RdbOutput& out, int count) {
  for (int i = 0; i < count; ++i)
    out.string(i % 2 == 0 ? std::string(100, 'x') : "123");
}

void one(RdbOutput& out) {
  out.string("value");
}

void three(RdbOutput& out) {
  out.length(3);
  strings(out, 3);
}

void pairs(RdbOutput& out) {
  out.length(2);
  strings(out, 4);
}

void timed_pairs(RdbOutput& out) {
  out.length(2);
  for (int i = 0; i < 2; ++i) {
    out.length(70000);
    strings(out, 2);
  }
}

void timed_pairs_from(RdbOutput& out) {
  out.little64(5);
  timed_pairs(out);
}

void timed_string(RdbOutput& out) {
  out.little64(1);
  out.string("listpack");
}

/// Scores as text: infinite, not a number, 1.5.
void text_scores(RdbOutput& out) {
  out.length(3);
  out.string("a");
  out.byte(254);
  out.string("b");
  out.byte(253);
  out.string("c");
  out.byte(3);
  out.raw("1.5");
}

void binary_scores(RdbOutput& out) {
  out.length(2);
  for (int i = 0; i < 2; ++i) {
    out.string("member");
    out.little64(0x3ff8000000000000);
  }
}

/// A module's value: an item of each kind.
void module_items(RdbOutput& out) {
  out.length(uint64_t{1} << 60);
  for (const uint64_t item : {1, 2}) {
    out.length(item);
    out.length(UINT64_MAX);
  }
  out.length(3);
  out.raw("1234");
  out.length(4);
  out.raw("12345678");
  out.length(5);
  out.string("text");
  out.length(0);
}

void two_nodes(RdbOutput& out) {
  out.length(2);
  for (const uint64_t kind : {1, 2}) {
    out.length(kind);
    out.string("node");
  }
}

/// Places with a string, a number, a number, a string.
void places(RdbOutput& out) {
  out.length(4);
  out.length(1);
  out.length(9);
  for (const uint64_t tag : {0, 1, 2, 3}) {
    out.length(1000);
    out.length(tag);
    if (tag == 1 || tag == 2) out.little64(7);
    if (tag == 0 || tag == 3) out.string("text");
  }
}

/// Each way in which values are laid out, by type.
const std::pair<int, Write> kAllValues[] = {
    {0, one},           {1, three},         {2, three},        {3, text_scores},
    {4, pairs},         {5, binary_scores}, {7, module_items}, {9, one},
    {10, one},          {11, one},          {12, one},         {13, one},
    {14, three},        {16, one},          {17, one},         {18, two_nodes},
    {20, one},          {22, timed_pairs},  {23, one},         {24, timed_pairs_from},
    {25, timed_string}, {28, places},
};

}  // namespace

TEST_CASE("A value of every other type is passed over to its very end", "[rdb]") {
  for (const auto& [type, write] : kAllValues) {
    CAPTURE(type);
    const std::string file = file_with(
        [&, t = type, &w = write](RdbOutput& out) { value(out, static_cast<uint8_t>(t), w); });
    RdbContent content;
    const RdbResult result = read(file, content, RdbOtherTypes::kSkip);
    if (!result) FAIL(result.error().reason);
    CHECK(result->skipped == 1);
    REQUIRE(content.keys.size() == 1);
    CHECK(content.keys[0].stream.length() == 3);

    RdbContent refused;
    const RdbResult refusal = read(file, refused, RdbOtherTypes::kRefuse);
    REQUIRE_FALSE(refusal);
    CHECK(refusal.error().kind == RdbError::Kind::kRefused);
    CHECK(refusal.error().reason.find("Key 'key' of database 0 is a") == 0);
    CHECK(refused.keys.empty());
  }
}

TEST_CASE("Types that nobody can pass over are refused in any case", "[rdb]") {
  for (const int type : {6, 8, 29, 100, 242}) {
    CAPTURE(type);
    RdbContent content;
    const RdbResult result = read(file_with([&](RdbOutput& out) {
                                    value(out, static_cast<uint8_t>(type), [](RdbOutput&) {});
                                  }),
                                  content, RdbOtherTypes::kSkip);
    REQUIRE_FALSE(result);
    CHECK(result.error().reason == "Unknown RDB encoding type " + std::to_string(type));
  }
}

TEST_CASE("What a file says that concerns no stream is passed over", "[rdb]") {
  const Write writes[] = {
      [](RdbOutput& out) {  // of a module
        out.byte(rdb::kModuleAux);
        out.length(uint64_t{1} << 60);
        for (const uint64_t part : {2, 1, 5})
          out.length(part);
        out.string("text");
        out.length(0);
      },
      [](RdbOutput& out) {  // of a slot of a cluster
        out.byte(rdb::kSlotInfo);
        for (const uint64_t number : {16000, 3, 1})
          out.length(number);
      },
      append_key_meta,
      [](RdbOutput& out) {  // how it is expired, in the way of old
        out.byte(rdb::kExpireSeconds);
        out.raw("\xff\xff\xff\x7f");
      },
  };
  for (const Write& write : writes) {
    RdbContent content;
    const RdbResult result = read(file_with(write), content, RdbOtherTypes::kRefuse);
    if (!result) FAIL(result.error().reason);
    REQUIRE(content.keys.size() == 1);
  }
}

TEST_CASE("Functions are refused like keys of other types, or passed over", "[rdb]") {
  const std::string file = file_with([](RdbOutput& out) {
    out.byte(rdb::kFunction2);
    out.string("#!lua name=x");
    out.byte(rdb::kFunction);
    out.string("name");
    out.string("LUA");
    out.length(1);
    out.string("description");
    out.string("code");
  });
  RdbContent content;
  CHECK(read(file, content, RdbOtherTypes::kSkip));
  CHECK(content.keys.size() == 1);
  const RdbResult refusal = read(file, content, RdbOtherTypes::kRefuse);
  REQUIRE_FALSE(refusal);
  CHECK(refusal.error().kind == RdbError::Kind::kRefused);
}

TEST_CASE("A deadline of -1 is none", "[rdb]") {
  const std::string file = file_with([](RdbOutput& out) {
    out.byte(rdb::kExpireMs);
    out.raw("\xff\xff\xff\xff\xff\xff\xff\xff");
  });
  RdbContent content;
  REQUIRE(read(file, content, RdbOtherTypes::kRefuse));
  CHECK_FALSE(content.keys[0].key.deadline_ms);
}

TEST_CASE("A TTL in seconds is one in milliseconds", "[rdb]") {
  const std::string file = file_with([](RdbOutput& out) {
    out.byte(rdb::kExpireSeconds);
    out.raw({"\x00\x01\x00\x00", 4});
  });
  RdbContent content;
  REQUIRE(read(file, content, RdbOtherTypes::kRefuse));
  CHECK(content.keys[0].key.deadline_ms == 256000);
}

TEST_CASE("A packed string is passed over, and one of no known form is refused", "[rdb]") {
  RdbContent content;
  const auto with = [&](std::string_view bytes) {
    return read(
        file_with([&](RdbOutput& out) { value(out, 0, [&](RdbOutput& o) { o.raw(bytes); }); }),
        content, RdbOtherTypes::kSkip);
  };
  CHECK(with("\xc3\x04\x40\x64\x01xyz"));
  const RdbResult refused = with("\xc4");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().reason == "Unknown RDB string encoding type");
}

TEST_CASE("A module's value with an unknown item is refused", "[rdb]") {
  RdbContent content;
  const std::string file =
      file_with([](RdbOutput& out) { value(out, 7, [](RdbOutput& o) { o.raw("\x01\x09"); }); });
  const RdbResult refused = read(file, content, RdbOtherTypes::kSkip);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().reason == "Unknown item of a module's value");
}

TEST_CASE("An array's element of no known kind is refused", "[rdb]") {
  RdbContent content;
  const std::string file = file_with([](RdbOutput& out) {
    value(out, 28, [](RdbOutput& o) { o.raw(std::string("\x01\x00\x05\x04", 4)); });
  });
  const RdbResult refused = read(file, content, RdbOtherTypes::kSkip);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().reason == "Unknown tag in an array");
}
