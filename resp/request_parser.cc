#include "resp/request_parser.h"

#include <algorithm>
#include <cassert>
#include <charconv>
#include <cstring>

#include "resp/inline_words.h"

namespace weir::resp {
namespace {

/// Arguments for which room is made before they are seen.
constexpr int64_t kArgumentsReserved = 1024;

/// A header number: canonical decimal, a minus sign allowed.
bool parse_number(std::string_view text, int64_t& value) {
  const size_t digits = text.size() > 1 && text[0] == '-' ? 1 : 0;
  if (text.empty() || (text[digits] == '0' && text.size() > 1)) return false;
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, value);
  return result.ec == std::errc{} && result.ptr == end;
}

/// Bytes of the header "<type><number>\r\n" at the beginning of `input` if its number has one digit
/// or two, as most have; else 0.
size_t read_short_header(std::string_view input, int64_t& value) {
  if (input.size() < 5) return 0;
  const auto digit = [&](size_t i) { return static_cast<unsigned>(input[i]) - unsigned{'0'}; };
  if (digit(1) > 9) return 0;
  if (input[2] == '\r') {
    value = digit(1);
    return 4;
  }
  if (digit(1) == 0 || digit(2) > 9 || input[3] != '\r') return 0;
  value = digit(1) * 10 + digit(2);
  return 5;
}

bool is_blank(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

}  // namespace

RequestParser::Status RequestParser::parse(std::string_view input, const RequestLimits& limits) {
  if (fresh_) {
    if (input.empty()) return Status::kIncomplete;
    argv_.clear();
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

void RequestParser::reset() {
  argv_.clear();
  fresh_ = true;
}

RequestParser::Status RequestParser::fail(std::string_view text) {
  error_ = "Protocol error: ";
  error_ += text;
  return Status::kError;
}

void RequestParser::move_views(const char* base) {
  if (base == base_) return;
  for (std::string_view& view : argv_) {
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

  if (line.find_first_of("\"'") != std::string_view::npos) {
    std::optional<std::vector<std::string>> words = split_words(line);
    if (!words) return fail("unbalanced quotes in request");
    words_ = std::move(*words);
    argv_.assign(words_.begin(), words_.end());
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
    argv_.push_back(line.substr(at, end - at));
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
  argv_.reserve(static_cast<size_t>(std::min(count, kArgumentsReserved)));
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
      if (const size_t header = read_short_header(input.substr(position_), length); header > 0) {
        position_ += header;
      } else if (const Header long_header = read_header(input, length);
                 long_header == Header::kIncomplete) {
        return Status::kIncomplete;
      } else if (long_header != Header::kValue) {
        return fail(long_header == Header::kTooLong ? "too big bulk count string"
                                                    : "invalid bulk length");
      }
      if (length < 0 || length > limits.max_bulk_bytes) return fail("invalid bulk length");
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
    argv_.emplace_back(input.data() + position_, length);
    position_ += length + 2;  // the line end is skipped unseen
    bulk_length_ = -1;
    --arguments_left_;
  }
  fresh_ = true;
  return Status::kRequest;
}

}  // namespace weir::resp
