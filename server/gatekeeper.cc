#include "server/gatekeeper.h"

#include <algorithm>
#include <utility>

#include "server/clock.h"
#include "server/commands/client_describe.h"
#include "server/config.h"
#include "server/config_file.h"
#include "server/errors.h"
#include "server/host/log.h"
#include "server/insight/redaction.h"
#include "server/insight/stats.h"
#include "server/key_uses.h"
#include "server/net/client_io.h"
#include "server/net/client_table.h"
#include "server/net/subscriptions.h"
#include "server/net/transaction.h"
#include "server/text.h"

namespace weir {
namespace {

constexpr std::string_view kNoAclFile =
    "This Redis instance is not configured to use an ACL file. You may want to specify users via "
    "the ACL SETUSER command and then issue a CONFIG REWRITE (assuming you have a Redis "
    "configuration file set) in order to store users in the Redis configuration.";
constexpr std::string_view kRulesChanged =
    "NOPERM ACLs rules changed between the moment the transaction was accumulated and the EXEC "
    "call. This command is no longer allowed for the following reason: ";

/// The words of an administrative command as they may be kept.  The name in front of rules that
/// hold passwords is no secret.
std::vector<std::string> kept_words(const CommandSpec& command,
                                    std::span<const std::string_view> argv) {
  constexpr size_t kMostWords = 32;
  constexpr size_t kMostBytes = 128;
  std::vector<std::string> words;
  for (size_t i = command.is_subcommand() ? 2 : 1; i < std::min(argv.size(), kMostWords); ++i) {
    const bool is_name = command.secrets == Secrets::kBehindSubcommand && i == 2;
    words.emplace_back((is_name ? argv[i] : shown_word(command, argv, i)).substr(0, kMostBytes));
  }
  return words;
}

DenialReason reason_of(Denial denial) {
  switch (denial) {
    case Denial::kKey:
      return DenialReason::kKey;
    case Denial::kChannel:
      return DenialReason::kChannel;
    case Denial::kNone:
    case Denial::kCommand:
      break;
  }
  return DenialReason::kCommand;
}

/// What was refused.
std::string_view object_of(const CommandSpec& command, std::span<const std::string_view> argv,
                           Verdict verdict) {
  return verdict.denial == Denial::kCommand ? command.name : argv[verdict.position];
}

std::string_view reason_in_exec(Denial denial) {
  switch (denial) {
    case Denial::kKey:
      return "no permission to touch the specified keys";
    case Denial::kChannel:
      return "no permission to access one of the channels used as arguments";
    case Denial::kNone:
    case Denial::kCommand:
      break;
  }
  return "no permission to execute the command or subcommand";
}

/// Whether a client with limits listens to what it may not.
bool listens_without_right(const Client& client) {
  if (client.limits == nullptr) return false;
  for (size_t kind = 0; kind < kTopicKinds; ++kind) {
    const bool is_pattern = static_cast<TopicKind>(kind) == TopicKind::kPattern;
    for (const auto& [name, place] : client.subscriptions->by_kind[kind]) {
      if (!client.limits->may_use_channel(name, is_pattern)) return true;
    }
  }
  return false;
}

std::string_view user_name(const Client& client) {
  return client.user != nullptr ? std::string_view(client.user->name()) : "(superuser)";
}

}  // namespace

Gatekeeper::Gatekeeper(Context& context, FileSystem& files)
    : context_(context),
      files_(files),
      book_{.commands = CommandCatalog(context.commands),
            .channels_by_default = context.config->acl_pubsub_default == PubsubDefault::kAll},
      users_(book_),
      audit_log_(files) {
  register_appliers();
}

// --- The configuration ---------------------------------------------------------------------------

std::string Gatekeeper::open() {
  const Settings& settings = context_.config.values();
  set_default_password(settings.requirepass);
  if (!settings.aclfile.empty() && !settings.users.empty()) return std::string(kUsersTwice);
  if (!settings.aclfile.empty()) {
    if (const std::optional<std::string> why = load())
      return "Aborting Redis startup because of ACL errors: " + *why;
  } else if (const std::optional<std::string> why = take_configured_users()) {
    return *why;
  }
  return audit_log_.configure(settings.acl_audit_log).value_or("");
}

/// The `user` lines.  They were found right when they were read, but acl-pubsub-default, which may
/// stand behind them, makes some wrong.
std::optional<std::string> Gatekeeper::take_configured_users() {
  for (const std::vector<std::string>& line : context_.config->users) {
    std::vector<std::string> rules = {"reset"};
    rules.insert(rules.end(), line.begin() + 1, line.end());
    if (const std::optional<BadRule> bad = users_.set(line[0], rules))
      return "Error in user declaration '" + line[0] + "': " + std::string(bad->why);
  }
  users_changed();
  return std::nullopt;
}

void Gatekeeper::register_appliers() {
  Config& config = context_.config;
  config.after_change({"requirepass"},
                      [this](const Settings& after) { set_default_password(after.requirepass); });
  config.after_change({"acl-pubsub-default"}, [this](const Settings& after) {
    book_.channels_by_default = after.acl_pubsub_default == PubsubDefault::kAll;
  });
  config.after_change({"acllog-max-len"},
                      [this](const Settings& after) { acl_log_.shorten(after.acllog_max_len); });
  config.on_change({"acl-audit-log"}, [this](const Settings&, Settings& after) {
    return audit_log_.configure(after.acl_audit_log);
  });
  config.before_rewrite([this](Settings& settings) { settings.users = lines_for_file(); });
}

/// requirepass is the password of "default"; empty: none is needed.
void Gatekeeper::set_default_password(const std::string& password) {
  std::vector<std::string> rules = {"nopass"};
  if (!password.empty()) rules = {"resetpass", ">" + password};
  users_.set(kDefaultUser, rules);
  users_changed();
}

/// The users as CONFIG REWRITE keeps them: none when they have a file of their own; "default" only
/// when it is not what requirepass alone makes of it.
std::vector<std::vector<std::string>> Gatekeeper::lines_for_file() const {
  std::vector<std::vector<std::string>> lines;
  if (!context_.config->aclfile.empty()) return lines;
  UserTable plain(book_);
  if (const std::string& password = context_.config->requirepass; !password.empty())
    plain.set(kDefaultUser, std::vector<std::string>{"resetpass", ">" + password});
  for (const auto& [name, user] : users_.users()) {
    if (name == kDefaultUser && user->describe() == plain.default_user().describe()) continue;
    lines.push_back({name});
    const std::string rules = user->describe();
    for (std::string_view rest = rules; !rest.empty();)
      lines.back().emplace_back(next_word(rest));
  }
  return lines;
}

// --- Sessions ------------------------------------------------------------------------------------

void Gatekeeper::greet(Client& client) const {
  const User& user = users_.default_user();
  bind(client, user);
  client.authenticated = user.is_on() && user.needs_no_password();
}

void Gatekeeper::greet_certified(Client& client, std::string_view name) {
  const User* const user = users_.find(name);
  const bool is_known = user != nullptr && user->is_on();
  if (is_known) {
    bind(client, *user);
    client.authenticated = true;
  } else {
    ++context_.stats.denied_certificates;
    record(client, DenialReason::kCertificate, {}, name, false);
  }
  audit_auth(client, reason_name(DenialReason::kCertificate), name, is_known);
}

void Gatekeeper::bind(Client& client, const User& user) const {
  client.user = &user;
  client.limits = user.is_unrestricted() ? nullptr : &user;
}

bool Gatekeeper::authenticate(Client& client, std::string_view name, std::string_view password,
                              std::string_view word) {
  const User* const user = users_.find(name);
  // A user who is not there takes as long as one who is.
  const User nobody(std::string(), book_);
  const bool is_right = (user != nullptr ? *user : nobody).accepts(password);
  if (user != nullptr && is_right) {
    bind(client, *user);
    client.authenticated = true;
  } else {
    ++context_.stats.auth_failures;
    record(client, DenialReason::kAuth, word, name, client.transaction != nullptr);
  }
  audit_auth(client, word, name, is_right);
  return is_right;
}

void Gatekeeper::users_changed() {
  const User& user = users_.default_user();
  default_needs_password_ = !user.is_on() || !user.needs_no_password();
  for (const auto& [id, client] : context_.clients) {
    if (client->user == nullptr) continue;
    bind(*client, *client->user);
    if (client->subscriptions != nullptr && listens_without_right(*client)) end_session(*client);
  }
}

/// Whatever else these connections send, they are nobody.
void Gatekeeper::close_sessions_of(const User& user) {
  for (const auto& [id, client] : context_.clients) {
    if (client->user != &user) continue;
    bind(*client, users_.default_user());
    client->authenticated = false;
    end_session(*client);
  }
}

void Gatekeeper::end_session(Client& client) const {
  if (client.closed) return;
  if (client.replying) {
    context_.io.close_after_reply(client);
  } else {
    context_.io.close(client);
  }
}

// --- The check -----------------------------------------------------------------------------------

Verdict Gatekeeper::verdict(const User& user, const CommandSpec& command,
                            std::span<const std::string_view> argv) {
  const std::vector<KeyUse> keys = key_uses(command, argv);
  const std::vector<size_t> channels = channel_positions(command, argv);
  return user.check({.command = command,
                     .argv = argv,
                     .keys = keys,
                     .channels = channels,
                     .channels_are_patterns = command.channels == Channels::kPatterns});
}

Verdict Gatekeeper::check(const Client& client, const CommandSpec& command,
                          std::span<const std::string_view> argv, bool in_transaction) {
  const Verdict found = verdict(*client.limits, command, argv);
  if (found.is_allowed()) return found;
  Stats& stats = context_.stats;
  const DenialReason reason = reason_of(found.denial);
  ++(reason == DenialReason::kKey       ? stats.denied_keys
     : reason == DenialReason::kChannel ? stats.denied_channels
                                        : stats.denied_commands);
  record(client, reason, object_of(command, argv, found), user_name(client), in_transaction);
  audit_denial(client, command, argv, found);
  return found;
}

std::optional<std::string> Gatekeeper::refusal(const Client& client, const CommandSpec& command,
                                               std::span<const std::string_view> argv) {
  const Verdict found = check(client, command, argv, client.transaction != nullptr);
  switch (found.denial) {
    case Denial::kNone:
      return std::nullopt;
    case Denial::kCommand:
      return "NOPERM User " + std::string(user_name(client)) + " has no permissions to run the '" +
             std::string(command.name) + "' command";
    case Denial::kKey:
      return "NOPERM No permissions to access a key";
    case Denial::kChannel:
      break;
  }
  return "NOPERM No permissions to access a channel";
}

std::optional<std::string> Gatekeeper::refusal_in_exec(const Client& client,
                                                       const CommandSpec& command,
                                                       std::span<const std::string_view> argv) {
  const Verdict found = check(client, command, argv, true);
  if (found.is_allowed()) return std::nullopt;
  return std::string(kRulesChanged) + std::string(reason_in_exec(found.denial));
}

// --- Users ---------------------------------------------------------------------------------------

std::optional<BadRule> Gatekeeper::set_user(std::string_view name,
                                            std::span<const std::string> words) {
  std::optional<BadRule> bad = users_.set(name, words);
  if (!bad) users_changed();
  return bad;
}

bool Gatekeeper::remove_user(std::string_view name) {
  const std::unique_ptr<User> user = users_.remove(name);
  if (user == nullptr) return false;
  close_sessions_of(*user);
  return true;
}

std::optional<std::string> Gatekeeper::load() {
  const std::string& path = context_.config->aclfile;
  if (path.empty()) return std::string(kNoAclFile);
  const IoResult<std::string> text = read_all(files_, path, config::kMaxFileBytes);
  if (!text) {
    return "Error loading ACLs, opening file '" + path +
           "': " + errno_text(text.error().errno_value);
  }
  const auto gone = users_.load(*text, path);
  if (!gone) return gone.error();
  for (const std::unique_ptr<User>& user : *gone)
    close_sessions_of(*user);
  users_changed();
  return std::nullopt;
}

std::optional<std::string> Gatekeeper::save() const {
  const std::string& path = context_.config->aclfile;
  if (path.empty()) return std::string(kNoAclFile);
  if (const IoResult<void> saved = replace_atomically(files_, path, users_.to_text()); !saved) {
    context_.log.warning("Saving the ACL file: " + to_string(saved.error()));
    return "There was an error trying to save the ACLs. Please check the server logs for more "
           "information";
  }
  return std::nullopt;
}

// --- Records -------------------------------------------------------------------------------------

void Gatekeeper::record(const Client& client, DenialReason reason, std::string_view object,
                        std::string_view username, bool in_transaction) {
  AclLogEntry entry{.reason = reason,
                    .in_transaction = in_transaction,
                    .object = std::string(object),
                    .username = std::string(username),
                    .client = describe_client(client, context_),
                    .updated_ms = context_.clock.unix_ms()};
  acl_log_.add(std::move(entry), context_.config->acllog_max_len);
}

void Gatekeeper::audit(const AuditRecord& record) {
  if (const std::optional<std::string> complaint = audit_log_.write(record))
    context_.log.warning(*complaint);
}

AuditRecord Gatekeeper::audit_record(const Client& client, std::string_view event,
                                     std::string_view command) const {
  return {.unix_ms = context_.clock.unix_ms(),
          .event = event,
          .client_id = client.id,
          .address = client.peer_address(),
          .user = std::string(user_name(client)),
          .command = std::string(command),
          .outcome = "ok"};
}

void Gatekeeper::audit_auth(const Client& client, std::string_view word, std::string_view user,
                            bool succeeded) {
  if (!audit_log_.is_on()) return;
  AuditRecord record = audit_record(client, "auth", to_lower(word));
  record.user = user;
  if (!succeeded) record.outcome = "denied";
  audit(record);
}

void Gatekeeper::audit_denial(const Client& client, const CommandSpec& command,
                              std::span<const std::string_view> argv, Verdict verdict) {
  if (!audit_log_.is_on()) return;
  AuditRecord record = audit_record(client, "denied", command.name);
  for (const KeyUse& use : key_uses(command, argv))
    record.keys.emplace_back(argv[use.position]);
  record.outcome = "denied: " + std::string(reason_name(reason_of(verdict.denial)));
  record.object = object_of(command, argv, verdict);
  audit(record);
}

void Gatekeeper::audit_admin(const Client& client, const CommandSpec& command,
                             std::span<const std::string_view> argv, const Outcome& outcome) {
  AuditRecord record = audit_record(client, "admin", command.name);
  for (const KeyUse& use : key_uses(command, argv))
    record.keys.emplace_back(argv[use.position]);
  record.arguments = kept_words(command, argv);
  // Only the code: the text of an error may repeat a password.
  const std::string_view error = outcome.error_text();
  if (outcome.is_error())
    record.outcome = "failed: " + std::string(error.substr(0, error.find(' ')));
  audit(record);
}

}  // namespace weir
