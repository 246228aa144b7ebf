// The stream of replication as this server has it: its history, and its last bytes.
//
//   Propagation ──taken──► append ──► Backlog          while somebody may want it: is_kept()
//                            └──────► History.offset
//
// It is kept from the first replica on, until there was none for long; a server that follows a
// primary keeps it always.  While it is not, the offset stands still, and writes cost nothing.
//
// Offsets here are those of the history.  Those of the propagation count from the start of the
// process: they differ by a number that changes only when the stream begins anew.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "server/durability/rdb_saving.h"
#include "server/propagation.h"
#include "server/replication/backlog.h"
#include "server/replication/history.h"

namespace weir {

class ReplicationStream {
 public:
  /// What this server is to others.
  enum class Role : uint8_t {
    kPrimary,
    kCutOff,     // a replica whose link to its primary is not up
    kFollowing,  // a replica that gets the stream
  };

  /// The propagation outlives it, and hands on to it.
  explicit ReplicationStream(Propagation& propagation);
  ReplicationStream(const ReplicationStream&) = delete;
  ReplicationStream& operator=(const ReplicationStream&) = delete;

  // --- What others ask
  const History& history() const { return history_; }
  bool is_kept() const { return backlog_.has_value(); }
  /// It is kept.
  const Backlog& backlog() const { return *backlog_; }
  Role role() const { return role_; }
  bool is_primary() const { return role_ == Role::kPrimary; }
  /// Of everything that was told, what is not taken yet included.
  int64_t offset() const;
  /// Where an offset of the propagation lies; everything before the stream was kept lies at its
  /// beginning or before.
  int64_t of_told(uint64_t told) const { return static_cast<int64_t>(told) + ahead_; }
  /// The database that the next bytes are for, as those who read up to here know it; -1: none.
  int64_t database() const {
    return is_primary() ? propagation_.selected_database() : followed_db_;
  }
  /// Of the data at this moment, for a file that holds them; nothing inside a transaction.
  std::optional<SavedPosition> position() const;

  // --- What happens to it.  Everything that was told is taken before.
  /// Begins to be kept, under a name that nobody can go on with.
  void begin();
  /// Is not kept any more: what is written from now on is in nobody's stream.
  void end();
  /// The data come from a file that says where it belongs.
  void resume(const StreamPosition& saved);
  void adopt(const StreamPosition& announced);
  bool continue_as(const std::string& id) { return history_.continued_as(id); }
  void promote();
  /// It has another name, that nobody can go on with.
  void rename() { history_.begin_new(); }
  /// Where a primary's stream stands.
  void follow_database(uint32_t db) { followed_db_ = db; }
  /// promote() is another call: this only says who may ask for what, and who is told.
  void set_role(Role role);

  // --- The backlog
  void set_backlog_bytes(size_t bytes);
  /// A connected replica needs what begins there; nothing before is kept beyond the size.
  void trim(int64_t needed) {
    if (backlog_) backlog_->trim(needed);
  }

 private:
  void append(std::string_view bytes);
  void keep();

  Propagation& propagation_;
  History history_;
  std::optional<Backlog> backlog_;
  size_t backlog_bytes_ = size_t{1} << 20;
  int64_t ahead_ = 0;  // of the propagation's offset
  int64_t followed_db_ = -1;
  Role role_ = Role::kPrimary;
};

}  // namespace weir
