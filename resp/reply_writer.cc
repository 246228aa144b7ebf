#include "resp/reply_writer.h"

#include <cassert>
#include <cstring>

#include "resp/real_text.h"

namespace weir::resp {

void ReplyWriter::line(char type, std::string_view text) {
  char* at = out_->reserve(text.size() + 3);
  *at++ = type;
  at = std::copy(text.begin(), text.end(), at);
  *at++ = '\r';
  *at++ = '\n';
  out_->commit(text.size() + 3);
}

void ReplyWriter::error(std::string_view text) {
  const size_t begin = out_->size() + 1;
  line('-', text);
  char* at = out_->begin() + begin;
  for (char* end = at + text.size(); at < end; ++at) {
    if (*at == '\r' || *at == '\n') *at = ' ';
  }
}

void ReplyWriter::boolean(bool value) {
  if (is_resp3()) {
    raw(value ? "#t\r\n" : "#f\r\n");
  } else {
    integer(value ? 1 : 0);
  }
}

void ReplyWriter::real(double value) {
  if (is_resp3()) {
    line(',', real_text(value));
  } else {
    bulk(real_text(value));
  }
}

void ReplyWriter::big_number(std::string_view digits) {
  if (is_resp3()) {
    line('(', digits);
  } else {
    bulk(digits);
  }
}

void ReplyWriter::verbatim(std::string_view format, std::string_view text) {
  assert(format.size() == 3);
  if (!is_resp3()) return bulk(text);
  header('=', text.size() + 4);
  raw(format);
  raw(":");
  raw(text);
  raw("\r\n");
}

char* ReplyWriter::write_long_header(char* at, char type, size_t value) {
  *at++ = type;
  at = std::to_chars(at, at + 20, value).ptr;
  *at++ = '\r';
  *at++ = '\n';
  return at;
}

LengthMark ReplyWriter::begin(char type, size_t guess) {
  const size_t before = out_->size();
  header(type, guess);
  return {before, out_->size() - before, guess, type};
}

void ReplyWriter::patch_length(const LengthMark& mark, size_t length) {
  if (length == mark.guess) return;
  char text[kHeaderBytes];
  const size_t bytes = static_cast<size_t>(write_header(text, mark.type, length) - text);
  const size_t behind = out_->size() - mark.offset - mark.bytes;
  if (bytes > mark.bytes) out_->reserve(bytes - mark.bytes);
  char* at = out_->begin() + mark.offset;
  if (bytes != mark.bytes) std::memmove(at + bytes, at + mark.bytes, behind);
  std::memcpy(at, text, bytes);
  if (bytes > mark.bytes) {
    out_->commit(bytes - mark.bytes);
  } else {
    out_->truncate(mark.offset + bytes + behind);
  }
}

}  // namespace weir::resp
