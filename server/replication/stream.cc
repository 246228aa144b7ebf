#include "server/replication/stream.h"

#include "server/host/process.h"

namespace weir {

ReplicationStream::ReplicationStream(Propagation& propagation)
    : propagation_(propagation), history_(&random_run_id) {
  propagation_.to_replicas = [this](std::string_view bytes) { append(bytes); };
}

std::optional<SavedPosition> ReplicationStream::position() const {
  if (!is_kept() || propagation_.is_in_transaction()) return std::nullopt;
  return SavedPosition{.id = history_.id(), .offset = offset(), .db = database()};
}

int64_t ReplicationStream::offset() const {
  int64_t offset = history_.offset();
  if (!backlog_) return offset;
  propagation_.for_each_part(Propagation::Listener::kReplicas, [&offset](std::string_view part) {
    offset += static_cast<int64_t>(part.size());
  });
  return offset;
}

void ReplicationStream::append(std::string_view bytes) {
  backlog_->append(bytes);
  history_.advance(bytes.size());
}

/// An empty one, that goes on where the history is.
void ReplicationStream::keep() {
  backlog_.emplace(history_.offset(), backlog_bytes_);
  ahead_ = history_.offset() - static_cast<int64_t>(propagation_.offset());
  propagation_.set_listener(Propagation::Listener::kReplicas, true);
}

void ReplicationStream::begin() {
  history_.begin_new();
  keep();
}

void ReplicationStream::end() {
  propagation_.set_listener(Propagation::Listener::kReplicas, false);
  backlog_.reset();
  history_.begin_new();
}

void ReplicationStream::resume(const StreamPosition& saved) {
  if (is_primary()) {
    history_.resumed_as_primary(saved);
  } else {
    history_.resumed_as_replica(saved);
  }
  keep();
}

void ReplicationStream::adopt(const StreamPosition& announced) {
  history_.adopted(announced);
  keep();
}

void ReplicationStream::promote() {
  history_.promoted();
  if (!backlog_) keep();
  propagation_.forget_database();
}

void ReplicationStream::set_role(Role role) {
  if ((role == Role::kPrimary) != is_primary()) propagation_.set_deaf(role != Role::kPrimary);
  if (role != Role::kPrimary && !backlog_) keep();
  role_ = role;
}

void ReplicationStream::set_backlog_bytes(size_t bytes) {
  backlog_bytes_ = bytes;
  if (backlog_) backlog_->resize(bytes, backlog_->first());  // trim() knows what may go
}

}  // namespace weir
