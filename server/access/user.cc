#include "server/access/user.h"

#include <algorithm>

#include "server/access/password.h"
#include "server/access/sha256.h"
#include "server/text.h"

namespace weir {
namespace {

constexpr size_t kHashDigits = 64;

bool is_hash(std::string_view text) {
  return text.size() == kHashDigits && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

}  // namespace

User::User(std::string name, const RuleBook& book) : name_(std::move(name)), book_(&book) {
  selectors_.emplace_back(book);
}

// --- Rules ---------------------------------------------------------------------------------------

std::optional<BadRule> User::apply(std::span<const std::string> words) {
  std::optional<BadRule> bad;
  for (const std::string& word : words) {
    const std::optional<RuleError> why = apply_word(word);
    if (!why) continue;
    bad = BadRule{word, *why};
    break;
  }
  is_unrestricted_ = selectors_[0].allows_everything();
  return bad;
}

std::optional<RuleError> User::apply_word(const std::string& word) {
  if (word.empty() || apply_flag(word)) return std::nullopt;
  switch (word[0]) {
    case '>':
    case '<':
    case '#':
    case '!':
      return apply_password(word);
    case '(':
      if (word.back() == ')') return add_selector({word.data() + 1, word.size() - 2});
      break;
    default:
      break;
  }
  return selectors_[0].apply(word);
}

bool User::apply_flag(std::string_view word) {
  const auto is = [word](std::string_view known) { return equals_ignoring_case(word, known); };
  if (is("on") || is("off")) {
    is_on_ = is("on");
  } else if (is("nopass") || is("resetpass")) {
    needs_no_password_ = is("nopass");
    passwords_.clear();
  } else if (is("sanitize-payload") || is("skip-sanitize-payload")) {
    skips_sanitizing_ = is("skip-sanitize-payload");
  } else if (is("clearselectors")) {
    selectors_.resize(1, Selector(*book_));
  } else if (is("reset")) {
    reset();
  } else {
    return false;
  }
  return true;
}

void User::reset() {
  is_on_ = needs_no_password_ = skips_sanitizing_ = false;
  passwords_.clear();
  selectors_.assign(1, Selector(*book_));
}

// >password and #hash add, <password and !hash remove.
std::optional<RuleError> User::apply_password(const std::string& word) {
  const bool adds = word[0] == '>' || word[0] == '#';
  std::string hash = word.substr(1);
  if (word[0] == '>' || word[0] == '<') {
    hash = sha256_hex(hash);
  } else if (!is_hash(hash)) {
    return rule_errors::kBadHash;
  }
  const auto at = std::find(passwords_.begin(), passwords_.end(), hash);
  if (adds) {
    if (at == passwords_.end()) passwords_.push_back(std::move(hash));
    needs_no_password_ = false;
  } else if (at == passwords_.end()) {
    return rule_errors::kNoSuchPassword;
  } else {
    passwords_.erase(at);
  }
  return std::nullopt;
}

std::optional<RuleError> User::add_selector(std::string_view words) {
  Selector selector(*book_);
  while (!words.empty()) {
    const std::string_view word = next_word(words);
    // Where the rules are written down, it would be taken for the end of the selector.
    if (word.ends_with(')')) return rule_errors::kSyntax;
    if (std::optional<RuleError> why = selector.apply(word)) return why;
  }
  selectors_.push_back(std::move(selector));
  return std::nullopt;
}

// --- Questions -----------------------------------------------------------------------------------

bool User::accepts(std::string_view password) const {
  const std::string hash = sha256_hex(password);
  bool is_known = needs_no_password_;
  for (const std::string& known : passwords_)
    is_known |= passwords_equal(hash, known);
  return is_on_ && is_known;
}

// When none allows it, the selector that came furthest tells why.
Verdict User::check(const AccessRequest& request) const {
  Verdict worst;
  for (const Selector& selector : selectors_) {
    const Verdict verdict = selector.check(request);
    if (verdict.is_allowed()) return verdict;
    if (verdict.denial > worst.denial ||
        (verdict.denial == worst.denial && verdict.position > worst.position))
      worst = verdict;
  }
  return worst;
}

bool User::may_use_channel(std::string_view channel, bool is_pattern) const {
  return std::any_of(selectors_.begin(), selectors_.end(), [&](const Selector& selector) {
    return selector.may_use_channel(channel, is_pattern);
  });
}

// --- Printing ------------------------------------------------------------------------------------

std::vector<std::string_view> User::flags() const {
  std::vector<std::string_view> words = {is_on_ ? "on" : "off"};
  if (needs_no_password_) words.emplace_back("nopass");
  words.emplace_back(skips_sanitizing_ ? "skip-sanitize-payload" : "sanitize-payload");
  return words;
}

std::string User::describe() const {
  std::string text;
  for (const std::string_view flag : flags())
    text.append(flag) += ' ';
  for (const std::string& hash : passwords_)
    text += "#" + hash + " ";
  text += selectors_[0].describe();
  for (size_t i = 1; i < selectors_.size(); ++i)
    text += " (" + selectors_[i].describe() + ")";
  return text;
}

// --- Words ---------------------------------------------------------------------------------------

tl::expected<std::vector<std::string>, std::string> merge_selectors(
    std::span<const std::string_view> words) {
  std::vector<std::string> merged;
  std::string_view opening;
  bool is_open = false;
  for (const std::string_view word : words) {
    if (is_open) {
      merged.back().append(" ").append(word);
    } else {
      merged.emplace_back(word);
      is_open = word.starts_with('(');
      opening = word;
    }
    if (is_open && word.ends_with(')')) is_open = false;
  }
  if (is_open) return tl::unexpected(std::string(opening));
  return merged;
}

bool is_valid_user_name(std::string_view name) {
  // An empty name could not be read back from a file.
  return !name.empty() && std::none_of(name.begin(), name.end(), [](char c) {
    return c == '\0' || c == ' ' || (c >= '\t' && c <= '\r');
  });
}

}  // namespace weir
