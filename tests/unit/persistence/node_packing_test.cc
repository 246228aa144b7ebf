#include "persistence/node_packing.h"

#include <random>
#include <string>

#include <catch2/catch.hpp>

#include "persistence/lzf.h"

using namespace weir;

namespace {

std::string repetitive() {
  std::string text;
  while (text.size() < 3000)
    text += "{\"event\":\"click\",\"user\":" + std::to_string(text.size() * 37) + "}";
  return text;
}

std::string noise() {
  std::mt19937_64 random(1);
  std::string text(3000, '\0');
  for (char& c : text)
    c = static_cast<char>(random());
  return text;
}

int packed_of(NodePacking& packing, const std::string& node, int count) {
  int packed = 0;
  for (; count > 0; --count)
    packed += packing.packed(node) ? 1 : 0;
  return packed;
}

}  // namespace

TEST_CASE("Nodes with repetitions are packed to what unpacks to them", "[node_packing]") {
  NodePacking packing(true);
  const std::string node = repetitive();
  const auto packed = packing.packed(node);
  REQUIRE(packed);
  CHECK(packed->size() < node.size() / 2);
  std::string unpacked;
  CHECK((unpack_lzf(*packed, node.size(), unpacked) && unpacked == node));
}

TEST_CASE("Nodes without repetitions are left as they are", "[node_packing]") {
  NodePacking packing(true);
  CHECK(packed_of(packing, noise(), 1000) == 0);
}

TEST_CASE("A sample now and then finds out that packing pays, or no more", "[node_packing]") {
  NodePacking packing(true);
  CHECK(packed_of(packing, noise(), 100) == 0);
  CHECK(packed_of(packing, repetitive(), 100) > 30);
  CHECK(packed_of(packing, noise(), 1000) == 0);
}

TEST_CASE("A stream of many nodes is asked itself", "[node_packing]") {
  NodePacking packing(true);
  packing.begin_stream(1000);
  CHECK(packed_of(packing, noise(), 10) == 0);
  packing.begin_stream(1000);
  CHECK(packed_of(packing, repetitive(), 10) == 10);
  packing.begin_stream(2);  // goes with the one before
  CHECK(packed_of(packing, noise(), 2) == 0);
  CHECK(packed_of(packing, repetitive(), 2) == 2);
}

TEST_CASE("Nothing is packed that is short, or when it is not wanted", "[node_packing]") {
  NodePacking wanted(true);
  CHECK_FALSE(wanted.packed(std::string(20, 'x')));
  NodePacking unwanted(false);
  CHECK_FALSE(unwanted.packed(repetitive()));
}
