#include "resp/request_parser.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "resp/inline_words.h"

namespace weir::resp {
namespace {

/// A header number: canonical decimal, a minus sign allowed.
bool parse_number(std::string_view text, int64_t& value) {
  const size_t digits = text.size() > 1 && text[0] == '-' ? 1 : 0;
  if (text.empty() || (text[digits] == '0' && text.size() > 1)) return false;
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, value);
  return result.ec == std::errc{} && result.ptr == end;
}

/// Most arguments of a request that is read in one walk.
constexpr uint64_t kMostAtOnce = 1024;
/// Fewest bytes that a complete argument takes: "$0", two line ends.
constexpr ptrdiff_t kShortestArgument = 6;
/// Views that a parser keeps room for though the request has fewer.
constexpr size_t kSpareViews = 32;

unsigned digit_at(const char* at) {
  return static_cast<unsigned>(*at) - unsigned{'0'};
}

/// What read_short_header() does not do itself: numbers of three and four digits, and what is none.
[[gnu::noinline]] const char* read_longer_header(const char* at, uint64_t& value) {
  value = digit_at(at + 1);
  if (value > 9 || value == 0) return nullptr;
  for (int i = 2; i <= 4; ++i) {
    if (digit_at(at + i) > 9) return nullptr;
    value = value * 10 + digit_at(at + i);
    if (at[i + 1] == '\r') return at + i + 3;
  }
  return nullptr;
}

/// Reads the header "<type><number>\r\n" at `at` if its number has one to four digits, as nearly
/// all have; returns what is behind it, or null.  There are kShortestArgument bytes to read.
inline const char* read_short_header(const char* at, uint64_t& value) {
  const unsigned first = digit_at(at + 1);
  if (at[2] == '\r' && first <= 9) {
    value = first;
    return at + 4;
  }
  const unsigned second = digit_at(at + 2);
  if (at[3] == '\r' && first - 1 < 9 && second <= 9) {
    value = first * 10 + second;
    return at + 5;
  }
  return read_longer_header(at, value);
}

}  // namespace

RequestParser::Status RequestParser::parse(std::string_view input, const RequestLimits& limits) {
  if (fresh_) {
    if (input.empty()) return Status::kIncomplete;
    if (parse_at_once(input, limits)) return Status::kRequest;
    argc_ = 0;
    position_ = 0;
    arguments_left_ = 0;
    bulk_length_ = -1;
    fresh_ = false;
  } else {
    move_views(input.data());
  }
  missing_bytes_ = 0;
  base_ = input.data();
  if (input[0] != '*') return parse_inline(input);
  if (arguments_left_ == 0) {
    const Status status = parse_argument_count(input, limits);
    if (status != Status::kRequest || arguments_left_ == 0) return status;
  }
  return parse_arguments(input, limits);
}

void RequestParser::trim_memory() {
  // Twice as much is what a growing request needs: less, and it would be copied at each read.
  if (argv_.capacity() <= 2 * argc_ + kSpareViews) return;
  argv_.resize(argc_);
  argv_.shrink_to_fit();
}

void RequestParser::reset() {
  argc_ = 0;
  fresh_ = true;
}

/// A request that lies complete in the input, as most do, in one walk; false if it is anything
/// else, and then nothing is said about it.
bool RequestParser::parse_at_once(std::string_view input, const RequestLimits& limits) {
  const char* at = input.data();
  const char* const end = at + input.size();
  if (end - at < kShortestArgument || *at != '*' || !limits.authenticated) return false;
  uint64_t count = 0;
  at = read_short_header(at, count);
  if (at == nullptr || count == 0 || count > kMostAtOnce) return false;
  // A count that is only announced makes no room.
  if (end - at < static_cast<ptrdiff_t>(count) * kShortestArgument) return false;
  if (argv_.size() < count) argv_.resize(count);
  const auto most = static_cast<uint64_t>(limits.max_bulk_bytes);
  for (std::string_view& argument : std::span(argv_.data(), count)) {
    if (end - at < kShortestArgument || *at != '$') return false;
    uint64_t length = 0;
    at = read_short_header(at, length);
    // The header itself may end a byte behind what there is.
    if (at == nullptr || end - at < static_cast<ptrdiff_t>(length) + 2) return false;
    if (length > most) return false;
    argument = {at, length};
    at += length + 2;  // the line end is skipped unseen
  }
  argc_ = count;
  position_ = static_cast<size_t>(at - input.data());
  missing_bytes_ = 0;
  return true;
}

void RequestParser::add_argument(std::string_view argument) {
  if (argc_ == argv_.size()) {
    argv_.push_back(argument);
  } else {
    argv_[argc_] = argument;
  }
  ++argc_;
}

RequestParser::Status RequestParser::fail(std::string_view text) {
  error_ = "Protocol error: ";
  error_ += text;
  return Status::kError;
}

void RequestParser::move_views(const char* base) {
  if (base == base_) return;
  for (std::string_view& view : std::span(argv_).first(argc_)) {
    const size_t offset =
        reinterpret_cast<uintptr_t>(view.data()) - reinterpret_cast<uintptr_t>(base_);
    view = {base + offset, view.size()};
  }
}

// position_ is used as the place up to which no newline was found.
RequestParser::Status RequestParser::parse_inline(std::string_view input) {
  const size_t newline = input.find('\n', position_);
  if (newline == std::string_view::npos) {
    if (input.size() > kMaxLineBytes) return fail("too big inline request");
    position_ = input.size();
    return Status::kIncomplete;
  }
  if (newline > kMaxLineBytes) return fail("too big inline request");
  position_ = newline + 1;
  fresh_ = true;
  std::string_view line = input.substr(0, newline);
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);

  if (line.find_first_of("\"'\v\f") != std::string_view::npos) {
    std::optional<std::vector<std::string>> words = split_words(line);
    if (!words) return fail("unbalanced quotes in request");
    words_ = std::move(*words);
    for (const std::string& word : words_)
      add_argument(word);
    return Status::kRequest;
  }
  for (size_t at = 0; at < line.size();) {
    if (is_blank(line[at])) {
      ++at;
      continue;
    }
    size_t end = at;
    while (end < line.size() && !is_blank(line[end]))
      ++end;
    add_argument(line.substr(at, end - at));
    at = end;
  }
  return Status::kRequest;
}

// Reads "<type><number>\r\n" at position_.  The byte behind '\r' is skipped unseen, as clients of
// Redis may rely on.
RequestParser::Header RequestParser::read_header(std::string_view input, int64_t& value) {
  const char* begin = input.data() + position_ + 1;
  const char* end = input.data() + input.size();
  const char* at = begin;
  // The common case, up to nine digits, in one walk.
  int64_t number = 0;
  while (at < end && at - begin < 9 && *at >= '0' && *at <= '9')
    number = number * 10 + (*at++ - '0');
  if (at < end && *at != '\r') {
    at = static_cast<const char*>(std::memchr(at, '\r', static_cast<size_t>(end - at)));
    if (at != nullptr && static_cast<size_t>(at - begin) > kMaxLineBytes) return Header::kTooLong;
    if (at != nullptr && !parse_number({begin, static_cast<size_t>(at - begin)}, number))
      return Header::kBad;
  } else if (at < end && (at == begin || (*begin == '0' && at - begin > 1))) {
    return Header::kBad;
  }
  if (at == nullptr || at == end) {
    return static_cast<size_t>(end - begin) > kMaxLineBytes ? Header::kTooLong
                                                            : Header::kIncomplete;
  }
  if (end - at < 2) return Header::kIncomplete;
  value = number;
  position_ = static_cast<size_t>(at + 2 - input.data());
  return Header::kValue;
}

RequestParser::Status RequestParser::parse_argument_count(std::string_view input,
                                                          const RequestLimits& limits) {
  int64_t count = 0;
  switch (read_header(input, count)) {
    case Header::kIncomplete:
      return Status::kIncomplete;
    case Header::kTooLong:
      return fail("too big mbulk count string");
    case Header::kBad:
      return fail("invalid multibulk length");
    case Header::kValue:
      break;
  }
  if (count > kMaxArguments) return fail("invalid multibulk length");
  if (!limits.authenticated && count > kMaxUnauthenticatedArguments) {
    return fail("unauthenticated multibulk length");
  }
  if (count <= 0) {
    fresh_ = true;
    return Status::kRequest;
  }
  arguments_left_ = count;
  return Status::kRequest;
}

RequestParser::Status RequestParser::parse_arguments(std::string_view input,
                                                     const RequestLimits& limits) {
  while (arguments_left_ > 0) {
    if (bulk_length_ < 0) {
      if (position_ >= input.size()) return Status::kIncomplete;
      if (input[position_] != '$') {
        const char got = input[position_];
        return fail(std::string("expected '$', got '") + (is_blank(got) ? ' ' : got) + "'");
      }
      int64_t length = 0;
      const Header header = read_header(input, length);
      if (header == Header::kIncomplete) return Status::kIncomplete;
      if (header != Header::kValue) {
        return fail(header == Header::kTooLong ? "too big bulk count string"
                                               : "invalid bulk length");
      }
      if (length < 0 || length > std::min(limits.max_bulk_bytes, kMaxBulkBytes))
        return fail("invalid bulk length");
      if (!limits.authenticated && length > kMaxUnauthenticatedBulkBytes) {
        return fail("unauthenticated bulk length");
      }
      bulk_length_ = length;
    }
    const size_t length = static_cast<size_t>(bulk_length_);
    const size_t available = input.size() - position_;
    if (available < length + 2) {
      missing_bytes_ = length + 2 - available;
      return Status::kIncomplete;
    }
    add_argument({input.data() + position_, length});
    position_ += length + 2;  // the line end is skipped unseen
    bulk_length_ = -1;
    --arguments_left_;
  }
  fresh_ = true;
  return Status::kRequest;
}

}  // namespace weir::resp
