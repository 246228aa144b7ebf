#include "server/durability/commit_gate.h"

#include <algorithm>
#include <limits>
#include <string>
#include <unordered_map>

namespace weir {
namespace {

constexpr std::array kKeepers{CommitGate::Keeper::kLog, CommitGate::Keeper::kReplicas};
constexpr uint64_t kEverything = std::numeric_limits<uint64_t>::max();

}  // namespace

uint64_t CommitGate::safe() const {
  uint64_t safe = kEverything;
  for (const Keeper keeper : kKeepers) {
    if (is_closed(keeper) || is_holding(keeper)) safe = std::min(safe, committed(keeper));
  }
  return safe;
}

void CommitGate::set_closed(bool is_closed, Keeper keeper) {
  closed_ = static_cast<uint8_t>(is_closed ? closed_ | bit(keeper) : closed_ & ~bit(keeper));
  if (!is_closed && keeper == Keeper::kReplicas) give_up(keeper);
}

void CommitGate::give_up(Keeper keeper) {
  promise(keeper).owed = 0;
  let_go_safe();
}

void CommitGate::hold(Client& client, size_t from, uint64_t offset, Kind kind,
                      std::optional<int64_t> deadline_ms) {
  if (!is_closed() || offset <= safe() || client.closed) return;
  for (const Keeper keeper : kKeepers) {
    if (is_closed(keeper)) promise(keeper).owed = offset;
  }
  if (!client.held) client.held = std::make_unique<HeldReplies>();
  const uint64_t place = client.bytes_out + from;
  if (!is_closed(Keeper::kReplicas)) {
    if (client.held->hold(place, offset, batch_))
      waiting_.push_back({client.id, offset, std::nullopt});
    return;
  }
  // Each reply for itself: it may have to be taken back.
  const uint64_t end = kind == Kind::kWrite ? client.bytes_out + client.output.size() : place;
  client.held->hold_reply(place, end, offset);
  waiting_.push_back({client.id, offset, deadline_ms});
  has_news_ = true;
}

void CommitGate::commit(uint64_t offset, Keeper keeper) {
  promise(keeper).committed = std::max(committed(keeper), offset);
  let_go_safe();
}

// A mark may stand for later offsets than that it was made for: those of its batch.
void CommitGate::let_go_safe() {
  const uint64_t offset = safe();
  for (; !waiting_.empty() && waiting_.front().offset <= offset; waiting_.pop_front()) {
    Client* const client = find_(waiting_.front().client_id);
    if (client == nullptr || client->closed || !client->held) continue;
    if (client->held->release(offset)) client->held.reset();
    io_.wants_flush(*client);
  }
}

// --- Taken back ----------------------------------------------------------------------------------

/// How many of those that wait do so for the log alone: replicas have what they wait for.
size_t CommitGate::acknowledged() const {
  if (!is_closed(Keeper::kReplicas)) return waiting_.size();
  const auto first = std::partition_point(
      waiting_.begin(), waiting_.end(),
      [this](const auto& each) { return each.offset <= committed(Keeper::kReplicas); });
  return static_cast<size_t>(first - waiting_.begin());
}

std::optional<int64_t> CommitGate::next_deadline_ms() const {
  const size_t first = acknowledged();
  return first == waiting_.size() ? std::nullopt : waiting_[first].deadline_ms;
}

void CommitGate::set_deadlines(std::optional<int64_t> deadline_ms) {
  for (size_t i = acknowledged(); i < waiting_.size(); ++i)
    waiting_[i].deadline_ms = deadline_ms;
}

size_t CommitGate::expire(int64_t now_ms, std::string_view error) {
  const size_t first = acknowledged();
  size_t behind = first;
  while (behind < waiting_.size() && waiting_[behind].deadline_ms &&
         *waiting_[behind].deadline_ms <= now_ms)
    ++behind;
  return first == behind ? 0 : replace(first, behind, error);
}

size_t CommitGate::take_back(std::string_view error) {
  return replace(acknowledged(), waiting_.size(), error);
}

/// Each connection is looked at once, however many of its replies wait.
size_t CommitGate::replace(size_t first, size_t behind, std::string_view error) {
  std::unordered_map<uint64_t, uint64_t> last_of;  // offset, by client ID
  for (size_t i = first; i < behind; ++i)
    last_of[waiting_[i].client_id] = waiting_[i].offset;
  const auto begin = waiting_.begin();
  waiting_.erase(begin + static_cast<ptrdiff_t>(first), begin + static_cast<ptrdiff_t>(behind));
  size_t replaced = 0;
  for (const auto& [id, last] : last_of) {
    Client* const client = find_(id);
    if (client != nullptr && !client->closed && client->held)
      replaced += replace(*client, last, error);
  }
  return replaced;
}

size_t CommitGate::replace(Client& client, uint64_t last, std::string_view error) {
  const std::string line = "-" + std::string(error) + "\r\n";
  const auto replies = client.held->take_back(committed(Keeper::kReplicas), last, line.size());
  if (client.held->is_empty()) client.held.reset();
  io_.wants_flush(client);
  if (replies.empty()) return 0;
  const auto begin = static_cast<size_t>(replies.front().begin - client.bytes_out);
  const std::string before(client.output.view().substr(begin));
  client.output.truncate(begin);
  uint64_t at = replies.front().begin;
  const auto keep_until = [&](uint64_t place) {
    client.output.append(std::string_view(before).substr(at - replies.front().begin, place - at));
  };
  for (const HeldReplies::Reply& reply : replies) {
    keep_until(reply.begin);
    client.output.append(line);
    at = reply.end;
  }
  keep_until(replies.front().begin + before.size());
  return replies.size();
}

}  // namespace weir
