#include "server/replication/replica.h"

#include <algorithm>
#include <utility>

namespace weir {

Replica::Replica(Client& owner, ReplicaTraits said, const ReplicationStream& stream,
                 const Clock& clock)
    : client(owner), traits(std::move(said)), stream_(stream), clock_(clock) {
  last_ack_ms_ = last_progress_ms_ = clock.monotonic_ms();
}

// --- Its way -------------------------------------------------------------------------------------

void Replica::collect(int64_t offset) {
  state_ = State::kCollecting;
  if (!traits.is_rdb_only) next_ = offset + 1;
}

void Replica::transfer(std::unique_ptr<TransferSource> source) {
  source_ = std::move(source);
  state_ = State::kTransfer;
  last_progress_ms_ = clock_.monotonic_ms();
}

void Replica::stream_from(int64_t next) {
  next_ = next;
  state_ = State::kOnline;
  last_ack_ms_ = clock_.monotonic_ms();
}

void Replica::transferred() {
  last_ack_ms_ = clock_.monotonic_ms();
  source_.reset();
  if (traits.is_rdb_only) {
    state_ = State::kDone;
    client.close_after_reply = true;
  } else {
    state_ = wants_file ? State::kOnline : State::kAwaitingAck;
  }
}

void Replica::acknowledged(int64_t offset, int64_t durable) {
  acked_ = std::max(acked_, offset);
  durable_ = std::max(durable_, durable);
  last_ack_ms_ = clock_.monotonic_ms();
  if (state_ == State::kAwaitingAck) state_ = State::kOnline;
}

// --- What is sent --------------------------------------------------------------------------------

std::string_view Replica::next() {
  if (state_ == State::kOnline)
    return is_told_nothing() ? std::string_view() : stream_.backlog().at(next_);
  return state_ == State::kTransfer ? source_->next() : std::string_view();
}

void Replica::skip_if_told_nothing() {
  if (state_ == State::kOnline && is_told_nothing()) next_ = stream_.backlog().end();
}

void Replica::sent(size_t bytes) {
  last_progress_ms_ = clock_.monotonic_ms();
  if (state_ == State::kOnline) {
    next_ += static_cast<int64_t>(bytes);
    return;
  }
  source_->sent(bytes);
  if (source_->is_over()) transferred();
}

size_t Replica::pending_bytes() const {
  if (!needs_stream() || !stream_.is_kept()) return 0;
  return static_cast<size_t>(std::max<int64_t>(0, stream_.backlog().end() - next_));
}

// --- What others ask -----------------------------------------------------------------------------

std::string Replica::ip() const {
  if (!traits.ip.empty()) return traits.ip;
  const std::string address = client.peer_address();
  const std::string host = address.substr(0, address.rfind(':'));
  return host.starts_with('[') && host.ends_with(']') ? host.substr(1, host.size() - 2) : host;
}

std::string Replica::name() const {
  return ip() + ":" + (traits.port > 0 ? std::to_string(traits.port) : "<unknown-replica-port>");
}

std::string_view Replica::state_name() const {
  switch (state_) {
    case State::kWaiting:
    case State::kCollecting:
      return "wait_bgsave";
    case State::kTransfer:
      return "send_bulk";
    case State::kAwaitingAck:
    case State::kOnline:
    case State::kDone:
      return "online";
  }
  return "online";
}

}  // namespace weir
