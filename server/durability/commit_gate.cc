#include "server/durability/commit_gate.h"

#include <algorithm>
#include <limits>
#include <vector>

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

// --- Too late ------------------------------------------------------------------------------------

void CommitGate::expire(int64_t now_ms, std::string_view error) {
  for (; !waiting_.empty(); waiting_.pop_front()) {
    const Waiting& first = waiting_.front();
    if (!first.deadline_ms || *first.deadline_ms > now_ms) return;
    Client* const client = find_(first.client_id);
    if (client != nullptr && !client->closed && client->held) replace(*client, first.offset, error);
  }
}

/// The first of its replies that wait.
void CommitGate::replace(Client& client, uint64_t offset, std::string_view error) {
  const std::optional<HeldReplies::Reply> late = client.held->take_late(offset);
  if (!late) return;
  if (late->end > late->begin) {
    const std::string line = "-" + std::string(error) + "\r\n";
    const auto begin = static_cast<size_t>(late->begin - client.bytes_out);
    const auto end = static_cast<size_t>(late->end - client.bytes_out);
    const std::string rest(client.output.view().substr(end));
    client.output.truncate(begin);
    client.output.append(line);
    client.output.append(rest);
    client.held->moved(static_cast<int64_t>(line.size()) - static_cast<int64_t>(end - begin));
  }
  if (client.held->is_empty()) client.held.reset();
  io_.wants_flush(client);
}

}  // namespace weir
