#include "streams/node_memory.h"

#include <algorithm>
#include <cstring>
#include <random>
#include <vector>

#include <catch2/catch.hpp>

namespace weir {
namespace {

/// An allocation filled with a byte of its own.
struct Filled {
  NodeMemory memory;
  uint8_t byte;

  static Filled make(size_t bytes, uint8_t byte) {
    const Filled filled{allocate_node_memory(bytes), byte};
    std::memset(filled.memory.at, byte, filled.memory.bytes);
    return filled;
  }
  bool is_untouched() const {
    const auto* begin = static_cast<const uint8_t*>(memory.at);
    return std::all_of(begin, begin + memory.bytes, [this](uint8_t b) { return b == byte; });
  }
};

TEST_CASE("An allocation has at least the bytes asked for, and as many as announced",
          "[node_memory]") {
  for (size_t bytes = 1; bytes < 10'000; bytes += bytes < 8000 ? 7 : 1) {
    const NodeMemory memory = allocate_node_memory(bytes);
    CHECK(memory.bytes >= bytes);
    CHECK(memory.bytes == node_memory_bytes(bytes));
    CHECK(memory.bytes - bytes < 64);
    free_node_memory(memory);
  }
}

TEST_CASE("Asking for the size of an allocation gives the same size again", "[node_memory]") {
  for (size_t bytes = 1; bytes < 10'000; ++bytes)
    REQUIRE(node_memory_bytes(node_memory_bytes(bytes)) == node_memory_bytes(bytes));
}

TEST_CASE("Whoever asks for more never gets less", "[node_memory]") {
  for (size_t bytes = 2; bytes < 10'000; ++bytes)
    REQUIRE(node_memory_bytes(bytes) >= node_memory_bytes(bytes - 1));
}

TEST_CASE("Memory is aligned for any node", "[node_memory]") {
  for (const size_t bytes : {1u, 100u, 1024u, 1025u, 3000u, 8192u, 8193u}) {
    const NodeMemory memory = allocate_node_memory(bytes);
    CHECK(reinterpret_cast<uintptr_t>(memory.at) % alignof(uint64_t) == 0);
    free_node_memory(memory);
  }
}

TEST_CASE("No two allocations overlap, in whatever order they come and go", "[node_memory]") {
  std::mt19937 random(7);
  std::vector<Filled> held;
  for (int step = 0; step < 20'000; ++step) {
    if (held.size() < 300 && random() % 3 != 0) {
      const size_t bytes = step % 2 == 0 ? 1025 + random() % 300 : 1 + random() % 9000;
      held.push_back(Filled::make(bytes, static_cast<uint8_t>(random())));
    } else if (!held.empty()) {
      std::swap(held[random() % held.size()], held.back());
      REQUIRE(held.back().is_untouched());
      free_node_memory(held.back().memory);
      held.pop_back();
    }
  }
  for (const Filled& filled : held) {
    CHECK(filled.is_untouched());
    free_node_memory(filled.memory);
  }
}

TEST_CASE("A freed slot is used again before a new slab is begun", "[node_memory]") {
  std::vector<NodeMemory> held(200);
  for (NodeMemory& memory : held)
    memory = allocate_node_memory(2000);
  void* const freed = held[77].at;
  free_node_memory(held[77]);
  held[77] = allocate_node_memory(2000);
  CHECK(held[77].at == freed);
  for (const NodeMemory& memory : held)
    free_node_memory(memory);
}

TEST_CASE("The reserve is what slabs hold beyond the memory handed out", "[node_memory]") {
  const size_t before = node_memory_reserve();
  std::vector<NodeMemory> held(500);
  for (NodeMemory& memory : held)
    memory = allocate_node_memory(3000);
  CHECK(node_memory_reserve() < before + 128 * 3000);
  // Every other one goes: no slab is empty.
  for (size_t i = 0; i < held.size(); i += 2)
    free_node_memory(held[i]);
  CHECK(node_memory_reserve() >= before + 200 * 3000);
  for (size_t i = 1; i < held.size(); i += 2)
    free_node_memory(held[i]);
  CHECK(node_memory_reserve() == before);
}

}  // namespace
}  // namespace weir
