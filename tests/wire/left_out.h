// Which cases are left out, and why: the server grows command by command.
//
// A case is left out when it uses a command of Redis that the server does not have yet; the server
// itself is asked what it has (COMMAND LIST).  Words that are no command of Redis are part of the
// test and just sent.  Beyond that, left_out.txt names cases whose commands exist and whose
// options do not, one per line:
//
//   xadd: XADD with IDMP — IDMP comes later
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tests/wire/dialogue.h"

namespace weir::wire {

/// Names in lower case; those of subcommands with their container: "xgroup|create".
using CommandNames = std::set<std::string>;

/// The commands of Redis that a case uses, asks about or gives somebody the right to.
CommandNames commands_used(const Case& recorded, const CommandNames& redis_commands);

struct LeftOut {
  std::string file;  // name of the dialogue
  std::string title;
  std::string reason;
  int line = 0;
};

/// One name per line; blank lines and lines that begin with '#' do not count.
/// Throws std::runtime_error when the file cannot be read.
CommandNames read_command_names(const std::string& path);

/// Throws std::runtime_error when the file cannot be read or a line has no reason.
std::vector<LeftOut> read_left_out(const std::string& path);

/// The entry for a case of the dialogue `file`, if there is one.
const LeftOut* find_left_out(const std::vector<LeftOut>& list, std::string_view file,
                             std::string_view title);

}  // namespace weir::wire
