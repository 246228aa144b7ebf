#include "persistence/aof_reader.h"

#include <algorithm>
#include <utility>

namespace weir {
namespace {

constexpr size_t kReadBytes = size_t{256} * 1024;
/// What was read is dropped from the buffer when it is as much.
constexpr size_t kDropBytes = size_t{4} * 1024 * 1024;
/// What stands in front of a sum and begins it: a command's end, or another line's.
constexpr std::string_view kSumInText = "\n#XXH3:";
/// Lengths are believed when their bytes come.
constexpr resp::RequestLimits kLimits{.max_bulk_bytes = resp::kMaxBulkBytes};

using RequestStatus = resp::RequestParser::Status;

/// Whether the first line of a command ends in a newline alone: somebody has converted the file.
/// No command in it would ever be whole, and cutting it off would be the end of all of them.
bool ends_lines_otherwise(std::string_view command) {
  const size_t newline = command.find('\n');
  return newline != std::string_view::npos && newline > 0 && command[newline - 1] != '\r';
}

}  // namespace

AofReader::AofReader(File file, uint64_t offset)
    : file_(std::move(file)), base_(offset), offset_(offset), good_end_(offset) {}

AofReader::Status AofReader::ended(Status status) {
  return error_ ? Status::kUnreadable : status;
}

/// More bytes; false at the end of the file, or on an error.
bool AofReader::fill() {
  if (is_at_end_ || error_) return false;
  if (position_ >= kDropBytes) {
    buffer_.consume(position_);
    base_ += position_;
    position_ = 0;
  }
  char* const at = buffer_.reserve(kReadBytes);
  const IoResult<size_t> got = file_.read({at, kReadBytes});
  if (!got) {
    error_ = got.error();
    return false;
  }
  buffer_.commit(*got);
  is_at_end_ = *got == 0;
  return !is_at_end_;
}

AofReader::Status AofReader::next() {
  return is_checking_ ? next_checked() : next_unchecked();
}

/// The line at the position, its end included, if there is one of '#'.
AofReader::Line AofReader::read_line(std::string_view& line) {
  while (rest().empty()) {
    if (!fill()) return error_ ? Line::kUnreadable : Line::kNone;
  }
  if (rest().front() != '#') return Line::kNone;
  size_t end = 0;
  while ((end = rest().find('\n')) == std::string_view::npos) {
    if (rest().size() >= aof::kMaxLineBytes) return Line::kTooLong;
    if (!fill()) return error_ ? Line::kUnreadable : Line::kTorn;
  }
  if (end >= aof::kMaxLineBytes) return Line::kTooLong;
  line = rest().substr(0, end + 1);
  return Line::kWhole;
}

/// One command at the position.  torn_at: where the file is to be cut if it is not whole.
AofReader::Status AofReader::parse(uint64_t torn_at) {
  offset_ = place();
  if (rest().front() != '*') return Status::kBadFormat;
  parser_.reset();
  for (;;) {
    const RequestStatus status = parser_.parse(rest(), kLimits);
    if (status == RequestStatus::kError) return Status::kBadFormat;
    if (status == RequestStatus::kRequest) break;
    if (!fill()) {
      if (!error_ && ends_lines_otherwise(rest())) return Status::kBadFormat;
      offset_ = torn_at;
      return ended(Status::kTorn);
    }
  }
  if (parser_.argv().empty()) return Status::kBadFormat;
  position_ += parser_.consumed();
  return Status::kCommand;
}

// --- What others wrote ---------------------------------------------------------------------------

AofReader::Status AofReader::next_unchecked() {
  std::string_view line;
  for (;;) {
    offset_ = place();
    switch (read_line(line)) {
      case Line::kNone: {
        if (rest().empty()) return ended(Status::kEnd);
        const Status status = parse(place());
        if (status == Status::kCommand) good_end_ = place();
        return status;
      }
      case Line::kTorn:  // filler may end anywhere
        return rest().find_first_not_of('#') == std::string_view::npos ? Status::kEnd
                                                                       : Status::kTorn;
      case Line::kTooLong:
        return Status::kBadFormat;
      case Line::kUnreadable:
        return Status::kUnreadable;
      case Line::kWhole:
        if (line == aof::kOwnMark) {
          is_checking_ = true;
          checked_ = place();
          return next_checked();
        }
        if (on_line) on_line(line, place());
        position_ += line.size();
        break;
    }
  }
}

// --- What Weir wrote -----------------------------------------------------------------------------

AofReader::Status AofReader::next_checked() {
  std::string_view line;
  for (;;) {
    if (place() == checked_) {
      // The sum of the batch before, or nothing at the beginning.
      if (const std::optional<Status> status = begin_batch()) return *status;
      if (!is_checking_) return next_unchecked();
      continue;
    }
    const Line found = read_line(line);
    if (found == Line::kNone) return parse(good_end_);
    if (found != Line::kWhole) return ended(Status::kBadFormat);
    if (const auto bytes = aof::read_previous_bytes(line)) previous_bytes_ = bytes;
    if (on_line) on_line(line, good_end_);
    position_ += line.size();
    if (place() == checked_) good_end_ = checked_;
  }
}

/// At the end of what was checked.  Nothing: there is more, checked or not.
std::optional<AofReader::Status> AofReader::begin_batch() {
  std::string_view line;
  offset_ = good_end_ = place();
  const Line found = read_line(line);
  if (found == Line::kUnreadable) return Status::kUnreadable;
  if (rest().empty()) return ended(Status::kEnd);
  while (rest().size() < aof::kMaxLineBytes && fill())
    ;
  if (error_) return Status::kUnreadable;
  if (found == Line::kWhole && aof::is_filler(rest().substr(0, line.size()))) return skip_filler();
  if (aof::begins_with_select(rest())) {
    is_checking_ = false;
    return std::nullopt;
  }
  const Status status = check_batch();
  if (status == Status::kCommand) return std::nullopt;
  return status;
}

/// Filler where a batch could begin.  Nothing: another server went on behind it.
std::optional<AofReader::Status> AofReader::skip_filler() {
  std::string_view line;
  while (read_line(line) == Line::kWhole && aof::is_filler(line))
    position_ += line.size();
  while (rest().size() < aof::kMaxLineBytes && fill())
    ;
  if (error_) return Status::kUnreadable;
  if (rest().find_first_not_of('#') == std::string_view::npos) return Status::kEnd;
  if (aof::may_follow_filler(rest())) {
    is_checking_ = false;
    return std::nullopt;
  }
  return judge_broken_batch(offset_);
}

/// Finds the sum of the batch at the position; kCommand: it matches.
AofReader::Status AofReader::check_batch() {
  size_t end = find_sum(position_ > 0 ? position_ - 1 : 0);
  if (end != std::string_view::npos) {
    if (const std::optional<MatchingSum> sum = match_sum(end)) {
      checked_ = base_ + end + sum->line_bytes;
      return Status::kCommand;
    }
  }
  if (const std::optional<size_t> parsed = batch_end_by_parsing()) {
    checked_ = base_ + *parsed;
    return Status::kCommand;
  }
  if (error_) return Status::kUnreadable;
  return judge_broken_batch(place());
}

/// Where in the buffer the next sum begins that is looked for from `from` on; npos: none.
size_t AofReader::find_sum(size_t from) {
  // Its '#' is looked for and not the end of the line before it, since that is rare.
  constexpr std::string_view kSum = kSumInText.substr(1);
  if (position_ == 0 && buffer_.view().starts_with(kSum)) return 0;
  for (;;) {
    const std::string_view bytes = buffer_.view();
    for (size_t at = from; (at = bytes.find(kSum, at + 1)) != std::string_view::npos;) {
      if (bytes[at - 1] == kSumInText[0]) return at;
    }
    const size_t size = buffer_.size();
    const size_t dropped_before = position_;
    if (!fill()) return std::string_view::npos;
    const size_t dropped = dropped_before - position_;
    from = std::max(from, size - std::min(size, kSumInText.size())) - dropped;
  }
}

/// The sum at `at` in the buffer; nothing unless it matches the bytes between the position and it.
/// When more is read, `at` moves with the buffer's bytes.
std::optional<AofReader::MatchingSum> AofReader::match_sum(size_t& at) {
  size_t end = 0;
  while ((end = buffer_.view().find('\n', at)) == std::string_view::npos) {
    const size_t before = position_;
    if (buffer_.size() - at >= aof::kMaxLineBytes || !fill()) return std::nullopt;
    at -= before - position_;
  }
  const size_t line_bytes = end + 1 - at;
  const std::optional<aof::Sum> sum = aof::read_sum(buffer_.view().substr(at, line_bytes));
  if (!sum) return std::nullopt;
  const std::string_view batch = buffer_.view().substr(position_, at - position_);
  const uint64_t durable = sum->durable.value_or(0);
  if (aof::hash_of(batch, durable) != sum->hash) return std::nullopt;
  knows_durable_ |= sum->durable.has_value();
  return MatchingSum{.line_bytes = line_bytes, .durable = durable};
}

/// The slow way, for a batch with something inside that looks like a sum: by its commands.  Where
/// it ends in the buffer, its sum included; nothing: it does not, or does not match.
std::optional<size_t> AofReader::batch_end_by_parsing() {
  size_t at = position_;
  resp::RequestParser parser;
  for (;;) {
    const std::string_view text = buffer_.view().substr(at);
    bool needs_more = text.empty();
    if (text.starts_with('#')) {
      const size_t end = text.find('\n');
      if (end == std::string_view::npos && text.size() >= aof::kMaxLineBytes) return std::nullopt;
      needs_more = end == std::string_view::npos;
      if (!needs_more) {
        const std::string_view line = text.substr(0, end + 1);
        if (const std::optional<aof::Sum> sum = aof::read_sum(line)) {
          const std::string_view batch = buffer_.view().substr(position_, at - position_);
          if (aof::hash_of(batch, sum->durable.value_or(0)) != sum->hash) return std::nullopt;
          knows_durable_ |= sum->durable.has_value();
          return at + line.size();
        }
        at += line.size();
      }
    } else if (!needs_more) {
      const RequestStatus status = parser.parse(text, kLimits);
      if (status == RequestStatus::kError || text.front() != '*') return std::nullopt;
      needs_more = status == RequestStatus::kIncomplete;
      if (!needs_more) at += parser.consumed();
    }
    if (needs_more) {
      const size_t before = position_;
      if (!fill()) return std::nullopt;
      at -= before - position_;
      parser.reset();
    }
  }
}

/// The batch at `broken`, not behind the position, does not match.  It was torn, unless a batch
/// behind it, which matches its own sum, says that this one had been on disk.
AofReader::Status AofReader::judge_broken_batch(uint64_t broken) {
  offset_ = broken;
  for (;;) {
    const bool may_begin_before = place() > broken && position_ > 0;
    size_t end = find_sum(may_begin_before ? position_ - 1 : position_);
    if (end == std::string_view::npos) return ended(Status::kTorn);
    if (place() > broken) {
      const std::optional<MatchingSum> sum = match_sum(end);
      if (sum && sum->durable > broken) return Status::kDamage;
    }
    const size_t line_end = buffer_.view().find('\n', end);
    position_ = line_end == std::string_view::npos ? buffer_.size() : line_end + 1;
  }
}

IoResult<std::optional<uint64_t>> previous_bytes_told_by(FileSystem& files,
                                                         const std::string& path) {
  IoResult<File> file = File::open_for_read(files, path);
  if (!file) return tl::unexpected(std::move(file).error());
  AofReader reader(std::move(*file));
  if (reader.next() == AofReader::Status::kUnreadable) return tl::unexpected(reader.error());
  return reader.previous_bytes();
}

}  // namespace weir
