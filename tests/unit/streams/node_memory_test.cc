#include "streams/node_memory.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <mutex>
#include <random>
#include <set>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>
#include <sys/mman.h>
#include <unistd.h>

namespace weir {
namespace {

/// Whether the system gives pages that nobody has touched: since Linux 5.14.
bool can_populate() {
  constexpr size_t kBytes = 65536;
  void* const memory =
      mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  REQUIRE(memory != MAP_FAILED);
  const bool is_done = madvise(memory, kBytes, MADV_POPULATE_WRITE) == 0;
  munmap(memory, kBytes);
  return is_done;
}

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

TEST_CASE("A slab of a size with many nodes has its pages at once", "[node_memory]") {
  std::vector<NodeMemory> nodes;
  const NodeMemory* first_of_slab = nullptr;
  while (nodes.size() < 3'000)
    nodes.push_back(allocate_node_memory(4'000));
  for (const NodeMemory& node : nodes) {
    if (node.slot == 0) first_of_slab = &node;
  }
  REQUIRE(first_of_slab != nullptr);
  // As many pages as any slab of so many nodes has, whose slots nobody has written.
  constexpr size_t kPages = 60;
  const auto page_bytes = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  char* const from = static_cast<char*>(first_of_slab->at) + page_bytes -
                     reinterpret_cast<uintptr_t>(first_of_slab->at) % page_bytes;
  std::vector<unsigned char> pages(kPages);
  REQUIRE(mincore(from, kPages * page_bytes, pages.data()) == 0);
  const auto present =
      std::count_if(pages.begin(), pages.end(), [](unsigned char page) { return (page & 1) != 0; });
  if (can_populate()) CHECK(present == kPages);
  for (const NodeMemory& node : nodes)
    free_node_memory(node);
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

// --- Memory that another thread frees ------------------------------------------------------------

/// With nothing on its way back.
size_t drained_reserve() {
  while (take_back_node_memory(100)) {
  }
  return node_memory_reserve();
}

/// Frees in a thread of its own, hands over and ends.
void free_elsewhere(const std::vector<NodeMemory>& memories) {
  std::thread([&] {
    RemoteNodeFrees frees;
    for (const NodeMemory& memory : memories)
      free_node_memory(memory);
  }).join();
}

TEST_CASE("Slabs that another thread got whole never come back to the main thread",
          "[node_memory]") {
  const size_t before = drained_reserve();
  std::vector<NodeMemory> held(1000);
  for (NodeMemory& memory : held)
    memory = allocate_node_memory(5001);
  free_elsewhere(held);
  CHECK(node_memory_reserve() <= before + 128 * 5008);  // the last slab has slots never used
  CHECK_FALSE(take_back_node_memory(1));
  CHECK(node_memory_reserve() == before);
}

TEST_CASE("Slots that another thread freed are used again once they were taken back",
          "[node_memory]") {
  std::vector<NodeMemory> held(500);
  for (NodeMemory& memory : held)
    memory = allocate_node_memory(4001);
  std::vector<NodeMemory> freed;
  for (size_t i = 0; i < held.size(); i += 2)
    freed.push_back(held[i]);
  free_elsewhere(freed);
  while (take_back_node_memory(1)) {
  }
  std::set<void*> places;
  for (const NodeMemory& memory : freed)
    places.insert(memory.at);
  for (size_t i = 0; i < held.size(); i += 2) {
    held[i] = allocate_node_memory(4001);
    places.erase(held[i].at);
  }
  CHECK(places.size() < 25);  // those of the first slabs, which have few slots and came whole
  for (const NodeMemory& memory : held)
    free_node_memory(memory);
}

TEST_CASE("Two threads that free do not disturb allocations, in whatever order all comes",
          "[node_memory]") {
  const size_t before = drained_reserve();
  std::mt19937 random(11);
  std::mutex mutex;
  std::vector<NodeMemory> to_free;
  std::atomic<bool> is_over{false};
  std::thread helper([&] {
    RemoteNodeFrees frees;
    while (true) {
      const bool was_over = is_over;
      std::vector<NodeMemory> mine;
      {
        const std::lock_guard lock(mutex);
        mine.swap(to_free);
      }
      for (const NodeMemory& memory : mine)
        free_node_memory(memory);
      if (mine.empty()) frees.hand_over();
      if (mine.empty() && was_over) return;
    }
  });
  std::vector<Filled> held;
  for (int step = 0; step < 100'000; ++step) {
    if (held.size() < 500 && random() % 3 != 0) {
      held.push_back(Filled::make(1025 + random() % 40, static_cast<uint8_t>(random())));
    } else if (!held.empty()) {
      std::swap(held[random() % held.size()], held.back());
      REQUIRE(held.back().is_untouched());
      if (step % 2 == 0) {
        free_node_memory(held.back().memory);
      } else {
        const std::lock_guard lock(mutex);
        to_free.push_back(held.back().memory);
      }
      held.pop_back();
    }
    if (step % 100 == 0) take_back_node_memory(3);
  }
  is_over = true;
  helper.join();
  for (const Filled& filled : held) {
    REQUIRE(filled.is_untouched());
    free_node_memory(filled.memory);
  }
  CHECK(drained_reserve() == before);
}

}  // namespace
}  // namespace weir
