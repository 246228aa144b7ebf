// The texts of all errors that commands answer, as clients of Redis know them.
//
// Some clients compare them to the letter; a text is changed only when the observed server has
// changed its own.  Texts with a part that varies are functions.
#pragma once

#include <string_view>

#include "server/command.h"

namespace weir::errors {

// --- Generic ---------------------------------------------------------------------------------
inline constexpr std::string_view kSyntax = "ERR syntax error";
inline constexpr std::string_view kNotAnInteger = "ERR value is not an integer or out of range";
inline constexpr std::string_view kNotPositive = "ERR value is out of range, must be positive";
inline constexpr std::string_view kNotAnInt32 =
    "ERR value is out of range, value must between -2147483648 and 2147483647";
inline constexpr std::string_view kNoSuchKey = "ERR no such key";
inline constexpr std::string_view kNoAuth = "NOAUTH Authentication required.";
inline constexpr std::string_view kWrongPass =
    "WRONGPASS invalid username-password pair or user is disabled.";
inline constexpr std::string_view kOutOfMemory =
    "OOM command not allowed when used memory > 'maxmemory'.";
inline constexpr std::string_view kLoading = "LOADING Redis is loading the dataset in memory";
inline constexpr std::string_view kReadOnly =
    "READONLY You can't write against a read only replica.";
inline constexpr std::string_view kFedClient = "ERR Replica can't interact with the keyspace";
inline constexpr std::string_view kMasterDown =
    "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.";
inline constexpr std::string_view kNoReplicas = "NOREPLICAS Not enough good replicas to write.";
inline constexpr std::string_view kUnconfirmed =
    "UNCONFIRMED The write is applied here, but not enough replicas have acknowledged it in time "
    "(min-replicas-to-ack).";
inline constexpr std::string_view kUnconfirmedByReplica =
    "UNCONFIRMED The write was applied here, but this server has become a replica before enough "
    "replicas acknowledged it (min-replicas-to-ack): it may be gone.";
inline constexpr std::string_view kCannotSave =
    "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to "
    "disk. Commands that may modify the data set are disabled, because this instance is configured "
    "to report errors during writes if RDB snapshotting fails (stop-writes-on-bgsave-error "
    "option). "
    "Please check the Redis logs for details about the RDB error.";
inline constexpr std::string_view kSaveInProgress = "ERR Background save already in progress";
inline constexpr std::string_view kOtherSnapshot =
    "ERR Another child process is active (AOF?): can't BGSAVE right now. Use BGSAVE SCHEDULE in "
    "order to schedule a BGSAVE whenever possible.";
inline constexpr std::string_view kCannotLoad =
    "ERR Error trying to load the RDB dump, check server logs.";
inline constexpr std::string_view kCannotShutDown = "ERR Errors trying to SHUTDOWN. Check logs.";
inline constexpr std::string_view kFrequencyNotTracked =
    "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that "
    "when switching between policies at runtime LRU and LFU data will take some time to adjust.";
inline constexpr std::string_view kIdleTimeNotTracked =
    "ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that when "
    "switching between policies at runtime LRU and LFU data will take some time to adjust.";
inline constexpr std::string_view kDbIndexOutOfRange = "ERR DB index is out of range";
inline constexpr std::string_view kInvalidFirstDb = "ERR invalid first DB index";
inline constexpr std::string_view kInvalidSecondDb = "ERR invalid second DB index";
inline constexpr std::string_view kSameObjects = "ERR source and destination objects are the same";
inline constexpr std::string_view kNxWithOthers =
    "ERR NX and XX, GT or LT options at the same time are not compatible";
inline constexpr std::string_view kGtWithLt =
    "ERR GT and LT options at the same time are not compatible";
inline constexpr std::string_view kBusyKey = "BUSYKEY Target key name already exists.";
inline constexpr std::string_view kWrongPayload = "ERR DUMP payload version or checksum are wrong";
inline constexpr std::string_view kBadPayload = "ERR Bad data format";
inline constexpr std::string_view kInvalidTtl = "ERR Invalid TTL value, must be >= 0";
inline constexpr std::string_view kInvalidIdleTime = "ERR Invalid IDLETIME value, must be >= 0";
inline constexpr std::string_view kInvalidFrequency =
    "ERR Invalid FREQ value, must be >= 0 and <= 255";
inline constexpr std::string_view kInvalidCursor = "ERR invalid cursor";
inline constexpr std::string_view kTimeoutNotAnInteger =
    "ERR timeout is not an integer or out of range";
inline constexpr std::string_view kTimeoutNegative = "ERR timeout is negative";
inline constexpr std::string_view kTimeoutOutOfRange = "ERR timeout is out of range";
inline constexpr std::string_view kMaxClients = "ERR max number of clients reached";
inline constexpr std::string_view kUnblocked = "UNBLOCKED client unblocked via CLIENT UNBLOCK";
inline constexpr std::string_view kNotInTransaction =
    "ERR Command not allowed inside a transaction";
inline constexpr std::string_view kExecAborted =
    "EXECABORT Transaction discarded because of previous errors.";
inline constexpr std::string_view kDebugNotAllowed =
    "ERR DEBUG command not allowed. If the enable-debug-command option is set to \"local\", you "
    "can run it from a local connection, otherwise you need to set this option in the "
    "configuration file, and then restart the server.";
inline constexpr std::string_view kModuleNotAllowed =
    "ERR MODULE command not allowed. If the enable-module-command option is set to \"local\", you "
    "can run it from a local connection, otherwise you need to set this option in the "
    "configuration file, and then restart the server.";
inline constexpr std::string_view kNotBusy = "NOTBUSY No scripts in execution right now.";
inline constexpr std::string_view kNoCluster = "ERR This instance has cluster support disabled";
inline constexpr std::string_view kMonitorMayNotWait =
    "ERR MONITOR isn't allowed for DENY BLOCKING client";
inline constexpr std::string_view kShardListenerMayNotWait =
    "ERR SSUBSCRIBE isn't allowed for a DENY BLOCKING client";
inline constexpr std::string_view kSlowlogCount = "ERR count should be greater than or equal to -1";
inline constexpr std::string_view kProtectedMode =
    "DENIED This server runs in protected mode: protected-mode is on, no password is set, and so "
    "only connections from this host are accepted. To connect from elsewhere, set a password "
    "(requirepass) or, if the network is trusted, turn protected-mode off with CONFIG SET "
    "protected-mode no from this host and make it permanent with CONFIG REWRITE.";

// --- Streams ---------------------------------------------------------------------------------
inline constexpr std::string_view kInvalidStreamId =
    "ERR Invalid stream ID specified as stream command argument";
inline constexpr std::string_view kInvalidStartId = "ERR invalid start ID for the interval";
inline constexpr std::string_view kInvalidEndId = "ERR invalid end ID for the interval";
inline constexpr std::string_view kIdIsZero =
    "ERR The ID specified in XADD must be greater than 0-0";
inline constexpr std::string_view kIdTooSmall =
    "ERR The ID specified in XADD is equal or smaller than the target stream top item";
inline constexpr std::string_view kIdsExhausted =
    "ERR The stream has exhausted the last possible ID, unable to add more items";
inline constexpr std::string_view kElementsTooLarge = "ERR Elements are too large to be stored";
inline constexpr std::string_view kNegativeMaxLen = "ERR The MAXLEN argument must be >= 0.";
inline constexpr std::string_view kNegativeLimit = "ERR The LIMIT argument must be >= 0.";
inline constexpr std::string_view kTwoTrimStrategies =
    "ERR syntax error, MAXLEN and MINID options at the same time are not compatible";
inline constexpr std::string_view kLimitWithoutStrategy =
    "ERR syntax error, LIMIT cannot be used without specifying a trimming strategy";
inline constexpr std::string_view kLimitWithoutTilde =
    "ERR syntax error, LIMIT cannot be used without the special ~ option";
inline constexpr std::string_view kTrimWithoutStrategy =
    "ERR syntax error, XTRIM must be called with a trimming strategy";
inline constexpr std::string_view kIdmpTwice =
    "ERR syntax error, IDMP/IDMPAUTO specified multiple times";
inline constexpr std::string_view kIdmpNeedsAutoId =
    "ERR syntax error, IDMP/IDMPAUTO can be used only with auto-generated IDs";
inline constexpr std::string_view kIdmpEmptyPid =
    "ERR syntax error, IDMP requires a non-empty producer ID";
inline constexpr std::string_view kIdmpEmptyIid =
    "ERR syntax error, IDMP requires a non-empty idempotent ID";
inline constexpr std::string_view kIdmpAutoEmptyPid =
    "ERR syntax error, IDMPAUTO requires a non-empty producer ID";
inline constexpr std::string_view kIdmpDurationRange =
    "ERR IDMP-DURATION must be between 1 and 86400 seconds";
inline constexpr std::string_view kIdmpMaxsizeRange =
    "ERR IDMP-MAXSIZE must be between 1 and 10000 entries";
inline constexpr std::string_view kIdmpDurationTwice = "ERR IDMP-DURATION specified multiple times";
inline constexpr std::string_view kIdmpMaxsizeTwice = "ERR IDMP-MAXSIZE specified multiple times";
inline constexpr std::string_view kNoParameter = "ERR At least one parameter must be specified";
inline constexpr std::string_view kEmptyPid = "ERR producer ID must be non-empty";
inline constexpr std::string_view kEmptyIid = "ERR idempotent ID must be non-empty";
inline constexpr std::string_view kNoSuchMessage = "ERR No such message in stream";
inline constexpr std::string_view kIidHasAnotherId =
    "ERR IID already exists for this producer with a different stream ID";
inline constexpr std::string_view kGroupIsForXreadgroup =
    "ERR The GROUP option is only supported by XREADGROUP. You called XREAD instead.";
inline constexpr std::string_view kNoackIsForXreadgroup =
    "ERR The NOACK option is only supported by XREADGROUP. You called XREAD instead.";
inline constexpr std::string_view kClaimIsForXreadgroup =
    "ERR The CLAIM option is only supported by XREADGROUP. You called XREAD instead.";
inline constexpr std::string_view kNewIdIsForXreadgroup =
    "ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> "
    "<consumer> option.";
inline constexpr std::string_view kMissingGroup = "ERR Missing GROUP option for XREADGROUP";
inline constexpr std::string_view kMinIdleNotAnInteger =
    "ERR min-idle-time is not an integer or out of range";
inline constexpr std::string_view kMinIdleNegative = "ERR min-idle-time must be a positive integer";
inline constexpr std::string_view kInvalidMinIdleXclaim =
    "ERR Invalid min-idle-time argument for XCLAIM";
inline constexpr std::string_view kInvalidMinIdleXautoclaim =
    "ERR Invalid min-idle-time argument for XAUTOCLAIM";
inline constexpr std::string_view kInvalidXclaimIdle =
    "ERR Invalid IDLE option argument for XCLAIM";
inline constexpr std::string_view kInvalidXclaimTime =
    "ERR Invalid TIME option argument for XCLAIM";
inline constexpr std::string_view kInvalidXclaimRetryCount =
    "ERR Invalid RETRYCOUNT option argument for XCLAIM";
inline constexpr std::string_view kXautoclaimCount = "ERR COUNT must be > 0";
inline constexpr std::string_view kMaxCountNotPositive = "ERR MAXCOUNT must be a positive integer";
inline constexpr std::string_view kMaxSizeNotPositive = "ERR MAXSIZE must be a positive integer";
inline constexpr std::string_view kMaxCountBelowCount =
    "ERR MAXCOUNT must be greater than or equal to COUNT";
inline constexpr std::string_view kSetIdBelowGivenMaxDeleted =
    "ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id";
inline constexpr std::string_view kSetIdBelowMaxDeleted =
    "ERR The ID specified in XSETID is smaller than current max_deleted_entry_id";
inline constexpr std::string_view kSetIdBelowTop =
    "ERR The ID specified in XSETID is smaller than the target stream top item";
inline constexpr std::string_view kEntriesAddedTooSmall =
    "ERR The entries_added specified in XSETID is smaller than the target stream length";
inline constexpr std::string_view kEntriesAddedNegative = "ERR entries_added must be positive";

// --- Consumer groups -------------------------------------------------------------------------
inline constexpr std::string_view kGroupExists = "BUSYGROUP Consumer Group name already exists";
inline constexpr std::string_view kXgroupNeedsKey =
    "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use "
    "the MKSTREAM option to create an empty stream automatically.";
inline constexpr std::string_view kEntriesReadNegative =
    "ERR value for ENTRIESREAD must be positive or -1";
inline constexpr std::string_view kNackMode = "ERR mode must be SILENT, FAIL, or FATAL";
inline constexpr std::string_view kNackBadNumber = "ERR numids must be a positive integer";
inline constexpr std::string_view kNackTooFewIds = "ERR number of IDs doesn't match numids";
inline constexpr std::string_view kNackRetryCount = "ERR Invalid RETRYCOUNT value, must be >= 0";
inline constexpr std::string_view kNackNeedsIds = "ERR syntax error, expected IDS keyword";
inline constexpr std::string_view kIdsBadNumber = "ERR Number of IDs must be a positive integer";
inline constexpr std::string_view kIdsTooFew =
    "ERR The `numids` parameter must match the number of arguments";

// --- With a part that varies -----------------------------------------------------------------
/// User bytes as errors name them: up to the first NUL, where a text ends in C.
inline std::string_view named(std::string_view bytes) {
  return bytes.substr(0, bytes.find('\0'));
}
/// The same as errors echo what they do not know: at most 128 bytes.
inline std::string_view echoed(std::string_view bytes) {
  return named(bytes.substr(0, 128));
}

ReplyError wrong_number_of_arguments(std::string_view command);
/// `container` in any case: "client".
ReplyError unknown_subcommand(std::string_view container, std::string_view subcommand);
ReplyError unknown_subcommand_or_arguments(std::string_view container, std::string_view subcommand);
/// A RESP2 connection that listens to messages.  `command`: its full name.
ReplyError not_while_subscribed(std::string_view command);
ReplyError unknown_command(std::span<const std::string_view> args);
/// XGROUP, XINFO CONSUMERS.
ReplyError no_such_group(std::string_view group, std::string_view key);
ReplyError unbalanced_streams(std::string_view command);
ReplyError unrecognized_xclaim_option(std::string_view option);
ReplyError unrecognized_xnack_option(std::string_view option);
/// "$" and "+" in XREADGROUP.
ReplyError meaningless_id(std::string_view id);
ReplyError no_such_key_or_group(std::string_view key, std::string_view group);
/// The same with the words that XREADGROUP adds.
ReplyError no_such_key_or_group_to_read(std::string_view key, std::string_view group);
ReplyError with_text(std::string_view before, std::string_view user_bytes, std::string_view after);

}  // namespace weir::errors
