// Key → entry: an open-addressing hash table that grows a little at a time.
//
//   control  ┌──┬──┬──┬──┬──┬──┬──┬──┐┌──┬──   one byte per slot: 00 empty, 01 erased,
//            │  │  │  │  │  │  │  │  ││  │ …   1hhhhhhh full, with 7 bits of the hash
//            └──┴──┴──┴──┴──┴──┴──┴──┘└──┴──
//   slots     8 pointers to entries    …       groups of eight: one 64-bit load tells which of
//                                              them can hold a key
//
// A key's home is the group that the low bits of its hash name; when that is full it lies in one
// of the groups behind it.  A lookup looks at groups until one has an empty slot.
//
// Growing (and shrinking, and getting rid of erased marks) makes a second table, whose memory
// comes zeroed from the system and is not touched at once, and then moves a few groups with every
// change, and with every maintain() when no change comes: no single request pays for it.  Meanwhile
// lookups ask both.
//
// A scan goes through homes in the order of their reversed bits, so that a cursor stays good while
// the table grows or shrinks: a key that is there from the first call to the last is returned.
//
// Always: an entry is in exactly one table; no table is more than 7/8 full, erased marks included.
#pragma once

#include <cstdint>
#include <random>
#include <string_view>

#include "server/data/key_entry.h"

namespace weir {

class KeyTable {
 public:
  KeyTable() = default;
  KeyTable(KeyTable&& other) noexcept { swap(other); }
  KeyTable& operator=(KeyTable&& other) noexcept {
    swap(other);
    return *this;
  }
  ~KeyTable() { clear(); }

  size_t size() const { return tables_[0].used + tables_[1].used; }

  /// The hash that the other calls want.
  static uint64_t hash(std::string_view key);

  KeyEntry* find(std::string_view key, uint64_t hash) const;
  /// Begins to fetch where the key would be.
  void prefetch(uint64_t hash) const;
  /// The entry that find() will look at first, in nearly all cases the right one; null without any.
  const KeyEntry* likely(uint64_t hash) const;
  /// Takes over an entry whose key is not in the table.
  void insert(KeyEntry* entry, uint64_t hash);
  /// Takes an entry out and gives it to the caller; null if there is none.
  KeyEntry* remove(std::string_view key, uint64_t hash);
  /// Destroys all entries.
  void clear();
  void swap(KeyTable& other) noexcept;

  /// Calls `visit(KeyEntry&)` for the keys of one or a few homes and returns the next cursor, 0 at
  /// the end.  `visit` must not change the table.
  template <class Visit>
  uint64_t scan(uint64_t cursor, Visit visit) const;

  template <class Visit>
  void for_each(Visit visit) const;

  /// Some entry, every one equally likely; the table is not empty.  Cost: some looks, of which a
  /// table that has just lost most of its keys needs more.
  KeyEntry* random(std::mt19937_64& generator) const;

  /// Bytes of the tables, without the entries.
  size_t memory_bytes() const;
  bool is_moving() const { return tables_[1].control != nullptr; }
  /// Bytes of the table that is being emptied; 0 when nothing moves.
  size_t moving_bytes() const { return is_moving() ? memory_bytes_of(tables_[0]) : 0; }
  /// Moves up to `groups` groups on; a table that is still too large is made smaller again.
  /// Returns whether there is more to move.
  bool maintain(size_t groups);

 private:
  struct Table {
    uint8_t* control = nullptr;
    KeyEntry** slots = nullptr;
    size_t groups = 0;  // a power of two
    size_t used = 0;
    size_t erased = 0;

    size_t mask() const { return groups - 1; }
    size_t capacity() const { return groups * kGroup; }
  };
  static constexpr size_t kGroup = 8;
  static constexpr size_t kNotFound = SIZE_MAX;

  static Table make_table(size_t groups);
  static void free_table(Table& table);
  static size_t find_in(const Table& table, std::string_view key, uint64_t hash);
  static void put(Table& table, KeyEntry* entry, uint64_t hash);
  static void erase_slot(Table& table, size_t slot);
  static bool group_has_empty(const Table& table, size_t group);
  static size_t memory_bytes_of(const Table& table) {
    return table.capacity() * (1 + sizeof(void*));
  }
  KeyEntry* entry_at(size_t slot) const;
  void make_room();
  void move_some(size_t groups);
  void start_moving(size_t groups);
  static uint64_t reverse_bits(uint64_t bits);

  template <class Visit>
  static void visit_home(const Table& table, size_t home, Visit& visit);

  Table tables_[2];  // [0] is the one new keys go to unless [1] exists; then [0] is emptied into it
  size_t moved_groups_ = 0;
};

template <class Visit>
void KeyTable::visit_home(const Table& table, size_t home, Visit& visit) {
  for (size_t group = home, seen = 0; seen < table.groups;
       group = (group + 1) & table.mask(), ++seen) {
    for (size_t slot = group * kGroup; slot < (group + 1) * kGroup; ++slot) {
      if (table.control[slot] < 0x80) continue;
      KeyEntry* const entry = table.slots[slot];
      if ((hash(entry->key()) & table.mask()) == home) visit(*entry);
    }
    if (group_has_empty(table, group)) break;
  }
}

template <class Visit>
uint64_t KeyTable::scan(uint64_t cursor, Visit visit) const {
  if (size() == 0) return 0;
  const Table* small = &tables_[0];
  const Table* large = is_moving() ? &tables_[1] : nullptr;
  if (large != nullptr && small->groups > large->groups) std::swap(small, large);
  visit_home(*small, cursor & small->mask(), visit);
  const uint64_t last_mask = large != nullptr ? large->mask() : small->mask();
  // All homes of the large table that the small one's home splits into.
  do {
    if (large != nullptr) visit_home(*large, cursor & large->mask(), visit);
    cursor |= ~last_mask;
    cursor = reverse_bits(reverse_bits(cursor) + 1);
  } while ((cursor & (small->mask() ^ last_mask)) != 0);
  return cursor;
}

template <class Visit>
void KeyTable::for_each(Visit visit) const {
  for (const Table& table : tables_) {
    for (size_t slot = 0; slot < table.capacity(); ++slot) {
      if (table.control[slot] >= 0x80) visit(*table.slots[slot]);
    }
  }
}

}  // namespace weir
