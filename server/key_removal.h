// What it means that the server removed a key by itself, beside the event: the log and the replicas
// are told in the form of a command, and readers of its groups that it is gone.
#pragma once

#include "server/data/keyspace.h"

namespace weir {

class Propagation;
class Waiters;
struct Settings;

class KeyRemoval : public RemovalListener {
 public:
  /// All outlive it.
  KeyRemoval(const Settings& settings, Propagation& propagation, Waiters& waiters)
      : settings_(settings), propagation_(propagation), waiters_(waiters) {}

  void removed(uint32_t db, std::string_view key, Removal why) override;

 private:
  const Settings& settings_;
  Propagation& propagation_;
  Waiters& waiters_;
};

}  // namespace weir
