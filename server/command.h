// What a command is: one row in the table, one function, one call.
//
//   CommandSpec  the row: the only record of a command; everything that knows commands reads it
//   Call         what the function is given: arguments, where to answer, what it may touch
//   Outcome      what it gives back: done (one reply was written), an error, or "wait"
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "resp/reply_writer.h"
#include "server/data/key_events.h"
#include "server/propagation.h"

namespace weir {

class Client;
class Config;
class Database;
struct Context;
struct Settings;

/// Why a command is refused.  The text begins with its code: "ERR syntax error".
class ReplyError {
 public:
  /// A text that outlives the error: a literal.
  constexpr explicit ReplyError(std::string_view literal) : literal_(literal) {}
  constexpr explicit ReplyError(const char* literal) : literal_(literal) {}
  explicit ReplyError(std::string text) : owned_(std::make_unique<std::string>(std::move(text))) {}

  std::string_view text() const { return owned_ ? std::string_view(*owned_) : literal_; }

 private:
  std::string_view literal_;
  std::unique_ptr<std::string> owned_;
};

/// A command that found nothing to answer yet.
struct Wait {
  std::vector<std::string> keys;       // in which it waits for a change, as listed
  std::optional<int64_t> deadline_ms;  // on the monotonic clock; none: for ever
  std::vector<std::string> argv;       // what runs again, with everything relative made concrete
  std::optional<std::string> group;    // of a reader that shares entries with others of its group
  // When a reader that takes over idle entries is to look again, on the monotonic clock.
  std::optional<int64_t> look_again_ms;
  // What its end by timeout answers: the null array, or what the function writes when it may not
  // wait.
  bool asks_at_timeout = false;
};

class [[nodiscard]] Outcome {
 public:
  static Outcome done() { return Outcome(); }
  // Errors and waits are returned as they are: `return error;`
  // NOLINTNEXTLINE(google-explicit-constructor)
  Outcome(ReplyError error) : error_(std::move(error)), is_error_(true) {}
  // NOLINTNEXTLINE(google-explicit-constructor)
  Outcome(std::unique_ptr<Wait> wait) : wait_(std::move(wait)) {}

  bool is_error() const { return is_error_; }
  bool is_wait() const { return wait_ != nullptr; }
  std::string_view error_text() const { return error_.text(); }
  std::unique_ptr<Wait> take_wait() { return std::move(wait_); }

 private:
  Outcome() : error_(std::string_view()) {}

  ReplyError error_{std::string_view()};
  std::unique_ptr<Wait> wait_;
  bool is_error_ = false;
};

/// What a handler works with.  Views in `args` hold for the duration of the call.
struct Call {
  std::span<const std::string_view> args;  // args[0] is the command, args[1] may be a subcommand
  Client& client;
  Database& db;  // the one the client selected
  resp::ReplyWriter& reply;
  Context& context;  // the other parts of the server; see context.h
  const Settings& settings;
  int64_t now_ms;        // Unix time of this turn
  int64_t monotonic_ms;  // for deadlines
  bool may_wait = true;
  bool is_retry = false;   // a waiting command that runs again
  bool is_replay = false;  // from the log or a primary: what it says was checked there
  Told told = {};          // by the functions below

  /// Says that the stream at `key` has something new: readers that wait for it are run again after
  /// this command.
  void signal(std::string_view key);
  /// Says that a key went, or holds something else now: readers of its groups are told.
  void signal_gone(std::string_view key);
  /// Counts `changes` to the data.  The words of the command become its deterministic form, unless
  /// propagate_as() or propagate_nothing() says otherwise.
  void changed(uint64_t changes = 1);
  /// Whether anybody listens to forms: if not, making one is a waste.
  bool is_told() const;
  /// Names the deterministic form; called more than once, they are applied together, in order.
  void propagate_as(std::initializer_list<std::string_view> words);
  /// The same: the words of the command, some with another text.  edits: in the order of words.
  void propagate_edited(std::span<const WordEdit> edits);
  /// The change is nobody else's business, or is already in the forms.
  void propagate_nothing() { told.is_verbatim = false; }
  /// The replicas are to run the command as well, though it changes no data; the log is not told.
  void relay() { told.is_relayed = true; }
  /// A keyspace event on a key of the selected database.
  void notify(const KeyEvent& event, std::string_view key);
};

/// The events of commands.
namespace events {
inline constexpr KeyEvent kNew{EventClass::kNewKey, "new"};
// The same, of a key whose change is told by the event behind.
inline constexpr KeyEvent kNewPlace{EventClass::kNewKey, "new", false};
inline constexpr KeyEvent kOverwritten{EventClass::kOverwritten, "overwritten"};
inline constexpr KeyEvent kDel{EventClass::kGeneric, "del"};
inline constexpr KeyEvent kExpire{EventClass::kGeneric, "expire"};
inline constexpr KeyEvent kPersist{EventClass::kGeneric, "persist"};
inline constexpr KeyEvent kRenameFrom{EventClass::kGeneric, "rename_from"};
inline constexpr KeyEvent kRenameTo{EventClass::kGeneric, "rename_to"};
inline constexpr KeyEvent kMoveFrom{EventClass::kGeneric, "move_from"};
inline constexpr KeyEvent kMoveTo{EventClass::kGeneric, "move_to"};
inline constexpr KeyEvent kCopyTo{EventClass::kGeneric, "copy_to"};
inline constexpr KeyEvent kRestore{EventClass::kGeneric, "restore"};
inline constexpr KeyEvent kXadd{EventClass::kStream, "xadd"};
inline constexpr KeyEvent kXtrim{EventClass::kStream, "xtrim"};
inline constexpr KeyEvent kXdel{EventClass::kStream, "xdel"};
inline constexpr KeyEvent kXsetid{EventClass::kStream, "xsetid", false};
inline constexpr KeyEvent kXgroupCreate{EventClass::kStream, "xgroup-create", false};
inline constexpr KeyEvent kXgroupSetid{EventClass::kStream, "xgroup-setid", false};
inline constexpr KeyEvent kXgroupDestroy{EventClass::kStream, "xgroup-destroy", false};
inline constexpr KeyEvent kXgroupCreateconsumer{EventClass::kStream, "xgroup-createconsumer",
                                                false};
inline constexpr KeyEvent kXgroupDelconsumer{EventClass::kStream, "xgroup-delconsumer", false};
}  // namespace events

/// What a command is for and what it may do.  The names are those of COMMAND INFO, in lower case.
enum CommandFlag : uint32_t {
  kWrite = 1U << 0,
  kReadonly = 1U << 1,
  kFast = 1U << 2,
  kDenyOom = 1U << 3,
  kAdmin = 1U << 4,
  kNoScript = 1U << 5,
  kLoading = 1U << 6,
  kStale = 1U << 7,
  kNoAuth = 1U << 8,
  kBlocking = 1U << 9,
  kPubsub = 1U << 10,
  kMovableKeys = 1U << 11,
  kNoMulti = 1U << 12,
  kNoAsyncLoading = 1U << 13,
  kAllowBusy = 1U << 14,
  kSkipSlowlog = 1U << 15,
  // Not shown: what only this server needs to know.
  kLeavesMulti = 1U << 19,      // ends a transaction: no memory is no reason to refuse it
  kNeedsConnection = 1U << 20,  // no part of a log or of a primary's stream: nobody would be there
  kTellsHealth = 1U << 21,      // PING: refused, too, when writes are because snapshots fail
  kNeedsModule = 1U << 22,      // refused unless enable-module-command allows it
  kSubcommand = 1U << 23,       // has a container's name before its own; the table sees to it
  kNeedsDebug = 1U << 24,       // refused unless enable-debug-command allows it
  kContainer = 1U << 25,        // its subcommands are the rows behind it
  kMaySayNothing = 1U << 26,    // CLIENT REPLY, SHUTDOWN, …: no reply is right
  kMayReplicate = 1U << 27,     // no write, yet replicas are told
  kNotQueued = 1U << 28,        // between MULTI and EXEC it runs at once
  kNotInMulti = 1U << 29,       // refused there, as kNoMulti, which Redis does not refuse
  kRunsQueue = 1U << 30,        // it is also what the queued commands are
  kForListeners = 1U << 31,     // also for RESP2 connections that listen to messages
};

enum class Group : uint8_t {
  kStream,
  kGeneric,
  kConnection,
  kServer,
  kTransactions,
  kPubsub,
  kCluster,
  kScripting
};

/// Extra ACL categories, beside those that follow from flags and group.
enum Category : uint8_t {
  kKeyspace = 1,
  kDangerous = 2,
  kConnectionCategory = 4,
  kRead = 8,
  kNoRead = 16,
  kTransactionCategory = 32,
  kScriptingCategory = 64,
  kAdminCategory = 128
};

/// Which of its words MONITOR and SLOWLOG do not show; see insight/redaction.h.
enum class Secrets : uint8_t {
  kNone,
  kAllWords,          // AUTH
  kBehindSubcommand,  // from the third word on: ACL SETUSER
  kBehindAuth,        // the two words behind AUTH: HELLO
  kOptionValues,      // of options that are secret: CONFIG SET
};

/// Where the keys of a command are, and what is done to them.
struct KeySpec {
  enum class Kind : uint8_t { kNone, kIndex, kStreams };
  Kind kind = Kind::kNone;
  uint8_t first = 0;       // kIndex: word number; kStreams: where the search may start
  int8_t last = 0;         // relative to first; -1: to the end
  std::string_view flags;  // "RW update"
  std::string_view notes = {};
  std::string_view second_flags = {};  // of the second of two keys that differ in use (RENAME)

  /// Shard channels stand where keys may stand, so that a cluster can tell whose they are.
  bool is_channels() const { return flags == "not_key"; }
  /// What is done to the n-th key, from 0.
  std::string_view flags_of(size_t n) const {
    return n > 0 && !second_flags.empty() ? second_flags : flags;
  }
};

/// Which words of a command are channels, for the check of rights.
enum class Channels : uint8_t {
  kNone,
  kFirst,     // PUBLISH
  kNames,     // all: SUBSCRIBE
  kPatterns,  // all, and they are patterns: PSUBSCRIBE
};

struct CommandSpec {
  std::string_view name;  // "xadd"; a subcommand is "xinfo|stream"
  int arity = 0;          // words; negative: at least
  uint32_t flags = 0;
  Group group = Group::kServer;
  uint8_t categories = 0;
  Secrets secrets = Secrets::kNone;
  Channels channels = Channels::kNone;
  KeySpec keys = {};
  Outcome (*run)(Call&) = nullptr;  // null: a container that is nothing without a subcommand
  // Fetches what a pipeline of it will need; null: the keys are enough.  See lookahead.h.
  void (*expect)(const Database&, std::span<const std::span<const std::string_view>>) = nullptr;
  std::string_view tips = {};  // COMMAND INFO's hints, blank-separated
  std::string_view since = {};
  std::string_view complexity = {};
  std::string_view summary = {};
  std::string_view syntax = {};   // its arguments, see command_docs.h
  std::string_view history = {};  // versions in which it changed, blank-separated

  bool has(uint32_t flag) const { return (flags & flag) != 0; }
  bool is_subcommand() const { return has(kSubcommand); }
  bool accepts(size_t words) const {
    return arity >= 0 ? words == static_cast<size_t>(arity) : words >= static_cast<size_t>(-arity);
  }
};

}  // namespace weir
