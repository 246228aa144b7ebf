#include "server/net/client_memory.h"

#include <catch2/catch.hpp>

#include "server/net/client_table.h"

namespace weir::testing {
namespace {

/// Clients whose input has room for so many bytes.
struct Crowd {
  ClientTable table;
  ClientMemory memory;

  explicit Crowd(size_t limit) { memory.set_limit(limit); }
  Client& add(size_t bytes) {
    Client& client = table.add(-1, true, 0);
    client.input.reserve_exactly(bytes);
    memory.look_at(client);
    return client;
  }
};

TEST_CASE("Without a limit nothing is exceeded, and nothing is kept", "[maxmemory-clients]") {
  Crowd crowd(1'000'000);
  crowd.add(2'000'000);
  CHECK(crowd.memory.is_exceeded());
  crowd.memory.set_limit(0);
  CHECK_FALSE(crowd.memory.is_exceeded());
  CHECK(crowd.memory.total() == 0);
  CHECK_FALSE(crowd.memory.greatest());
}

TEST_CASE("The greatest client is found as clients grow, shrink and go", "[maxmemory-clients]") {
  Crowd crowd(1'000'000);
  Client& small = crowd.add(1'000);
  Client& great = crowd.add(500'000);
  Client& middle = crowd.add(50'000);
  CHECK(crowd.memory.greatest() == great.id);
  great.input.release();
  crowd.memory.look_at(great);
  CHECK(crowd.memory.greatest() == middle.id);
  small.input.reserve_exactly(300'000);
  crowd.memory.look_at(small);
  CHECK(crowd.memory.greatest() == small.id);
  crowd.memory.forget(small.id);
  CHECK(crowd.memory.greatest() == middle.id);
  CHECK(crowd.memory.total() == great.memory_bytes() + middle.memory_bytes());
}

TEST_CASE("A client that may not be evicted does not count", "[maxmemory-clients]") {
  Crowd crowd(1'000'000);
  Client& client = crowd.add(2'000'000);
  client.no_evict = true;
  crowd.memory.look_at(client);
  CHECK_FALSE(crowd.memory.is_exceeded());
  client.no_evict = false;
  crowd.memory.look_at(client);
  CHECK(crowd.memory.is_exceeded());
}

}  // namespace
}  // namespace weir::testing
