#include "streams/stream.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "streams/radix_cursor.h"

namespace weir {
namespace {

uint64_t max_node_bytes(const NodeLimits& limits) {
  return limits.max_bytes == 0 ? kMaxNodeBytes : std::min(limits.max_bytes, kMaxNodeBytes);
}

}  // namespace

// --- Counters ------------------------------------------------------------------------------------

StreamId Stream::first_id() const {
  return length_ == 0 ? StreamId{} : first_node()->first_live().id;
}

StreamId Stream::top_id() const {
  return length_ == 0 ? StreamId{} : tail_->last_live().id;
}

size_t Stream::freeing_cost(size_t most) const {
  if (tree_.is_frozen()) return 0;
  size_t cost = tree_.leaf_count();
  if (!extra_) return cost;
  if (idempotence() != nullptr) cost += idempotence()->pid_count() + idempotence()->iid_count();
  for (size_t i = 0; i < extra_->groups.size() && cost < most; ++i)
    cost += extra_->groups.at(i).freeing_cost(most - cost);
  return cost;
}

Stream::Extra& Stream::extra() {
  if (!extra_) extra_ = std::make_unique<Extra>();
  return *extra_;
}

std::optional<StreamId> Stream::next_id(uint64_t now_ms) const {
  if (now_ms > last_id_.ms) return StreamId{now_ms, 0};
  return successor(last_id_);
}

void Stream::set_id(const StreamId& last_id, std::optional<uint64_t> entries_added,
                    std::optional<StreamId> max_deleted_id) {
  last_id_ = last_id;
  // Tombstones above the new last ID go: what is appended next would stand behind them.
  if (tail_ != nullptr && tail_->last_id() > last_id) {
    StreamNode* const node = writable(tail_);
    put_in_place(node, node->compacted(StreamNode::LastTombstone::kDropped));
  }
  if (entries_added) entries_added_ = *entries_added;
  if (max_deleted_id) extra().max_deleted_id = *max_deleted_id;
}

// --- Idempotence ---------------------------------------------------------------------------------

Idempotence& Stream::use_idempotence() {
  Extra& mine = extra();
  if (!mine.idempotence) mine.idempotence = std::make_unique<Idempotence>(mine.idempotence_limits);
  return *mine.idempotence;
}

bool Stream::set_idempotence_limits(const IdempotenceLimits& limits) {
  if (limits == idempotence_limits()) return false;
  extra().idempotence_limits = limits;
  if (idempotence() != nullptr) idempotence()->clear();
  return true;
}

// --- Nodes ---------------------------------------------------------------------------------------

/// The node itself, or its copy if a frozen view holds it.
StreamNode* Stream::writable(const StreamNode* node) {
  StreamNode* const mine = tree_.writable(node);
  if (node == tail_) tail_ = mine;
  return mine;
}

/// After an operation that may have moved a node: puts the new one where the old one was.
StreamNode* Stream::put_in_place(StreamNode* node, StreamNode* moved) {
  if (moved == node) return node;
  tree_.replace(node, moved);
  if (node == tail_) tail_ = moved;
  StreamNode::destroy(node);
  return moved;
}

/// Takes a node out of the tree.  When it was the tail, the one before it becomes the tail.
void Stream::drop_node(const StreamNode* node) {
  const bool was_tail = node == tail_;
  tree_.erase(StreamId(node->key));
  if (!was_tail) return;
  const StreamNode* const last = tree_.last();
  tail_ = last == nullptr
              ? nullptr
              : tree_.add_weight(StreamId(last->key), -static_cast<int64_t>(last->live()));
}

const StreamNode* Stream::node_for(const StreamId& id) const {
  if (tail_ == nullptr || id >= tail_->key) return tail_;
  const StreamNode* node = tree_.floor(id);
  return node != nullptr ? node : tree_.first();
}

// --- Appending -----------------------------------------------------------------------------------

bool Stream::is_full(const StreamNode& node, uint64_t payload_bytes, const NodeLimits& limits) {
  return node.uncompacted_bytes() + payload_bytes >= max_node_bytes(limits) ||
         (limits.max_entries != 0 && node.uncompacted_entries() >= limits.max_entries);
}

void Stream::append(const StreamId& id, FieldValues fields, const NodeLimits& limits) {
  assert(id > last_id_ || (entries_added_ == 0 && !id.is_zero()));
  uint64_t payload_bytes = 0;
  for (const std::string_view text : fields)
    payload_bytes += text.size();
  assert(is_storable(fields.size(), payload_bytes));

  if (tail_ == nullptr || is_full(*tail_, payload_bytes, limits)) {
    // An entry that fills a node by itself needs no room behind it.
    const uint64_t max_bytes = max_node_bytes(limits);
    start_node(id, fields, payload_bytes < max_bytes ? max_bytes : 0);
  }
  StreamNode* const node = writable(tail_);  // first: it may be another one than before
  put_in_place(node, node->append(id, fields));
  // A node that can take nothing more gives its spare room back now: most streams of a server are
  // short, and their last node is all they have.
  if (is_full(*tail_, 0, limits)) put_in_place(tail_, tail_->shrunk());
  last_id_ = id;
  ++length_;
  ++entries_added_;
}

void Stream::start_node(const StreamId& id, FieldValues fields, size_t max_spare_bytes) {
  size_t expected_bytes = 0;
  if (tail_ != nullptr) {
    expected_bytes = std::min(tail_->listpack_bytes(), max_spare_bytes);
    tail_ = tree_.add_weight(StreamId(tail_->key), tail_->live());
    put_in_place(tail_, tail_->shrunk());
  }
  // A stream's first node is as small as its first entry; later ones will be like their
  // predecessors.
  tail_ = StreamNode::create(id, fields, expected_bytes);
  tree_.insert(tail_);
}

// --- Erasing and trimming ------------------------------------------------------------------------

/// Removes entries one after the other.  Of entries that follow each other the next one is known,
/// and the tree is told of a node's once; so the stream's sums are true again when it has ended.
class Stream::Eraser {
 public:
  explicit Eraser(Stream& stream) : stream_(stream) {}
  Eraser(const Eraser&) = delete;
  Eraser& operator=(const Eraser&) = delete;
  ~Eraser() { leave(); }

  /// False if there is no such entry.
  bool erase(const StreamId& id) {
    const uint8_t* const at = find(id);
    if (at == nullptr) return false;
    if (node_->live() == 1) {
      tell_tree();
      stream_.drop_node(node_);
      node_ = nullptr;
    } else {
      erase_at(at);
    }
    --stream_.length_;
    return true;
  }

 private:
  /// The live entry with that ID, whose node is then at hand; null if there is none.
  const uint8_t* find(const StreamId& id) {
    if (node_ != nullptr && behind_ < node_->offset_of(node_->end())) {
      const uint8_t* const at = node_->at_offset(behind_);
      const EntryRef entry = node_->entry_at(at);
      if (entry.id == id && !entry.deleted) return at;
    }
    const StreamNode* const holder = stream_.node_for(id);
    if (holder == nullptr) return nullptr;
    const uint8_t* const at = holder->seek(id);
    if (at == holder->end()) return nullptr;
    const EntryRef entry = holder->entry_at(at);
    if (entry.id != id || entry.deleted) return nullptr;
    if (holder == node_) return at;
    const size_t offset = holder->offset_of(at);
    leave();
    node_ = stream_.writable(holder);
    return node_->at_offset(offset);
  }

  void erase_at(const uint8_t* at) {
    const EntryRef entry = node_->entry_at(at);
    behind_ = node_->offset_of(node_->next_entry(entry));
    const size_t bytes = node_->listpack_bytes();
    node_->erase(entry);
    behind_ += node_->listpack_bytes() - bytes;  // counts in front may have another width
    ++erased_;
  }

  void tell_tree() {
    if (erased_ > 0 && node_ != stream_.tail_) {
      stream_.tree_.add_weight(StreamId(node_->key), -erased_);
    }
    erased_ = 0;
  }

  void leave() {
    if (node_ == nullptr) return;
    tell_tree();
    if (node_ != stream_.tail_ && node_->deserves_compaction())
      stream_.put_in_place(node_, node_->compacted());
    node_ = nullptr;
  }

  Stream& stream_;
  StreamNode* node_ = nullptr;  // the one erased from, writable
  size_t behind_ = 0;           // offset of the entry behind the one erased last
  int64_t erased_ = 0;          // of its entries, that the tree was not told of
};

uint64_t Stream::erase(std::span<const StreamId> ids) {
  Eraser eraser(*this);
  StreamId greatest;
  uint64_t erased = 0;
  for (const StreamId& id : ids) {
    if (!eraser.erase(id)) continue;
    greatest = std::max(greatest, id);
    ++erased;
  }
  if (erased > 0 && greatest > max_deleted_id()) extra().max_deleted_id = greatest;
  return erased;
}

bool Stream::remove(const StreamId& id) {
  return Eraser(*this).erase(id);
}

/// The node that holds the live entry number `number` (0 is the oldest), null behind the last.
const StreamNode* Stream::node_of_entry(uint64_t number) const {
  if (number >= length_) return nullptr;
  if (number >= weight_outside_tail()) return tail_;
  return tree_.select(number).leaf;
}

/// The oldest node that whole-node trimming leaves in place; null if none.
const StreamNode* Stream::first_kept_node(const Trim& trim) const {
  uint64_t removable = length_;  // no more entries than this may go
  if (trim.approximate && trim.limit > 0) removable = std::min(removable, trim.limit);
  if (trim.strategy == Trim::Strategy::kMaxLength) {
    return node_of_entry(std::min(removable, length_ - std::min(length_, trim.max_length)));
  }
  const StreamNode* node = node_for(trim.min_id);
  if (node != nullptr && node->last_id() < trim.min_id) {
    node = node == tail_ ? nullptr : tree_.ceiling(*successor(node->key));
  }
  const uint64_t before = node == nullptr ? length_ : tree_.weight_before(node->key);
  return before > removable ? node_of_entry(removable) : node;
}

/// Removes all nodes before `node`, or all nodes if it is null; returns how many entries went.
uint64_t Stream::drop_nodes_before(const StreamNode* node, RadixCuttings<StreamNode>* cuttings) {
  RadixCuttings<StreamNode> mine;
  RadixCuttings<StreamNode>& cut_off = cuttings != nullptr ? *cuttings : mine;
  uint64_t removed = length_;
  if (node == nullptr) {
    tree_.cut_all(cut_off);
    tail_ = nullptr;
  } else {
    removed = tree_.cut_before(node->key, cut_off);
  }
  length_ -= removed;
  return removed;
}

uint64_t Stream::erase_from_front(const Trim& trim) {
  StreamNode* const node = writable(first_node());
  uint64_t removed = 0;
  while (node->live() > 0) {
    if (trim.strategy == Trim::Strategy::kMaxLength && length_ <= trim.max_length) break;
    const EntryRef entry = node->first_live();
    if (trim.strategy == Trim::Strategy::kMinId && entry.id >= trim.min_id) break;
    node->erase(entry);
    --length_;
    ++removed;
  }
  if (removed > 0 && node != tail_)
    tree_.add_weight(StreamId(node->key), -static_cast<int64_t>(removed));
  if (node->live() == 0) drop_node(node);
  return removed;
}

/// Whether an entry may be trimmed as far as consumer groups are concerned.
bool Stream::may_remove(const StreamId& id, const Trim& trim, std::vector<StreamId>* noted) {
  const bool is_by_acks = trim.references == References::kAcked;
  if (is_by_acks && is_referenced(id)) return false;
  const bool is_noted = is_by_acks || drop_references(id);
  if (is_noted && noted != nullptr) noted->push_back(id);
  return true;
}

Trimmed Stream::trim_one_by_one(const Trim& trim, std::vector<StreamId>* noted) {
  const bool by_length = trim.strategy == Trim::Strategy::kMaxLength;
  const auto is_done = [&](const StreamId& id) {
    return by_length ? length_ <= trim.max_length : id >= trim.min_id;
  };
  Trimmed trimmed;
  std::vector<StreamId> ids;
  const StreamNode* node = first_node();
  while (node != nullptr && !(by_length && length_ <= trim.max_length)) {
    if (trim.approximate && trim.limit > 0 && trimmed.entries + node->live() > trim.limit) break;
    const bool goes_whole =
        by_length ? length_ - node->live() >= trim.max_length : node->last_id() < trim.min_id;
    ids.clear();
    for (const uint8_t* at = node->head(); at < node->end();) {
      const EntryRef entry = node->entry_at(at);
      if (!entry.deleted) ids.push_back(entry.id);
      at = node->next_entry(entry);
    }
    const StreamId last = node->last_id();  // the node may go with its last entry
    for (const StreamId& id : ids) {
      if (is_done(id)) break;
      if (!may_remove(id, trim, noted)) continue;
      remove(id);
      ++trimmed.entries;
      trimmed.below = successor(id);
    }
    const std::optional<StreamId> behind = successor(last);
    node = goes_whole && behind ? tree_.ceiling(*behind) : nullptr;
  }
  return trimmed;
}

Trimmed Stream::trim_and_tell(const Trim& trim, RadixCuttings<StreamNode>* cuttings,
                              std::vector<StreamId>* noted) {
  if (length_ == 0) return {};
  if (trim.references != References::kKeep &&
      (trim.approximate || std::as_const(*this).groups().size() > 0)) {
    return trim_one_by_one(trim, noted);
  }
  if (trim.strategy == Trim::Strategy::kMaxLength && length_ <= trim.max_length) return {};
  const StreamNode* kept = first_kept_node(trim);
  Trimmed trimmed;
  if (kept != first_node()) trimmed.entries = drop_nodes_before(kept, cuttings);
  if (!trim.approximate && length_ > 0) trimmed.entries += erase_from_front(trim);
  if (trim.references == References::kAcked)
    trimmed.below = length_ > 0 ? std::optional(first_id()) : std::nullopt;
  return trimmed;
}

// --- Consumer groups -----------------------------------------------------------------------------

const ConsumerGroups& Stream::groups() const {
  static const ConsumerGroups none;
  return extra_ ? extra_->groups : none;
}

bool Stream::is_referenced(const StreamId& id) const {
  const ConsumerGroups& all = groups();
  for (size_t i = 0; i < all.size(); ++i) {
    if (all.at(i).last_id < id || all.at(i).find_pending(id)) return true;
  }
  return false;
}

bool Stream::drop_references(const StreamId& id) {
  if (!extra_) return false;
  bool dropped = false;
  for (size_t i = 0; i < extra_->groups.size(); ++i) {
    ConsumerGroup& group = extra_->groups.at(i);
    if (group.pending_or_null() == nullptr) continue;
    dropped |= PendingList::Edit(group.pending()).erase(id);
  }
  return dropped;
}

/// Whether an entry behind `id` may have been deleted, so that positions cannot be counted on.
bool Stream::has_gaps_from(const StreamId& id) const {
  const StreamId deleted = max_deleted_id();
  return length_ > 0 && !deleted.is_zero() && id <= deleted;
}

/// How many entries were added up to an ID, as far as the counters tell.
std::optional<uint64_t> Stream::position_of(const StreamId& id) const {
  const StreamId deleted = max_deleted_id();
  if (entries_added_ == 0) return 0;
  if (length_ == 0 && id <= last_id_) return entries_added_;
  if (!id.is_zero() && id < deleted) return std::nullopt;
  if (id == last_id_) return entries_added_;
  if (id > last_id_) return std::nullopt;
  const StreamId first = first_id();
  if (deleted.is_zero() || deleted < first) {
    if (id < first) return entries_added_ - length_;
    if (id == first) return entries_added_ - length_ + 1;
  }
  return std::nullopt;
}

void Stream::note_delivery(ConsumerGroup& group, const StreamId& id, bool is_next) const {
  if (group.entries_read != -1 && !has_gaps_from(group.last_id) &&
      (is_next || group.last_id >= first_id())) {
    group.entries_read += group.entries_read < INT64_MAX ? 1 : 0;
  } else if (entries_added_ > 0) {
    const std::optional<uint64_t> position = position_of(id);
    group.entries_read =
        position ? static_cast<int64_t>(std::min<uint64_t>(*position, INT64_MAX)) : -1;
  }
  group.last_id = id;
}

std::optional<uint64_t> Stream::lag(const ConsumerGroup& group) const {
  if (entries_added_ == 0 || length_ == 0) return 0;
  if (group.last_id < first_id() && max_deleted_id() < first_id()) return length_;
  const auto missing = [this](uint64_t read) {
    return entries_added_ - std::min(read, entries_added_);
  };
  if (group.entries_read != -1 && !has_gaps_from(group.last_id))
    return missing(static_cast<uint64_t>(group.entries_read));
  const std::optional<uint64_t> position = position_of(group.last_id);
  if (!position) return std::nullopt;
  return missing(*position);
}

void Stream::assert_consistent() const {
  tree_.assert_consistent();
  uint64_t live = 0;
  const StreamNode* last = nullptr;
  for (Cursor<StreamNode> cursor(tree_, kMinStreamId); cursor; cursor.next()) {
    const StreamNode* const node = cursor.leaf();
    assert(node->is_consistent());
    assert(node->live() > 0);
    assert(last == nullptr || last->last_id() < node->key);
    assert(node->weight == (node == tail_ ? 0 : node->live()));
    live += node->live();
    last = node;
  }
  assert(last == tail_);
  assert(live == length_);
  assert(length_ == weight_outside_tail() + (tail_ != nullptr ? tail_->live() : 0));
  assert(tail_ == nullptr || tail_->last_id() <= last_id_);
  if (idempotence() != nullptr) idempotence()->assert_consistent();
}

}  // namespace weir
