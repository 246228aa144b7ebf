#include "server/replication/backlog.h"

#include <random>
#include <string>

#include <catch2/catch.hpp>

#include "tests/support/seed.h"

namespace weir {
namespace {

std::string bytes_from(const Backlog& backlog, int64_t from) {
  std::string text;
  while (true) {
    const std::string_view part = backlog.at(from + static_cast<int64_t>(text.size()));
    if (part.empty()) return text;
    text += part;
  }
}

TEST_CASE("A new backlog continues at its own end, and nowhere else", "[backlog]") {
  const Backlog backlog(700, 100);
  CHECK(backlog.first() == 701);
  CHECK(backlog.length() == 0);
  CHECK(backlog.can_continue(701));
  CHECK_FALSE(backlog.can_continue(700));
  CHECK_FALSE(backlog.can_continue(702));
}

TEST_CASE("A backlog drops exactly the oldest bytes", "[backlog]") {
  Backlog backlog(0, 10);
  backlog.append("0123456789abcde");
  backlog.trim();
  CHECK(backlog.first() == 6);
  CHECK(bytes_from(backlog, 6) == "56789abcde");
  CHECK_FALSE(backlog.can_continue(5));
}

TEST_CASE("A backlog keeps what a replica needs, and lets go when nobody does", "[backlog]") {
  Backlog backlog(0, 10);
  backlog.append("0123456789abcde");
  backlog.trim(3);
  CHECK(bytes_from(backlog, 3) == "23456789abcde");
  backlog.trim();
  CHECK(backlog.length() == 10);
}

TEST_CASE("A backlog that is made smaller keeps as much as fits", "[backlog]") {
  Backlog backlog(0, 100);
  backlog.append("0123456789");
  backlog.resize(4);
  CHECK(bytes_from(backlog, 7) == "6789");
  backlog.resize(100);
  CHECK(backlog.first() == 7);
}

TEST_CASE("A backlog takes no more memory than its size and two blocks", "[backlog]") {
  Backlog backlog(0, 3 * Backlog::kBlockBytes);
  for (int i = 0; i < 1000; ++i) {
    backlog.append(std::string(777, 'x'));
    backlog.trim();
    REQUIRE(backlog.memory_bytes() <= 6 * Backlog::kBlockBytes);
  }
}

TEST_CASE("A backlog gives back what went in, whatever is done", "[backlog]") {
  const uint64_t seed = first_seed();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  std::string all;  // the byte number 1 at its beginning
  Backlog backlog(0, 1000);
  size_t size = 1000;
  int64_t first = 1;
  for (int step = 0; step < 2000; ++step) {
    CAPTURE(step);
    const size_t most = random() % 10 == 0 ? 3 * Backlog::kBlockBytes : 300;
    std::string more(random() % most, static_cast<char>('a' + random() % 26));
    all += more;
    backlog.append(more);
    const auto end = static_cast<int64_t>(all.size()) + 1;
    if (random() % 50 == 0) size = random() % (4 * Backlog::kBlockBytes);
    const int64_t needed =
        random() % 3 == 0 ? first + static_cast<int64_t>(random() % 5000) : Backlog::kNobody;
    backlog.resize(size, needed);
    first = std::max(first, std::min(end - static_cast<int64_t>(size), needed));
    REQUIRE(backlog.first() == first);
    REQUIRE(backlog.end() == end);
    const auto from = first + static_cast<int64_t>(random() % (backlog.length() + 1));
    REQUIRE(bytes_from(backlog, from) == all.substr(static_cast<size_t>(from) - 1));
  }
}

}  // namespace
}  // namespace weir
