// Commands that were run elsewhere are run again here: those of a log, or of a primary.
//
//   XADD …                  ──► run at once
//   MULTI, XADD …, XACK …   ──► kept
//   EXEC                    ──► all of them run, or none
//
// They run as a client's would, with nobody to answer: rights, memory and read-only are not asked,
// nothing waits, and keys whose time is over are seen until a DEL comes.
//
// A command for data of other types may be passed over: what the others of its transaction do to
// streams is then done all the same.
//
// Always: of a transaction with a command that may not be passed over, nothing is run.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/context.h"
#include "server/net/client.h"

namespace weir {

class Replay {
 public:
  enum class Status : uint8_t {
    kRan,      // or was passed over
    kQueued,   // until EXEC
    kForeign,  // this server does not have the command, or one of its transaction
  };
  struct Step {
    Status status = Status::kRan;
    bool has_written = false;    // it may have changed data
    uint64_t passed_over = 0;    // commands
    std::string foreign = {};    // the name of the command that is not here
    uint64_t foreign_place = 0;  // and its place
  };
  struct Owner {
    /// A command answered with an error, which nobody gets; as logs of Redis name it.
    std::function<void(std::string_view error, std::string_view command)> failed;
    /// Whether commands for other types are passed over.
    std::function<bool()> passes_over;
  };

  /// The context outlives it.
  Replay(Context& context, Owner owner);

  /// The next command: at least one word.  place: of it, for the owner.
  Step take(std::span<const std::string_view> argv, uint64_t place = 0);
  bool in_transaction() const { return in_transaction_; }
  /// What waits for EXEC never ran.
  void forget_transaction();

  /// The selected database.
  uint32_t db() const { return client_.db; }
  void select(uint32_t db) { client_.db = db; }

  /// A command of Redis that is not here, or of a module, whose names have a dot.
  static bool is_for_other_types(std::string_view name);

 private:
  struct Queued {
    std::vector<std::string> argv;
    uint64_t place = 0;
  };

  Step take_queued();
  bool may_run(std::span<const std::string_view> argv, uint64_t place, Step& step) const;
  void run(std::span<const std::string_view> argv, Step& step);

  Context& context_;
  Owner owner_;
  Client client_;  // nobody
  bool in_transaction_ = false;
  std::vector<Queued> queue_;
};

}  // namespace weir
