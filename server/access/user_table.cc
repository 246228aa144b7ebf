#include "server/access/user_table.h"

#include <utility>

#include "persistence/text_lines.h"
#include "server/text.h"

namespace weir {
namespace {

/// What a configuration without any word about users means.
std::vector<std::string> all_rights() {
  return {"on", "nopass", "~*", "&*", "+@all"};
}

std::vector<std::string_view> split_at_blanks(std::string_view line) {
  std::vector<std::string_view> words;
  while (!line.empty()) {
    const std::string_view word = line.substr(0, line.find_first_of(" \t\r"));
    line.remove_prefix(std::min(word.size() + 1, line.size()));
    if (!word.empty()) words.push_back(word);
  }
  return words;
}

/// How a file's errors tell of a bad rule.
std::string rule_error_text(const std::string& place, const BadRule& bad) {
  if (bad.why == rule_errors::kUnknownCommand)
    return place + ": Error in applying operation '" + bad.word + "': " + std::string(bad.why) +
           ". ";
  return place + ": " + std::string(bad.why) + ". ";
}

}  // namespace

UserTable::UserTable(const RuleBook& book) : book_(&book) {
  set(kDefaultUser, all_rights());
}

const User* UserTable::find(std::string_view name) const {
  const auto at = users_.find(name);
  return at == users_.end() ? nullptr : at->second.get();
}

std::optional<BadRule> UserTable::set(std::string_view name, std::span<const std::string> words) {
  const auto known = users_.find(name);
  User user = known == users_.end() ? User(std::string(name), *book_) : *known->second;
  if (std::optional<BadRule> bad = user.apply(words)) return bad;
  if (known == users_.end()) {
    users_.emplace(name, std::make_unique<User>(std::move(user)));
  } else {
    *known->second = std::move(user);
  }
  return std::nullopt;
}

std::unique_ptr<User> UserTable::remove(std::string_view name) {
  const auto at = users_.find(name);
  if (at == users_.end() || name == kDefaultUser) return nullptr;
  std::unique_ptr<User> user = std::move(at->second);
  users_.erase(at);
  return user;
}

// --- Files ---------------------------------------------------------------------------------------

tl::expected<std::vector<std::unique_ptr<User>>, std::string> UserTable::load(
    std::string_view text, std::string_view path) {
  UserTable loaded(*book_);
  std::string errors = loaded.find_errors(text, path);
  if (!errors.empty()) {
    return tl::unexpected(errors +
                          "WARNING: ACL errors detected, no change to the previously active ACL "
                          "rules was performed");
  }
  return take_over(std::move(loaded));
}

/// Reads all lines; what is wrong with them, empty if nothing is.
std::string UserTable::find_errors(std::string_view text, std::string_view path) {
  std::string errors;
  std::map<std::string, int, std::less<>> seen;
  for (int number = 1; !text.empty(); ++number) {
    const std::string_view line = next_line(text);
    const std::vector<std::string_view> words = split_at_blanks(line);
    if (words.empty()) continue;
    const std::string place = std::string(path) + ":" + std::to_string(number);
    if (words[0] != "user" || words.size() < 2) {
      errors += place + " should start with user keyword followed by the username. ";
    } else if (!seen.emplace(words[1], number).second) {
      errors += "WARNING: Duplicate user '" + std::string(words[1]) + "' found on line " +
                std::to_string(number) + ". ";
    } else if (const auto error = read_line(line, place)) {
      errors += *error;
    }
  }
  return errors;
}

/// A line of a file makes its user anew.
std::optional<std::string> UserTable::read_line(std::string_view line, const std::string& place) {
  const std::vector<std::string_view> words = split_at_blanks(line);
  const auto rules = merge_selectors(std::span(words).subspan(2));
  if (!rules)
    return place + ": Unmatched parenthesis in selector definition starting at '" + rules.error() +
           "'. ";
  auto user = std::make_unique<User>(std::string(words[1]), *book_);
  std::string errors;
  // All commands are told that are unknown; of other errors the first, as others may follow from
  // it.
  bool is_told = false;
  for (const std::string& rule : *rules) {
    const std::optional<BadRule> bad = user->apply({&rule, 1});
    if (!bad) continue;
    const bool is_name = bad->why == rule_errors::kUnknownCommand;
    if (is_name || !is_told) errors += rule_error_text(place, *bad);
    is_told |= !is_name;
  }
  if (!errors.empty()) return errors;
  users_.insert_or_assign(user->name(), std::move(user));
  return std::nullopt;
}

/// Users who stay keep their addresses.
std::vector<std::unique_ptr<User>> UserTable::take_over(UserTable&& loaded) {
  std::vector<std::unique_ptr<User>> gone;
  for (auto& [name, user] : users_) {
    const auto now = loaded.users_.find(name);
    if (now == loaded.users_.end()) {
      gone.push_back(std::move(user));
    } else {
      *user = std::move(*now->second);
      now->second = std::move(user);
    }
  }
  users_ = std::move(loaded.users_);
  return gone;
}

std::string UserTable::to_text() const {
  std::string text;
  for (const auto& [name, user] : users_)
    text += user_line(*user) + "\n";
  return text;
}

std::string user_line(const User& user) {
  return "user " + user.name() + " " + user.describe();
}

}  // namespace weir
