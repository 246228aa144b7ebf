#include "resp/reply_parser.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "resp/whole_number.h"

namespace weir::resp {
namespace {

using Kind = Reply::Kind;

constexpr std::string_view kTypeBytes = "+-:$*_%~>,#(=|";

bool is_big_number(std::string_view text) {
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// Loosely: what it is worth is the reader's business, that it fits on a line of text is ours.
bool is_double(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789+-.eEinfa") == std::string_view::npos;
}

Kind aggregate_kind(char type) {
  switch (type) {
    case '~':
      return Kind::kSet;
    case '>':
      return Kind::kPush;
    case '%':
      return Kind::kMap;
    default:
      return Kind::kArray;
  }
}

}  // namespace

ReplyParser::Status ReplyParser::parse(std::string_view input) {
  consumed_ = 0;
  complete_ = false;
  while (!complete_ && state_ != State::kFailed && consumed_ < input.size()) {
    const std::string_view rest = input.substr(consumed_);
    switch (state_) {
      case State::kLine:
        read_line(rest);
        break;
      case State::kBulkBytes:
        read_bulk_bytes(rest);
        break;
      case State::kBulkEnd:
        read_bulk_end(rest);
        break;
      case State::kFailed:
        break;
    }
  }
  if (state_ == State::kFailed) return Status::kError;
  return complete_ ? Status::kReply : Status::kIncomplete;
}

bool ReplyParser::is_between_replies() const {
  return state_ == State::kLine && line_.empty() && open_.empty() && attributes_.empty();
}

void ReplyParser::read_line(std::string_view input) {
  const char type = line_.empty() ? input[0] : line_[0];
  // Checked before the rest of the line is there, since what is no reply may never send one.
  if (kTypeBytes.find(type) == std::string_view::npos) {
    return fail("a reply cannot begin with the byte " + quoted(std::string_view(&type, 1)));
  }
  const size_t end = input.find('\n');
  const size_t taken = std::min(end, input.size());
  if (line_.size() + taken > kMaxReplyLineBytes + 1) return fail("line too long");
  if (end == std::string_view::npos) {
    line_.append(input);
    consumed_ += input.size();
    return;
  }
  consumed_ += end + 1;
  std::string_view line = input.substr(0, end);
  std::string whole;
  if (!line_.empty()) {
    whole = std::exchange(line_, {}).append(line);
    line = whole;
  }
  if (line.back() != '\r') return fail("line without a carriage return at its end");
  line.remove_suffix(1);
  if (line.find('\r') != std::string_view::npos) return fail("carriage return inside a line");
  accept_line(line);
}

void ReplyParser::read_bulk_bytes(std::string_view input) {
  const size_t taken = std::min(input.size(), static_cast<size_t>(bulk_missing_));
  bulk_.text.append(input.substr(0, taken));
  consumed_ += taken;
  bulk_missing_ -= static_cast<int64_t>(taken);
  if (bulk_missing_ == 0) {
    state_ = State::kBulkEnd;
    bulk_missing_ = 2;
  }
}

void ReplyParser::read_bulk_end(std::string_view input) {
  if (input[0] != (bulk_missing_ == 2 ? '\r' : '\n')) return fail("no line end behind a bulk");
  ++consumed_;
  if (--bulk_missing_ == 0) finish_bulk();
}

void ReplyParser::accept_line(std::string_view line) {
  const char type = line[0];
  const std::string_view text = line.substr(1);
  switch (type) {
    case '$':
      return begin_bulk(text, false);
    case '=':
      return begin_bulk(text, true);
    case '*':
    case '%':
    case '~':
    case '>':
    case '|':
      return begin_aggregate(type, text);
    default:
      return accept_scalar(type, text);
  }
}

void ReplyParser::begin_bulk(std::string_view length, bool verbatim) {
  const std::optional<int64_t> bytes = whole_number<int64_t>(length);
  if (bytes == -1 && !verbatim) return accept({.kind = Kind::kNullBulk});
  if (!bytes || *bytes < 0) return fail("invalid bulk length " + quoted(length));
  if (*bytes > kMaxReplyBulkBytes) return fail("bulk too long: " + std::string(length));
  if (verbatim && *bytes < 4) return fail("verbatim string without a format");
  verbatim_ = verbatim;
  bulk_ = {.kind = Kind::kBulk};
  bulk_missing_ = *bytes;
  state_ = State::kBulkBytes;
  if (bulk_missing_ == 0) {
    state_ = State::kBulkEnd;
    bulk_missing_ = 2;
  }
}

void ReplyParser::finish_bulk() {
  state_ = State::kLine;
  if (verbatim_) {
    if (bulk_.text[3] != ':') return fail("verbatim string without a format");
    bulk_.kind = Kind::kVerbatim;
    bulk_.format = bulk_.text.substr(0, 3);
    bulk_.text.erase(0, 4);
  }
  accept(std::exchange(bulk_, {}));
}

void ReplyParser::begin_aggregate(char type, std::string_view length) {
  const std::optional<int64_t> count = whole_number<int64_t>(length);
  if (count == -1 && type == '*') return accept({.kind = Kind::kNullArray});
  if (!count || *count < 0) return fail("invalid aggregate length " + quoted(length));
  if (*count > kMaxReplyElements) return fail("too many elements: " + std::string(length));
  if (open_.size() == kMaxReplyDepth) return fail("nested too deeply");

  Open opened;
  opened.is_attribute = type == '|';
  opened.missing = type == '%' || type == '|' ? 2 * *count : *count;
  opened.value.kind = aggregate_kind(type);
  // Attributes that came before: of this aggregate or, in front of more attributes, joined to them.
  std::vector<Reply>& earlier =
      opened.is_attribute ? opened.value.elements : opened.value.attributes;
  earlier = std::exchange(attributes_, {});
  open_.push_back(std::move(opened));
  close_finished();
}

/// Closes the innermost aggregates that have all their elements.
void ReplyParser::close_finished() {
  while (!open_.empty() && open_.back().missing == 0) {
    Open done = std::move(open_.back());
    open_.pop_back();
    if (done.is_attribute) {
      attributes_ = std::move(done.value.elements);
      return;
    }
    if (open_.empty()) {
      reply_ = std::move(done.value);
      complete_ = true;
      return;
    }
    open_.back().value.elements.push_back(std::move(done.value));
    --open_.back().missing;
  }
}

void ReplyParser::accept_scalar(char type, std::string_view text) {
  switch (type) {
    case '+':
      return accept({.kind = Kind::kSimpleString, .text = std::string(text)});
    case '-':
      return accept({.kind = Kind::kError, .text = std::string(text)});
    case ':':
      if (const std::optional<int64_t> value = whole_number<int64_t>(text)) {
        return accept({.kind = Kind::kInteger, .integer = *value});
      }
      return fail("invalid integer " + quoted(text));
    case '_':
      if (text.empty()) return accept({.kind = Kind::kNull});
      return fail("null with a text");
    case ',':
      if (is_double(text)) return accept({.kind = Kind::kDouble, .text = std::string(text)});
      return fail("invalid double " + quoted(text));
    case '#':
      if (text == "t" || text == "f") {
        return accept({.kind = Kind::kBoolean, .integer = text == "t" ? 1 : 0});
      }
      return fail("invalid boolean " + quoted(text));
    default:  // '(', as read_line lets no other byte pass
      if (is_big_number(text)) return accept({.kind = Kind::kBigNumber, .text = std::string(text)});
      return fail("invalid big number " + quoted(text));
  }
}

/// A value without elements is there: the reply itself, or the next element of the innermost.
void ReplyParser::accept(Reply value) {
  value.attributes = std::exchange(attributes_, {});
  if (open_.empty()) {
    reply_ = std::move(value);
    complete_ = true;
    return;
  }
  open_.back().value.elements.push_back(std::move(value));
  --open_.back().missing;
  close_finished();
}

void ReplyParser::fail(std::string reason) {
  state_ = State::kFailed;
  error_ = std::move(reason);
}

}  // namespace weir::resp
