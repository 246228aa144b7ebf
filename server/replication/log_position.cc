#include "server/replication/log_position.h"

#include <charconv>

#include "server/replication/history.h"
#include "server/text.h"

namespace weir {
namespace {

/// Far more than there is in it.
constexpr size_t kMostBytes = 4096;

std::string path_of(const AofPlace& place) {
  return place.path(place.filename + ".position");
}

template <typename Number>
bool read(std::string_view text, Number& number) {
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, number);
  return !text.empty() && error == std::errc() && stopped == end;
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
  SavedPosition position;
  LogEnd saved;
  position.id = next_word(words);
  const bool is_read = read(next_word(words), position.offset) &&
                       read(next_word(words), position.db) && read(next_word(words), saved.bytes);
  saved.increment = next_word(words);
  if (!is_read || position.id.size() != kReplicationIdBytes || saved != end) return std::nullopt;
  return position;
}

}  // namespace weir
