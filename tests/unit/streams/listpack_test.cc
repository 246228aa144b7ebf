// The bytes of listpacks, one fact at a time.  The format: spec of RDB version 10, "Node =
// listpack".
#include "streams/listpack.h"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

namespace weir::listpack {
namespace {

using Bytes = std::vector<uint8_t>;

std::string hex(const uint8_t* begin, const uint8_t* end) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string text;
  for (; begin != end; ++begin) {
    if (!text.empty()) text += ' ';
    text += kDigits[*begin >> 4];
    text += kDigits[*begin & 15];
  }
  return text;
}

/// The element that stands for `text`.
Bytes element(std::string_view text) {
  Bytes bytes(text_bytes(text));
  REQUIRE(write_text(bytes.data(), text) == bytes.data() + bytes.size());
  return bytes;
}

/// The same in hex.
std::string encoded(std::string_view text) {
  const Bytes bytes = element(text);
  return hex(bytes.data(), bytes.data() + bytes.size());
}

std::string encoded(int64_t value) {
  Bytes bytes(integer_bytes(value));
  REQUIRE(write_integer(bytes.data(), value) == bytes.data() + bytes.size());
  return hex(bytes.data(), bytes.data() + bytes.size());
}

/// A whole listpack.
Bytes pack_of(const std::vector<std::string>& texts) {
  Bytes pack(kHeaderBytes);
  for (const std::string& text : texts) {
    const Bytes bytes = element(text);
    pack.insert(pack.end(), bytes.begin(), bytes.end());
  }
  pack.push_back(kEnd);
  set_total_bytes(pack.data(), static_cast<uint32_t>(pack.size()));
  set_element_count(pack.data(), texts.size());
  return pack;
}

/// A listpack of these very element bytes, with a right header.
Bytes pack_around(Bytes elements, uint16_t count) {
  Bytes pack(kHeaderBytes);
  pack.insert(pack.end(), elements.begin(), elements.end());
  pack.push_back(kEnd);
  set_total_bytes(pack.data(), static_cast<uint32_t>(pack.size()));
  set_element_count(pack.data(), count);
  return pack;
}

/// Texts of every encoding, on both sides of every bound.
std::vector<std::string> texts_at_bounds() {
  std::vector<std::string> texts{"", "007", "+5", "-0", " 1", "1.0", "a", "9223372036854775808"};
  for (const int64_t bound : {int64_t{0}, int64_t{127}, int64_t{-4096}, int64_t{4095},
                              int64_t{INT16_MIN}, int64_t{INT16_MAX}, int64_t{-8388608},
                              int64_t{8388607}, int64_t{INT32_MIN}, int64_t{INT32_MAX}}) {
    for (int64_t value = bound - 1; value <= bound + 1; ++value)
      texts.push_back(std::to_string(value));
  }
  texts.push_back(std::to_string(INT64_MIN));
  texts.push_back(std::to_string(INT64_MAX));
  for (const size_t length : {63, 64, 125, 126, 4095, 4096, 16377, 16378, 2097145, 2097146})
    texts.emplace_back(length, 'x');
  return texts;
}

// --- Elements -----------------------------------------------------------------------------------

TEST_CASE("The smallest listpack is a header and the end mark", "[listpack]") {
  const Bytes pack = pack_of({});
  CHECK(hex(pack.data(), pack.data() + pack.size()) == "07 00 00 00 00 00 FF");
  CHECK(pack.size() == kEmptyBytes);
}

TEST_CASE("The examples of the format's description are encoded so", "[listpack]") {
  CHECK(encoded("0") == "00 01");
  CHECK(encoded("127") == "7F 01");
  CHECK(encoded("128") == "C0 80 02");
  CHECK(encoded("-1") == "DF FF 02");
  CHECK(encoded("4096") == "F1 00 10 03");
  CHECK(encoded("-4097") == "F1 FF EF 03");
  CHECK(encoded("a") == "81 61 02");
  CHECK(encoded("") == "80 01");
  std::string long_text = "E0 40";
  for (int i = 0; i < 64; ++i)
    long_text += " 78";
  CHECK(encoded(std::string(64, 'x')) == long_text + " 42");
}

TEST_CASE("An integer takes the smallest form that holds it", "[listpack]") {
  CHECK(encoded(int64_t{4095}) == "CF FF 02");
  CHECK(encoded(int64_t{-4096}) == "D0 00 02");
  CHECK(encoded(int64_t{32767}) == "F1 FF 7F 03");
  CHECK(encoded(int64_t{-32768}) == "F1 00 80 03");
  CHECK(encoded(int64_t{32768}) == "F2 00 80 00 04");
  CHECK(encoded(int64_t{-32769}) == "F2 FF 7F FF 04");
  CHECK(encoded(int64_t{8388607}) == "F2 FF FF 7F 04");
  CHECK(encoded(int64_t{-8388608}) == "F2 00 00 80 04");
  CHECK(encoded(int64_t{8388608}) == "F3 00 00 80 00 05");
  CHECK(encoded(int64_t{-8388609}) == "F3 FF FF 7F FF 05");
  CHECK(encoded(int64_t{INT32_MAX}) == "F3 FF FF FF 7F 05");
  CHECK(encoded(int64_t{INT32_MIN}) == "F3 00 00 00 80 05");
  CHECK(encoded(int64_t{INT32_MAX} + 1) == "F4 00 00 00 80 00 00 00 00 09");
  CHECK(encoded(int64_t{INT64_MAX}) == "F4 FF FF FF FF FF FF FF 7F 09");
  CHECK(encoded(int64_t{INT64_MIN}) == "F4 00 00 00 00 00 00 00 80 09");
}

TEST_CASE("Text that only looks like an integer is stored as text", "[listpack]") {
  CHECK(encoded("007") == "83 30 30 37 04");
  CHECK(encoded("+5") == "82 2B 35 03");
  CHECK(encoded("-0") == "82 2D 30 03");
  CHECK(encoded(" 1") == "82 20 31 03");
  CHECK(encoded("1.0") == "83 31 2E 30 04");
  CHECK(encoded("9223372036854775808").substr(0, 2) == "93");
  CHECK(encoded("-9223372036854775809").substr(0, 2) == "94");
}

TEST_CASE("The length of a text chooses among three headers", "[listpack]") {
  CHECK(encoded(std::string(63, 'x')).substr(0, 5) == "BF 78");
  CHECK(encoded(std::string(64, 'x')).substr(0, 8) == "E0 40 78");
  CHECK(encoded(std::string(4095, 'x')).substr(0, 8) == "EF FF 78");
  CHECK(encoded(std::string(4096, 'x')).substr(0, 17) == "F0 00 10 00 00 78");
}

TEST_CASE("The back-length of an element takes one byte more at 128, 16383 and 2097151",
          "[listpack]") {
  CHECK(backlen_bytes(127) == 1);
  CHECK(backlen_bytes(128) == 2);
  CHECK(backlen_bytes(16382) == 2);
  CHECK(backlen_bytes(16383) == 3);
  CHECK(backlen_bytes(2097150) == 3);
  CHECK(backlen_bytes(2097151) == 4);
  CHECK(backlen_bytes(268435454) == 4);
  CHECK(backlen_bytes(268435455) == 5);
}

TEST_CASE("A back-length is written most significant group first, marked to be read backwards",
          "[listpack]") {
  const auto backlen_of = [](size_t text_length) {
    const Bytes bytes = element(std::string(text_length, 'x'));
    const size_t size = element_bytes(bytes.data());
    return hex(bytes.data() + size, bytes.data() + bytes.size());
  };
  CHECK(backlen_of(125) == "7F");               // of 127 bytes
  CHECK(backlen_of(126) == "01 80");            // 128
  CHECK(backlen_of(16377) == "7F FE");          // 16382
  CHECK(backlen_of(16378) == "00 FF FF");       // 16383
  CHECK(backlen_of(2097145) == "7F FF FE");     // 2097150
  CHECK(backlen_of(2097146) == "00 FF FF FF");  // 2097151
}

TEST_CASE("Every text reads back as it was written", "[listpack]") {
  for (const std::string& text : texts_at_bounds()) {
    CAPTURE(text.substr(0, 24), text.size());
    const Bytes bytes = element(text);
    char scratch[kMaxDecimalLength];
    const uint8_t* at = bytes.data();
    CHECK(read_text(at, scratch) == text);
    CHECK(at == bytes.data() + bytes.size());
    CHECK(skip(bytes.data()) == at);
  }
}

TEST_CASE("Every integer reads back as it was written", "[listpack]") {
  for (const std::string& text : texts_at_bounds()) {
    const std::optional<int64_t> value = parse_canonical(text);
    if (!value) continue;
    CAPTURE(text);
    const Bytes bytes = element(text);
    const uint8_t* at = bytes.data();
    CHECK(read_integer(at) == *value);
    CHECK(at == bytes.data() + bytes.size());
  }
}

TEST_CASE("Text is bytes: zeros and 0xff in it mean nothing", "[listpack]") {
  const std::string text("\0\xff\r\n\xf0\x00\x80", 7);
  const Bytes bytes = element(text);
  char scratch[kMaxDecimalLength];
  const uint8_t* at = bytes.data();
  CHECK(read_text(at, scratch) == text);
}

// --- Walking ------------------------------------------------------------------------------------

TEST_CASE("A listpack is walked forwards and backwards over the same elements", "[listpack]") {
  const std::vector<std::string> texts = texts_at_bounds();
  const Bytes pack = pack_of(texts);
  char scratch[kMaxDecimalLength];

  std::vector<const uint8_t*> places;
  const uint8_t* at = pack.data() + kHeaderBytes;
  for (const std::string& text : texts) {
    places.push_back(at);
    const uint8_t* behind = at;
    CHECK(read_text(behind, scratch) == text);
    at = skip(at);
    CHECK(behind == at);
  }
  CHECK(at == pack.data() + pack.size() - 1);

  for (; !places.empty(); places.pop_back()) {
    at = previous(at);
    CHECK(at == places.back());
  }
}

TEST_CASE("A header's element count says unknown from 65535 on", "[listpack]") {
  Bytes pack = pack_of({});
  set_element_count(pack.data(), 65534);
  CHECK(element_count(pack.data()) == 65534);
  set_element_count(pack.data(), 65535);
  CHECK(element_count(pack.data()) == kUnknownCount);
  set_element_count(pack.data(), 1'000'000);
  CHECK(element_count(pack.data()) == kUnknownCount);
}

// --- Validating ---------------------------------------------------------------------------------

TEST_CASE("What was written validates", "[listpack]") {
  CHECK(validate_listpack(pack_of({})));
  CHECK(validate_listpack(pack_of(texts_at_bounds())));
  CHECK(validate_listpack(pack_of(std::vector<std::string>(70'000, "1"))));
}

TEST_CASE("An unknown element count validates, a wrong one does not", "[listpack]") {
  Bytes pack = pack_of({"a", "b"});
  set_element_count(pack.data(), kUnknownCount);
  CHECK(validate_listpack(pack));
  set_element_count(pack.data(), 1);
  CHECK_FALSE(validate_listpack(pack));
  set_element_count(pack.data(), 3);
  CHECK_FALSE(validate_listpack(pack));
}

TEST_CASE("A listpack cut short at any byte does not validate", "[listpack]") {
  const Bytes pack = pack_of({"a", "4096", std::string(64, 'x'), std::string(4096, 'y')});
  for (size_t size = 0; size < pack.size(); ++size) {
    const Bytes cut(pack.begin(), pack.begin() + static_cast<ptrdiff_t>(size));
    CAPTURE(size);
    CHECK_FALSE(validate_listpack(cut));
    if (size < kEmptyBytes) continue;
    Bytes claims_to_be_whole = cut;
    set_total_bytes(claims_to_be_whole.data(), static_cast<uint32_t>(size));
    CHECK_FALSE(validate_listpack(claims_to_be_whole));
  }
}

TEST_CASE("A listpack's stated size must be that of its bytes", "[listpack]") {
  Bytes pack = pack_of({"a"});
  for (const uint32_t stated : {0u, 6u, 9u, 11u, UINT32_MAX}) {
    set_total_bytes(pack.data(), stated);
    CHECK_FALSE(validate_listpack(pack));
  }
}

TEST_CASE("A listpack must end with the end mark and have no other", "[listpack]") {
  Bytes pack = pack_of({"a", "b"});
  pack.back() = 0;
  CHECK_FALSE(validate_listpack(pack));
  CHECK_FALSE(validate_listpack(pack_around({0xff}, 0)));
  CHECK_FALSE(validate_listpack(pack_around({0x01, 0x01, 0xff, 0x02, 0x01}, kUnknownCount)));
}

TEST_CASE("The encodings F5 to FE do not exist", "[listpack]") {
  for (int first = 0xf5; first <= 0xfe; ++first) {
    CAPTURE(first);
    CHECK_FALSE(validate_listpack(pack_around({static_cast<uint8_t>(first), 1}, 1)));
  }
}

TEST_CASE("Each wrong back-length is found", "[listpack]") {
  CHECK(validate_listpack(pack_around({0x05, 0x01}, 1)));
  CHECK_FALSE(validate_listpack(pack_around({0x05, 0x02}, 1)));
  CHECK_FALSE(validate_listpack(pack_around({0x05, 0x00}, 1)));
  CHECK_FALSE(validate_listpack(pack_around({0x05, 0x81}, 1)));

  Bytes pack = pack_of({std::string(200, 'x')});
  for (const size_t from_end : {2u, 3u}) {
    Bytes damaged = pack;
    damaged[damaged.size() - from_end] ^= 0x01;
    CHECK_FALSE(validate_listpack(damaged));
    damaged = pack;
    damaged[damaged.size() - from_end] ^= 0x80;
    CHECK_FALSE(validate_listpack(damaged));
  }
}

TEST_CASE("An element that would reach over the end is refused", "[listpack]") {
  CHECK_FALSE(validate_listpack(pack_around({0xc0}, 1)));                  // half a header
  CHECK_FALSE(validate_listpack(pack_around({0xe0}, 1)));                  //
  CHECK_FALSE(validate_listpack(pack_around({0xf0, 0x01, 0x00}, 1)));      //
  CHECK_FALSE(validate_listpack(pack_around({0x85, 'a', 'b', 0x06}, 1)));  // too short a text
  CHECK_FALSE(validate_listpack(pack_around({0xf4, 1, 2, 3, 4, 5}, 1)));   // half an integer
  CHECK_FALSE(validate_listpack(pack_around({0x81, 'a'}, 1)));             // no back-length
  CHECK_FALSE(validate_listpack(pack_around({0xf0, 0xff, 0xff, 0xff, 0xff, 'a', 0x06}, 1)));
}

TEST_CASE("Texts in a longer form than needed validate and read as themselves", "[listpack]") {
  // Other writers may be less thrifty: "5" as a text, and as a 64-bit integer.
  const Bytes pack = pack_around(
      {0x81, '5', 0x02, 0xf4, 5, 0, 0, 0, 0, 0, 0, 0, 0x09, 0xf0, 1, 0, 0, 0, 'a', 6}, 3);
  REQUIRE(validate_listpack(pack));
  char scratch[kMaxDecimalLength];
  const uint8_t* at = pack.data() + kHeaderBytes;
  CHECK(read_text(at, scratch) == "5");
  CHECK(read_text(at, scratch) == "5");
  CHECK(read_text(at, scratch) == "a");
}

}  // namespace
}  // namespace weir::listpack
