// When the log comes and goes: what a start loads from it, and what CONFIG SET and the end of the
// process do with it.
//
//   start            appendonly yes ─► LogReplay ─► AppendLog::begin, behind what was loaded
//   CONFIG SET       appendonly yes ─► aside, until a rewrite has put what there is into a base
//                    appendonly no  ─► all is on disk, then off
//                    dir            ─► off here, on there
//   full resync      begins anew
//   end              all is on disk, and where that is in the stream of replication
#pragma once

#include <optional>
#include <string>

#include "server/context.h"

namespace weir {

class LogControl {
 public:
  /// Wires the log with the rest.  The context outlives it.
  explicit LogControl(Context& context);
  LogControl(const LogControl&) = delete;
  LogControl& operator=(const LogControl&) = delete;

  /// At the start.  A log has all data: no snapshot is looked at.  The text says why the server
  /// must not start, else is empty.
  std::string load();
  /// Another value of appendonly.  The text says why it cannot be.
  std::optional<std::string> switch_to(bool is_on);
  /// Another working directory.  The log does not stay behind, where a restart would not look for
  /// it.  The text says why it cannot be.
  std::optional<std::string> go_to(const std::string& folder);
  /// What was written so far is of other data: it begins anew.
  void restart();
  /// Before the process ends.
  void end();

 private:
  void tell_durable();
  void note_position();

  Context& context_;
};

}  // namespace weir
