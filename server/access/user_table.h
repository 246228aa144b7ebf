// All users, and the texts that hold them: the ACL file and the user lines of redis.conf.
//
//   user default on nopass sanitize-payload ~* &* +@all      one line each
//   user bob on sanitize-payload #30c9… ~a* resetchannels -@all +@stream
//
// Always: there is a user "default", as whom new connections begin.  A User stays at one address
// until it is removed, so that connections may point at it; replacing its rules replaces what the
// address holds.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "server/access/user.h"

namespace weir {

inline constexpr std::string_view kDefaultUser = "default";

class UserTable {
 public:
  using Map = std::map<std::string, std::unique_ptr<User>, std::less<>>;

  /// Only "default", who may do everything without a password.  `book` outlives the table.
  explicit UserTable(const RuleBook& book);

  const User& default_user() const { return *users_.find(kDefaultUser)->second; }
  /// Null if there is none.
  const User* find(std::string_view name) const;
  const Map& users() const { return users_; }

  /// Makes or changes a user: all rules or, at an error, none.  words: merged.
  std::optional<BadRule> set(std::string_view name, std::span<const std::string> words);
  /// The user, who is in the table no more; null if there was none.  "default" stays.
  std::unique_ptr<User> remove(std::string_view name);

  /// Replaces all users by those of the text of an ACL file; a text without "default" gives the one
  /// of a new table.  Gives those who are in it no more.  At an error, which says all that is wrong
  /// in Redis's words, nothing has changed.  path: how errors call the text.
  tl::expected<std::vector<std::unique_ptr<User>>, std::string> load(std::string_view text,
                                                                     std::string_view path);
  /// The text of an ACL file.
  std::string to_text() const;

 private:
  std::optional<std::string> read_line(std::string_view line, const std::string& place);
  std::string find_errors(std::string_view text, std::string_view path);
  std::vector<std::unique_ptr<User>> take_over(UserTable&& loaded);

  const RuleBook* book_;
  Map users_;
};

/// One of the users, as ACL LIST prints it: "user bob on …".
std::string user_line(const User& user);

}  // namespace weir
