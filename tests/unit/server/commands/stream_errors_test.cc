// Every error that the stream commands give, with the words that earn it (those of Redis 8.8), and
// that a refused command changes nothing.
//
// Elsewhere: elements that are too large (xadd_idempotence_test.cc), CLIENT UNBLOCK
// (blocking_wakeup_test.cc).  "IDS option is required" cannot be had: the arity of XDELEX and
// XACKDEL leaves no room for a command without IDS in which nothing else is wrong.
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/support/describe_stream.h"
#include "tests/support/handler_stage.h"

namespace weir::testing {
namespace {

struct Refused {
  const char* words;  // separated by blanks; '' is an empty one
  const char* error;
};

std::string run(HandlerStage& stage, std::string_view line) {
  std::istringstream text{std::string(line)};
  std::vector<std::string> words{std::istream_iterator<std::string>(text), {}};
  for (std::string& word : words) {
    if (word == "''") word.clear();
  }
  return stage.run({words.begin(), words.end()});
}

/// "s" has 1-0 and 3-0, 2-0 was deleted; its group "g" has read 1-0, which "c" has pending; "full"
/// can take no more entries; there is no key "none".
void fill(HandlerStage& stage) {
  for (const char* const words :
       {"XADD s 1-0 f v", "XADD s 2-0 f v", "XADD s 3-0 f v", "XDEL s 2-0", "XGROUP CREATE s g 0",
        "XREADGROUP GROUP g c COUNT 1 STREAMS s >", "XIDMPRECORD s p i 1-0",
        "XGROUP CREATE full g $ MKSTREAM", "XSETID full 18446744073709551615-18446744073709551615"})
    REQUIRE_FALSE(run(stage, words).starts_with("-"));
  stage.take_forms();
  stage.events();
}

/// Each command is refused with its error; keys, entries and groups stay as they were.
void check_refused(const std::vector<Refused>& cases) {
  HandlerStage stage;
  fill(stage);
  const std::string before = describe(*stage.stream("s")) + describe(*stage.stream("full"));
  for (const Refused& refused : cases) {
    CAPTURE(refused.words);
    CHECK(run(stage, refused.words) == std::string("-") + refused.error);
    CHECK(stage.told().empty());
    CHECK(stage.events().empty());
  }
  CHECK(describe(*stage.stream("s")) + describe(*stage.stream("full")) == before);
  CHECK(stage.keyspace.database(0).size() == 2);
}

constexpr const char* kInvalidId = "ERR Invalid stream ID specified as stream command argument";
constexpr const char* kInteger = "ERR value is not an integer or out of range";
constexpr const char* kSyntax = "ERR syntax error";
constexpr const char* kNoKey = "ERR no such key";

}  // namespace

TEST_CASE("XADD is refused with the error of its first mistake", "[xadd][errors]") {
  constexpr const char* kArity = "ERR wrong number of arguments for 'xadd' command";
  constexpr const char* kTooSmall =
      "ERR The ID specified in XADD is equal or smaller than the target stream top item";
  check_refused({
      {"XADD s *", kArity},
      {"XADD s * f", kArity},
      {"XADD s * f v g", kArity},
      {"XADD s MAXLEN 5 4-0", kArity},
      {"XADD s abc f v", kInvalidId},
      {"XADD s - f v", kInvalidId},
      {"XADD s + f v", kInvalidId},
      {"XADD s 4-1- f v", kInvalidId},
      {"XADD s 18446744073709551616 f v", kInvalidId},
      {"XADD s KEEPREF ACKED 4-0 f v", kInvalidId},
      {"XADD none abc f v", kInvalidId},
      {"XADD s 0-0 f v", "ERR The ID specified in XADD must be greater than 0-0"},
      {"XADD none 0 f v", "ERR The ID specified in XADD must be greater than 0-0"},
      {"XADD none NOMKSTREAM 0-0 f v", "ERR The ID specified in XADD must be greater than 0-0"},
      {"XADD s 3-0 f v", kTooSmall},
      {"XADD s 2-9 f v", kTooSmall},
      {"XADD s 2-* f v", kTooSmall},
      {"XADD full * f v",
       "ERR The stream has exhausted the last possible ID, unable to add more items"},
      {"XADD full 5-0 f v",
       "ERR The stream has exhausted the last possible ID, unable to add more items"},
  });
}

TEST_CASE("A mistake in what to trim is named", "[xadd][xtrim][errors]") {
  constexpr const char* kTwo =
      "ERR syntax error, MAXLEN and MINID options at the same time are not compatible";
  constexpr const char* kNoTilde =
      "ERR syntax error, LIMIT cannot be used without the special ~ option";
  constexpr const char* kNoStrategy =
      "ERR syntax error, LIMIT cannot be used without specifying a trimming strategy";
  check_refused({
      {"XTRIM s MAXLEN -1", "ERR The MAXLEN argument must be >= 0."},
      {"XADD s MAXLEN -1 * f v", "ERR The MAXLEN argument must be >= 0."},
      {"XTRIM s MAXLEN 5.5", kInteger},
      {"XTRIM s MAXLEN ~ ~", kInteger},
      {"XADD s MAXLEN abc * f v", kInteger},
      {"XTRIM s MINID -", kInvalidId},
      {"XADD s MINID + * f v", kInvalidId},
      {"XTRIM s MAXLEN 1 MINID 1", kTwo},
      {"XTRIM s MAXLEN 1 MAXLEN 1", kTwo},
      {"XADD s MINID 1 MAXLEN 1 * f v", kTwo},
      {"XTRIM s MAXLEN ~ 1 LIMIT -1", "ERR The LIMIT argument must be >= 0."},
      {"XADD s MAXLEN ~ 1 LIMIT -1 * f v", "ERR The LIMIT argument must be >= 0."},
      {"XTRIM s MAXLEN ~ 1 LIMIT abc", kInteger},
      {"XTRIM s MAXLEN 1 LIMIT 0", kNoTilde},
      {"XTRIM s MAXLEN = 1 LIMIT 5", kNoTilde},
      {"XADD s LIMIT 0 * f v", kNoTilde},
      {"XADD s LIMIT 5 * f v", kNoStrategy},
      {"XTRIM s LIMIT 5", kNoStrategy},
      {"XTRIM s LIMIT 0", "ERR syntax error, XTRIM must be called with a trimming strategy"},
      {"XTRIM s ACKED KEEPREF", kSyntax},
      {"XTRIM s MAXLEN 1 abc", kSyntax},
      {"XTRIM s MAXLEN 1 NOMKSTREAM", kSyntax},
      {"XTRIM none MAXLEN 1 abc", kSyntax},
  });
}

TEST_CASE("A mistake in what names a message is named", "[xadd][idmp][errors]") {
  constexpr const char* kTwice = "ERR syntax error, IDMP/IDMPAUTO specified multiple times";
  constexpr const char* kNeedsAuto =
      "ERR syntax error, IDMP/IDMPAUTO can be used only with auto-generated IDs";
  check_refused({
      {"XADD s IDMP p i IDMP p i * f v", kTwice},
      {"XADD s IDMPAUTO p IDMP p i * f v", kTwice},
      {"XADD s IDMP p i 4-0 f v", kNeedsAuto},
      {"XADD s IDMPAUTO p 4-* f v", kNeedsAuto},
      {"XADD s IDMP '' i * f v", "ERR syntax error, IDMP requires a non-empty producer ID"},
      {"XADD s IDMP p '' * f v", "ERR syntax error, IDMP requires a non-empty idempotent ID"},
      {"XADD s IDMPAUTO '' * f v", "ERR syntax error, IDMPAUTO requires a non-empty producer ID"},
      {"XADD s IDMP p * f v g w", kInvalidId},
      {"XCFGSET s", "ERR At least one parameter must be specified"},
      {"XCFGSET s IDMP-DURATION 0", "ERR IDMP-DURATION must be between 1 and 86400 seconds"},
      {"XCFGSET s IDMP-DURATION 86401", "ERR IDMP-DURATION must be between 1 and 86400 seconds"},
      {"XCFGSET s IDMP-MAXSIZE 0", "ERR IDMP-MAXSIZE must be between 1 and 10000 entries"},
      {"XCFGSET s IDMP-MAXSIZE 10001", "ERR IDMP-MAXSIZE must be between 1 and 10000 entries"},
      {"XCFGSET s IDMP-DURATION 5 IDMP-DURATION 5", "ERR IDMP-DURATION specified multiple times"},
      {"XCFGSET s IDMP-MAXSIZE 5 IDMP-MAXSIZE 5", "ERR IDMP-MAXSIZE specified multiple times"},
      {"XCFGSET s IDMP-MAXSIZE abc", kInteger},
      {"XCFGSET s IDMP-MAXSIZE", kSyntax},
      {"XCFGSET none IDMP-MAXSIZE abc", kNoKey},
      {"XIDMPRECORD s p i abc", kInvalidId},
      {"XIDMPRECORD s '' i 1-0", "ERR producer ID must be non-empty"},
      {"XIDMPRECORD s p '' 1-0", "ERR idempotent ID must be non-empty"},
      {"XIDMPRECORD none p i 1-0", kNoKey},
      {"XIDMPRECORD s p j 2-0", "ERR No such message in stream"},
      {"XIDMPRECORD s p i 3-0",
       "ERR IID already exists for this producer with a different stream ID"},
  });
}

TEST_CASE("A mistake in an interval is named before the key is looked for", "[xrange][errors]") {
  constexpr const char* kStart = "ERR invalid start ID for the interval";
  constexpr const char* kEnd = "ERR invalid end ID for the interval";
  constexpr const char* kMax = "18446744073709551615-18446744073709551615";
  const std::string range = std::string("XRANGE none (") + kMax + " +";
  const std::string reverse = std::string("XREVRANGE none + (") + kMax;
  const std::string pending = std::string("XPENDING none g (") + kMax + " + 1";
  const std::string autoclaim = std::string("XAUTOCLAIM none g c 0 (") + kMax;
  check_refused({
      {range.c_str(), kStart},
      {reverse.c_str(), kStart},
      {pending.c_str(), kStart},
      {autoclaim.c_str(), kStart},
      {"XRANGE none - (0-0", kEnd},
      {"XREVRANGE none (0-0 -", kEnd},
      {"XPENDING none g - (0-0 1", kEnd},
      {"XRANGE none (- +", kInvalidId},
      {"XRANGE none - (+", kInvalidId},
      {"XRANGE none ( +", kInvalidId},
      {"XREVRANGE none abc -", kInvalidId},
      {"XRANGE none - + COUNT", kSyntax},
      {"XRANGE none - + abc 5", kSyntax},
      {"XRANGE none - + COUNT abc", kInteger},
  });
}

TEST_CASE("XSETID is refused where it would contradict the stream", "[xsetid][errors]") {
  check_refused({
      {"XSETID s abc", kInvalidId},
      {"XSETID s 9-0 ENTRIESADDED abc", kInteger},
      {"XSETID s 9-0 ENTRIESADDED -1", "ERR entries_added must be positive"},
      {"XSETID s 9-0 MAXDELETEDID abc", kInvalidId},
      {"XSETID s 9-0 MAXDELETEDID 9-1",
       "ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id"},
      {"XSETID s 9-0 ENTRIESADDED", kSyntax},
      {"XSETID s 9-0 abc", kSyntax},
      {"XSETID none 9-0", kNoKey},
      {"XSETID s 1-9",
       "ERR The ID specified in XSETID is smaller than current max_deleted_entry_id"},
      {"XSETID s 2-9", "ERR The ID specified in XSETID is smaller than the target stream top item"},
      {"XSETID s 9-0 ENTRIESADDED 1",
       "ERR The entries_added specified in XSETID is smaller than the target stream length"},
  });
}

TEST_CASE("XREAD is refused with the error of its first mistake", "[xread][errors]") {
  constexpr const char* kUnbalanced =
      "ERR Unbalanced 'xread' list of streams: for each stream key an ID, '+', or '$' must be "
      "specified.";
  check_refused({
      {"XREAD COUNT abc STREAMS s 0", kInteger},
      {"XREAD BLOCK abc STREAMS s 0", "ERR timeout is not an integer or out of range"},
      {"XREAD BLOCK 1.5 STREAMS s 0", "ERR timeout is not an integer or out of range"},
      {"XREAD BLOCK -1 STREAMS s 0", "ERR timeout is negative"},
      {"XREAD BLOCK 9223372036854775807 STREAMS s 0", "ERR timeout is out of range"},
      {"XREAD STREAMS s t 0", kUnbalanced},
      {"XREAD STREAMS s none abc", kUnbalanced},
      {"XREAD GROUP g c STREAMS s 0",
       "ERR The GROUP option is only supported by XREADGROUP. You called XREAD instead."},
      {"XREAD NOACK STREAMS s 0",
       "ERR The NOACK option is only supported by XREADGROUP. You called XREAD instead."},
      {"XREAD CLAIM 5 STREAMS s 0",
       "ERR The CLAIM option is only supported by XREADGROUP. You called XREAD instead."},
      {"XREAD COUNT 1 s 0", kSyntax},
      {"XREAD abc STREAMS s 0", kSyntax},
      {"XREAD STREAMS s >",
       "ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> "
       "<consumer> option."},
      {"XREAD STREAMS s -", kInvalidId},
      {"XREAD STREAMS s abc", kInvalidId},
      {"XREAD MAXCOUNT 0 STREAMS s 0", "ERR MAXCOUNT must be a positive integer"},
      {"XREAD MAXCOUNT -1 STREAMS s 0", "ERR MAXCOUNT must be a positive integer"},
      {"XREAD MAXCOUNT abc STREAMS s 0", "ERR MAXCOUNT must be a positive integer"},
      {"XREAD MAXSIZE 0 STREAMS s 0", "ERR MAXSIZE must be a positive integer"},
      {"XREAD MAXSIZE abc STREAMS s 0", "ERR MAXSIZE must be a positive integer"},
      {"XREAD MAXCOUNT 2 COUNT 3 STREAMS s 0",
       "ERR MAXCOUNT must be greater than or equal to COUNT"},
  });
}

TEST_CASE("XREADGROUP is refused before a consumer is made", "[xreadgroup][errors]") {
  constexpr const char* kUnbalanced =
      "ERR Unbalanced 'xreadgroup' list of streams: for each stream key an ID or '>' must be "
      "specified.";
  constexpr const char* kMeaningless =
      "ERR The $ ID is meaningless in the context of XREADGROUP: you want to read the history of "
      "this consumer by specifying a proper ID, or use the > ID to get new messages. The $ ID "
      "would just return an empty result set.";
  constexpr const char* kMeaninglessPlus =
      "ERR The + ID is meaningless in the context of XREADGROUP: you want to read the history of "
      "this consumer by specifying a proper ID, or use the > ID to get new messages. The + ID "
      "would just return an empty result set.";
  constexpr const char* kNoGroup =
      "NOGROUP No such key 's' or consumer group 'x' in XREADGROUP with GROUP option";
  constexpr const char* kNoKeyOrGroup =
      "NOGROUP No such key 'none' or consumer group 'g' in XREADGROUP with GROUP option";
  check_refused({
      {"XREADGROUP COUNT 1 STREAMS s >", "ERR wrong number of arguments for 'xreadgroup' command"},
      {"XREADGROUP COUNT 1 BLOCK 0 STREAMS s >", "ERR Missing GROUP option for XREADGROUP"},
      {"XREADGROUP GROUP g new CLAIM abc STREAMS s >",
       "ERR min-idle-time is not an integer or out of range"},
      {"XREADGROUP GROUP g new CLAIM -1 STREAMS s >",
       "ERR min-idle-time must be a positive integer"},
      {"XREADGROUP GROUP g new BLOCK abc STREAMS s >",
       "ERR timeout is not an integer or out of range"},
      {"XREADGROUP GROUP g new BLOCK -1 STREAMS s >", "ERR timeout is negative"},
      {"XREADGROUP GROUP g new COUNT abc STREAMS s >", kInteger},
      {"XREADGROUP GROUP g new MAXCOUNT 0 STREAMS s >", "ERR MAXCOUNT must be a positive integer"},
      {"XREADGROUP GROUP g new MAXSIZE -5 STREAMS s >", "ERR MAXSIZE must be a positive integer"},
      {"XREADGROUP GROUP g new COUNT 3 MAXCOUNT 2 STREAMS s >",
       "ERR MAXCOUNT must be greater than or equal to COUNT"},
      {"XREADGROUP GROUP g new STREAMS s s >", kUnbalanced},
      {"XREADGROUP GROUP g new abc STREAMS s >", kSyntax},
      {"XREADGROUP GROUP g new COUNT 1 s >", kSyntax},
      {"XREADGROUP GROUP x new STREAMS s >", kNoGroup},
      {"XREADGROUP GROUP x new STREAMS s abc", kNoGroup},
      {"XREADGROUP GROUP g new STREAMS none >", kNoKeyOrGroup},
      {"XREADGROUP GROUP g new STREAMS s none > >", kNoKeyOrGroup},
      {"XREADGROUP GROUP g new STREAMS s $", kMeaningless},
      {"XREADGROUP GROUP g new STREAMS s +", kMeaninglessPlus},
      {"XREADGROUP GROUP g new STREAMS s abc", kInvalidId},
      {"XREADGROUP GROUP g new STREAMS s full > -", kInvalidId},
  });
}

TEST_CASE("XGROUP is refused with the error of its first mistake", "[xgroup][errors]") {
  constexpr const char* kNeedsKey =
      "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to "
      "use the MKSTREAM option to create an empty stream automatically.";
  constexpr const char* kNoGroup = "NOGROUP No such consumer group 'x' for key name 's'";
  constexpr const char* kCreate =
      "ERR unknown subcommand or wrong number of arguments for 'CREATE'. Try XGROUP HELP.";
  constexpr const char* kSetId =
      "ERR unknown subcommand or wrong number of arguments for 'SETID'. Try XGROUP HELP.";
  check_refused({
      {"XGROUP CREATE none g $", kNeedsKey},
      {"XGROUP SETID none g $", kNeedsKey},
      {"XGROUP DESTROY none g", kNeedsKey},
      {"XGROUP CREATECONSUMER none g c", kNeedsKey},
      {"XGROUP DELCONSUMER none g c", kNeedsKey},
      {"XGROUP SETID s x $", kNoGroup},
      {"XGROUP CREATECONSUMER s x c", kNoGroup},
      {"XGROUP DELCONSUMER s x c", kNoGroup},
      {"XGROUP CREATE s g $", "BUSYGROUP Consumer Group name already exists"},
      {"XGROUP CREATE s g abc", kInvalidId},
      {"XGROUP CREATE s new -", kInvalidId},
      {"XGROUP CREATE none new abc MKSTREAM", kInvalidId},
      {"XGROUP SETID s g abc", kInvalidId},
      {"XGROUP CREATE s new $ ENTRIESREAD -2", "ERR value for ENTRIESREAD must be positive or -1"},
      {"XGROUP SETID s g $ ENTRIESREAD -2", "ERR value for ENTRIESREAD must be positive or -1"},
      {"XGROUP CREATE s new $ ENTRIESREAD abc", kInteger},
      {"XGROUP CREATE s new $ ENTRIESREAD", kCreate},
      {"XGROUP CREATE s new $ abc", kCreate},
      {"XGROUP CREATE s new $ MKSTREAM MKSTREAM ENTRIESREAD 1", kCreate},
      {"XGROUP SETID s g $ MKSTREAM", kSetId},
      {"XGROUP SETID s g $ ENTRIESREAD 1 ENTRIESREAD 1", kSetId},
      {"XGROUP DESTROY s", "ERR wrong number of arguments for 'xgroup|destroy' command"},
  });
}

TEST_CASE("XINFO is refused with the error of its first mistake", "[xinfo][errors]") {
  constexpr const char* kStream =
      "ERR unknown subcommand or wrong number of arguments for 'STREAM'. Try XINFO HELP.";
  check_refused({
      {"XINFO STREAM none", kNoKey},
      {"XINFO STREAM none abc", kNoKey},
      {"XINFO GROUPS none", kNoKey},
      {"XINFO CONSUMERS none g", kNoKey},
      {"XINFO CONSUMERS s x", "NOGROUP No such consumer group 'x' for key name 's'"},
      {"XINFO STREAM s abc", kStream},
      {"XINFO STREAM s FULL COUNT", kStream},
      {"XINFO STREAM s FULL abc 5", kStream},
      {"XINFO STREAM s FULL COUNT abc", kInteger},
  });
}

TEST_CASE("XPENDING is refused with the error of its first mistake", "[xpending][errors]") {
  check_refused({
      {"XPENDING s g -", kSyntax},
      {"XPENDING s g - +", kSyntax},
      {"XPENDING s g IDLE 0 - + 10 c d", kSyntax},
      {"XPENDING s g IDLE abc - + 10", kInteger},
      {"XPENDING s g IDLE 0 - +", kSyntax},
      {"XPENDING s g - + abc", kInteger},
      {"XPENDING s g abc + 10", kInvalidId},
      {"XPENDING s g - abc 10", kInvalidId},
      {"XPENDING s x", "NOGROUP No such key 's' or consumer group 'x'"},
      {"XPENDING none g - + 10", "NOGROUP No such key 'none' or consumer group 'g'"},
      {"XPENDING none g abc + 10", kInvalidId},
  });
}

TEST_CASE("XCLAIM and XAUTOCLAIM are refused before a consumer is made", "[xclaim][errors]") {
  constexpr const char* kMinIdle = "ERR Invalid min-idle-time argument for XAUTOCLAIM";
  constexpr const char* kCount = "ERR COUNT must be > 0";
  check_refused({
      {"XCLAIM none g new 0 1-0", "NOGROUP No such key 'none' or consumer group 'g'"},
      {"XCLAIM s x new abc 1-0", "NOGROUP No such key 's' or consumer group 'x'"},
      {"XCLAIM s g new abc 1-0", "ERR Invalid min-idle-time argument for XCLAIM"},
      {"XCLAIM s g new 1.5 1-0", "ERR Invalid min-idle-time argument for XCLAIM"},
      {"XCLAIM s g new 0 1-0 abc", "ERR Unrecognized XCLAIM option 'abc'"},
      {"XCLAIM s g new 0 -", "ERR Unrecognized XCLAIM option '-'"},
      {"XCLAIM s g new 0 (1-0", "ERR Unrecognized XCLAIM option '(1-0'"},
      {"XCLAIM s g new 0 1-0 FORCE 3-0", "ERR Unrecognized XCLAIM option '3-0'"},
      {"XCLAIM s g new 0 1-0 IDLE", "ERR Unrecognized XCLAIM option 'IDLE'"},
      {"XCLAIM s g new 0 1-0 IDLE abc", "ERR Invalid IDLE option argument for XCLAIM"},
      {"XCLAIM s g new 0 1-0 TIME abc", "ERR Invalid TIME option argument for XCLAIM"},
      {"XCLAIM s g new 0 1-0 RETRYCOUNT abc", "ERR Invalid RETRYCOUNT option argument for XCLAIM"},
      {"XCLAIM s g new 0 1-0 FORCE LASTID abc", kInvalidId},
      {"XAUTOCLAIM none g new abc 0", kMinIdle},
      {"XAUTOCLAIM s g new 0 abc", kInvalidId},
      {"XAUTOCLAIM s g new 0 0 COUNT 0", kCount},
      {"XAUTOCLAIM s g new 0 0 COUNT -1", kCount},
      {"XAUTOCLAIM s g new 0 0 COUNT abc", kCount},
      {"XAUTOCLAIM s g new 0 0 COUNT", kSyntax},
      {"XAUTOCLAIM s g new 0 0 abc", kSyntax},
      {"XAUTOCLAIM none g new 0 0", "NOGROUP No such key 'none' or consumer group 'g'"},
      {"XAUTOCLAIM s x new 0 0", "NOGROUP No such key 's' or consumer group 'x'"},
  });
}

TEST_CASE("XNACK is refused with the error of its first mistake", "[xnack][errors]") {
  constexpr const char* kNumber = "ERR numids must be a positive integer";
  check_refused({
      {"XNACK none g abc IDS 1 1-0", "NOGROUP No such key 'none' or consumer group 'g'"},
      {"XNACK s x FAIL IDS 1 1-0", "NOGROUP No such key 's' or consumer group 'x'"},
      {"XNACK s g abc IDS 1 1-0", "ERR mode must be SILENT, FAIL, or FATAL"},
      {"XNACK s g IDS 1 1-0 FAIL", "ERR mode must be SILENT, FAIL, or FATAL"},
      {"XNACK s g FAIL IDS 0 1-0", kNumber},
      {"XNACK s g FAIL IDS -1 1-0", kNumber},
      {"XNACK s g FAIL IDS abc 1-0", kNumber},
      {"XNACK s g FAIL IDS 2 1-0", "ERR number of IDs doesn't match numids"},
      {"XNACK s g FAIL IDS 1 1-0 3-0", "ERR Unrecognized XNACK option '3-0'"},
      {"XNACK s g FAIL IDS 1 1-0 RETRYCOUNT", "ERR Unrecognized XNACK option 'RETRYCOUNT'"},
      {"XNACK s g FAIL IDS 1 1-0 RETRYCOUNT -1", "ERR Invalid RETRYCOUNT value, must be >= 0"},
      {"XNACK s g FAIL IDS 1 1-0 RETRYCOUNT abc", kInteger},
      {"XNACK s g FAIL FORCE RETRYCOUNT 1", "ERR syntax error, expected IDS keyword"},
      {"XNACK s g FAIL IDS 2 1-0 abc", kInvalidId},
  });
}

TEST_CASE("Deleting and acknowledging are refused as a whole", "[xdel][xack][errors]") {
  constexpr const char* kNumber = "ERR Number of IDs must be a positive integer";
  constexpr const char* kMatch = "ERR The `numids` parameter must match the number of arguments";
  check_refused({
      {"XDEL s 1-0 abc", kInvalidId},
      {"XACK s g 1-0 abc", kInvalidId},
      {"XDELEX s IDS 0 1-0", kNumber},
      {"XDELEX s IDS -1 1-0", kNumber},
      {"XDELEX s IDS abc 1-0", kNumber},
      {"XDELEX s IDS 2 1-0", kMatch},
      {"XDELEX s IDS 1 1-0 3-0", kSyntax},
      {"XDELEX s KEEPREF KEEPREF IDS 1 1-0", kSyntax},
      {"XDELEX s abc IDS 1 1-0", kSyntax},
      {"XDELEX s KEEPREF ACKED IDS", kSyntax},
      {"XDELEX s IDS 2 1-0 abc", kInvalidId},
      {"XDELEX none IDS 2 1-0", kMatch},
      {"XACKDEL s g IDS 0 1-0", kNumber},
      {"XACKDEL s g IDS abc 1-0", kNumber},
      {"XACKDEL s g IDS 2 1-0", kMatch},
      {"XACKDEL s g IDS 1 1-0 3-0", kSyntax},
      {"XACKDEL s g ACKED DELREF IDS 1 1-0", kSyntax},
      {"XACKDEL s g IDS 2 1-0 abc", kInvalidId},
      {"XACKDEL s x IDS 2 1-0", kMatch},
  });
}

TEST_CASE("Line ends in what an error echoes become blanks", "[xpending][errors]") {
  HandlerStage stage;
  CHECK(stage.run({"XPENDING", "a\r\nb", "g\n"}) ==
        "-NOGROUP No such key 'a  b' or consumer group 'g '");
}

}  // namespace weir::testing
