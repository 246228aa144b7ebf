#include "server/replication/history.h"

#include <utility>

#include "server/text.h"

namespace weir {

History::History(std::function<std::string()> draw) : draw_(std::move(draw)), id_(draw_()) {
  forget_former();
}

bool History::covers(std::string_view id, int64_t next) const {
  if (equals_ignoring_case(id, id_)) return true;
  return former_end_ >= 0 && equals_ignoring_case(id, former_id_) && next <= former_end_;
}

void History::begin_new() {
  id_ = draw_();
  forget_former();
}

void History::resumed_as_primary(const StreamPosition& saved) {
  adopted(saved);
  fork(draw_());
}

void History::adopted(const StreamPosition& announced) {
  id_ = announced.id;
  offset_ = announced.offset;
  forget_former();
}

bool History::continued_as(const std::string& id) {
  if (id == id_) return false;
  fork(id);
  return true;
}

void History::fork(std::string id) {
  former_id_ = std::exchange(id_, std::move(id));
  former_end_ = offset_ + 1;
}

void History::forget_former() {
  former_id_.assign(kReplicationIdBytes, '0');
  former_end_ = -1;
}

}  // namespace weir
