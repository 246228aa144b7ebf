// What `<CONTAINER> HELP` answers: an array of simple strings, as Redis lays it out.
//
//   XINFO <subcommand> [<arg> [value] [opt] ...]. Subcommands are:
//   STREAM <key> [FULL [COUNT <count>]          lines of the caller: one of syntax,
//       Describe a stream.                      then its description, indented by 4 blanks
//   HELP
//       Print this help.
#pragma once

#include <span>
#include <string_view>

#include "resp/reply_writer.h"

namespace weir {

/// container: in any case.  lines: what stands between the first line and HELP.
void write_help(resp::ReplyWriter& reply, std::string_view container,
                std::span<const std::string_view> lines);

}  // namespace weir
