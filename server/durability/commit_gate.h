// A reply is a promise: replies to writes leave when the writes are as safe as was promised.
//
//   command ─► wrote up to offset 912 ─► hold(client, 912): its reply, and what follows it, waits
//   log ─► 912 is on disk ──────────┐
//   replicas ─► enough have 912 ────┴─► those replies leave, in order
//
// Who has to say that something is safe is decided where the gate is closed: the log under
// `appendfsync always`, replicas with `min-replicas-to-ack`.  What both are asked for waits for
// both.  Other connections, and earlier replies of the same one, are not held up.  While it is open
// (nothing has to wait) a write costs one branch.
//
// Replicas may not answer.  When a reply has waited too long for them, its place is taken by an
// error which says that the write is applied here, and not known to be anywhere else.  So it is
// when the server becomes a replica: what was not acknowledged by then may be gone.
//
// Always: offsets are those of the propagation, and only grow; so does what is committed.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>

#include "server/net/client.h"
#include "server/net/client_io.h"

namespace weir {

class CommitGate {
 public:
  enum class Keeper : uint8_t { kLog, kReplicas };
  /// What waits: a reply to a write, or what was read of one.
  enum class Kind : uint8_t { kRead, kWrite };

  /// find: the client with an ID; null if it is gone.
  CommitGate(ClientIo& io, std::function<Client*(uint64_t id)> find)
      : io_(io), find_(std::move(find)) {}

  /// Replies wait for this keeper from now on, or no longer.  Those that wait for the log go on
  /// waiting for their offset; what waits for replicas does not.
  void set_closed(bool is_closed, Keeper keeper = Keeper::kLog);
  bool is_closed() const { return closed_ != 0; }
  bool is_closed(Keeper keeper) const { return (closed_ & bit(keeper)) != 0; }
  /// Some replies wait for it.
  bool is_holding(Keeper keeper) const { return owed(keeper) > committed(keeper); }
  /// It will not say any more that anything is safe.
  void give_up(Keeper keeper);

  /// The reply of `client` behind the first `from` bytes of its output, which is whole, waits for
  /// `offset`, and what follows with it.  deadline_ms: monotonic, for replicas; none: for ever.
  void hold(Client& client, size_t from, uint64_t offset, Kind kind = Kind::kWrite,
            std::optional<int64_t> deadline_ms = std::nullopt);
  /// What is written from `offset` on will be made safe together.
  void begin_batch(uint64_t offset) { batch_ = offset; }
  /// Everything up to `offset` is safe: the end of a batch.
  void commit(uint64_t offset, Keeper keeper = Keeper::kLog);
  /// Replies that have waited too long for replicas are answered with `error`.  How many.
  size_t expire(int64_t now_ms, std::string_view error);
  /// So are all that wait for replicas.
  size_t take_back(std::string_view error);
  /// What waits for replicas waits until then; none: for ever.
  void set_deadlines(std::optional<int64_t> deadline_ms);
  std::optional<int64_t> next_deadline_ms() const;
  /// Whether something waits for replicas that did not when this was last asked.
  bool take_news() { return std::exchange(has_news_, false); }

 private:
  struct Waiting {
    uint64_t client_id = 0;
    uint64_t offset = 0;
    std::optional<int64_t> deadline_ms;
  };

  struct Promise {
    uint64_t committed = 0;
    uint64_t owed = 0;  // the last offset that a reply was held for
  };

  static constexpr uint8_t bit(Keeper keeper) {
    return static_cast<uint8_t>(1U << static_cast<unsigned>(keeper));
  }
  Promise& promise(Keeper keeper) { return keepers_[static_cast<size_t>(keeper)]; }
  uint64_t committed(Keeper keeper) const {
    return keepers_[static_cast<size_t>(keeper)].committed;
  }
  uint64_t owed(Keeper keeper) const { return keepers_[static_cast<size_t>(keeper)].owed; }
  uint64_t safe() const;
  void let_go_safe();
  size_t acknowledged() const;
  size_t replace(size_t first, size_t behind, std::string_view error);
  size_t replace(Client& client, uint64_t last, std::string_view error);

  ClientIo& io_;
  const std::function<Client*(uint64_t id)> find_;
  std::deque<Waiting> waiting_;  // in the order of offsets
  uint64_t batch_ = 0;
  std::array<Promise, 2> keepers_{};
  uint8_t closed_ = 0;  // keepers
  bool has_news_ = false;
};

}  // namespace weir
