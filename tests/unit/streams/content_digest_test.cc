// The digest that names an entry's content.
#include "streams/content_digest.h"

#include <set>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

namespace weir::testing {
namespace {

using Texts = std::vector<std::string_view>;

std::string hex(const Texts& fields) {
  std::string text;
  for (const char c : content_digest(fields)) {
    const auto byte = static_cast<uint8_t>(c);
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

TEST_CASE("The order of the pairs does not matter", "[idmp]") {
  CHECK(hex({"f", "1", "g", "2", "h", "3"}) == hex({"h", "3", "f", "1", "g", "2"}));
  CHECK(hex({"f", "1", "f", "2"}) == hex({"f", "2", "f", "1"}));
}

TEST_CASE("Everything else about the content matters", "[idmp]") {
  const std::vector<Texts> contents = {
      {"f", "1"},
      {"1", "f"},                      // roles
      {"f", "2"},                      // a value
      {"f", "1", "g", "2"},            // more pairs
      {"f", "2", "g", "1"},            // whose value it is
      {"f", "1", "f", "1"},            // twice
      {"f", "1", "f", "1", "f", "1"},  // three times
      {"f1", ""},                      // where the field ends
      {"", "f1"},
      {"", ""},
      {"", "", "", ""},
      {"f", std::string_view("\0", 1)},
      {"f", ""},
      {"F", "1"},
      {"f", "1 "},
  };
  std::set<std::string> digests;
  for (const Texts& fields : contents)
    digests.insert(hex(fields));
  CHECK(digests.size() == contents.size());
}

TEST_CASE("The digest is the one that older logs and snapshots hold", "[idmp]") {
  CHECK(hex({"f", "1"}) == "f5a0dd689abcffeb82d7fd23aee0a2e4");
  CHECK(hex({"field", "value", "other", ""}) == "78b19287344964ec2ed0404a62bae958");
}

}  // namespace
}  // namespace weir::testing
