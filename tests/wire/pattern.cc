#include "tests/wire/pattern.h"

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <utility>

#include "tests/wire/words.h"

namespace weir::wire {
namespace {

using resp::Reply;

/// Reads a pattern from the front of what is left of a line, recursively.
class Reader {
 public:
  explicit Reader(std::string_view line) : rest_(line) {}

  Pattern whole_line() {
    Pattern pattern = one(true);
    if (!rest_.empty()) fail("more behind the reply");
    return pattern;
  }

 private:
  [[noreturn]] void fail(const std::string& reason) const {
    throw std::runtime_error(reason + " at: " + std::string(rest_.substr(0, 40)));
  }

  bool take(std::string_view text) {
    if (!rest_.starts_with(text)) return false;
    rest_.remove_prefix(text.size());
    return true;
  }

  void need(std::string_view text) {
    if (!take(text)) fail("expected " + std::string(text));
  }

  /// `alone`: a simple string or error is not quoted and goes to the end of the line.
  Pattern one(bool alone) {
    const std::string_view begin = rest_;
    std::vector<Pattern> attributes;
    if (take("|{")) {
      attributes = list("}", 2);
      need(" ");
    }
    Pattern pattern = bare(alone);
    pattern.attributes = std::move(attributes);
    pattern.source = begin.substr(0, begin.size() - rest_.size());
    return pattern;
  }

  Pattern bare(bool alone) {
    if (take("$-1")) return exact({.kind = Reply::Kind::kNullBulk});
    if (take("*-1")) return exact({.kind = Reply::Kind::kNullArray});
    if (take("_")) return exact({.kind = Reply::Kind::kNull});
    if (take("#t")) return exact({.kind = Reply::Kind::kBoolean, .integer = 1});
    if (take("#f")) return exact({.kind = Reply::Kind::kBoolean, .integer = 0});
    if (take(",")) return exact({.kind = Reply::Kind::kDouble, .text = unquoted()});
    if (take("(")) return exact({.kind = Reply::Kind::kBigNumber, .text = unquoted()});
    if (take("*[")) return aggregate(Reply::Kind::kArray, "]");
    if (take("~[")) return aggregate(Reply::Kind::kSet, "]");
    if (take(">[")) return aggregate(Reply::Kind::kPush, "]");
    if (take("%{")) return aggregate(Reply::Kind::kMap, "}");
    if (take("?*[")) return in_any_order(aggregate(Reply::Kind::kArray, "]"));
    if (take("?2*[")) return in_any_order(aggregate(Reply::Kind::kArray, "]", 2));
    if (take("?%{")) return in_any_order(aggregate(Reply::Kind::kMap, "}"));
    if (take(":")) return integer();
    if (take("+")) return text(Reply::Kind::kSimpleString, alone);
    if (take("-")) return text(Reply::Kind::kError, alone);
    if (take("=")) return verbatim();
    if (rest_.starts_with('"')) return exact({.kind = Reply::Kind::kBulk, .text = string()});
    return placeholder(Reply::Kind::kBulk);
  }

  static Pattern exact(Reply reply) {
    return {.kind = Pattern::Kind::kExact, .exact = std::move(reply)};
  }

  static Pattern in_any_order(Pattern pattern) {
    pattern.any_order = true;
    return pattern;
  }

  static Pattern simple(Pattern::Kind kind, std::string text = "") {
    return {.kind = kind, .text = std::move(text)};
  }

  std::string string() { return take_quoted(rest_); }

  /// A number: to the end of the element.
  std::string unquoted() {
    const size_t end = std::min(rest_.find_first_of(",]} "), rest_.size());
    std::string out(rest_.substr(0, end));
    rest_.remove_prefix(end);
    return out;
  }

  int64_t number() {
    int64_t value = 0;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    if (error != std::errc{}) fail("expected a number");
    rest_.remove_prefix(static_cast<size_t>(end - rest_.data()));
    return value;
  }

  Pattern integer() {
    if (take("<int>")) return simple(Pattern::Kind::kInteger);
    if (take("<ms>")) return simple(Pattern::Kind::kNow);
    if (take("<int ")) {
      Pattern pattern = simple(Pattern::Kind::kInteger);
      pattern.low = number();
      need("..");
      pattern.high = number();
      need(">");
      return pattern;
    }
    return exact({.kind = Reply::Kind::kInteger, .integer = number()});
  }

  Pattern text(Reply::Kind kind, bool alone) {
    if (rest_.starts_with("<glob ")) return placeholder(kind);
    if (!alone) return exact({.kind = kind, .text = string()});
    std::string line(std::exchange(rest_, {}));
    if (line.ends_with("\\x20")) line.replace(line.size() - 4, 4, " ");
    return exact({.kind = kind, .text = std::move(line)});
  }

  Pattern verbatim() {
    if (rest_.starts_with("<glob ")) return placeholder(Reply::Kind::kVerbatim);
    const std::string whole = string();
    if (whole.size() < 4 || whole[3] != ':') fail("verbatim string without a format");
    return exact(
        {.kind = Reply::Kind::kVerbatim, .text = whole.substr(4), .format = whole.substr(0, 3)});
  }

  Pattern placeholder(Reply::Kind kind) {
    if (take("<id>")) return simple(Pattern::Kind::kId);
    if (take("<bulk>")) return simple(Pattern::Kind::kBulk);
    if (take("<any>")) return simple(Pattern::Kind::kAny);
    if (take("<...>")) return simple(Pattern::Kind::kRest);
    if (take("<glob ")) {
      Pattern pattern = simple(Pattern::Kind::kGlob);
      pattern.pieces = glob();
      pattern.reply_kind = kind;
      need(">");
      return pattern;
    }
    if (!take("<=")) fail("no reply");
    const size_t end = rest_.find('>');
    if (end == std::string_view::npos) fail("a name does not end");
    Pattern pattern = simple(Pattern::Kind::kKept, std::string(rest_.substr(0, end)));
    rest_.remove_prefix(end + 1);
    return pattern;
  }

  /// What stands between the stars of a glob; `\*` is a star of the text.
  std::vector<std::string> glob() {
    need("\"");
    std::vector<std::string> pieces(1);
    while (!take("\"")) {
      if (rest_.empty()) fail("a string does not end");
      if (take("*")) {
        pieces.emplace_back();
      } else if (take("\\*")) {
        pieces.back() += '*';
      } else if (take("\\")) {
        pieces.back() += take_escape(rest_);
      } else {
        pieces.back() += rest_[0];
        rest_.remove_prefix(1);
      }
    }
    return pieces;
  }

  Pattern aggregate(Reply::Kind kind, std::string_view close, size_t stride = 1) {
    const bool is_map = kind == Reply::Kind::kMap;
    Pattern pattern = simple(Pattern::Kind::kAggregate);
    pattern.reply_kind = kind;
    pattern.stride = is_map ? 2 : stride;
    pattern.any_order = kind == Reply::Kind::kSet;
    pattern.elements = list(close, is_map ? 2 : 1);
    if (pattern.elements.size() % pattern.stride != 0) fail("a pair is not complete");
    return pattern;
  }

  /// Elements up to the closing bracket; with two per item, `key => value`.
  std::vector<Pattern> list(std::string_view close, size_t per_item) {
    std::vector<Pattern> elements;
    if (take(close)) return elements;
    do {
      elements.push_back(one(false));
      if (per_item == 2) {
        need(" => ");
        elements.push_back(one(false));
      }
    } while (take(", "));
    need(close);
    return elements;
  }

  std::string_view rest_;
};

}  // namespace

Pattern parse_pattern(std::string_view line) {
  return Reader(line).whole_line();
}

}  // namespace weir::wire
