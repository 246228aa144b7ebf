#include "persistence/crc64.h"

#include <string>

#include <catch2/catch.hpp>

using namespace weir;

TEST_CASE("The checksum of known bytes is Redis's", "[crc64]") {
  std::string all;
  for (int byte = 0; byte < 256; ++byte)
    all.push_back(static_cast<char>(byte));
  CHECK(crc64(0, "") == 0);
  CHECK(crc64(0, std::string(1, '\0')) == 0);
  CHECK(crc64(0, std::string(8, '\0')) == 0);
  CHECK(crc64(0, "123456789") == 0xE9C6D914C4B8D9CA);
  CHECK(crc64(0, "a") == 0x5FB354025B277B14);
  CHECK(crc64(0, "abc") == 0x4431BB39B27363A7);
  CHECK(crc64(0, std::string(8, '\xff')) == 0xF13C1DC270A84D1A);
  CHECK(crc64(0, all) == 0x88BFA574E806500E);
  CHECK(crc64(0, "REDIS0010") == 0xA720F12F2BE328D2);
  CHECK(crc64(0, "This is a test of the emergency broadcast system.") == 0x42153DC5DB99540F);
}

TEST_CASE("A checksum goes on where the one before ended, wherever that was", "[crc64]") {
  const std::string_view text = "This is a test of the emergency broadcast system.";
  for (size_t cut = 0; cut <= text.size(); ++cut)
    CHECK(crc64(crc64(0, text.substr(0, cut)), text.substr(cut)) == crc64(0, text));
}

TEST_CASE("The checksum of many bytes is that of each byte after the other", "[crc64]") {
  std::string bytes;
  uint64_t one_by_one = 0;
  for (int i = 0; i < 1000; ++i) {
    CHECK(crc64(0, bytes) == one_by_one);
    CHECK(crc64(0x1234567890abcdef, bytes) ==
          crc64(crc64(0x1234567890abcdef, bytes.substr(0, bytes.size() / 2)),
                bytes.substr(bytes.size() / 2)));
    bytes.push_back(static_cast<char>(i * i * 37 + i));
    one_by_one = crc64(one_by_one, std::string_view(bytes).substr(bytes.size() - 1));
  }
}
