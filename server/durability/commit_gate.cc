#include "server/durability/commit_gate.h"

#include <algorithm>
#include <limits>

namespace weir {

// A mark may stand for later offsets than that it was made for: those of its batch.
void CommitGate::let_all_go() {
  let_go(std::numeric_limits<uint64_t>::max());
}

void CommitGate::hold(Client& client, size_t from, uint64_t offset) {
  if (!is_closed_ || offset <= committed_ || client.closed) return;
  if (!client.held) client.held = std::make_unique<HeldReplies>();
  if (client.held->hold(client.bytes_out + from, offset, batch_))
    waiting_.push_back({client.id, offset});
}

void CommitGate::commit(uint64_t offset) {
  committed_ = std::max(committed_, offset);
  let_go(offset);
}

void CommitGate::let_go(uint64_t offset) {
  for (; !waiting_.empty() && waiting_.front().offset <= offset; waiting_.pop_front()) {
    Client* const client = find_(waiting_.front().client_id);
    if (client == nullptr || client->closed || !client->held) continue;
    if (client->held->release(offset)) client->held.reset();
    io_.wants_flush(*client);
  }
}

}  // namespace weir
