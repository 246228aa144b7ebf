// A reply is a promise: replies to writes leave when the writes are as safe as was promised.
//
//   command ─► wrote up to offset 912 ─► hold(client, 912): its reply, and what follows it, waits
//   log ─► 912 is on disk ─► commit(912) ─► those replies leave, in order
//
// Who may say that something is safe is decided where the gate is opened: today the log under
// `appendfsync always`.  Other connections, and earlier replies of the same one, are not held up.
// While it is open (nothing has to wait) a write costs one branch.
//
// Always: offsets are those of the propagation, and only grow; so does what is committed.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>

#include "server/net/client.h"
#include "server/net/client_io.h"

namespace weir {

class CommitGate {
 public:
  /// find: the client with an ID; null if it is gone.
  CommitGate(ClientIo& io, std::function<Client*(uint64_t id)> find)
      : io_(io), find_(std::move(find)) {}

  /// Replies wait from now on, or no longer; those that wait go on waiting for their offset.
  void set_closed(bool is_closed) { is_closed_ = is_closed; }
  bool is_closed() const { return is_closed_; }
  /// Some replies wait.
  bool is_holding() const { return !waiting_.empty(); }
  /// Nobody will say that anything is safe any more.
  void let_all_go();

  /// Replies of `client` behind the first `from` bytes of its output wait for `offset`.
  void hold(Client& client, size_t from, uint64_t offset);
  /// What is written from `offset` on will be made safe together.
  void begin_batch(uint64_t offset) { batch_ = offset; }
  /// Everything up to `offset` is safe: the end of a batch.
  void commit(uint64_t offset);

 private:
  struct Waiting {
    uint64_t client_id = 0;
    uint64_t offset = 0;
  };

  void let_go(uint64_t offset);

  ClientIo& io_;
  const std::function<Client*(uint64_t id)> find_;
  std::deque<Waiting> waiting_;  // in the order of offsets
  uint64_t batch_ = 0;
  uint64_t committed_ = 0;
  bool is_closed_ = false;
};

}  // namespace weir
