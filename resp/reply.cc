#include "resp/reply.h"

#include <tuple>

namespace weir::resp {
namespace {

using Kind = Reply::Kind;

void append_escaped(std::string& out, char c, bool in_quotes) {
  static constexpr char kHex[] = "0123456789abcdef";
  const auto byte = static_cast<unsigned char>(c);
  if (in_quotes && (c == '"' || c == '\\')) {
    out += '\\';
    out += c;
  } else if (c == '\n') {
    out += "\\n";
  } else if (c == '\r') {
    out += "\\r";
  } else if (c == '\t') {
    out += "\\t";
  } else if (byte < 0x20 || byte > 0x7e) {
    out += "\\x";
    out += kHex[byte >> 4];
    out += kHex[byte & 15];
  } else {
    out += c;
  }
}

/// Text of a string or error that stands alone: to the end of the line, its last blank visible.
void append_line(std::string& out, std::string_view text) {
  const bool ends_in_blank = !text.empty() && text.back() == ' ';
  if (ends_in_blank) text.remove_suffix(1);
  for (char c : text)
    append_escaped(out, c, false);
  if (ends_in_blank) out += "\\x20";
}

void append(std::string& out, const Reply& reply, bool alone);

void append_list(std::string& out, const std::vector<Reply>& elements) {
  out += '[';
  for (size_t i = 0; i < elements.size(); ++i) {
    if (i > 0) out += ", ";
    append(out, elements[i], false);
  }
  out += ']';
}

void append_pairs(std::string& out, const std::vector<Reply>& elements) {
  out += '{';
  for (size_t i = 0; i + 1 < elements.size(); i += 2) {
    if (i > 0) out += ", ";
    append(out, elements[i], false);
    out += " => ";
    append(out, elements[i + 1], false);
  }
  out += '}';
}

void append_text(std::string& out, char mark, const std::string& text, bool alone) {
  out += mark;
  if (alone) {
    append_line(out, text);
  } else {
    out += quoted(text);
  }
}

void append(std::string& out, const Reply& reply, bool alone) {
  if (!reply.attributes.empty()) {
    out += '|';
    append_pairs(out, reply.attributes);
    out += ' ';
  }
  switch (reply.kind) {
    case Kind::kSimpleString:
      return append_text(out, '+', reply.text, alone);
    case Kind::kError:
      return append_text(out, '-', reply.text, alone);
    case Kind::kInteger:
      out += ':' + std::to_string(reply.integer);
      return;
    case Kind::kBulk:
      out += quoted(reply.text);
      return;
    case Kind::kNullBulk:
      out += "$-1";
      return;
    case Kind::kNullArray:
      out += "*-1";
      return;
    case Kind::kNull:
      out += '_';
      return;
    case Kind::kArray:
      out += '*';
      return append_list(out, reply.elements);
    case Kind::kSet:
      out += '~';
      return append_list(out, reply.elements);
    case Kind::kPush:
      out += '>';
      return append_list(out, reply.elements);
    case Kind::kMap:
      out += '%';
      return append_pairs(out, reply.elements);
    case Kind::kDouble:
      out += ',' + reply.text;
      return;
    case Kind::kBoolean:
      out += reply.integer != 0 ? "#t" : "#f";
      return;
    case Kind::kBigNumber:
      out += '(' + reply.text;
      return;
    case Kind::kVerbatim:
      out += '=' + quoted(reply.format + ':' + reply.text);
      return;
  }
}

}  // namespace

bool operator==(const Reply& a, const Reply& b) {
  return std::tie(a.kind, a.text, a.format, a.integer, a.elements, a.attributes) ==
         std::tie(b.kind, b.text, b.format, b.integer, b.elements, b.attributes);
}

std::string show(const Reply& reply) {
  std::string out;
  append(out, reply, true);
  return out;
}

std::string quoted(std::string_view bytes) {
  std::string out = "\"";
  for (char c : bytes)
    append_escaped(out, c, true);
  out += '"';
  return out;
}

}  // namespace weir::resp
