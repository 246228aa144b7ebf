// The arguments of a command, as its row writes them down: a notation and its parser.
//
// COMMAND DOCS wants a tree of arguments for each command, from which redis-cli and others draw
// their hints.  The row's `syntax` is that tree on one line:
//
//   key:key                     one word: its name and its type
//   COUNT count:integer         the same with a token in front: two words
//   MKSTREAM:mkstream           a pure token: the word itself, then what it is called
//   strategy:oneof{A:a|B:b}     exactly one of them
//   data:block{f:string v:string}    all of them, in this order
//   IDMP idmp:block{...}        oneof and block may have a token too
//   id:string+                  once or more often; behind oneof and block too
//   PREFIX prefix:string++      the same with the token each time
//   [COUNT count:integer]       may be missing; one argument, so several are put into a block
//   count:integer@6.2.0         since that version; behind the plus if there is one
//   n(display):integer          shown under another name, in which a colon may be: ip:port
//
//   types: string integer double key pattern unix-time oneof block
//
// Names begin with a lower-case letter, tokens never do (COUNT, *, =): so the two are told apart.
// Names and tokens hold no blank and none of :(){}[]|+@ .
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

namespace weir {

/// One argument, or several that belong together.  The views point into the parsed text.
struct Argument {
  enum class Type : uint8_t {
    kString,
    kInteger,
    kDouble,
    kKey,
    kPattern,
    kUnixTime,
    kPureToken,
    kOneOf,
    kBlock,
  };

  std::string_view name{};
  std::string_view display{};  // the name, unless another was given
  Type type = Type::kString;
  std::string_view token{};
  std::string_view since{};
  bool is_optional = false;
  bool is_multiple = false;
  bool repeats_token = false;  // when given more than once, the token stands in front of each
  std::vector<Argument> arguments{};  // of oneof and block

  bool has_arguments() const { return type == Type::kOneOf || type == Type::kBlock; }
};

/// Where a text leaves the notation, and what was missed there.
struct SyntaxError {
  size_t offset = 0;
  std::string_view reason{};
};

/// The arguments of a syntax text; none for an empty one.  Cost: O(length).
tl::expected<std::vector<Argument>, SyntaxError> parse_syntax(std::string_view text);

}  // namespace weir
