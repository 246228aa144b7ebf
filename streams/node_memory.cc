#include "streams/node_memory.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstdlib>
#include <limits>
#include <new>

#include <malloc.h>

namespace weir {
namespace {

/// Up to here the C allocator's size classes are close enough together.
constexpr size_t kSmallest = 1024;
/// Beyond, nodes are rare: one needs a value of several KiB.
constexpr size_t kLargest = 8192;
/// Distance of two size classes.
constexpr size_t kStep = 8;
constexpr size_t kClasses = (kLargest - kSmallest) / kStep;
constexpr uint8_t kNone = std::numeric_limits<uint8_t>::max();

struct Slab {
  Slab* previous = nullptr;  // in the list of its class, if it has a free slot
  Slab* next = nullptr;
  uint16_t size_class = 0;
  uint8_t slots = 0;          // it has
  uint8_t used = 0;           // slots handed out
  uint8_t touched = 0;        // slots ever handed out: those behind were never written
  uint8_t free_slot = kNone;  // first of the slots that came back, chained by their first byte
};

size_t slot_bytes(size_t size_class) {
  return kSmallest + (size_class + 1) * kStep;
}

constexpr size_t kMostSlots = size_t{kMaxNodeSlot} + 1;

/// How many slots the next slab of a class gets: a quarter of what is in use, so that classes with
/// few nodes waste little, and below that the count whose slab leaves least of the block that the
/// C allocator really gives (its classes are quarters of powers of two).
uint8_t slots_for(size_t bytes, size_t in_use) {
  const size_t most = std::clamp<size_t>(in_use / 4, 1, kMostSlots);
  size_t best = most;
  double best_waste = 1;
  for (size_t slots = (most + 1) / 2; slots <= most; ++slots) {
    const size_t wanted = sizeof(Slab) + slots * bytes;
    size_t quarter = 256;
    while (quarter * 8 < wanted)
      quarter *= 2;
    const size_t given = (wanted + quarter - 1) / quarter * quarter;
    const double waste = static_cast<double>(given - slots * bytes) / static_cast<double>(given);
    if (waste < best_waste) {
      best = slots;
      best_waste = waste;
    }
  }
  return static_cast<uint8_t>(best);
}

struct SizeClass {
  Slab* partial = nullptr;  // slabs with a free slot
  size_t in_use = 0;        // slots handed out
};

std::array<SizeClass, kClasses>& size_classes() {
  static std::array<SizeClass, kClasses> classes;
  return classes;
}

size_t reserve = 0;  // bytes of all slabs that are not handed out

bool is_slab_size(size_t bytes) {
  return bytes > kSmallest && bytes <= kLargest;
}
size_t class_of(size_t bytes) {
  return (bytes - kSmallest - 1) / kStep;
}

char* slot_address(Slab* slab, size_t slot) {
  return reinterpret_cast<char*>(slab + 1) + slot * slot_bytes(slab->size_class);
}

void link(SizeClass& size_class, Slab* slab) {
  slab->previous = nullptr;
  slab->next = size_class.partial;
  if (slab->next != nullptr) slab->next->previous = slab;
  size_class.partial = slab;
}

void unlink(SizeClass& size_class, Slab* slab) {
  (slab->previous != nullptr ? slab->previous->next : size_class.partial) = slab->next;
  if (slab->next != nullptr) slab->next->previous = slab->previous;
}

void* allocate_or_stop(size_t bytes) {
  void* const memory = std::malloc(bytes);
  // Out of memory with overcommit off: nothing sensible is left to do.
  if (memory == nullptr) std::abort();
  return memory;
}

}  // namespace

size_t node_memory_bytes(size_t bytes) {
  if (!is_slab_size(bytes)) return (bytes + 7) / 8 * 8;
  return slot_bytes(class_of(bytes));
}

size_t node_memory_reserve() {
  return reserve;
}

NodeMemory allocate_node_memory(size_t bytes) {
  const size_t rounded = node_memory_bytes(bytes);
  if (!is_slab_size(bytes)) return {allocate_or_stop(rounded), rounded, 0};

  const size_t number = class_of(bytes);
  SizeClass& size_class = size_classes()[number];
  Slab* slab = size_class.partial;
  if (slab == nullptr) {
    const uint8_t slots = slots_for(rounded, size_class.in_use);
    slab = new (allocate_or_stop(sizeof(Slab) + slots * rounded)) Slab();
    reserve += malloc_usable_size(slab);
    slab->slots = slots;
    slab->size_class = static_cast<uint16_t>(number);
    link(size_class, slab);
  }
  uint8_t slot = slab->free_slot;
  if (slot == kNone) {
    slot = slab->touched++;
  } else {
    slab->free_slot = *reinterpret_cast<uint8_t*>(slot_address(slab, slot));
  }
  ++size_class.in_use;
  reserve -= rounded;
  if (++slab->used == slab->slots) unlink(size_class, slab);
  return {slot_address(slab, slot), rounded, slot};
}

void free_node_memory(const NodeMemory& memory) {
  if (!is_slab_size(memory.bytes)) return std::free(memory.at);
  const size_t offset = sizeof(Slab) + memory.slot * memory.bytes;
  Slab* const slab = reinterpret_cast<Slab*>(static_cast<char*>(memory.at) - offset);
  SizeClass& size_class = size_classes()[slab->size_class];
  assert(slot_bytes(slab->size_class) == memory.bytes && slab->used > 0);
  --size_class.in_use;
  reserve += memory.bytes;
  if (slab->used-- == slab->slots) link(size_class, slab);
  if (slab->used == 0) {
    unlink(size_class, slab);
    reserve -= malloc_usable_size(slab);
    return std::free(slab);
  }
  *static_cast<uint8_t*>(memory.at) = slab->free_slot;
  slab->free_slot = memory.slot;
}

}  // namespace weir
