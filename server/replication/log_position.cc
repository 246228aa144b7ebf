#include "server/replication/log_position.h"

#include "resp/whole_number.h"
#include "server/replication/history.h"
#include "server/text.h"

namespace weir {
namespace {

/// Far more than there is in it.
constexpr size_t kMostBytes = 4096;

std::string path_of(const AofPlace& place) {
  return place.path(place.filename + ".position");
}

}  // namespace

IoResult<void> write_log_position(FileSystem& files, const AofPlace& place, const LogEnd& end,
                                  const SavedPosition& position) {
  return replace_atomically(files, path_of(place),
                            position.id + " " + std::to_string(position.offset) + " " +
                                std::to_string(position.db) + " " + std::to_string(end.bytes) +
                                " " + end.increment + "\n");
}

std::optional<SavedPosition> take_log_position(FileSystem& files, const AofPlace& place,
                                               const LogEnd& end) {
  const IoResult<std::string> text = read_all(files, path_of(place), kMostBytes);
  if (!text || !unlink(files, path_of(place))) return std::nullopt;
  std::string_view words = std::string_view(*text).substr(0, text->find('\n'));
  const std::string id(next_word(words));
  const auto offset = resp::whole_number<int64_t>(next_word(words));
  const auto db = resp::whole_number<int64_t>(next_word(words));
  const auto bytes = resp::whole_number<uint64_t>(next_word(words));
  const std::string increment(next_word(words));
  if (!offset || !db || !bytes || id.size() != kReplicationIdBytes ||
      end != LogEnd{.increment = increment, .bytes = *bytes}) {
    return std::nullopt;
  }
  return SavedPosition{.id = id, .offset = *offset, .db = *db};
}

}  // namespace weir
