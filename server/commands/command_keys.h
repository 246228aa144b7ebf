// Which words of a command line are keys.
//
// Rows say it in one of two ways.  A position: key_at(1), keys_from(1).  Or STREAMS: then the
// options are read as XREAD and XREADGROUP read them, each with its values, until the word STREAMS
// stands where an option may stand; the first half of the rest are the keys.  The word is never
// searched for: a consumer may be called STREAMS, and a check of rights that took the word behind
// it for the key could be fooled.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "resp/reply_writer.h"
#include "server/command.h"
#include "server/commands/args.h"

namespace weir {

/// Numbers of the words that are keys, in ascending order; none for a command without keys
/// (shard channels are none).
/// argv: the whole command line, a container's subcommand included.
/// Errors: the line is too short, or the command itself would refuse its options.
Parsed<std::vector<size_t>> key_positions(const CommandSpec& command,
                                          std::span<const std::string_view> argv);

/// What is done to keys, as a set of simple strings: RO access.
void write_key_flags(resp::ReplyWriter& reply, std::string_view words);

}  // namespace weir
