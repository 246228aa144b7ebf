// Who may do what: users, the check before a command, and the record of what was refused.
//
//   connection ─► greet ─► AUTH, HELLO ─► authenticate ─► client.user, client.limits
//                                                             │ null: may do everything
//   command line ─► dispatcher ─► client.limits? ──────────► refusal ─► ACL LOG, audit log, INFO
//
//   ACL SETUSER, LOAD, requirepass ─► UserTable ─► limits of the connections are looked at again
//
// An unrestricted user's command costs one comparison.  Commands are named as in the table,
// whatever rename-command calls them.
//
// Always: client.user is null only for the server's own links, which may do everything.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "persistence/file.h"
#include "server/access/acl_log.h"
#include "server/access/audit_log.h"
#include "server/access/user_table.h"
#include "server/command.h"
#include "server/context.h"
#include "server/net/client.h"

namespace weir {

/// Said when there are users in the configuration and an ACL file, too.
inline constexpr std::string_view kUsersTwice =
    "Configuring Redis with users defined in redis.conf and at the same setting an ACL file path "
    "is invalid. This setup is very likely to lead to configuration errors and security holes, "
    "please define either an ACL file or declare users directly in your redis.conf, but not both.";

class Gatekeeper {
 public:
  /// `context` outlives it.
  explicit Gatekeeper(Context& context, FileSystem& files = real_files());

  /// Takes the users of the configuration or of the ACL file, and begins the audit log; the text
  /// says why the server must not start, else is empty.
  std::string open();

  // --- Sessions
  /// A new connection, or one that begins anew: it is "default".
  void greet(Client& client) const;
  /// The certificate of a new connection names a user: it is that one if there is such a user who
  /// is on, else it stays "default".
  void greet_certified(Client& client, std::string_view name);
  /// Whether a connection has shown who it is, or needs not.
  bool knows(const Client& client) const {
    return client.authenticated || !default_needs_password_;
  }
  /// word: of the command that gives the password, as it was sent.
  bool authenticate(Client& client, std::string_view user, std::string_view password,
                    std::string_view word);

  // --- The check
  /// Why a client with limits may not run this command line, as a reply; nothing if it may.
  std::optional<std::string> refusal(const Client& client, const CommandSpec& command,
                                     std::span<const std::string_view> argv);
  /// The same for a command that was queued and allowed then: EXEC asks again.
  std::optional<std::string> refusal_in_exec(const Client& client, const CommandSpec& command,
                                             std::span<const std::string_view> argv);
  /// What rules say about a command line; nothing is recorded.
  static Verdict verdict(const User& user, const CommandSpec& command,
                         std::span<const std::string_view> argv);

  // --- Users
  const UserTable& users() const { return users_; }
  const RuleBook& book() const { return book_; }
  /// ACL SETUSER.
  std::optional<BadRule> set_user(std::string_view name, std::span<const std::string> words);
  /// ACL DELUSER; false if there is none.  Its connections are closed, one that runs a command
  /// after its reply.
  bool remove_user(std::string_view name);
  /// ACL LOAD and SAVE; the reason why not.
  std::optional<std::string> load();
  std::optional<std::string> save() const;

  // --- Records
  AclLog& acl_log() { return acl_log_; }
  /// An administrative command has run.
  void note_admin(const Client& client, const CommandSpec& command,
                  std::span<const std::string_view> argv, const Outcome& outcome) {
    if (audit_log_.is_on()) [[unlikely]]
      audit_admin(client, command, argv, outcome);
  }

 private:
  void register_appliers();
  void set_default_password(const std::string& password);
  std::optional<std::string> take_configured_users();
  std::vector<std::vector<std::string>> lines_for_file() const;

  void bind(Client& client, const User& user) const;
  void users_changed();
  void close_sessions_of(const User& user);
  void end_session(Client& client) const;

  Verdict check(const Client& client, const CommandSpec& command,
                std::span<const std::string_view> argv, bool in_transaction);
  void record(const Client& client, DenialReason reason, std::string_view object,
              std::string_view username, bool in_transaction);
  void audit(const AuditRecord& record);
  AuditRecord audit_record(const Client& client, std::string_view event,
                           std::string_view command) const;
  void audit_auth(const Client& client, std::string_view word, std::string_view user,
                  bool succeeded);
  void audit_denial(const Client& client, const CommandSpec& command,
                    std::span<const std::string_view> argv, Verdict verdict);
  void audit_admin(const Client& client, const CommandSpec& command,
                   std::span<const std::string_view> argv, const Outcome& outcome);

  Context& context_;
  FileSystem& files_;
  RuleBook book_;
  UserTable users_;
  bool default_needs_password_ = false;
  AclLog acl_log_;
  AuditLog audit_log_;
};

}  // namespace weir
