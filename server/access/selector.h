// What somebody may do: commands, keys and channels that belong together.
//
//   ~orders:* %R~stock &news -@all +@stream -xdel          one selector, as its rule words
//   └── keys ────────┘ └ channels
//                           └── commands: a bit for each row, and the words that led there
//
// A command line passes a selector when the command, all of its keys and all of its channels do.
// The bits answer; the words are kept because they say more than bits: a category that later gets a
// further command, a command that this server does not have.
//
// Always: the words, applied in their order to no rights at all, give the bits.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/access/command_catalog.h"

namespace weir {

/// Why a rule word is not accepted: a text in Redis's words.
using RuleError = std::string_view;

namespace rule_errors {
inline constexpr RuleError kUnknownCommand = "Unknown command or category name in ACL";
inline constexpr RuleError kSyntax = "Syntax error";
inline constexpr RuleError kKeysAfterAll =
    "Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid and does not have "
    "any effect. Try 'resetkeys' to start with an empty list of patterns";
inline constexpr RuleError kChannelsAfterAll =
    "Adding a pattern after the * pattern (or the 'allchannels' flag) is not valid and does not "
    "have any effect. Try 'resetchannels' to start with an empty list of channels";
inline constexpr RuleError kNoSuchPassword =
    "The password you are trying to remove from the user does not exist";
inline constexpr RuleError kBadHash =
    "The password hash must be exactly 64 characters and contain only lowercase hexadecimal "
    "characters";
inline constexpr RuleError kFirstArgOfSubcommand =
    "Allowing first-arg of a subcommand is not supported";
inline constexpr RuleError kDuplicateUser =
    "Duplicate user found. A user can only be defined once in config files";
}  // namespace rule_errors

/// What all rules are read with.
struct RuleBook {
  CommandCatalog commands;
  bool channels_by_default = false;  // acl-pubsub-default allchannels
};

/// What is done to a key.
enum KeyAccess : uint8_t { kNoAccess = 0, kReadAccess = 1, kWriteAccess = 2 };
inline constexpr uint8_t kFullAccess = kReadAccess | kWriteAccess;

/// A key of a command line.  position: number of the word.
struct KeyUse {
  size_t position = 0;
  uint8_t access = kNoAccess;
};

/// A command line as rules see it.
struct AccessRequest {
  const CommandSpec& command;
  std::span<const std::string_view> argv;
  std::span<const KeyUse> keys = {};
  std::span<const size_t> channels = {};  // numbers of the words
  bool channels_are_patterns = false;     // PSUBSCRIBE: such a word must be allowed to the letter
};

/// Why a command line is refused; the later ones say more about what was meant.
enum class Denial : uint8_t { kNone, kCommand, kKey, kChannel };

struct Verdict {
  Denial denial = Denial::kNone;
  size_t position = 0;  // of the word at fault

  bool is_allowed() const { return denial == Denial::kNone; }
  friend bool operator==(const Verdict&, const Verdict&) = default;
};

class Selector {
 public:
  /// Without any rights, but for all channels where acl-pubsub-default says so.
  /// `book` outlives the selector.
  explicit Selector(const RuleBook& book);

  /// One rule word: "+xadd", "%R~a*", "resetchannels".  At an error nothing has changed.
  std::optional<RuleError> apply(std::string_view word);

  Verdict check(const AccessRequest& request) const;
  bool may_use_channel(std::string_view channel, bool is_pattern) const;
  bool allows_everything() const;

  /// "~a* resetchannels &c -@all +@stream", as ACL LIST prints it.
  std::string describe() const;
  std::string command_rules() const;
  std::string key_patterns() const;
  std::string channel_patterns() const;

 private:
  struct KeyPattern {
    std::string glob;
    uint8_t access = kFullAccess;
  };
  struct CommandRule {
    bool allows = false;
    std::string target;  // "xadd", "config|get", "select|0", "@read"
  };

  std::optional<RuleError> apply_key_pattern(std::string_view word);
  std::optional<RuleError> apply_channel(std::string_view word);
  std::optional<RuleError> apply_command(std::string_view target, bool allows);
  std::optional<RuleError> apply_category(std::string_view target, bool allows);
  std::optional<RuleError> allow_first_argument(std::string_view target);
  void allow_all_commands(bool allows);
  void set_commands(const CommandSet& commands, bool allows);
  void remember(std::string_view target, bool allows);

  bool allows_command(const AccessRequest& request) const;
  bool allows_key(std::string_view key, uint8_t access) const;

  const RuleBook* book_;
  CommandSet commands_;
  bool begins_with_all_ = false;    // the rules begin with +@all, not -@all
  std::vector<CommandRule> rules_;  // behind that
  std::map<size_t, std::vector<std::string>> first_arguments_;  // by row: "+select|0"
  bool all_keys_ = false;
  std::vector<KeyPattern> keys_;
  bool all_channels_ = false;
  std::vector<std::string> channels_;
};

}  // namespace weir
