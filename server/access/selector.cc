#include "server/access/selector.h"

#include <algorithm>

#include "server/text.h"

namespace weir {
namespace {

using namespace rule_errors;  // NOLINT(google-build-using-namespace): what apply() answers

bool has_blank_or_zero(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return c == '\0' || c == ' ' || (c >= '\t' && c <= '\r'); });
}

/// The access that "%R", "%W" or "%RW" names, and where the "~" stands behind it; nothing if they
/// do not.  Without a "~" the pattern is empty, as in Redis.
struct KeyPrefix {
  uint8_t access = kNoAccess;
  size_t bytes = 0;
};
std::optional<KeyPrefix> read_key_prefix(std::string_view word) {
  KeyPrefix prefix{.access = kNoAccess, .bytes = 1};
  for (; prefix.bytes < word.size(); ++prefix.bytes) {
    const char c = to_lower(word[prefix.bytes]);
    const uint8_t access = c == 'r' ? kReadAccess : c == 'w' ? kWriteAccess : kNoAccess;
    if (c == '~') {
      ++prefix.bytes;
      break;
    }
    if (access == kNoAccess || (prefix.access & access) != 0) return std::nullopt;
    prefix.access |= access;
  }
  if (prefix.access == kNoAccess) return std::nullopt;
  return prefix;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words)
    text += (text.empty() ? "" : " ") + word;
  return text;
}

}  // namespace

Selector::Selector(const RuleBook& book) : book_(&book), all_channels_(book.channels_by_default) {}

// --- Rules ---------------------------------------------------------------------------------------

std::optional<RuleError> Selector::apply(std::string_view word) {
  if (word.empty()) return std::nullopt;  // as Redis has it
  if (equals_ignoring_case(word, "allkeys") || word == "~*") {
    all_keys_ = true;
    keys_.clear();
  } else if (equals_ignoring_case(word, "resetkeys")) {
    all_keys_ = false;
    keys_.clear();
  } else if (equals_ignoring_case(word, "allchannels") || word == "&*") {
    all_channels_ = true;
    channels_.clear();
  } else if (equals_ignoring_case(word, "resetchannels")) {
    all_channels_ = false;
    channels_.clear();
  } else if (equals_ignoring_case(word, "allcommands") || equals_ignoring_case(word, "+@all")) {
    allow_all_commands(true);
  } else if (equals_ignoring_case(word, "nocommands") || equals_ignoring_case(word, "-@all")) {
    allow_all_commands(false);
  } else if (word[0] == '~' || word[0] == '%') {
    return apply_key_pattern(word);
  } else if (word[0] == '&') {
    return apply_channel(word.substr(1));
  } else if (word.starts_with("+@") || word.starts_with("-@")) {
    return apply_category(word.substr(2), word[0] == '+');
  } else if (word[0] == '+' || word[0] == '-') {
    return apply_command(word.substr(1), word[0] == '+');
  } else {
    return kSyntax;
  }
  return std::nullopt;
}

std::optional<RuleError> Selector::apply_key_pattern(std::string_view word) {
  if (all_keys_) return kKeysAfterAll;
  KeyPrefix prefix{.access = kFullAccess, .bytes = 1};
  if (word[0] == '%') {
    const std::optional<KeyPrefix> read = read_key_prefix(word);
    if (!read) return kSyntax;
    prefix = *read;
  }
  const std::string_view glob = word.substr(prefix.bytes);
  if (has_blank_or_zero(glob)) return kSyntax;
  const auto known = std::find_if(keys_.begin(), keys_.end(),
                                  [glob](const KeyPattern& key) { return key.glob == glob; });
  if (known == keys_.end()) {
    keys_.push_back({std::string(glob), prefix.access});
  } else {
    known->access |= prefix.access;
  }
  return std::nullopt;
}

std::optional<RuleError> Selector::apply_channel(std::string_view glob) {
  if (all_channels_) return kChannelsAfterAll;
  if (has_blank_or_zero(glob)) return kSyntax;
  if (std::find(channels_.begin(), channels_.end(), glob) == channels_.end())
    channels_.emplace_back(glob);
  return std::nullopt;
}

std::optional<RuleError> Selector::apply_category(std::string_view target, bool allows) {
  const std::optional<CategoryMask> category = find_category(target);
  if (!category) return kUnknownCommand;
  set_commands(book_->commands.in(*category), allows);
  remember("@" + to_lower(target), allows);
  return std::nullopt;
}

std::optional<RuleError> Selector::apply_command(std::string_view target, bool allows) {
  const std::string name = to_lower(target);
  if (const CommandSpec* const command = book_->commands.find(name)) {
    set_commands(book_->commands.family(*command), allows);
  } else if (!CommandCatalog::is_absent(name)) {
    if (!allows || name.find('|') == std::string::npos) return kUnknownCommand;
    return allow_first_argument(name);
  }
  remember(name, allows);
  return std::nullopt;
}

/// "select|0": the command when its first argument is that one.
std::optional<RuleError> Selector::allow_first_argument(std::string_view target) {
  const size_t bar = target.rfind('|');
  const std::string_view name = target.substr(0, bar);
  const CommandSpec* const command = book_->commands.find(name);
  if (command == nullptr && !CommandCatalog::is_absent(name)) return kUnknownCommand;
  if (name.find('|') != std::string_view::npos) return kFirstArgOfSubcommand;
  if (bar + 1 == target.size()) return kSyntax;
  if (command != nullptr) {
    if (command->has(kContainer)) return kUnknownCommand;
    first_arguments_[book_->commands.number(*command)].emplace_back(target.substr(bar + 1));
  }
  remember(target, true);
  return std::nullopt;
}

void Selector::allow_all_commands(bool allows) {
  begins_with_all_ = allows;
  rules_.clear();
  first_arguments_.clear();
  commands_ = allows ? book_->commands.all() : CommandSet();
}

void Selector::set_commands(const CommandSet& commands, bool allows) {
  commands_ = allows ? commands_ | commands : commands_ & ~commands;
  std::erase_if(first_arguments_, [&](const auto& entry) { return commands.test(entry.first); });
}

/// A rule takes the place of earlier ones about the same command, or a part of it.
void Selector::remember(std::string_view target, bool allows) {
  std::erase_if(rules_, [target](const CommandRule& rule) {
    return rule.target == target ||
           (rule.target.size() > target.size() && rule.target.starts_with(target) &&
            rule.target[target.size()] == '|');
  });
  rules_.push_back({allows, std::string(target)});
}

// --- The question --------------------------------------------------------------------------------

Verdict Selector::check(const AccessRequest& request) const {
  if (!allows_command(request)) return {Denial::kCommand, 0};
  if (!all_keys_) {
    for (const KeyUse& use : request.keys) {
      if (!allows_key(request.argv[use.position], use.access)) return {Denial::kKey, use.position};
    }
  }
  for (const size_t position : request.channels) {
    if (!may_use_channel(request.argv[position], request.channels_are_patterns))
      return {Denial::kChannel, position};
  }
  return {};
}

bool Selector::allows_command(const AccessRequest& request) const {
  const size_t number = book_->commands.number(request.command);
  if (commands_.test(number) || request.command.has(kNoAuth)) return true;
  const auto first = first_arguments_.find(number);
  if (first == first_arguments_.end() || request.argv.size() < 2) return false;
  return std::any_of(
      first->second.begin(), first->second.end(),
      [&request](const std::string& word) { return equals_ignoring_case(word, request.argv[1]); });
}

bool Selector::allows_key(std::string_view key, uint8_t access) const {
  return std::any_of(keys_.begin(), keys_.end(), [&](const KeyPattern& pattern) {
    return (pattern.access & access) == access && glob_matches(pattern.glob, key);
  });
}

bool Selector::may_use_channel(std::string_view channel, bool is_pattern) const {
  return all_channels_ ||
         std::any_of(channels_.begin(), channels_.end(), [&](const std::string& glob) {
           return is_pattern ? glob == channel : glob_matches(glob, channel);
         });
}

bool Selector::allows_everything() const {
  return all_keys_ && all_channels_ && commands_ == book_->commands.all();
}

// --- Printing ------------------------------------------------------------------------------------

std::string Selector::command_rules() const {
  std::string text = begins_with_all_ ? "+@all" : "-@all";
  for (const CommandRule& rule : rules_) {
    text += rule.allows ? " +" : " -";
    text += rule.target;
  }
  return text;
}

std::string Selector::key_patterns() const {
  if (all_keys_) return "~*";
  std::vector<std::string> words;
  for (const KeyPattern& key : keys_) {
    const char* const prefix = key.access == kReadAccess    ? "%R~"
                               : key.access == kWriteAccess ? "%W~"
                                                            : "~";
    words.push_back(prefix + key.glob);
  }
  return joined(words);
}

std::string Selector::channel_patterns() const {
  if (all_channels_) return "&*";
  std::vector<std::string> words;
  for (const std::string& glob : channels_)
    words.push_back("&" + glob);
  return joined(words);
}

std::string Selector::describe() const {
  std::vector<std::string> words;
  if (std::string keys = key_patterns(); !keys.empty()) words.push_back(std::move(keys));
  if (!all_channels_) words.emplace_back("resetchannels");
  if (std::string channels = channel_patterns(); !channels.empty())
    words.push_back(std::move(channels));
  words.push_back(command_rules());
  return joined(words);
}

}  // namespace weir
