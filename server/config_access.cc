// The lines of a configuration about users and the names of commands.
#include <algorithm>

#include "resp/inline_words.h"
#include "server/access/user_table.h"
#include "server/commands/table.h"
#include "server/config_special.h"
#include "server/text.h"

namespace weir::config {
namespace {

// --- user ---------------------------------------------------------------------------------------

Refusal bad_user(std::string_view name, std::string_view why) {
  return "Error in user declaration '" + std::string(name) + "': " + std::string(why);
}

// The rules are tried here, so that the line at fault is named.
Refusal read_user(Settings& settings, Words words, Source) {
  const std::string& name = words[0];
  if (!is_valid_user_name(name))
    return bad_user(name, "Usernames can't contain spaces or null characters");
  for (const std::vector<std::string>& other : settings.users) {
    if (other[0] == name) return bad_user(name, rule_errors::kDuplicateUser);
  }
  const std::vector<std::string_view> rules(words.begin() + 1, words.end());
  const auto merged = merge_selectors(rules);
  if (!merged)
    return bad_user(name,
                    "Unmatched parenthesis in acl selector starting at '" + merged.error() + "'.");
  const RuleBook book{.commands = CommandCatalog(command_table())};
  User user(name, book);
  if (const std::optional<BadRule> bad = user.apply(*merged))
    return bad_user(name, std::string(bad->why) + " ('" + bad->word + "')");
  settings.users.push_back({name});
  settings.users.back().insert(settings.users.back().end(), merged->begin(), merged->end());
  return std::nullopt;
}

// A pattern with a quote in it has to come back as it is; the blanks of a selector need no quotes.
std::string quoted_if_needed(const std::string& word) {
  const bool is_plain = std::all_of(word.begin(), word.end(), [](char c) {
    return c >= ' ' && c <= '~' && c != '"' && c != '\'' && c != '\\';
  });
  return is_plain && !word.empty() ? word : resp::quote_word(word);
}

std::vector<std::string> user_lines(const Settings& settings) {
  std::vector<std::string> lines;
  for (std::vector<std::string> user : settings.users) {
    std::transform(user.begin(), user.end(), user.begin(), quoted_if_needed);
    lines.push_back(join(user, " "));
  }
  return lines;
}

std::string print_users(const Settings& settings) {
  return join(user_lines(settings), "\n");
}

// --- rename-command -----------------------------------------------------------------------------

// What a client would call a command at this point.
bool is_taken(const Settings& settings, std::string_view name) {
  const CommandSpec* const command = find_command(name);
  bool taken = command != nullptr && !command->is_subcommand();
  for (const auto& [from, to] : settings.renamed_commands) {
    if (equals_ignoring_case(from, name)) taken = false;
    if (equals_ignoring_case(to, name)) taken = true;
  }
  return taken;
}

Refusal read_rename_command(Settings& settings, Words words, Source) {
  if (words.size() != 2) return "Bad directive or wrong number of arguments";
  if (!is_taken(settings, words[0])) return "No such command in rename-command";
  if (!words[1].empty() && is_taken(settings, words[1]))
    return "Target command name already exists";
  settings.renamed_commands.emplace_back(to_lower(words[0]), to_lower(words[1]));
  return std::nullopt;
}

}  // namespace

const Special user_value = {read_user, print_users, user_lines};
const Special rename_command_value = {read_rename_command,
                                      [](const Settings&) { return std::string(); },
                                      [](const Settings&) { return std::vector<std::string>(); }};

}  // namespace weir::config
