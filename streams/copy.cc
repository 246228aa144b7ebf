// Copies of whole streams: entries, groups with their pending entries, remembered messages.  The
// copy shares nothing with what it was made of.
#include "streams/radix_cursor.h"
#include "streams/stream.h"

namespace weir {
namespace {

template <class Leaf>
void copy_leaves(const RadixTree<Leaf>& from, RadixTree<Leaf>& to) {
  for (Cursor<Leaf> cursor(from, kMinStreamId); cursor; cursor.next())
    to.insert(Leaf::clone(*cursor));
}

}  // namespace

void PendingList::copy_from(const PendingList& other) {
  copy_leaves(other.blocks_, blocks_);
  for (const Consumer::Ptr& consumer : other.consumers_) {
    // NACKs and blocks name their consumers by number: a gap stays one.
    Consumer::Ptr& copied = consumers_.emplace_back();
    if (consumer == nullptr) continue;
    copied = Consumer::create(consumer->name(), consumer->number());
    copied->set_seen_ms(consumer->seen_ms());
    copied->set_active_ms(consumer->active_ms());
    if (consumer->pending_count() > 0) copy_leaves(consumer->blocks(), copied->own_blocks());
  }
  free_numbers_ = other.free_numbers_;
  released_ = other.released_;
  next_release_ = other.next_release_;
  order_ = other.order_;
}

void ConsumerGroup::copy_members(const ConsumerGroup& other) {
  if (!other.members_) return;
  members().pending.copy_from(other.members_->pending);
  members().order = other.members_->order;
}

void ConsumerGroups::copy_from(const ConsumerGroups& other) {
  for (const std::unique_ptr<ConsumerGroup>& group : other.groups_)
    add(group->name(), group->last_id, group->entries_read).copy_members(*group);
}

void Idempotence::copy_from(const Idempotence& other) {
  std::string_view producer;
  other.walk([&](std::string_view pid, size_t) { producer = pid; },
             [&](std::string_view iid, const StreamId& id) { record(producer, iid, id); });
  set_counters(other.iids_added(), other.iids_duplicates());
}

Stream Stream::copy() const {
  Stream copied;
  copy_leaves(tree_, copied.tree_);
  if (tail_ != nullptr) copied.tail_ = copied.tree_.writable(copied.tree_.last());
  copied.last_id_ = last_id_;
  copied.length_ = length_;
  copied.entries_added_ = entries_added_;
  if (!extra_) return copied;
  copied.extra().max_deleted_id = extra_->max_deleted_id;
  copied.extra().groups.copy_from(extra_->groups);
  copied.extra().idempotence_limits = extra_->idempotence_limits;
  if (extra_->idempotence) copied.use_idempotence().copy_from(*extra_->idempotence);
  return copied;
}

}  // namespace weir
