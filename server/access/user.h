// Somebody with a name, passwords and rights.
//
//   user bob on sanitize-payload #30c9… ~a* resetchannels &c -@all +@stream (~b +xrange)
//            │                   │      └── root selector ──────────────┘   └ further ┘
//            on, nopass, …       SHA-256 of a password
//
// A command line is allowed when one of the selectors allows it.  Passwords are known by their
// SHA-256 only.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "server/access/selector.h"

namespace weir {

/// A rule word that was not accepted.
struct BadRule {
  std::string word;
  RuleError why;
};

class User {
 public:
  /// Off, without passwords and rights.  `book` outlives the user.
  User(std::string name, const RuleBook& book);

  const std::string& name() const { return name_; }
  bool is_on() const { return is_on_; }
  bool needs_no_password() const { return needs_no_password_; }
  const std::vector<std::string>& passwords() const { return passwords_; }
  /// on|off, nopass, sanitize-payload|skip-sanitize-payload.
  std::vector<std::string_view> flags() const;
  /// The root selector, then the others.
  std::span<const Selector> selectors() const { return selectors_; }

  /// Rule words in their order.  A selector in parentheses is one word: see merge_selectors().  At
  /// an error the words before it have been applied.
  std::optional<BadRule> apply(std::span<const std::string> words);

  /// Whether it may enter with this password.  Takes as long for a wrong one as for a right one.
  bool accepts(std::string_view password) const;
  Verdict check(const AccessRequest& request) const;
  bool may_use_channel(std::string_view channel, bool is_pattern) const;
  /// Every command with every key and channel: nothing has to be looked at.
  bool is_unrestricted() const { return is_unrestricted_; }

  /// What follows "user <name>" in ACL LIST and in files.
  std::string describe() const;

 private:
  std::optional<RuleError> apply_word(const std::string& word);
  std::optional<RuleError> apply_password(const std::string& word);
  std::optional<RuleError> add_selector(std::string_view words);
  bool apply_flag(std::string_view word);
  void reset();

  std::string name_;
  const RuleBook* book_;
  bool is_on_ = false;
  bool needs_no_password_ = false;
  bool skips_sanitizing_ = false;
  bool is_unrestricted_ = false;
  std::vector<std::string> passwords_;  // SHA-256, hexadecimal
  std::vector<Selector> selectors_;     // the first one is the root
};

/// Joins the words of each selector, "(~a" "+get)", to one.  The error is the word whose
/// parenthesis stays open.
tl::expected<std::vector<std::string>, std::string> merge_selectors(
    std::span<const std::string_view> words);

/// Something, without blanks and zero bytes.
bool is_valid_user_name(std::string_view name);

}  // namespace weir
