// COMMAND, COMMAND COUNT, COMMAND INFO, COMMAND LIST, COMMAND HELP.
#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/access/categories.h"
#include "server/commands/command_keys.h"
#include "server/commands/handlers.h"
#include "server/commands/help_reply.h"
#include "server/commands/table.h"
#include "server/errors.h"
#include "server/text.h"

namespace weir {
namespace {

using Words = std::vector<std::string_view>;

/// The flags that clients see.
struct FlagName {
  uint32_t flag;
  std::string_view name;
};
constexpr FlagName kFlagNames[] = {
    {kWrite, "write"},          {kReadonly, "readonly"},
    {kDenyOom, "denyoom"},      {kAdmin, "admin"},
    {kPubsub, "pubsub"},        {kNoScript, "noscript"},
    {kBlocking, "blocking"},    {kLoading, "loading"},
    {kStale, "stale"},          {kFast, "fast"},
    {kNoAuth, "no_auth"},       {kNoAsyncLoading, "no_async_loading"},
    {kNoMulti, "no_multi"},     {kMovableKeys, "movablekeys"},
    {kAllowBusy, "allow_busy"}, {kSkipSlowlog, "skip_slowlog"},
};

/// Word numbers of the keys as first, last and step; last may count from the end (-1), and all are
/// 0 when the place is not fixed.
struct KeyRange {
  int first = 0;
  int last = 0;
  int step = 0;
};

Words flags_of(const CommandSpec& command) {
  Words names;
  for (const FlagName& shown : kFlagNames) {
    if (command.has(shown.flag)) names.push_back(shown.name);
  }
  return names;
}

/// The ACL categories, with their @.
std::vector<std::string> categories_shown(const CommandSpec& command) {
  const CategoryMask mask = categories_of(command);
  std::vector<std::string> names;
  CategoryMask bit = 1;
  for (const std::string_view name : category_names()) {
    if ((mask & bit) != 0) names.push_back("@" + std::string(name));
    bit <<= 1;
  }
  return names;
}

KeyRange key_range_of(const KeySpec& keys) {
  if (keys.kind != KeySpec::Kind::kIndex) return {};
  const int last = keys.last < 0 ? keys.last : keys.first + keys.last;
  return {.first = keys.first, .last = last, .step = 1};
}

class InfoWriter {
 public:
  explicit InfoWriter(resp::ReplyWriter& reply) : reply_(reply) {}

  void write(const CommandSpec& command) {
    const KeyRange range = key_range_of(command.keys);
    reply_.array(10);
    reply_.bulk(command.name);
    reply_.integer(command.arity);
    write_simple_set(flags_of(command));
    reply_.integer(range.first);
    reply_.integer(range.last);
    reply_.integer(range.step);
    write_simple_set(categories_shown(command));
    write_tips(command.tips);
    write_key_specs(command.keys);
    write_subcommands(command);
  }

 private:
  template <class Texts>
  void write_simple_set(const Texts& words) {
    reply_.set(words.size());
    for (const std::string_view word : words)
      reply_.simple(word);
  }

  void write_tips(std::string_view tips) {
    Words words;
    while (!tips.empty())
      words.push_back(next_word(tips));
    reply_.set(words.size());
    for (const std::string_view word : words)
      reply_.bulk(word);
  }

  void write_key_specs(const KeySpec& keys) {
    if (keys.kind == KeySpec::Kind::kNone) return reply_.set(0);
    if (keys.second_flags.empty()) {
      reply_.set(1);
      return write_key_spec(keys);
    }
    reply_.set(2);
    write_key_spec({.kind = keys.kind, .first = keys.first, .flags = keys.flags});
    write_key_spec({.kind = keys.kind,
                    .first = static_cast<uint8_t>(keys.first + 1),
                    .flags = keys.second_flags});
  }

  void write_key_spec(const KeySpec& keys) {
    reply_.map(keys.notes.empty() ? 3 : 4);
    if (!keys.notes.empty()) write_text("notes", keys.notes);
    reply_.bulk("flags");
    write_key_flags(reply_, keys.flags);
    write_begin_search(keys);
    write_find_keys(keys);
  }

  void write_begin_search(const KeySpec& keys) {
    reply_.bulk("begin_search");
    reply_.map(2);
    if (keys.kind == KeySpec::Kind::kStreams) {
      write_text("type", "keyword");
      reply_.bulk("spec");
      reply_.map(2);
      write_text("keyword", "STREAMS");
      write_number("startfrom", keys.first);
    } else {
      write_text("type", "index");
      reply_.bulk("spec");
      reply_.map(1);
      write_number("index", keys.first);
    }
  }

  void write_find_keys(const KeySpec& keys) {
    reply_.bulk("find_keys");
    reply_.map(2);
    write_text("type", "range");
    reply_.bulk("spec");
    reply_.map(3);
    write_number("lastkey", keys.last);
    write_number("keystep", 1);
    // 2: keys are the first half of the words, 0: all of them.
    write_number("limit", keys.kind == KeySpec::Kind::kStreams ? 2 : 0);
  }

  void write_subcommands(const CommandSpec& command) {
    const std::span<const CommandSpec> subcommands = subcommands_of(command);
    if (subcommands.empty()) return reply_.set(0);  // a set only when empty, as Redis has it
    reply_.array(subcommands.size());
    for (const CommandSpec& subcommand : subcommands)
      write(subcommand);
  }

  void write_text(std::string_view name, std::string_view value) {
    reply_.bulk(name);
    reply_.bulk(value);
  }

  void write_number(std::string_view name, int value) {
    reply_.bulk(name);
    reply_.integer(value);
  }

  resp::ReplyWriter& reply_;
};

int64_t count_commands() {
  const std::span<const CommandSpec> rows = command_table();
  return std::count_if(rows.begin(), rows.end(),
                       [](const CommandSpec& row) { return !row.is_subcommand(); });
}

void write_all(resp::ReplyWriter& reply) {
  reply.array(static_cast<size_t>(count_commands()));
  for (const CommandSpec& row : command_table()) {
    if (!row.is_subcommand()) InfoWriter(reply).write(row);
  }
}

// --- COMMAND LIST --------------------------------------------------------------------------------

struct Filter {
  enum class By : uint8_t { kNothing, kModule, kCategory, kPattern };
  By by = By::kNothing;
  std::string_view value;

  bool accepts(const CommandSpec& command) const {
    switch (by) {
      case By::kNothing:
        return true;
      case By::kModule:
        return false;  // there are no modules
      case By::kCategory:
        return has_category(command);
      case By::kPattern:
        return glob_matches(value, command.name, true);
    }
    return false;
  }

 private:
  bool has_category(const CommandSpec& command) const {
    const std::optional<CategoryMask> category = find_category(value);
    return category && (categories_of(command) & *category) != 0;
  }
};

Parsed<Filter> read_filter(std::span<const std::string_view> args) {
  ArgCursor cursor(args, 2);
  Filter filter;
  if (cursor.left() == 0) return filter;
  if (!cursor.take("FILTERBY", 2) || cursor.left() != 2) return refused(errors::kSyntax);
  if (cursor.take("MODULE", 1)) {
    filter.by = Filter::By::kModule;
  } else if (cursor.take("ACLCAT", 1)) {
    filter.by = Filter::By::kCategory;
  } else if (cursor.take("PATTERN", 1)) {
    filter.by = Filter::By::kPattern;
  } else {
    return refused(errors::kSyntax);
  }
  filter.value = cursor.next();
  return filter;
}

}  // namespace

Outcome command(Call& call) {
  write_all(call.reply);
  return Outcome::done();
}

Outcome command_count(Call& call) {
  call.reply.integer(count_commands());
  return Outcome::done();
}

Outcome command_info(Call& call) {
  if (call.args.size() == 2) {
    write_all(call.reply);
    return Outcome::done();
  }
  call.reply.array(call.args.size() - 2);
  for (const std::string_view name : call.args.subspan(2)) {
    const CommandSpec* const row = find_command(name);
    if (row != nullptr) {
      InfoWriter(call.reply).write(*row);
    } else {
      call.reply.null();
    }
  }
  return Outcome::done();
}

Outcome command_list(Call& call) {
  const Parsed<Filter> filter = read_filter(call.args);
  if (!filter) return ReplyError(errors::kSyntax);
  Words names;
  for (const CommandSpec& row : command_table()) {
    if (filter->accepts(row)) names.push_back(row.name);
  }
  call.reply.array(names.size());
  for (const std::string_view name : names)
    call.reply.bulk(name);
  return Outcome::done();
}

Outcome command_help(Call& call) {
  static constexpr std::string_view kLines[] = {
      "(no subcommand)",
      "    Describe all commands.",
      "COUNT",
      "    Return the number of commands.",
      "DOCS [<command-name> [<command-name> ...]]",
      "    Document the given commands, or all of them.",
      "GETKEYS <full-command>",
      "    Return the keys of a command line.",
      "GETKEYSANDFLAGS <full-command>",
      "    Return the keys of a command line and what is done to each.",
      "INFO [<command-name> [<command-name> ...]]",
      "    Describe the given commands, or all of them.",
      "LIST [FILTERBY (MODULE <module-name>|ACLCAT <category>|PATTERN <pattern>)]",
      "    Name the commands.",
  };
  write_help(call.reply, "command", kLines);
  return Outcome::done();
}

}  // namespace weir
