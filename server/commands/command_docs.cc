// COMMAND DOCS.
#include "server/commands/command_docs.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "server/commands/handlers.h"
#include "server/commands/table.h"
#include "server/text.h"

namespace weir {
namespace {

/// In the order of Argument::Type.
constexpr std::array<std::string_view, 9> kTypeNames = {
    "string", "integer", "double", "key", "pattern", "unix-time", "pure-token", "oneof", "block",
};

std::string_view type_name(Argument::Type type) {
  return kTypeNames[static_cast<size_t>(type)];
}

// --- The notation --------------------------------------------------------------------------------

/// Recursive descent; after the first error every function returns at once.
class SyntaxParser {
 public:
  explicit SyntaxParser(std::string_view text) : text_(text) {}

  tl::expected<std::vector<Argument>, SyntaxError> parse() {
    std::vector<Argument> arguments = sequence();
    if (!error_ && at_ < text_.size()) fail("an argument");
    if (error_) return tl::make_unexpected(*error_);
    return arguments;
  }

 private:
  /// Arguments up to the end or a closing brace.
  std::vector<Argument> sequence() {
    std::vector<Argument> list;
    for (skip_blanks(); !at_end() && !is_next('}'); skip_blanks())
      list.push_back(argument());
    return list;
  }

  std::vector<Argument> alternatives() {
    std::vector<Argument> list;
    do {
      skip_blanks();
      list.push_back(bare_argument());
      skip_blanks();
    } while (take('|'));
    if (list.size() < 2) fail("another alternative");
    return list;
  }

  Argument argument() {
    if (!take('[')) return bare_argument();
    Argument inside = bare_argument();
    inside.is_optional = true;
    expect(']', "]");
    return inside;
  }

  Argument bare_argument() {
    Argument result;
    std::string_view first = word();
    if (!is_name(first)) {
      result.token = first;
      if (take(':')) return pure_token(std::move(result));
      skip_blanks();
      first = word();
    }
    if (!is_name(first)) fail("a name");
    result.name = first;
    result.display = take('(') ? display_text() : first;
    expect(':', "a colon");
    read_type(result);
    result.is_multiple = take('+');
    result.repeats_token = result.is_multiple && take('+');
    result.since = version();
    return result;
  }

  Argument pure_token(Argument result) {
    result.type = Argument::Type::kPureToken;
    result.name = word();
    if (!is_name(result.name)) fail("a name for the token");
    result.display = result.name;
    result.since = version();
    return result;
  }

  std::string_view display_text() {
    const std::string_view found = text_.substr(at_, text_.substr(at_).find_first_of(" )"));
    if (found.empty()) fail("a word");
    at_ += found.size();
    expect(')', "the end of the display text");
    return found;
  }

  void read_type(Argument& argument) {
    const size_t start = at_;
    const auto* const found = std::find(kTypeNames.begin(), kTypeNames.end(), word());
    argument.type = static_cast<Argument::Type>(found - kTypeNames.begin());
    if (found == kTypeNames.end() || argument.type == Argument::Type::kPureToken) {
      at_ = start;
      fail("a type");
    } else if (argument.has_arguments()) {
      expect('{', "{");
      argument.arguments = argument.type == Argument::Type::kOneOf ? alternatives() : sequence();
      if (argument.arguments.empty()) fail("an argument");
      expect('}', "}");
    }
  }

  std::string_view version() {
    if (!take('@')) return {};
    const size_t length = text_.substr(at_).find_first_not_of("0123456789.");
    const std::string_view found = text_.substr(at_, length);
    if (found.empty()) fail("a version");
    at_ += found.size();
    return found;
  }

  /// What may be a name, token or type; empty and an error if there is nothing of that kind.
  std::string_view word() {
    const size_t length = text_.substr(at_).find_first_of(" :(){}[]|+@");
    const std::string_view found = text_.substr(at_, length);
    if (found.empty()) fail("a word");
    at_ += found.size();
    return found;
  }

  static bool is_name(std::string_view word) {
    return !word.empty() && word[0] >= 'a' && word[0] <= 'z';
  }

  bool at_end() const { return error_ || at_ == text_.size(); }
  bool is_next(char c) const { return at_ < text_.size() && text_[at_] == c; }
  bool take(char c) {
    if (error_ || !is_next(c)) return false;
    ++at_;
    return true;
  }
  void expect(char c, std::string_view reason) {
    if (!take(c)) fail(reason);
  }
  void skip_blanks() {
    while (is_next(' '))
      ++at_;
  }
  void fail(std::string_view reason) {
    if (!error_) error_ = SyntaxError{.offset = at_, .reason = reason};
  }

  std::string_view text_;
  size_t at_ = 0;
  std::optional<SyntaxError> error_;
};

// --- The reply -----------------------------------------------------------------------------------

std::string_view group_name(Group group) {
  switch (group) {
    case Group::kStream:
      return "stream";
    case Group::kGeneric:
      return "generic";
    case Group::kConnection:
      return "connection";
    case Group::kTransactions:
      return "transactions";
    case Group::kPubsub:
      return "pubsub";
    case Group::kServer:
      return "server";
    case Group::kCluster:
      return "cluster";
    case Group::kScripting:
      return "scripting";
  }
  assert(false);
  return {};
}

/// The arguments of a row; the unit tests make sure that every row's can be read.
std::vector<Argument> arguments_of(const CommandSpec& command) {
  auto parsed = parse_syntax(command.syntax);
  assert(parsed.has_value());
  return std::move(*parsed);
}

class DocsWriter {
 public:
  explicit DocsWriter(resp::ReplyWriter& reply) : reply_(reply) {}

  /// Names, each with its documentation.
  void write_all(const std::vector<const CommandSpec*>& commands) {
    reply_.map(commands.size());
    for (const CommandSpec* command : commands)
      write_named(*command);
  }

 private:
  void write_named(const CommandSpec& command) {
    reply_.bulk(command.name);
    const std::vector<Argument> arguments = arguments_of(command);
    const std::span<const CommandSpec> subcommands = subcommands_of(command);
    const bool parts[] = {!command.complexity.empty(), !command.history.empty(), !arguments.empty(),
                          !subcommands.empty()};
    reply_.map(3 + static_cast<size_t>(std::count(std::begin(parts), std::end(parts), true)));
    text("summary", command.summary);
    text("since", command.since);
    text("group", group_name(command.group));
    if (!command.complexity.empty()) text("complexity", command.complexity);
    if (!command.history.empty()) write_history(command.history, arguments);
    key_specs_ = command.keys.second_flags.empty() ? 1 : 2;
    keys_written_ = 0;
    if (!arguments.empty()) write_arguments(arguments);
    if (subcommands.empty()) return;
    reply_.bulk("subcommands");
    reply_.map(subcommands.size());
    for (const CommandSpec& subcommand : subcommands)
      write_named(subcommand);
  }

  void write_history(std::string_view versions, const std::vector<Argument>& arguments) {
    std::vector<std::string_view> list;
    while (!versions.empty())
      list.push_back(next_word(versions));
    reply_.bulk("history");
    reply_.set(list.size());
    for (const std::string_view version : list) {
      reply_.array(2);
      reply_.bulk(version);
      std::string added;
      list_added(arguments, version, added);
      reply_.bulk(added.empty() ? "Its behaviour or its reply changed." : "Added " + added + ".");
    }
  }

  /// What came with `version`: "MINID, LIMIT".
  static void list_added(const std::vector<Argument>& arguments, std::string_view version,
                         std::string& added) {
    for (const Argument& argument : arguments) {
      if (argument.since == version) {
        if (!added.empty()) added += ", ";
        added += argument.token.empty() ? argument.name : argument.token;
      }
      list_added(argument.arguments, version, added);
    }
  }

  void write_arguments(const std::vector<Argument>& arguments) {
    reply_.bulk("arguments");
    reply_.array(arguments.size());
    for (const Argument& argument : arguments)
      write(argument);
  }

  void write(const Argument& argument) {
    const bool is_key = argument.type == Argument::Type::kKey;
    const bool has_flags = argument.is_optional || argument.is_multiple;
    // Either a display text or arguments: that makes three.
    const bool more[] = {is_key, !argument.token.empty(), !argument.since.empty(), has_flags};
    reply_.map(3 + static_cast<size_t>(std::count(std::begin(more), std::end(more), true)));
    text("name", argument.name);
    text("type", type_name(argument.type));
    if (!argument.has_arguments()) text("display_text", argument.display);
    if (is_key) {
      reply_.bulk("key_spec_index");
      reply_.integer(std::min(keys_written_++, key_specs_ - 1));
    }
    if (!argument.token.empty()) text("token", argument.token);
    if (!argument.since.empty()) text("since", argument.since);
    if (has_flags) write_flags(argument);
    if (argument.has_arguments()) write_arguments(argument.arguments);
  }

  void write_flags(const Argument& argument) {
    reply_.bulk("flags");
    const bool given[] = {argument.is_optional, argument.is_multiple, argument.repeats_token};
    reply_.set(static_cast<size_t>(std::count(std::begin(given), std::end(given), true)));
    if (argument.is_optional) reply_.simple("optional");
    if (argument.is_multiple) reply_.simple("multiple");
    if (argument.repeats_token) reply_.simple("multiple_token");
  }

  void text(std::string_view name, std::string_view value) {
    reply_.bulk(name);
    reply_.bulk(value);
  }

  resp::ReplyWriter& reply_;
  int64_t key_specs_ = 1;  // of the present command
  int64_t keys_written_ = 0;
};

}  // namespace

tl::expected<std::vector<Argument>, SyntaxError> parse_syntax(std::string_view text) {
  return SyntaxParser(text).parse();
}

Outcome command_docs(Call& call) {
  std::vector<const CommandSpec*> commands;
  if (call.args.size() == 2) {
    for (const CommandSpec& row : command_table()) {
      if (!row.is_subcommand()) commands.push_back(&row);
    }
  }
  for (const std::string_view name : call.args.subspan(2)) {
    const CommandSpec* const row = find_command(name);
    if (row != nullptr) commands.push_back(row);
  }
  DocsWriter(call.reply).write_all(commands);
  return Outcome::done();
}

}  // namespace weir
