// SHA-1 at all the lengths where its last blocks differ; what sha1sum says of as many "a".
#include "server/insight/sha1.h"

#include <string>

#include <catch2/catch.hpp>

namespace weir {
namespace {

std::string hex(const Sha1& digest) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const uint8_t byte : digest) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 0xf];
  }
  return text;
}

}  // namespace

TEST_CASE("SHA-1 is that of sha1sum, whatever the length", "[sha1]") {
  struct Row {
    size_t length;
    std::string_view digest;
  };
  constexpr Row kRows[] = {
      {0, "da39a3ee5e6b4b0d3255bfef95601890afd80709"},
      {3, "7e240de74fb1ed08fa08d38063f6a6a91462a815"},
      {55, "c1c8bbdc22796e28c0e15163d20899b65621d65a"},
      {56, "c2db330f6083854c99d4b5bfb6e8f29f201be699"},
      {57, "f08f24908d682555111be7ff6f004e78283d989a"},
      {63, "03f09f5b158a7a8cdad920bddc29b81c18a551f5"},
      {64, "0098ba824b5c16427bd7a1122a5a442a25ec644d"},
      {65, "11655326c708d70319be2610e8a57d9a5b959d3b"},
      {119, "ee971065aaa017e0632a8ca6c77bb3bf8b1dfc56"},
      {120, "f34c1488385346a55709ba056ddd08280dd4c6d6"},
      {128, "ad5b3fdbcb526778c2839d2f151ea753995e26a0"},
  };
  for (const Row& row : kRows) {
    INFO(row.length);
    CHECK(hex(sha1(std::string(row.length, 'a'))) == row.digest);
  }
  CHECK(hex(sha1("abc")) == "a9993e364706816aba3e25717850c26c9cd0d89d");
  CHECK(hex(sha1(std::string(1'000'000, 'a'))) == "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
}

}  // namespace weir
