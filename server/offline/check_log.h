// --check-aof: whether a log is whole, told as redis-check-aof tells it, and with --fix cut off
// where its end is torn.
//
//   manifest ─► base ─► increments       or a single file: RDB and commands, or commands alone
//                 │ RDB: check_rdb         │ AofReader, as when it is loaded; MULTI … EXEC in pairs
//                 └────────────────────────┴─► AOF analyzed: filename=…, size=…, ok_up_to=…
//
// With --truncate-to-timestamp the last file is cut where a line #TS says that what follows was
// written later; a transaction that lasts beyond the moment goes as a whole.
//
// What a file is, its first bytes say.  Only the last file is ever cut, and only when whoever
// called it says yes, or named the moment.  Where the sums of Weir's own log show that what was
// once on disk is there no more, the place is named and nothing is cut: what follows it may be
// whole.
#pragma once

#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>

#include "persistence/file.h"

namespace weir {

struct LogCheck {
  std::string path;
  bool is_fixing = false;
  std::optional<int64_t> until_s = {};  // Unix time: what was written later is cut off
};

/// The exit code.  in: where the answer "y" comes from.
int answer_check_log(FileSystem& files, const LogCheck& check, std::FILE* in, std::FILE* out);

}  // namespace weir
