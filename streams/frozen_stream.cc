#include "streams/frozen_stream.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <utility>

namespace weir {
namespace {

size_t name_bytes(const ConsumerGroups& groups) {
  size_t bytes = 0;
  for (size_t i = 0; i < groups.size(); ++i) {
    const ConsumerGroup& group = groups.at(i);
    bytes += group.name().size();
    for (size_t j = 0; j < group.consumer_count(); ++j)
      bytes += group.consumer_at(j).name().size();
  }
  return bytes;
}

size_t name_bytes(const Idempotence& idempotence) {
  size_t bytes = 0;
  idempotence.walk([&](std::string_view pid, size_t) { bytes += pid.size(); },
                   [&](std::string_view iid, const StreamId&) { bytes += iid.size(); });
  return bytes;
}

}  // namespace

// --- StreamView ----------------------------------------------------------------------------------

StreamView::StreamView(const Stream& stream)
    : length(stream.length()),
      first_id(stream.first_id()),
      last_id(stream.last_id()),
      max_deleted_id(stream.max_deleted_id()),
      entries_added(stream.entries_added()),
      nodes(stream.tree().view()),
      node_count(stream.node_count()),
      idempotence_limits(stream.idempotence_limits()),
      has_idempotence(stream.idempotence() != nullptr) {
  const size_t bytes = name_bytes(stream.groups()) +
                       (has_idempotence ? name_bytes(*stream.idempotence()) : size_t{0});
  if (bytes > 0) names_ = std::make_unique_for_overwrite<char[]>(bytes);
  see_groups(stream.groups());
  if (has_idempotence) see_messages(*stream.idempotence());
  assert(names_bytes_ == bytes);
}

/// A copy of the name that lasts as long as the view.
std::string_view StreamView::kept(std::string_view name) {
  if (name.empty()) return {};
  char* const at = names_.get() + names_bytes_;
  std::memcpy(at, name.data(), name.size());
  names_bytes_ += name.size();
  return {at, name.size()};
}

void StreamView::see_groups(const ConsumerGroups& all) {
  groups.reserve(all.size());
  for (size_t i = 0; i < all.size(); ++i) {
    const ConsumerGroup& group = all.at(i);
    GroupView& seen = groups.emplace_back();
    seen.name = kept(group.name());
    seen.last_id = group.last_id;
    seen.entries_read = group.entries_read;
    seen.released_count = group.released_count();
    if (group.pending_or_null() != nullptr) seen.pending = group.pending_or_null()->blocks().view();
    seen.consumers.reserve(group.consumer_count());
    for (size_t j = 0; j < group.consumer_count(); ++j) {
      const Consumer& consumer = group.consumer_at(j);
      seen.consumers.push_back({.name = kept(consumer.name()),
                                .number = consumer.number(),
                                .seen_ms = consumer.seen_ms(),
                                .active_ms = consumer.active_ms(),
                                .blocks = consumer.blocks().view()});
    }
  }
}

void StreamView::see_messages(const Idempotence& idempotence) {
  iids_added = idempotence.iids_added();
  iids_duplicates = idempotence.iids_duplicates();
  message_count = idempotence.iid_count();
  if (message_count == 0) return;
  messages_ = std::make_unique<MessageView[]>(message_count);
  producers.reserve(idempotence.pid_count());
  MessageView* end = messages_.get();
  idempotence.walk(
      [&](std::string_view pid, size_t count) {
        producers.push_back({.pid = kept(pid), .messages = {end, count}});
      },
      [&](std::string_view iid, const StreamId& id) { *end++ = {.iid = kept(iid), .id = id}; });
}

// --- Pending entries -----------------------------------------------------------------------------

OwnedNackCursor::OwnedNackCursor(const GroupView& group, const ConsumerView& consumer)
    : pending_(group.pending), number_(consumer.number), owned_(consumer.blocks) {
  if (!owned_.seek_first()) return;
  enter();
  settle();
}

void OwnedNackCursor::enter() {
  block_ = static_cast<const NackBlock*>(pending_.find(owned_->key));
  index_ = 0;
  assert(block_ != nullptr);
}

/// Moves on to the consumer's next NACK unless it is on one.
void OwnedNackCursor::settle() {
  for (;;) {
    while (index_ < block_->count() && block_->consumer_at(index_) != number_)
      ++index_;
    if (index_ < block_->count()) return;
    if (!owned_.next()) {
      block_ = nullptr;
      return;
    }
    enter();
  }
}

std::vector<Nack> released_in_order(const GroupView& group) {
  std::vector<Nack> found;
  if (group.released_count == 0) return found;
  found.reserve(group.released_count);
  Cursor<NackBlock> blocks(group.pending);
  for (blocks.seek_first(); blocks; blocks.next()) {
    if (blocks->least() >= Nack::oldest_owned(0)) continue;
    for (uint32_t i = 0; i < blocks->count(); ++i) {
      if (blocks->consumer_at(i) == kNoConsumer) found.push_back(blocks->at(i));
    }
  }
  std::sort(found.begin(), found.end(),
            [](const Nack& a, const Nack& b) { return a.release < b.release; });
  return found;
}

// --- Freezing ------------------------------------------------------------------------------------

FrozenStream::FrozenStream(Stream& stream) : view_(stream) {
  stream.freeze(trees_);
}

RetiredStream FrozenStream::end() {
  RetiredStream retired;
  for (FrozenTree& tree : trees_) {
    RadixRetired left = tree.end();
    if (!left.is_empty()) retired.push_back(std::move(left));
  }
  trees_.clear();
  view_ = StreamView();
  return retired;
}

// Empty trees have nothing to keep, and then nothing to allocate either.  That of the nodes tells
// who frees the stream that it is frozen.

void Stream::freeze(std::vector<FrozenTree>& frozen) {
  frozen.push_back(tree_.freeze());
  if (extra_) extra_->groups.freeze(frozen);
}

void ConsumerGroups::freeze(std::vector<FrozenTree>& frozen) {
  for (const std::unique_ptr<ConsumerGroup>& group : groups_)
    group->freeze(frozen);
}

void ConsumerGroup::freeze(std::vector<FrozenTree>& frozen) {
  if (members_) members_->pending.freeze(frozen);
}

void PendingList::freeze(std::vector<FrozenTree>& frozen) {
  if (!blocks_.is_empty()) frozen.push_back(blocks_.freeze());
  for (const Consumer::Ptr& consumer : consumers_) {
    if (consumer != nullptr && !consumer->blocks().is_empty())
      frozen.push_back(consumer->own_blocks().freeze());
  }
}

}  // namespace weir
