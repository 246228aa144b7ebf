// Where the data of a log belong in the stream of replication, for the next start: a small file
// beside the log's manifest, written when the server ends in good order.
//
//   F.position:   <history> <offset> <database> <bytes> <name of the last increment>
//
// It counts if the log still ends there; whoever reads it removes it, so that it counts once.
// Redis does not know it, and leaves it alone.
#pragma once

#include <optional>

#include "persistence/aof_manifest.h"
#include "persistence/file.h"
#include "server/durability/append_log.h"
#include "server/durability/rdb_saving.h"

namespace weir {

IoResult<void> write_log_position(FileSystem& files, const AofPlace& place, const LogEnd& end,
                                  const SavedPosition& position);
/// Nothing if there is none, or the log has another end.
std::optional<SavedPosition> take_log_position(FileSystem& files, const AofPlace& place,
                                               const LogEnd& end);

}  // namespace weir
