// --check-rdb: whether a snapshot is whole, told as redis-check-rdb tells it.
//
//   [offset 27] AUX FIELD redis-ver = '7.0.15'
//   [offset 544] Checksum OK
//   [offset 544] \o/ RDB looks OK! \o/
//   [info] 7 keys read
//
// It is read by the reader that loads it (persistence/rdb_reader.h), which looks at every byte of a
// stream.  Values of other types are passed over and counted.
#pragma once

#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>

#include "persistence/file.h"

namespace weir {

/// Tells `out` what is in the file.  Where the snapshot ends in it; nothing: it is not sound, or
/// cannot be read.
std::optional<uint64_t> check_snapshot(FileSystem& files, const std::string& path, std::FILE* out);

/// The same for whoever called the program: its exit code.
int answer_check_rdb(FileSystem& files, const std::string& path, std::FILE* out);

}  // namespace weir
