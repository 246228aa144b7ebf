#include "server/replication/history.h"

#include <catch2/catch.hpp>

namespace weir {
namespace {

const std::string kNone(kReplicationIdBytes, '0');

/// Draws 40 times "a", then "b", …
class Names {
 public:
  std::string operator()() { return std::string(kReplicationIdBytes, next_++); }

 private:
  char next_ = 'a';
};

std::string name(char letter) {
  return std::string(kReplicationIdBytes, letter);
}

void check(const History& history, const std::string& id, const std::string& former_id,
           int64_t former_end, int64_t offset) {
  CHECK(history.id() == id);
  CHECK(history.former_id() == former_id);
  CHECK(history.former_end() == former_end);
  CHECK(history.offset() == offset);
}

TEST_CASE("A history begins at 0, under a name of its own, and had no other", "[history]") {
  check(History(Names()), name('a'), kNone, -1, 0);
}

TEST_CASE("A primary that starts from a file answers to the name in it up to its end",
          "[history]") {
  History history{Names()};
  history.resumed_as_primary({name('x'), 700});
  check(history, name('b'), name('x'), 701, 700);
  CHECK(history.covers(name('x'), 701));
  CHECK_FALSE(history.covers(name('x'), 702));
}

TEST_CASE("A replica that starts from a file goes on under the name in it", "[history]") {
  History history{Names()};
  history.resumed_as_replica({name('x'), 700});
  check(history, name('x'), kNone, -1, 700);
}

TEST_CASE("A history that nobody can go on with has a new name and the old offset", "[history]") {
  History history{Names()};
  history.resumed_as_primary({name('x'), 700});
  history.begin_new();
  check(history, name('c'), kNone, -1, 700);
  CHECK_FALSE(history.covers(name('x'), 1));
}

TEST_CASE("A primary that goes on under the same name changes nothing", "[history]") {
  History history{Names()};
  history.adopted({name('p'), 100});
  history.promoted();
  CHECK_FALSE(history.continued_as(history.id()));
  check(history, name('b'), name('p'), 101, 100);
}

TEST_CASE("A primary that goes on under another name leaves the one before valid so far",
          "[history]") {
  History history{Names()};
  history.adopted({name('p'), 100});
  history.advance(69);
  CHECK(history.continued_as(name('q')));
  check(history, name('q'), name('p'), 170, 169);
  history.advance(10);
  check(history, name('q'), name('p'), 170, 179);
  CHECK(history.covers(name('q'), 180));
  CHECK(history.covers(name('p'), 170));
  CHECK_FALSE(history.covers(name('p'), 171));
}

TEST_CASE("Data of a primary bring its name and offset along, and no former name", "[history]") {
  History history{Names()};
  history.promoted();
  history.adopted({name('p'), 100});
  check(history, name('p'), kNone, -1, 100);
}

TEST_CASE("A replica that is promoted draws a name and keeps the old one for its own replicas",
          "[history]") {
  History history{Names()};
  history.adopted({name('p'), 169});
  history.promoted();
  check(history, name('b'), name('p'), 170, 169);
}

TEST_CASE("Names are compared without regard to upper and lower case, and zeros are none",
          "[history]") {
  const History history{Names()};
  CHECK(history.covers(name('A'), 1));
  CHECK_FALSE(history.covers(kNone, 0));
  CHECK_FALSE(history.covers("?", -1));
}

}  // namespace
}  // namespace weir
