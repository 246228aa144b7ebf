// One command file of the log, read: command by command, believing nothing.
//
//   AofReader reader(file);
//   while (reader.next() == AofReader::Status::kCommand) run(reader.argv());
//
//   from another server:  commands ───────────────────────► each as soon as it is whole
//   from Weir:            batch ── sum matches? ──► its commands
//                            └─ no ─► was it on disk, as a later sum says?  no: torn · yes: damage
//
// After a power failure any part of a batch may be missing: where it was to overwrite filler, that
// is still there.  So behind filler in our part of a file there is nothing, or another server's.
//
// What is not followed by a command may be cut off at good_end(): a torn batch or command, or
// filler.  Lines of '#' are skipped wherever a command could begin.
//
// Memory: a batch, or a command.  No number in the file sizes an allocation.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "persistence/aof_marks.h"
#include "persistence/file.h"
#include "resp/buffer.h"
#include "resp/request_parser.h"

namespace weir {

class AofReader {
 public:
  enum class Status : uint8_t {
    kCommand,    // argv() is one; it holds until the next call
    kEnd,        // there is nothing more; filler may stand behind good_end()
    kTorn,       // the file ends, or stops making sense, in what was being written last
    kBadFormat,  // no command begins where one should, at offset()
    kDamage,     // the batch at offset() is not what was once on disk
    kUnreadable  // error() says why
  };

  /// offset: where the file stands, and begins to hold commands.
  explicit AofReader(File file, uint64_t offset = 0);

  /// Shown each line of '#' in front of a command or the end, and where the file may be cut in
  /// front of it: at the line itself, in what is ours at the batch.
  std::function<void(std::string_view line, uint64_t cut)> on_line;

  Status next();
  std::span<const std::string_view> argv() const { return parser_.argv(); }

  /// Whether the file is ours, as far as it was read.
  bool is_checked() const { return is_checking_; }
  /// What the beginning of the file says of the increment before it: how long it was.
  std::optional<uint64_t> previous_bytes() const { return previous_bytes_; }
  /// Whether a sum that was read says what is on disk.
  bool knows_durable() const { return knows_durable_; }

  /// Where the command of argv(), or what is wrong, begins.
  uint64_t offset() const { return offset_; }
  /// Behind the last command that is whole, and the lines that belong to it.
  uint64_t good_end() const { return good_end_; }
  const IoError& error() const { return *error_; }

 private:
  enum class Line : uint8_t { kNone, kWhole, kTorn, kTooLong, kUnreadable };

  /// A sum that matches its batch.
  struct MatchingSum {
    size_t line_bytes = 0;
    uint64_t durable = 0;  // bytes of the file that were on disk; 0: it does not say
  };

  std::string_view rest() const { return buffer_.view().substr(position_); }
  uint64_t place() const { return base_ + position_; }
  bool fill();
  Status ended(Status status);
  Line read_line(std::string_view& line);
  Status next_unchecked();
  Status next_checked();
  std::optional<Status> begin_batch();
  std::optional<Status> skip_filler();
  Status check_batch();
  size_t find_sum(size_t from);
  std::optional<MatchingSum> match_sum(size_t& at);
  std::optional<size_t> batch_end_by_parsing();
  Status judge_broken_batch(uint64_t broken);
  Status parse(uint64_t torn_at);

  File file_;
  resp::Buffer buffer_;
  resp::RequestParser parser_;
  uint64_t base_ = 0;     // of the file: where the buffer's bytes begin
  size_t position_ = 0;   // in the buffer: what was read
  uint64_t checked_ = 0;  // up to here sums have matched
  uint64_t offset_ = 0;
  uint64_t good_end_ = 0;
  std::optional<IoError> error_;
  std::optional<uint64_t> previous_bytes_;
  bool is_checking_ = false;
  bool knows_durable_ = false;
  bool is_at_end_ = false;  // of the file: nothing more comes into the buffer
};

/// What an increment says of the one before it: how long it was when this one was begun.  That it
/// cannot be read must not pass for silence: the end that it would tell of may be missing.
IoResult<std::optional<uint64_t>> previous_bytes_told_by(FileSystem& files,
                                                         const std::string& path);

}  // namespace weir
