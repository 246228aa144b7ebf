// Who is told what becomes of keys.
#include "server/data/key_events.h"

#include <functional>
#include <string>

#include <catch2/catch.hpp>

namespace weir::testing {
namespace {

struct Listener : KeyListener {
  void happened(uint32_t, const KeyEvent&, std::string_view key) override {
    heard += key;
    on_event();
  }
  void flushing(uint32_t) override {}
  void swapping(uint32_t, uint32_t) override {}

  std::string heard;
  std::function<void()> on_event = [] {};
};

constexpr KeyEvent kEvent{EventClass::kGeneric, "del"};

}  // namespace

TEST_CASE("A listener that leaves while it is told does not keep the next from hearing",
          "[key_events]") {
  KeyEvents events;
  Listener first;
  Listener second;
  Listener third;
  for (Listener* const listener : {&first, &second, &third})
    events.add(*listener);
  second.on_event = [&] {
    events.remove(first);
    events.remove(second);
  };
  events.notify(0, kEvent, "a");
  events.notify(0, kEvent, "b");
  CHECK(first.heard == "a");
  CHECK(second.heard == "a");
  CHECK(third.heard == "ab");
}

}  // namespace weir::testing
