// What is done about a file of the log that ends too soon, or makes no sense.
#include <utility>

#include "server/config.h"
#include "server/host/log.h"
#include "server/log_replay.h"

namespace weir {

IoResult<AofReader> LogReplay::open(const AofFileInfo& info) {
  return File::open_for_read(files_, place_.path(info.name)).map([](File file) {
    return AofReader(std::move(file));
  });
}

tl::unexpected<LogReplay::Failure> LogReplay::unreadable(const std::string& name,
                                                         const IoError& error) {
  return fatal("Unrecoverable error reading the append only file " + name + ": " +
               errno_text(error.errno_value));
}

/// Where this file ended when the next one was begun, if that one says so.
tl::expected<std::optional<uint64_t>, LogReplay::Failure> LogReplay::end_by_next(
    const Place& place) {
  if (place.is_last() || place.info.role != AofRole::kIncrement) return std::nullopt;
  const std::string& next = place.later.front().name;
  auto told = previous_bytes_told_by(files_, place_.path(next));
  if (told) return *told;
  return unreadable(next, told.error());
}

/// Nothing of a file of ours says that it, or what is before it, had reached the disk.
bool LogReplay::was_never_on_disk(const AofFileInfo& info) {
  const IoResult<std::optional<uint64_t>> size = size_of(files_, place_.path(info.name));
  if (size && *size == 0U) return true;
  IoResult<AofReader> reader = open(info);
  if (!reader) return false;
  AofReader::Status status = AofReader::Status::kCommand;
  while (status == AofReader::Status::kCommand && !reader->knows_durable())
    status = reader->next();
  const bool was_understood =
      status == AofReader::Status::kEnd || status == AofReader::Status::kTorn;
  return was_understood && reader->is_checked() && !reader->knows_durable();
}

/// The end of this file is missing: what follows it must go, too, if it may.
bool LogReplay::drop_later(const Place& place) {
  for (const AofFileInfo& info : place.later) {
    if (!was_never_on_disk(info)) return false;
  }
  for (size_t i = place.later.size(); i-- > 0;) {
    const std::string& name = place.later[i].name;
    if (const auto done = cut_file(files_, place_.path(name), 0); !done) {
      context_.log.warning("Error truncating the AOF file " + name + ": " +
                           errno_text(done.error().errno_value));
      return false;
    }
    context_.log.warning("The AOF " + name + " is emptied: what it follows is not whole, and it " +
                         "had not reached the disk");
  }
  is_rest_dropped_ = true;
  return true;
}

tl::expected<uint64_t, LogReplay::Failure> LogReplay::cut_torn(const Place& place,
                                                               const AofReader& reader) {
  if (replay_.in_transaction())
    context_.log.warning("Revert incomplete MULTI/EXEC transaction in AOF file " + place.info.name);
  const bool may_drop = reader.is_checked() && context_.config->aof_load_truncated;
  if (may_drop && !place.is_last() && drop_later(place)) {
    Place last = place;
    last.later = {};
    return cut(last, replay_.in_transaction() ? transaction_offset_ : reader.offset());
  }
  return cut(place, replay_.in_transaction() ? transaction_offset_ : reader.offset());
}

tl::expected<uint64_t, LogReplay::Failure> LogReplay::cut(const Place& place, uint64_t offset) {
  const std::string& name = place.info.name;
  if (!context_.config->aof_load_truncated) {
    return fatal(
        "Unexpected end of file reading the append only file " + name +
        ". You can: 1) Make a backup of your AOF file, then use ./redis-check-aof --fix "
        "<filename.manifest>. 2) Alternatively you can set the 'aof-load-truncated' configuration "
        "option to yes and restart the server.");
  }
  Log& log = context_.log;
  log.warning("!!! Warning: short read while loading the AOF file " + name + "!!!");
  if (!place.is_last()) return fatal("Fatal error: the truncated file is not the last file");
  log.warning("!!! Truncating the AOF " + name + " at offset " + std::to_string(offset) + " !!!");
  if (const auto done = cut_file(files_, place.path, offset); !done) {
    return fatal("Error truncating the AOF file " + name + ": " +
                 errno_text(done.error().errno_value));
  }
  log.warning("AOF " + name + " loaded anyway because aof-load-truncated is enabled");
  return offset;
}

tl::expected<uint64_t, LogReplay::Failure> LogReplay::bad_format(const Place& place, uint64_t size,
                                                                 uint64_t offset) {
  const uint64_t lost = size - offset;
  if (place.is_last() && lost < context_.config->aof_load_corrupt_tail_max_size)
    return cut(place, replay_.in_transaction() ? transaction_offset_ : offset);
  return fatal("Bad file format reading the append only file " + place.info.name +
               ": make a backup of your AOF file, then use ./redis-check-aof --fix "
               "<filename.manifest>");
}

LogReplay::Failure LogReplay::damaged(const Place& place, uint64_t offset) {
  return "The append only file " + place.path + " is damaged: what was written at offset " +
         std::to_string(offset) +
         " had reached the disk, and does not match its checksum any more. Nothing was changed. "
         "Restore the file from a backup or a replica; or make a backup of it and cut it there, "
         "with 'truncate -s " +
         std::to_string(offset) + "', which loses all that follows.";
}

}  // namespace weir
