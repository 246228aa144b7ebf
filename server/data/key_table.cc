#include "server/data/key_table.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstdlib>
#include <cstring>
#include <new>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "streams/prefetch.h"
#include "streams/random_bits.h"
#include "streams/same_text.h"

namespace weir {
namespace {

constexpr uint64_t kLowBits = 0x0101010101010101;
constexpr uint64_t kHighBits = 0x8080808080808080;
constexpr uint8_t kErased = 1;
/// Groups moved with every change of a growing table.  One would do; two leave slack.
constexpr size_t kGroupsPerChange = 2;
/// Random slots looked at before the next full one is taken.
constexpr int kRandomLooks = 1000;

/// Different in every process, so that nobody can make up keys that collide.
const uint64_t hash_seed = random_bits();

uint8_t tag_of(uint64_t hash) {
  return static_cast<uint8_t>(0x80 | hash >> 57);
}

/// Eight control bytes; byte i is at bits 8i … 8i+7.
uint64_t load_group(const uint8_t* control) {
  uint64_t word = 0;
  std::memcpy(&word, control, sizeof(word));
  if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
  return word;
}

/// High bits of the bytes that are zero; bytes above a zero byte may be reported wrongly.
uint64_t zero_bytes(uint64_t word) {
  return (word - kLowBits) & ~word & kHighBits;
}

}  // namespace

KeyEntry* KeyEntry::create(std::string_view key) {
  void* const memory = std::malloc(std::max(sizeof(KeyEntry), kKeyOffset + key.size()));
  if (memory == nullptr) std::abort();
  auto* entry = new (memory) KeyEntry();
  assert(key.size() <= INT32_MAX);
  entry->key_length_ = static_cast<uint32_t>(key.size()) & INT32_MAX;
  if (!key.empty()) std::memcpy(static_cast<char*>(memory) + kKeyOffset, key.data(), key.size());
  return entry;
}

void KeyEntry::destroy(KeyEntry* entry) {
  entry->~KeyEntry();
  std::free(entry);
}

uint64_t KeyTable::hash(std::string_view key) {
  return XXH3_64bits_withSeed(key.data(), key.size(), hash_seed);
}

// --- One table -----------------------------------------------------------------------------------

KeyTable::Table KeyTable::make_table(size_t groups) {
  // calloc: for large tables the system's zero pages, which cost nothing until they are used.
  Table table;
  table.groups = groups;
  table.control = static_cast<uint8_t*>(std::calloc(groups * kGroup, 1));
  table.slots = static_cast<KeyEntry**>(std::malloc(groups * kGroup * sizeof(void*)));
  if (table.control == nullptr || table.slots == nullptr) std::abort();
  return table;
}

void KeyTable::free_table(Table& table) {
  std::free(table.control);
  std::free(static_cast<void*>(table.slots));
  table = Table();
}

bool KeyTable::group_has_empty(const Table& table, size_t group) {
  return zero_bytes(load_group(table.control + group * kGroup)) != 0;
}

size_t KeyTable::find_in(const Table& table, std::string_view key, uint64_t hash) {
  if (table.used == 0) return kNotFound;
  const uint64_t wanted = kLowBits * tag_of(hash);
  size_t group = hash & table.mask();
  for (size_t seen = 0; seen < table.groups; ++seen) {
    const uint64_t control = load_group(table.control + group * kGroup);
    for (uint64_t match = zero_bytes(control ^ wanted); match != 0; match &= match - 1) {
      const size_t slot = group * kGroup + static_cast<size_t>(std::countr_zero(match)) / 8;
      // The match may be a false one: the slot is looked at only if it is full.
      if (table.control[slot] == tag_of(hash) && same_text(table.slots[slot]->key(), key))
        return slot;
    }
    if (zero_bytes(control) != 0) return kNotFound;
    group = (group + 1) & table.mask();
  }
  return kNotFound;
}

void KeyTable::put(Table& table, KeyEntry* entry, uint64_t hash) {
  size_t group = hash & table.mask();
  while (true) {
    const uint64_t free_slots = ~load_group(table.control + group * kGroup) & kHighBits;
    if (free_slots != 0) {
      const size_t slot = group * kGroup + static_cast<size_t>(std::countr_zero(free_slots)) / 8;
      if (table.control[slot] == kErased) --table.erased;
      table.control[slot] = tag_of(hash);
      table.slots[slot] = entry;
      ++table.used;
      return;
    }
    group = (group + 1) & table.mask();
  }
}

void KeyTable::erase_slot(Table& table, size_t slot) {
  // In a group with an empty slot every search ends anyway, so no mark is needed.
  const bool needs_mark = !group_has_empty(table, slot / kGroup);
  table.control[slot] = needs_mark ? kErased : 0;
  if (needs_mark) ++table.erased;
  --table.used;
}

// --- Both tables ---------------------------------------------------------------------------------

KeyEntry* KeyTable::find(std::string_view key, uint64_t hash) const {
  for (const Table& table : tables_) {
    const size_t slot = find_in(table, key, hash);
    if (slot != kNotFound) return table.slots[slot];
  }
  return nullptr;
}

void KeyTable::prefetch(uint64_t hash) const {
  for (const Table& table : tables_) {
    if (table.used == 0) continue;
    const size_t slot = (hash & table.mask()) * kGroup;
    weir::prefetch(table.control + slot);
    weir::prefetch(static_cast<const void*>(table.slots + slot));
  }
}

const KeyEntry* KeyTable::likely(uint64_t hash) const {
  for (const Table& table : tables_) {
    if (table.used == 0) continue;
    const size_t group = (hash & table.mask()) * kGroup;
    const uint64_t match = zero_bytes(load_group(table.control + group) ^ kLowBits * tag_of(hash));
    if (match != 0) return table.slots[group + static_cast<size_t>(std::countr_zero(match)) / 8];
  }
  return nullptr;
}

void KeyTable::insert(KeyEntry* entry, uint64_t hash) {
  move_some(kGroupsPerChange);
  make_room();
  put(tables_[is_moving() ? 1 : 0], entry, hash);
}

KeyEntry* KeyTable::remove(std::string_view key, uint64_t hash) {
  for (Table& table : tables_) {
    const size_t slot = find_in(table, key, hash);
    if (slot == kNotFound) continue;
    KeyEntry* const entry = table.slots[slot];
    erase_slot(table, slot);
    move_some(kGroupsPerChange);
    make_room();
    return entry;
  }
  return nullptr;
}

void KeyTable::make_room() {
  Table& table = tables_[0];
  if (table.groups == 0) {
    table = make_table(1);
    return;
  }
  if (is_moving()) return;
  const size_t capacity = table.capacity();
  if ((table.used + table.erased) * 8 >= capacity * 7) {
    start_moving(table.used * 2 >= capacity ? table.groups * 2 : table.groups);
  } else if (table.groups > 1 && table.used * 16 < capacity) {
    start_moving(std::max<size_t>(1, table.groups / 4));
  }
}

void KeyTable::start_moving(size_t groups) {
  tables_[1] = make_table(groups);
  moved_groups_ = 0;
  move_some(kGroupsPerChange);
}

void KeyTable::move_some(size_t groups) {
  if (!is_moving()) return;
  Table& from = tables_[0];
  for (; groups > 0 && moved_groups_ < from.groups; --groups, ++moved_groups_) {
    for (size_t slot = moved_groups_ * kGroup; slot < (moved_groups_ + 1) * kGroup; ++slot) {
      if (from.control[slot] < 0x80) continue;
      KeyEntry* const entry = from.slots[slot];
      put(tables_[1], entry, hash(entry->key()));
      from.control[slot] = kErased;  // keys behind it in the same run are still to be found
      ++from.erased;
      --from.used;
    }
  }
  if (moved_groups_ < from.groups) return;
  assert(from.used == 0);
  free_table(from);
  std::swap(tables_[0], tables_[1]);
}

void KeyTable::clear() {
  for_each([](KeyEntry& entry) { KeyEntry::destroy(&entry); });
  for (Table& table : tables_)
    free_table(table);
}

void KeyTable::swap(KeyTable& other) noexcept {
  std::swap(tables_, other.tables_);
  std::swap(moved_groups_, other.moved_groups_);
}

bool KeyTable::maintain(size_t groups) {
  if (!is_moving()) return false;
  move_some(groups);
  // No change may come to find the table too large for the keys that are left.
  if (!is_moving()) make_room();
  return is_moving();
}

/// The entry in a slot of both tables taken as one, without the groups that are moved already; null
/// in an empty one.
KeyEntry* KeyTable::entry_at(size_t slot) const {
  const size_t first_slots = tables_[0].capacity() - (is_moving() ? moved_groups_ * kGroup : 0);
  const Table& table = slot < first_slots ? tables_[0] : tables_[1];
  const size_t at = slot < first_slots ? tables_[0].capacity() - 1 - slot : slot - first_slots;
  return table.control[at] >= 0x80 ? table.slots[at] : nullptr;
}

// Random slots until one is full: about two, or eight while a table shrinks.  A table out of which
// nearly everything was deleted while it moved is searched from some slot on in the end.
KeyEntry* KeyTable::random(std::mt19937_64& generator) const {
  assert(size() > 0);
  const size_t moved = is_moving() ? moved_groups_ * kGroup : 0;
  const size_t slots = tables_[0].capacity() - moved + tables_[1].capacity();
  size_t slot = 0;
  for (int look = 0; look < kRandomLooks; ++look) {
    slot = generator() % slots;
    if (KeyEntry* const entry = entry_at(slot)) return entry;
  }
  while (entry_at(slot) == nullptr)
    slot = slot + 1 == slots ? 0 : slot + 1;
  return entry_at(slot);
}

size_t KeyTable::memory_bytes() const {
  return memory_bytes_of(tables_[0]) + memory_bytes_of(tables_[1]);
}

uint64_t KeyTable::reverse_bits(uint64_t bits) {
  uint64_t reversed = 0;
  for (int i = 0; i < 8; ++i) {
    uint64_t byte = bits >> (8 * i) & 0xff;
    byte = (byte & 0xf0) >> 4 | (byte & 0x0f) << 4;
    byte = (byte & 0xcc) >> 2 | (byte & 0x33) << 2;
    byte = (byte & 0xaa) >> 1 | (byte & 0x55) << 1;
    reversed |= byte << (8 * (7 - i));
  }
  return reversed;
}

}  // namespace weir
