#include "persistence/rdb_input.h"

#include <algorithm>
#include <string>

#include <catch2/catch.hpp>

#include "persistence/crc64.h"
#include "persistence/lzf.h"
#include "tests/support/rdb_in_memory.h"

using namespace weir;
using weir::testing::RdbContent;
using weir::testing::read_rdb;
using namespace std::string_literals;

namespace {

/// Gives so many bytes at a time, and then an error, if one is set.
class Dribble final : public RdbSource {
 public:
  Dribble(std::string_view bytes, size_t portion) : bytes_(bytes), portion_(portion) {}
  IoResult<size_t> read(std::span<char> buffer) override {
    const size_t count = std::min({bytes_.size(), portion_, buffer.size()});
    if (count == 0 && errno_value != 0)
      return tl::unexpected(IoError{.operation = "read", .path = "x", .errno_value = errno_value});
    std::copy_n(bytes_.data(), count, buffer.data());
    bytes_.remove_prefix(count);
    return count;
  }
  int errno_value = 0;

 private:
  std::string_view bytes_;
  size_t portion_;
};

uint64_t length_of(std::string_view bytes) {
  RdbInput in(bytes);
  const uint64_t length = in.length();
  CHECK_FALSE(in.failed());
  CHECK(in.is_at_end());
  return length;
}

std::string string_of(std::string_view bytes) {
  RdbInput in(bytes);
  std::string text(in.string());
  CHECK_FALSE(in.failed());
  CHECK(in.is_at_end());
  return text;
}

std::string error_of(std::string_view bytes) {
  RdbInput in(bytes);
  in.string();
  REQUIRE(in.failed());
  return std::to_string(in.error().offset) + ": " + in.error().reason;
}

}  // namespace

TEST_CASE("A length is read in each of its forms, also where a shorter one would do", "[rdb]") {
  CHECK(length_of("\x00"s) == 0);
  CHECK(length_of("\x3f"s) == 63);
  CHECK(length_of("\x40\x40"s) == 64);
  CHECK(length_of("\x7f\xff"s) == 16383);
  CHECK(length_of("\x40\x05"s) == 5);
  CHECK(length_of("\x80\x00\x00\x40\x00"s) == 16384);
  CHECK(length_of("\x81\x00\x00\x01\x8b\xcf\xe5\x68\x05"s) == 1700000000005);
  CHECK(length_of("\x81\xff\xff\xff\xff\xff\xff\xff\xff"s) == UINT64_MAX);
}

TEST_CASE("An undefined length byte and a string's encoding are no lengths", "[rdb]") {
  for (const std::string& bytes : {"\x82"s, "\xbf"s, "\xc0\x05"s, "\xff"s}) {
    RdbInput in(bytes);
    in.length();
    CHECK(in.failed());
    CHECK(in.error().kind == RdbError::Kind::kDamaged);
  }
}

TEST_CASE("A string is read in each of its forms", "[rdb]") {
  CHECK(string_of("\x00"s) == "");
  CHECK(string_of("\x03"s + "abc") == "abc");
  CHECK(string_of("\xc0\x7f"s) == "127");
  CHECK(string_of("\xc0\xff"s) == "-1");
  CHECK(string_of("\xc1\x39\x30"s) == "12345");
  CHECK(string_of("\xc2\x00\x00\x00\x80"s) == "-2147483648");
  CHECK(string_of("\xc3\x06\x20\x01\x61\x61\xe0\x15\x00\x01\x61\x61"s.substr(0, 9)) ==
        std::string(32, 'a'));
}

TEST_CASE("What is packed unpacks to what it was, and to nothing when it is cut or lies", "[rdb]") {
  const std::string text = std::string(500, 'a') + "bcd" + std::string(500, 'e');
  std::string packed;
  REQUIRE(pack_lzf(text, 4, packed));
  std::string unpacked;
  CHECK((unpack_lzf(packed, text.size(), unpacked) && unpacked == text));
  CHECK_FALSE(unpack_lzf(packed, text.size() - 1, unpacked));
  CHECK_FALSE(unpack_lzf(packed, text.size() + 1, unpacked));
  for (size_t cut = 0; cut < packed.size(); ++cut)
    CHECK_FALSE(unpack_lzf(std::string_view(packed).substr(0, cut), text.size(), unpacked));
  CHECK_FALSE(unpack_lzf("\x00"s + "a", uint64_t{1} << 32, unpacked));
}

TEST_CASE("Text that does not pack well is not packed", "[rdb]") {
  std::string packed;
  CHECK_FALSE(pack_lzf("qwertzuiopasdfghjklyxcvbnm", 4, packed));
}

TEST_CASE("A string that cannot be is named with its place", "[rdb]") {
  CHECK(error_of("\xc4"s) == "1: Unknown RDB string encoding type");
  CHECK(error_of("\x05"s + "abc") == "1: Unexpected EOF reading RDB file");
  CHECK(error_of("\x81\xff\xff\xff\xff\xff\xff\xff\xff"s) == "9: A string is too long");
  CHECK(error_of("\xc3\x02\x81\x7f\xff\xff\xff\xff\xff\xff\xffxx"s) == "11: A string is too long");
  CHECK(error_of("\xc3\x02\x80\x00\xff\xff\xffxx"s) == "9: Invalid LZF compressed string");
}

TEST_CASE("The name of a key is as long as an argument can be, at most", "[rdb]") {
  const auto error_of_key = [](std::string_view length) {
    const std::string bytes = "REDIS0010\x13" + std::string(length);
    RdbContent content;
    return read_rdb(bytes, content).error().reason;
  };
  CHECK(error_of_key("\x80\x7f\xff\xff\xff"s) == "Unexpected EOF reading RDB file");
  CHECK(error_of_key("\x80\x80\x00\x00\x00"s) == "A string is too long");
  CHECK(error_of_key("\xc3\x02\x80\x80\x00\x00\x00"s) == "A string is too long");
}

TEST_CASE("The first error stays, and behind it there is nothing to read", "[rdb]") {
  const std::string bytes = "\x82\x05xxxxxx"s;
  RdbInput in(bytes);
  in.length();
  CHECK(in.byte() == 0);
  CHECK(in.string().empty());
  CHECK(in.little64() == 0);
  CHECK(in.is_at_end());
  CHECK(in.error().offset == 1);
  CHECK(in.error().reason == "Unknown length encoding");
}

TEST_CASE("It does not matter in what portions bytes come", "[rdb]") {
  const std::string large(300000, 'x');
  const std::string bytes = "\x03"s + "abc" + "\x80\x00\x04\x93\xe0"s + large + "\x81"s +
                            "\x01\x02\x03\x04\x05\x06\x07\x08"s + "\x02"s + "yz";
  for (const size_t portion : {size_t{1}, size_t{7}, size_t{4096}, bytes.size()}) {
    Dribble source(bytes, portion);
    RdbInput in(source);
    CHECK(in.string() == "abc");
    CHECK(in.string() == large);
    CHECK(in.length() == 0x0102030405060708);
    CHECK(in.offset() == bytes.size() - 3);
    CHECK(in.checksum() == crc64(0, std::string_view(bytes).substr(0, bytes.size() - 3)));
    in.skip_string();
    CHECK(in.is_at_end());
    CHECK(in.checksum() == crc64(0, bytes));
    CHECK_FALSE(in.failed());
  }
}

TEST_CASE("A length beyond the end allocates no more than what comes", "[rdb]") {
  const std::string bytes = "\x80\xf0\x00\x00\x00"s + std::string(200000, 'x');
  Dribble source(bytes, bytes.size());
  RdbInput in(source);
  CHECK(in.string().empty());
  CHECK(in.error().kind == RdbError::Kind::kCut);
}

TEST_CASE("What the disk says is the error", "[rdb]") {
  Dribble source("abc", 3);
  source.errno_value = EIO;
  RdbInput in(source);
  in.bytes(4);
  REQUIRE(in.failed());
  CHECK(in.error().kind == RdbError::Kind::kUnread);
  CHECK(in.error().reason == "read 'x': Input/output error");
}
