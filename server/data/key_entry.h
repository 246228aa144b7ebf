// A key and its stream: one allocation, the key's bytes behind the rest.
//
//   ┌────────┬──────────┬──────────────┬────────────┬─────────────┐
//   │ Stream │ accessed │ expiry place │ key length │ key …       │
//   └────────┴──────────┴──────────────┴────────────┴─────────────┘
//                                        the key begins in what would be padding
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "streams/prefetch.h"
#include "streams/stream.h"

namespace weir {

class KeyEntry {
 public:
  static KeyEntry* create(std::string_view key);
  static void destroy(KeyEntry* entry);

  struct Destroy {
    void operator()(KeyEntry* entry) const { destroy(entry); }
  };
  using Ptr = std::unique_ptr<KeyEntry, Destroy>;

  std::string_view key() const {
    return {reinterpret_cast<const char*>(this) + kKeyOffset, key_length_};
  }

  /// Begins to fetch it, with a short key.
  void prefetch() const { weir::prefetch<2>(this); }

  /// Tells whether a snapshot has taken it; see keyspace_snapshot.h.
  bool snapshot_mark() const { return snapshot_mark_ != 0; }
  void set_snapshot_mark(bool mark) { snapshot_mark_ = mark ? 1 : 0; }

  Stream stream;
  /// What is kept of its use, see access_mark.h.
  uint32_t access_mark = 0;
  /// Its place in the ExpiryHeap of its database, from 1; 0: it has no TTL.
  uint32_t expiry_place = 0;

 private:
  KeyEntry() = default;

  static constexpr size_t kKeyOffset = sizeof(Stream) + 3 * sizeof(uint32_t);

  uint32_t key_length_ : 31 = 0;
  uint32_t snapshot_mark_ : 1 = 0;
};
static_assert(sizeof(KeyEntry) == 80);

}  // namespace weir
