// Lists of objects that carry their own links.
#include "streams/ring.h"

#include <memory>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

namespace weir::testing {
namespace {

struct Red;
struct Blue;

struct Bead : RingHook<Red>, RingHook<Blue> {
  explicit Bead(char bead_name) : name(bead_name) {}
  char name;
};

template <class Tag>
std::string show(const Ring<Bead, Tag>& ring) {
  std::string text;
  for (const Bead* at = ring.first(); at != nullptr; at = ring.next(*at))
    text += at->name;
  return text;
}

TEST_CASE("A ring keeps the order in which its items came", "[ring]") {
  Ring<Bead, Red> ring;
  CHECK(ring.is_empty());
  CHECK(ring.first() == nullptr);
  CHECK(ring.last() == nullptr);
  Bead a('a');
  Bead b('b');
  Bead c('c');
  for (Bead* bead : {&a, &b, &c})
    ring.push_back(*bead);
  CHECK(show(ring) == "abc");
  CHECK(ring.last() == &c);
  ring.push_back(a);
  CHECK(show(ring) == "bca");
}

TEST_CASE("An item that is destroyed leaves its rings, wherever it was", "[ring]") {
  Ring<Bead, Red> red;
  Ring<Bead, Blue> blue;
  std::vector<std::unique_ptr<Bead>> beads;
  for (const char name : {'a', 'b', 'c', 'd'}) {
    beads.push_back(std::make_unique<Bead>(name));
    red.push_back(*beads.back());
    blue.push_back(*beads.back());
  }
  blue.push_back(*beads[1]);
  beads[1].reset();
  CHECK(show(red) == "acd");
  CHECK(show(blue) == "acd");
  beads[3].reset();
  beads[0].reset();
  CHECK(show(red) == "c");
  CHECK(red.last() == beads[2].get());
}

TEST_CASE("Leaving one ring leaves the other alone", "[ring]") {
  Ring<Bead, Red> red;
  Ring<Bead, Blue> blue;
  Bead a('a');
  red.push_back(a);
  blue.push_back(a);
  static_cast<RingHook<Red>&>(a).leave();
  CHECK(red.is_empty());
  CHECK(show(blue) == "a");
}

TEST_CASE("The items of a ring that goes are in no ring", "[ring]") {
  Bead a('a');
  Bead b('b');
  {
    Ring<Bead, Red> ring;
    ring.push_back(a);
    ring.push_back(b);
    CHECK(static_cast<RingHook<Red>&>(a).is_in_ring());
  }
  CHECK_FALSE(static_cast<RingHook<Red>&>(a).is_in_ring());
  CHECK_FALSE(static_cast<RingHook<Red>&>(b).is_in_ring());
}

}  // namespace
}  // namespace weir::testing
