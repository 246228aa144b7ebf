#include "resp/buffer.h"

#include <algorithm>
#include <random>
#include <string>
#include <utility>

#include <catch2/catch.hpp>

namespace weir::resp {
namespace {

TEST_CASE("A new buffer is empty and owns nothing", "[buffer]") {
  Buffer buffer;
  CHECK(buffer.empty());
  CHECK(buffer.size() == 0);
  CHECK(buffer.capacity() == 0);
  CHECK(buffer.view().empty());
}

TEST_CASE("What is appended is there, in order", "[buffer]") {
  Buffer buffer;
  buffer.append("hello, ");
  buffer.append("");
  buffer.append({});
  buffer.append("world");
  CHECK(buffer.view() == "hello, world");
}

TEST_CASE("Nothing can be appended to nothing", "[buffer]") {
  Buffer buffer;
  buffer.append({});
  CHECK(buffer.empty());
}

TEST_CASE("Bytes may be written before their number is known", "[buffer]") {
  Buffer buffer;
  buffer.append("a");
  char* at = buffer.reserve(100);
  at[0] = 'b';
  at[1] = 'c';
  buffer.commit(2);
  CHECK(buffer.view() == "abc");
  CHECK(buffer.capacity() >= 101);
}

TEST_CASE("Reserving keeps what is in the buffer", "[buffer]") {
  Buffer buffer;
  buffer.append("abc");
  buffer.consume(1);
  buffer.reserve(100'000);
  CHECK(buffer.view() == "bc");
}

TEST_CASE("An exact reservation takes no more than was asked for", "[buffer]") {
  Buffer buffer;
  buffer.append("abc");
  buffer.reserve_exactly(100'000);
  CHECK(buffer.capacity() == 100'003);
  CHECK(buffer.view() == "abc");
  buffer.reserve_exactly(99'999);
  CHECK(buffer.capacity() == 100'003);
}

TEST_CASE("Consuming drops the front, and all of it makes the room new", "[buffer]") {
  Buffer buffer;
  buffer.append("hello");
  buffer.consume(2);
  CHECK(buffer.view() == "llo");
  buffer.consume(0);
  buffer.consume(3);
  CHECK(buffer.empty());
  const size_t capacity = buffer.capacity();
  buffer.reserve(capacity);
  CHECK(buffer.capacity() == capacity);
}

TEST_CASE("Truncating drops the back, counted from the first byte that is left", "[buffer]") {
  Buffer buffer;
  buffer.append("hello");
  buffer.consume(1);
  buffer.truncate(3);
  CHECK(buffer.view() == "ell");
  buffer.truncate(0);
  CHECK(buffer.empty());
}

TEST_CASE("Clearing keeps the storage, releasing gives it back", "[buffer]") {
  Buffer buffer;
  buffer.append("hello");
  buffer.clear();
  CHECK(buffer.empty());
  CHECK(buffer.capacity() > 0);
  buffer.append("hello");
  buffer.release();
  CHECK(buffer.empty());
  CHECK(buffer.capacity() == 0);
}

TEST_CASE("A buffer's storage can be handed over", "[buffer]") {
  Buffer first;
  first.append("hello");
  const char* at = first.view().data();
  Buffer second(std::move(first));
  CHECK(second.view() == "hello");
  CHECK(second.view().data() == at);
  Buffer third;
  third = std::move(second);
  CHECK(third.view().data() == at);
}

TEST_CASE("A buffer that is never quite empty does not grow with what went through it",
          "[buffer]") {
  Buffer buffer;
  buffer.append("rest");
  for (int i = 0; i < 100'000; ++i) {
    buffer.append("0123456789");
    buffer.consume(10);
  }
  CHECK(buffer.view().size() == 4);
  CHECK(buffer.capacity() <= 1024);
}

TEST_CASE("A buffer behaves like a string, whatever is done", "[buffer]") {
  std::mt19937 random(11);
  Buffer buffer;
  std::string expected;
  for (int step = 0; step < 20'000; ++step) {
    const size_t bytes = random() % 300;
    switch (random() % 6) {
      case 0:
      case 1:
      case 2: {
        const std::string text(bytes, static_cast<char>('a' + random() % 26));
        buffer.append(text);
        expected += text;
        break;
      }
      case 3:
        buffer.consume(std::min(bytes, buffer.size()));
        expected.erase(0, bytes);
        break;
      case 4:
        buffer.truncate(buffer.size() - std::min(bytes / 4, buffer.size()));
        expected.resize(buffer.size());
        break;
      default:
        random() % 2 == 0 ? buffer.reserve(bytes * 4) : buffer.reserve_exactly(bytes * 4);
    }
    REQUIRE(buffer.view() == expected);
  }
}

}  // namespace
}  // namespace weir::resp
