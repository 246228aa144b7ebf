#include "streams/node_memory.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cassert>
#include <cstdlib>
#include <limits>
#include <new>
#include <utility>

#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

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
/// How many slabs are taken back before a new one is made.
constexpr size_t kTakenBackFirst = 16;
constexpr size_t kMostSlots = size_t{kMaxNodeSlot} + 1;
/// So many slots in use, and a class's next slab has all its pages from the start: they are soon
/// written, and until then they are at most a sixteenth of the class's memory.
constexpr size_t kManyInUse = 16 * kMostSlots;

/// Slots of a slab that came back, chained by their first byte.
struct SlotChain {
  uint8_t first = kNone;
  uint8_t last = kNone;
  uint8_t count = 0;
};

struct Slab {
  Slab* previous = nullptr;  // in the list of its class, if it has a free slot
  Slab* next = nullptr;
  uint16_t size_class = 0;
  uint8_t slots = 0;          // it has
  uint8_t used = 0;           // slots handed out
  uint8_t touched = 0;        // slots ever handed out: those behind were never written
  uint8_t free_slot = kNone;  // first of the slots that came back, chained by their first byte

  // The other thread's; see RemoteNodeFrees.
  SlotChain remote;
  Slab* remote_previous = nullptr;  // in its list of slabs of which some slots came
  Slab* remote_next = nullptr;
};

/// What lies in the first slot of a chain on its way back to the main thread, behind the byte that
/// chains it.
struct Returned {
  Returned* next = nullptr;
  Slab* slab = nullptr;
  SlotChain chain;
};
constexpr size_t kReturnedOffset = 8;
static_assert(kReturnedOffset + sizeof(Returned) <= kSmallest);

size_t slot_bytes(size_t size_class) {
  return kSmallest + (size_class + 1) * kStep;
}

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
  size_t handed_out = 0;    // slots, in all slabs that the main thread has heard of

  // Of them, those of slabs that the other thread has freed.
  std::atomic<size_t> gone{0};

  size_t in_use() const { return handed_out - gone.load(std::memory_order_relaxed); }
};

std::array<SizeClass, kClasses>& size_classes() {
  static std::array<SizeClass, kClasses> classes;
  return classes;
}

size_t reserve = 0;  // bytes of all slabs that are not handed out, but for:
/// What the other thread has added to them by freeing slots, and taken by freeing slabs.  The sum
/// of both counts, they wrap around for themselves.
std::atomic<size_t> remote_reserve{0};

/// What came back and was not taken yet.
std::atomic<Returned*> returned{nullptr};
/// Of that, what the main thread has in hand.
Returned* taken = nullptr;

/// That of this thread; null in the main thread.
thread_local constinit RemoteNodeFrees* remote_frees = nullptr;

size_t class_of(size_t bytes) {
  return (bytes - kSmallest - 1) / kStep;
}

char* slot_address(Slab* slab, size_t slot) {
  return reinterpret_cast<char*>(slab + 1) + slot * slot_bytes(slab->size_class);
}

Slab* slab_of(const NodeMemory& memory) {
  const size_t offset = sizeof(Slab) + memory.slot * memory.bytes;
  return reinterpret_cast<Slab*>(static_cast<char*>(memory.at) - offset);
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

/// Frees a slab without used slots.
void free_slab(Slab* slab) {
  reserve -= malloc_usable_size(slab);
  std::free(slab);
}

/// Puts a chain of slots among the free ones.
void take_back(Slab* slab, const SlotChain& chain) {
  SizeClass& size_class = size_classes()[slab->size_class];
  assert(slab->used >= chain.count);
  const bool was_full = slab->used == slab->slots;
  size_class.handed_out -= chain.count;
  slab->used = static_cast<uint8_t>(slab->used - chain.count);
  if (slab->used == 0) {
    if (!was_full) unlink(size_class, slab);
    return free_slab(slab);
  }
  if (was_full) link(size_class, slab);
  *reinterpret_cast<uint8_t*>(slot_address(slab, chain.last)) = slab->free_slot;
  slab->free_slot = chain.first;
}

/// Has the system give all pages of a block at once, which costs half of one fault for each.  One
/// that cannot (before Linux 5.14) gives them as they are written.
void populate(void* block, size_t bytes) {
  static const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  const uintptr_t before_page = -reinterpret_cast<uintptr_t>(block) % page;
  if (before_page + page > bytes) return;
  const size_t whole = (bytes - before_page) / page * page;
  madvise(static_cast<char*>(block) + before_page, whole, MADV_POPULATE_WRITE);
}

void* allocate_or_stop(size_t bytes) {
  void* const memory = std::malloc(bytes);
  // Out of memory with overcommit off: nothing sensible is left to do.
  if (memory == nullptr) std::abort();
  return memory;
}

}  // namespace

bool is_in_slab(size_t bytes) {
  return bytes > kSmallest && bytes <= kLargest;
}

size_t node_memory_bytes(size_t bytes) {
  if (!is_in_slab(bytes)) return (bytes + 7) / 8 * 8;
  return slot_bytes(class_of(bytes));
}

size_t node_memory_reserve() {
  return reserve + remote_reserve.load(std::memory_order_relaxed);
}

NodeMemory allocate_node_memory(size_t bytes) {
  const size_t rounded = node_memory_bytes(bytes);
  if (!is_in_slab(bytes)) return {allocate_or_stop(rounded), rounded, 0};

  const size_t number = class_of(bytes);
  SizeClass& size_class = size_classes()[number];
  if (size_class.partial == nullptr) take_back_node_memory(kTakenBackFirst);
  Slab* slab = size_class.partial;
  if (slab == nullptr) {
    const size_t in_use = size_class.in_use();
    const uint8_t slots = slots_for(rounded, in_use);
    const size_t slab_bytes = sizeof(Slab) + slots * rounded;
    slab = new (allocate_or_stop(slab_bytes)) Slab();
    if (in_use >= kManyInUse) populate(slab, slab_bytes);
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
  ++size_class.handed_out;
  reserve -= rounded;
  if (++slab->used == slab->slots) unlink(size_class, slab);
  return {slot_address(slab, slot), rounded, slot};
}

void free_node_memory(const NodeMemory& memory) {
  if (!is_in_slab(memory.bytes)) return std::free(memory.at);
  if (remote_frees != nullptr) [[unlikely]]
    return remote_frees->free(memory);
  Slab* const slab = slab_of(memory);
  SizeClass& size_class = size_classes()[slab->size_class];
  assert(slot_bytes(slab->size_class) == memory.bytes && slab->used > 0);
  --size_class.handed_out;
  reserve += memory.bytes;
  if (slab->used-- == slab->slots) link(size_class, slab);
  if (slab->used == 0) {
    unlink(size_class, slab);
    return free_slab(slab);
  }
  *static_cast<uint8_t*>(memory.at) = slab->free_slot;
  slab->free_slot = memory.slot;
}

bool take_back_node_memory(size_t most) {
  for (; most > 0; --most) {
    if (taken == nullptr && returned.load(std::memory_order_relaxed) != nullptr)
      taken = returned.exchange(nullptr, std::memory_order_acquire);
    if (taken == nullptr) return false;
    const Returned next = *taken;  // the slot that it lies in may go
    taken = next.next;
    take_back(next.slab, next.chain);
  }
  return taken != nullptr || returned.load(std::memory_order_relaxed) != nullptr;
}

// --- The other thread ----------------------------------------------------------------------------

/// Those of which some slots came.
struct RemoteNodeFrees::Slabs {
  Slab* first = nullptr;

  void add(Slab* slab) {
    slab->remote_previous = nullptr;
    slab->remote_next = first;
    if (first != nullptr) first->remote_previous = slab;
    first = slab;
  }
  void remove(Slab* slab) {
    (slab->remote_previous != nullptr ? slab->remote_previous->remote_next : first) =
        slab->remote_next;
    if (slab->remote_next != nullptr) slab->remote_next->remote_previous = slab->remote_previous;
  }
};

RemoteNodeFrees::RemoteNodeFrees() : slabs_(std::make_unique<Slabs>()) {
  assert(remote_frees == nullptr);
  remote_frees = this;
}

RemoteNodeFrees::~RemoteNodeFrees() {
  hand_over();
  remote_frees = nullptr;
}

void RemoteNodeFrees::free(const NodeMemory& memory) {
  Slab* const slab = slab_of(memory);
  SlotChain& chain = slab->remote;
  assert(slot_bytes(slab->size_class) == memory.bytes && chain.count < slab->slots);
  remote_reserve.fetch_add(memory.bytes, std::memory_order_relaxed);
  if (chain.count == 0) {
    slabs_->add(slab);
    chain.last = memory.slot;
  }
  *static_cast<uint8_t*>(memory.at) = chain.first;
  chain.first = memory.slot;
  if (++chain.count < slab->slots) return;
  slabs_->remove(slab);
  size_classes()[slab->size_class].gone.fetch_add(slab->slots, std::memory_order_relaxed);
  remote_reserve.fetch_sub(malloc_usable_size(slab), std::memory_order_relaxed);
  std::free(slab);
}

void RemoteNodeFrees::hand_over() {
  Returned* first = nullptr;
  Returned* last = nullptr;
  for (Slab* slab = std::exchange(slabs_->first, nullptr); slab != nullptr;) {
    Slab* const next = slab->remote_next;
    const SlotChain chain = std::exchange(slab->remote, SlotChain());
    char* const at = slot_address(slab, chain.first) + kReturnedOffset;
    first = new (at) Returned{first, slab, chain};
    if (last == nullptr) last = first;
    slab = next;
  }
  if (first == nullptr) return;
  last->next = returned.load(std::memory_order_relaxed);
  while (!returned.compare_exchange_weak(last->next, first, std::memory_order_release,
                                         std::memory_order_relaxed))
    ;
}

}  // namespace weir
