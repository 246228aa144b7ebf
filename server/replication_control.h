// What replicas and the rest of the server have to do with each other, as far as the server is
// their primary.
//
//   end of a turn     what was told ─► log and backlog ─► replicas
//   a replica's ACK   WAIT looks again; replies that wait for enough of them leave (CommitGate)
//   each turn         too few or too late: writes are refused, replies become errors
//   another role      replies that still wait become errors, and none leave without replicas
#pragma once

#include <cstddef>
#include <string_view>

#include "server/context.h"

namespace weir {

class ReplicationControl {
 public:
  /// Wires the replicas with the rest.  The context outlives it.
  explicit ReplicationControl(Context& context);
  ReplicationControl(const ReplicationControl&) = delete;
  ReplicationControl& operator=(const ReplicationControl&) = delete;

  /// Everything that was told goes to the log and into the stream.  Whether there was anything for
  /// replicas.
  bool pass_on();
  /// What hangs on how many there are, and on time.
  void look_at_replicas();
  /// The server is a primary now, or a replica: before anything else is answered.
  void role_changed();
  /// min-replicas-to-ack and what belongs to it may have other values.
  void promise_changed();

 private:
  void news_of_replicas();
  void update_gate();
  void count_unconfirmed(size_t replies, std::string_view error);

  Context& context_;
};

}  // namespace weir
