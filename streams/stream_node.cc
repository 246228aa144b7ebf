#include "streams/stream_node.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <new>

#include "streams/node_memory.h"
#include "streams/prefetch.h"
#include "streams/same_text.h"

namespace weir {
namespace {

using listpack::integer_bytes;
using listpack::read_integer;
using listpack::skip;
using listpack::text_bytes;
using listpack::write_integer;
using listpack::write_text;

int64_t difference(uint64_t a, uint64_t b) {
  return static_cast<int64_t>(a - b);
}

/// True iff the element at `at` reads as `text`; moves `at` behind it.
bool element_equals(const uint8_t*& at, std::string_view text) {
  char scratch[kMaxDecimalLength];
  return same_text(listpack::read_text(at, scratch), text);
}

size_t field_names_bytes(FieldValues fields) {
  size_t bytes = 0;
  for (size_t i = 0; i < fields.size(); i += 2)
    bytes += text_bytes(fields[i]);
  return bytes;
}

size_t values_bytes(FieldValues fields) {
  size_t bytes = 0;
  for (size_t i = 1; i < fields.size(); i += 2)
    bytes += text_bytes(fields[i]);
  return bytes;
}

}  // namespace

// --- Memory --------------------------------------------------------------------------------------

StreamNode* StreamNode::allocate(size_t capacity) {
  const NodeMemory memory = allocate_node_memory(kPackOffset + capacity);
  auto* node = new (memory.at) StreamNode();
  assert(node->pack() == reinterpret_cast<uint8_t*>(&node->head_ + 1));
  node->capacity_ = static_cast<uint32_t>(memory.bytes - kPackOffset);
  node->slot_ = memory.slot & kMaxNodeSlot;
  return node;
}

void StreamNode::destroy(StreamNode* node) {
  free_node_memory({node, node->memory_bytes(), node->slot_});
}

/// A copy that has room for so many bytes of listpack, index and trailer.
StreamNode* StreamNode::resized(size_t capacity) const {
  StreamNode* moved = allocate(capacity);
  const uint32_t new_capacity = moved->capacity_;
  const uint8_t slot = moved->slot_;
  std::memcpy(static_cast<void*>(moved), this, kPackOffset + listpack_bytes());
  moved->capacity_ = new_capacity;
  moved->slot_ = slot & kMaxNodeSlot;
  moved->retired = false;
  if (is_compacted_) moved->set_dropped(dropped());
  for (uint32_t i = 0; i < index_count(); ++i)
    moved->set_index(i, index_at(i), hint_at(i));
  return moved;
}

size_t StreamNode::count_slack(uint32_t live, uint32_t deleted) {
  return 2 * integer_bytes(int64_t{live} + deleted) - integer_bytes(live) - integer_bytes(deleted);
}

StreamNode* StreamNode::clone(const StreamNode& node) {
  const auto [live, deleted] = node.counts();
  return node.resized(node.listpack_bytes() + kWideRecordBytes * node.index_count() +
                      count_slack(live, deleted) + node.trailer_bytes());
}

StreamNode* StreamNode::shrunk() {
  const auto [live, deleted] = counts();
  const size_t needed =
      listpack_bytes() + index_bytes(index_count()) + count_slack(live, deleted) + trailer_bytes();
  return node_memory_bytes(kPackOffset + needed) < memory_bytes() ? resized(needed) : this;
}

// --- What compaction dropped ---------------------------------------------------------------------

StreamNode::Dropped StreamNode::dropped() const {
  if (!is_compacted_) return {0, 0};
  const uint8_t* const at = pack() + capacity_ - sizeof(Dropped);
  return {listpack::load32(at), listpack::load32(at + 4)};
}

void StreamNode::set_dropped(const Dropped& dropped) {
  uint8_t* const at = pack() + capacity_ - sizeof(Dropped);
  listpack::store32(at, dropped.entries);
  listpack::store32(at + 4, dropped.bytes);
}

size_t StreamNode::uncompacted_bytes() const {
  if (!is_compacted_) return listpack_bytes();
  // The count of the tombstones might be wider, too.
  const int64_t tombstones = int64_t{deleted()} + dropped().entries;
  return listpack_bytes() + dropped().bytes + integer_bytes(tombstones) - integer_bytes(deleted());
}

// --- The index -----------------------------------------------------------------------------------

uint32_t StreamNode::index_at(uint32_t i) const {
  const uint8_t* const at = index_record(i) + kHintBytes;
  if (has_wide_index()) return listpack::load32(at);
  return static_cast<uint32_t>(at[0] | at[1] << 8);
}

void StreamNode::set_index(uint32_t i, uint32_t offset, uint32_t hint) {
  uint8_t* const at = pack() + (index_record(i) - pack());
  listpack::store32(at, hint);
  if (has_wide_index()) return listpack::store32(at + kHintBytes, offset);
  at[kHintBytes] = static_cast<uint8_t>(offset);
  at[kHintBytes + 1] = static_cast<uint8_t>(offset >> 8);
}

/// 32 bits that ascend with the IDs of the node, though not strictly: the sequence within the key's
/// millisecond, then the milliseconds since.
uint32_t StreamNode::hint_of(const StreamId& id) const {
  constexpr uint64_t kHalf = uint64_t{1} << 31;
  const uint64_t ms = id.ms - key.ms;
  if (ms == 0) return static_cast<uint32_t>(std::min(id.seq - key.seq, kHalf - 1));
  return static_cast<uint32_t>(kHalf + std::min(ms, kHalf - 1));
}

/// Entry number `number` (0, 1, …) begins at `offset`.  The first needs no index.
void StreamNode::note_entry(uint32_t number, uint32_t offset, const StreamId& id) {
  if (number == 0 || number % kIndexStride != 0) return;
  set_index(number / kIndexStride - 1, offset, hint_of(id));
}

// --- Writing -------------------------------------------------------------------------------------

StreamNode* StreamNode::create(const StreamId& first, FieldValues fields, size_t spare_bytes) {
  const uint32_t field_count = static_cast<uint32_t>(fields.size() / 2);
  const size_t master_bytes = 2 + 2 + integer_bytes(field_count) + field_names_bytes(fields) + 2;
  const size_t entry_bytes = 2 + 2 + 2 + values_bytes(fields) + integer_bytes(field_count + 3);
  StreamNode* node = allocate(listpack::kEmptyBytes + master_bytes + entry_bytes + spare_bytes);
  node->key = first;
  node->field_count_ = static_cast<uint16_t>(std::min<uint32_t>(field_count, kManyFields));

  uint8_t* at = node->pack() + listpack::kHeaderBytes;
  at = write_integer(at, 0);
  at = write_integer(at, 0);
  at = write_integer(at, field_count);
  for (size_t i = 0; i < fields.size(); i += 2)
    at = write_text(at, fields[i]);
  at = write_integer(at, 0);
  node->head_ = static_cast<uint32_t>(at - node->pack());
  *at++ = listpack::kEnd;
  listpack::set_total_bytes(node->pack(), static_cast<uint32_t>(at - node->pack()));
  listpack::set_element_count(node->pack(), 4 + field_count);
  return node;
}

uint32_t StreamNode::read_field_count() const {
  const uint8_t* at = skip(skip(pack() + listpack::kHeaderBytes));
  return static_cast<uint32_t>(read_integer(at));
}

const uint8_t* StreamNode::first_entry() const {
  const uint8_t* at = master_fields();
  for (uint32_t fields = field_count(); fields > 0; --fields)
    at = skip(at);
  return skip(at);
}

bool StreamNode::has_fields_of_master(FieldValues fields) const {
  if (fields.size() / 2 != field_count()) return false;
  const uint8_t* name = master_fields();
  for (size_t i = 0; i < fields.size(); i += 2) {
    if (!element_equals(name, fields[i])) return false;
  }
  return true;
}

size_t StreamNode::entry_bytes(const StreamId& id, FieldValues fields, bool same_fields) const {
  const int64_t field_count = static_cast<int64_t>(fields.size() / 2);
  size_t bytes = 2 + integer_bytes(difference(id.ms, key.ms)) +
                 integer_bytes(difference(id.seq, key.seq)) + values_bytes(fields);
  if (same_fields) return bytes + integer_bytes(field_count + 3);
  bytes += integer_bytes(field_count) + field_names_bytes(fields);
  return bytes + integer_bytes(2 * field_count + 4);
}

uint8_t* StreamNode::write_entry(uint8_t* at, const StreamId& id, FieldValues fields,
                                 bool same_fields) const {
  const int64_t field_count = static_cast<int64_t>(fields.size() / 2);
  at = write_integer(at, same_fields ? kSameFieldsFlag : 0);
  at = write_integer(at, difference(id.ms, key.ms));
  at = write_integer(at, difference(id.seq, key.seq));
  if (same_fields) {
    for (size_t i = 1; i < fields.size(); i += 2)
      at = write_text(at, fields[i]);
    return write_integer(at, field_count + 3);
  }
  at = write_integer(at, field_count);
  for (const std::string_view text : fields)
    at = write_text(at, text);
  return write_integer(at, 2 * field_count + 4);
}

StreamNode* StreamNode::append(const StreamId& id, FieldValues fields) {
  const bool same_fields = has_fields_of_master(fields);
  const size_t bytes = entry_bytes(id, fields, same_fields);
  const auto [live, deleted] = counts();
  const size_t widest_counts = 2 * integer_bytes(int64_t{live} + deleted + 1);
  const size_t needed = listpack_bytes() + bytes + widest_counts - integer_bytes(live) -
                        integer_bytes(deleted) + index_bytes(index_count_with(live + deleted + 1)) +
                        trailer_bytes();
  StreamNode* node = this;
  if (needed > capacity_) {
    // In steps of a half, so that filling a node from one entry copies it a few times only.  The
    // index may become wider.
    node = resized(needed + needed / 2 + size_t{2} * (index_count() + 1));
  }
  node->append_in_place(id, fields, same_fields, bytes);
  return node;
}

void StreamNode::append_in_place(const StreamId& id, FieldValues fields, bool same_fields,
                                 size_t bytes) {
  const uint32_t offset = static_cast<uint32_t>(listpack_bytes() - 1);
  uint8_t* end = write_entry(pack() + offset, id, fields, same_fields);
  assert(static_cast<size_t>(end - pack()) == offset + bytes);
  *end++ = listpack::kEnd;
  listpack::set_total_bytes(pack(), static_cast<uint32_t>(end - pack()));
  const uint16_t elements = listpack::element_count(pack());
  if (elements != listpack::kUnknownCount) {
    listpack::set_element_count(
        pack(), elements + (same_fields ? 4 + fields.size() / 2 : 5 + fields.size()));
  }
  const auto [live, deleted] = counts();
  note_entry(live + deleted, offset, id);
  uint8_t& narrow_live = pack()[listpack::kHeaderBytes];
  if (narrow_live < listpack::kGreatestNarrow) {
    ++narrow_live;  // all there is to the count of most nodes
  } else {
    write_counts({live + 1, deleted});
  }
}

// Writes the two counts of the master entry; when one changes its width, everything behind them
// moves.
void StreamNode::write_counts(const Counts& counts) {
  uint8_t* const at = pack() + listpack::kHeaderBytes;
  const size_t before = static_cast<size_t>(skip(skip(at)) - at);
  const size_t after = integer_bytes(counts.live) + integer_bytes(counts.deleted);
  if (before != after) {
    const uint32_t indexed = index_count_with(counts.live + counts.deleted);
    const size_t total = listpack_bytes();
    const size_t behind = total - listpack::kHeaderBytes - before;
    assert(total - before + after + index_bytes(indexed) + trailer_bytes() <= capacity_);
    std::memmove(at + after, at + before, behind);
    const uint32_t shift = static_cast<uint32_t>(after - before);  // may wrap: offsets wrap back
    listpack::set_total_bytes(pack(), static_cast<uint32_t>(total) + shift);
    head_ += shift;
    for (uint32_t i = 0; i < indexed; ++i)
      set_index(i, index_at(i) + shift, hint_at(i));
  }
  write_integer(write_integer(at, counts.live), counts.deleted);
}

void StreamNode::erase(const EntryRef& entry) {
  auto [live, deleted] = counts();
  assert(!entry.deleted && live > 0);
  uint8_t* at = pack() + (entry.at - pack());
  *at |= kDeletedFlag;  // flags are a one-byte integer element
  --live;
  ++deleted;
  if (entry.at == head() && live > 0) {
    EntryRef first = entry_at(entry.at);
    while (first.deleted) {
      first = entry_at(next_entry(first));
    }
    head_ = static_cast<uint32_t>(first.at - pack());
  }
  write_counts({live, deleted});
}

StreamNode* StreamNode::compacted(LastTombstone last) const {
  const uint8_t* const first = first_entry();
  const size_t first_offset = offset_of(first);
  Counts count = counts();
  StreamNode* const node = allocate(listpack_bytes() + kWideRecordBytes * index_count() +
                                    count_slack(count.live, count.deleted) + sizeof(Dropped));
  node->is_compacted_ = 1;
  node->key = key;
  node->born = born;
  node->weight = weight;
  node->field_count_ = field_count_;
  std::memcpy(node->pack(), pack(), first_offset);
  uint8_t* to = node->pack() + first_offset;
  node->head_ = static_cast<uint32_t>(first_offset);
  size_t elements = 4 + field_count();
  count = {0, 0};
  for (const uint8_t* at = first; at < end();) {
    const EntryRef entry = entry_at(at);
    const uint8_t* const next = next_entry(entry);
    if (!entry.deleted || (next == end() && last == LastTombstone::kKept)) {
      const uint32_t offset = static_cast<uint32_t>(to - node->pack());
      node->note_entry(count.live + count.deleted, offset, entry.id);
      std::memcpy(to, at, static_cast<size_t>(next - at));
      to += next - at;
      const uint8_t* element_count = listpack::previous(next);
      elements += static_cast<size_t>(read_integer(element_count)) + 1;
      ++(entry.deleted ? count.deleted : count.live);
    }
    at = next;
  }
  *to++ = listpack::kEnd;
  listpack::set_total_bytes(node->pack(), static_cast<uint32_t>(to - node->pack()));
  listpack::set_element_count(node->pack(), elements);
  const auto kept_bytes = static_cast<uint32_t>(to - 1 - node->at_offset(first_offset));
  node->set_dropped({.entries = dropped().entries + entries() - count.live - count.deleted,
                     .bytes = dropped().bytes + static_cast<uint32_t>(end() - first) - kept_bytes});
  node->write_counts(count);
  StreamNode* const small = node->shrunk();
  if (small != node) destroy(node);
  return small;
}

// --- Reading -------------------------------------------------------------------------------------

const uint8_t* StreamNode::previous_entry(const uint8_t* at) const {
  at = listpack::previous(at);
  const uint8_t* count = at;
  for (int64_t elements = read_integer(count); elements > 0; --elements)
    at = listpack::previous(at);
  return at;
}

/// How many of the index's entries are below `id`, which is above the key.
uint32_t StreamNode::indexed_below(const StreamId& id) const {
  const uint32_t count = index_count();
  if (count == 0) return 0;
  const uint8_t* const first = index_record(0);
  const size_t stride = record_bytes();
  const auto hint_at = [=](uint32_t i) { return listpack::load32(first - i * stride); };
  // By hints alone, and each step a move, not a jump, since nobody could guess it.
  const uint32_t wanted = hint_of(id);
  uint32_t low = 0;
  uint32_t left = count;
  for (; left > 1; left -= left / 2)
    low += hint_at(low + left / 2 - 1) < wanted ? left / 2 : 0;
  if (hint_at(low) < wanted) ++low;
  // Those with the same hint need a look themselves; mostly there is one.
  uint32_t high = count;
  for (uint32_t middle = low; low < high && hint_at(low) == wanted; middle = (low + high) / 2) {
    const bool is_below = hint_at(middle) == wanted && entry_at(pack() + index_at(middle)).id < id;
    (is_below ? low : high) = is_below ? middle + 1 : middle;
  }
  return low;
}

/// The last indexed entry that is below `id`, or the first live one.
const uint8_t* StreamNode::start_of_seek(const StreamId& id) const {
  const uint32_t low = id > key ? indexed_below(id) : 0;
  return pack() + std::max(low > 0 ? index_at(low - 1) : 0, head_);
}

void StreamNode::prefetch_index() const {
  constexpr uint32_t kRecordsFetched = 16;  // two lines; the index of a greater node is worth less
  const uint32_t records = std::min(index_count(), kRecordsFetched);
  if (records > 0) prefetch<2>(index_record(records - 1));
}

void StreamNode::prefetch_from(const StreamId& id) const {
  prefetch<4>(start_of_seek(id));
}

const uint8_t* StreamNode::seek(const StreamId& id) const {
  if (id <= key) return head();
  const uint8_t* at = start_of_seek(id);
  const uint8_t* const last = end();
  // The stride is some lines long, and each entry says where the next one is: one wait for all.
  prefetch<4>(at);
  const uint64_t wanted_ms = id.ms - key.ms;
  while (at < last) {
    const bool same_fields = (*at & kSameFieldsFlag) != 0;
    const uint8_t* element = at + 2;
    const auto ms = static_cast<uint64_t>(read_integer(element));
    if (ms > wanted_ms) return at;
    const uint64_t seq = key.seq + static_cast<uint64_t>(read_integer(element));
    if (ms == wanted_ms && seq >= id.seq) return at;
    at = behind_fields(element, same_fields);
  }
  return last;
}

EntryRef StreamNode::first_live() const {
  assert(live() > 0);
  return entry_at(head());
}

EntryRef StreamNode::last_live() const {
  assert(live() > 0);
  EntryRef entry = entry_at(previous_entry(end()));
  while (entry.deleted)
    entry = entry_at(previous_entry(entry.at));
  return entry;
}

bool StreamNode::is_consistent() const {
  if (!listpack::validate_listpack(listpack_view())) return false;
  if (listpack_bytes() + index_bytes(index_count()) + trailer_bytes() > capacity_) return false;
  const auto [noted_live, noted_deleted] = counts();
  uint32_t live = 0;
  uint32_t number = 0;
  bool live_before_head = false;
  StreamId last;
  for (const uint8_t* at = first_entry(); at < end(); ++number) {
    const EntryRef entry = entry_at(at);
    if (entry.id < key || (number > 0 && entry.id <= last)) return false;
    if (number > 0 && number % kIndexStride == 0 &&
        (index_at(number / kIndexStride - 1) != static_cast<uint32_t>(at - pack()) ||
         hint_at(number / kIndexStride - 1) != hint_of(entry.id))) {
      return false;
    }
    if (!entry.deleted && at < head()) live_before_head = true;
    if (at == head() && entry.deleted && noted_live > 0) live_before_head = true;
    live += entry.deleted ? 0 : 1;
    last = entry.id;
    at = next_entry(entry);
    if (at < end() && previous_entry(at) != entry.at) return false;
  }
  return live == noted_live && number == noted_live + noted_deleted && !live_before_head;
}

}  // namespace weir
