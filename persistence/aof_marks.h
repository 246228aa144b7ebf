// What Weir writes into the log between commands: lines that begin with '#', which Redis skips.
//
//   #WEIR\r\n                              what follows is Weir's own, and checked
//   #AFTER:4711\r\n                        the increment before this one ended there, when this one
//                                          was begun
//   *2\r\n$6\r\nSELECT … XADD …            a batch: what was written at once, whole units
//   #XXH3:0123456789abcdef:4711\r\n        XXH3 of the batch and the number; 4711: so many
//                                          bytes of the file were on disk by then, and all of
//                                          the files before it
//   *5\r\n$4\r\nXADD …
//   #XXH3:89abcdef01234567\r\n             as many as were said last
//   ################ … #\n##### …          filler: space made ahead for `appendfsync always`
//
// The sums tell a tear from damage.  A batch that does not match its sum, or has none, was being
// written when the machine stopped, if nothing shows that it had been on disk; then the file is
// cut there.  Where a later sum says that so many bytes were on disk, it is damage.
//
// A batch begins with a command; one that begins with SELECT or with a line of '#' has the mark in
// front.  So a SELECT right behind a sum is the work of another server that went on with the file:
// from there on nothing is checked, as in a file without marks.
//
// Filler is lines of '#' that end where the place in the file is a multiple of kFillerLine, so any
// rest of it is filler again, as long as no batch ends right in front of such a line end.
//
// To change the format: a new kind of line beside #XXH3; this version refuses none that it does
// not know, Redis takes all that are shorter than 1024 bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "resp/buffer.h"

namespace weir::aof {

inline constexpr std::string_view kOwnMark = "#WEIR\r\n";
/// Whose released entries (XNACK) are where no entry is pending without a consumer: Redis
/// before 8.8 reads them as this one's, Weir as released.
inline constexpr std::string_view kReleasedConsumer = "(released)";
/// Longest line of '#', its end included.
inline constexpr size_t kMaxLineBytes = 1024;
inline constexpr uint64_t kFillerLine = 256;

struct Sum {
  uint64_t hash = 0;
  std::optional<uint64_t> durable;  // bytes of the file that were on disk

  friend bool operator==(const Sum&, const Sum&) = default;
};

/// Of a batch whose sum says so many bytes were on disk; 0: it says nothing.
uint64_t hash_of(std::string_view batch, uint64_t durable);

/// Writes the sum of a batch that ends up, with this line, behind `offset` bytes of the file.
void append_sum(resp::Buffer& out, const Sum& sum, uint64_t offset);
/// A line with its end; nothing if it is no sum.
std::optional<Sum> read_sum(std::string_view line);

/// Whether a batch that begins with these bytes needs the mark.
bool needs_mark(std::string_view batch);
/// Whether a command may not begin here unless another server wrote it.
bool begins_with_select(std::string_view bytes);

/// The mark of a new file; previous_bytes: of the increment before it.
void append_mark(resp::Buffer& out, std::optional<uint64_t> previous_bytes);
/// What a line says of the increment before; nothing if it says something else.
std::optional<uint64_t> read_previous_bytes(std::string_view line);

/// A line that says when what follows was written, Unix time in seconds; so does Redis with
/// aof-timestamp-enabled.
void append_stamp(resp::Buffer& out, int64_t unix_s);
bool is_stamp(std::string_view line);
/// The time that it says; nothing if that is no number.
std::optional<int64_t> read_stamp(std::string_view line);

bool is_filler(std::string_view line);
/// Whether another server began to write here, behind filler.
bool may_follow_filler(std::string_view bytes);
/// Whether filler may begin behind so many bytes.
inline bool can_fill_from(uint64_t offset) {
  return (offset + 1) % kFillerLine != 0;
}
/// `size` bytes of filler, for the place `offset`.
void append_filler(resp::Buffer& out, uint64_t offset, size_t size);

}  // namespace weir::aof
