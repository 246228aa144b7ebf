// Values onto a buffer, as RESP2 or RESP3: the only code that writes line ends and type bytes.
//
// A reply is written once, front to back, into the connection's buffer; there is no tree of reply
// objects.  Where RESP2 has no type for a value it becomes what Redis makes of it:
//
//            RESP2                     RESP3
//   map      flat array, 2n            %n
//   set      array                     ~n
//   null     $-1 (null_array: *-1)     _
//   double   bulk                      ,3.14
//   boolean  :1 :0                     #t #f
//   verbatim bulk                      =15\r\ntxt:...
#pragma once

#include <charconv>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "resp/buffer.h"

namespace weir::resp {

/// A place in the buffer that holds the header of an array or map whose length was a guess.
struct LengthMark {
  size_t offset = 0;  // of the header from the start of the buffer's bytes
  size_t bytes = 0;   // of the header
  size_t guess = 0;
  char type = '*';
};

class ReplyWriter {
 public:
  explicit ReplyWriter(Buffer& out) : out_(&out) {}

  int version() const { return version_; }
  void set_version(int version) { version_ = static_cast<uint8_t>(version); }
  bool is_resp3() const { return version_ == 3; }
  Buffer& buffer() { return *out_; }
  /// Bytes in the buffer, those of earlier replies included.
  size_t bytes() const { return out_->size(); }
  void set_buffer(Buffer& out) { out_ = &out; }

  void simple(std::string_view text) { line('+', text); }
  void ok() { line('+', "OK"); }
  /// `text` begins with its code ("ERR ..."); line ends inside become blanks.
  void error(std::string_view text);
  void integer(int64_t value) { number(':', value); }

  void bulk(std::string_view bytes) {
    char* at = out_->reserve(bytes.size() + kHeaderBytes + 2);
    out_->commit(static_cast<size_t>(write_bulk(at, bytes) - at));
  }

  void array(size_t length) { header('*', length); }
  void map(size_t pairs) { is_resp3() ? header('%', pairs) : header('*', 2 * pairs); }
  void set(size_t length) { header(is_resp3() ? '~' : '*', length); }
  void push(size_t length) { header(is_resp3() ? '>' : '*', length); }
  /// RESP3 only: metadata in front of the next reply.
  void attribute(size_t pairs) { header('|', pairs); }

  void null() { raw(is_resp3() ? "_\r\n" : "$-1\r\n"); }
  void null_array() { raw(is_resp3() ? "_\r\n" : "*-1\r\n"); }
  void boolean(bool value);
  void real(double value);
  void big_number(std::string_view digits);
  /// `format`: three letters, "txt" for plain text.
  void verbatim(std::string_view format, std::string_view text);

  /// An array of about `guess` elements; patch_length gives the true number when it is known.
  /// Costs little when both have the same number of digits.
  LengthMark begin_array(size_t guess) { return begin('*', guess); }
  /// In RESP3 a map of about `guess` pairs, in RESP2 an array of as many [key, value] arrays: what
  /// XREAD answers.  Each key is announced by begin_pair().
  LengthMark begin_pairs(size_t guess) { return begin(is_resp3() ? '%' : '*', guess); }
  void begin_pair() {
    if (!is_resp3()) array(2);
  }
  void patch_length(const LengthMark& mark, size_t length);

  /// Upper bound of the bytes around a bulk string or of an array header.
  static constexpr size_t kHeaderBytes = 32;

  /// The unchecked forms, for loops that reserve once for many values.  `at` has room; the new
  /// end is returned.
  static char* write_header(char* at, char type, size_t value) {
    if (value >= 100) return write_long_header(at, type, value);  // most bulks are short
    *at++ = type;
    if (value >= 10) *at++ = static_cast<char>('0' + value / 10);
    *at++ = static_cast<char>('0' + value % 10);
    *at++ = '\r';
    *at++ = '\n';
    return at;
  }
  static char* write_number(char* at, char type, int64_t value) {
    if (value >= 0) return write_header(at, type, static_cast<size_t>(value));
    *at++ = type;
    at = std::to_chars(at, at + 20, value).ptr;
    *at++ = '\r';
    *at++ = '\n';
    return at;
  }
  static char* write_bulk(char* at, std::string_view bytes) {
    at = write_header(at, '$', bytes.size());
    at = copy_text(at, bytes);
    *at++ = '\r';
    *at++ = '\n';
    return at;
  }

  /// Copies short texts without a call, since most are short.
  static char* copy_text(char* at, std::string_view text) {
    const char* const from = text.data();
    const size_t size = text.size();
    if (size > 16) {
      std::memcpy(at, from, size);
    } else if (size >= 8) {  // two halves that may overlap
      std::memcpy(at, from, 8);
      std::memcpy(at + size - 8, from + size - 8, 8);
    } else if (size >= 4) {
      std::memcpy(at, from, 4);
      std::memcpy(at + size - 4, from + size - 4, 4);
    } else if (size > 0) {
      at[0] = from[0];
      at[size / 2] = from[size / 2];
      at[size - 1] = from[size - 1];
    }
    return at + size;
  }

 private:
  static char* write_long_header(char* at, char type, size_t value);
  LengthMark begin(char type, size_t guess);
  void raw(std::string_view bytes) { out_->append(bytes); }
  void line(char type, std::string_view text);
  void number(char type, int64_t value) {
    char* at = out_->reserve(kHeaderBytes);
    out_->commit(static_cast<size_t>(write_number(at, type, value) - at));
  }
  void header(char type, size_t value) {
    char* at = out_->reserve(kHeaderBytes);
    out_->commit(static_cast<size_t>(write_header(at, type, value) - at));
  }

  Buffer* out_;
  uint8_t version_ = 2;
};

}  // namespace weir::resp
