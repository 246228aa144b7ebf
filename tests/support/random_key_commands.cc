// The commands on keys, whatever they hold, of RandomCommands.
//
// Streams go only where nothing is known of a key that is not true of them too (what may be deleted
// from it, see known_differences.h): from s1 to s2, from only1 to only2, and to the same key of
// database 1, which is looked into by swapping it.
//
// No key expires meanwhile: it goes at once, in a day or later, or in the next century.  With GT
// only such deadlines are given that are the same on both servers.
#include "tests/support/random_commands.h"

namespace weir::testing {
namespace {

constexpr uint64_t kMsPerSecond = 1000;

}  // namespace

Words RandomCommands::key_command() {
  switch (draw(16)) {
    case 0:
    case 1:
    case 2:
      return expire();
    case 3:
    case 4:
    case 5:
      return {pick({"TTL", "PTTL", "EXPIRETIME", "PEXPIRETIME"}), key()};
    case 6:
      return {"PERSIST", key()};
    case 7:
      return rename();
    case 8:
    case 9:
      return copy();
    case 10:
      return {"MOVE", key(), database()};
    case 11:
      return one_in(4) ? Words{"SWAPDB", database(), database()} : Words{"SWAPDB", "0", "1"};
    case 12:
      return {pick({"EXISTS", "TOUCH"}), key(), key()};
    case 13:
      return one_in(2) ? Words{"TYPE", key()}
                       : Words{"OBJECT", pick({"ENCODING", "REFCOUNT"}), key()};
    case 14:
      return all_keys();
    default:
      return {"DEBUG", "DIGEST"};
  }
}

Words RandomCommands::expire() {
  const bool in_seconds = one_in(2);
  const bool is_absolute = one_in(2);
  const uint64_t unit = in_seconds ? 1 : kMsPerSecond;
  Words words = {
      in_seconds ? (is_absolute ? "EXPIREAT" : "EXPIRE") : (is_absolute ? "PEXPIREAT" : "PEXPIRE"),
      key()};
  if (one_in(20)) {
    words.push_back(pick({"0", "-1", "abc", "1.5", "9223372036854775807", "-9223372036854775808",
                          "9223372036854775808"}));
  } else {
    const uint64_t seconds = is_absolute ? kNextCentury + draw(5) : (1 + draw(5)) * kLongTtl;
    words.push_back(std::to_string(seconds * unit));
  }
  while (one_in(3))
    words.push_back(is_absolute ? pick({"NX", "XX", "GT", "LT"}) : pick({"NX", "XX", "LT"}));
  return words;
}

std::string RandomCommands::database() {
  return one_in(8) ? pick({"0", "99", "-1", "abc", "99999999999", ""}) : "1";
}

/// Two keys that may hold the same.
std::pair<std::string, std::string> RandomCommands::like_keys() {
  if (one_in(30)) {
    const std::string same = key();
    return {same, same};
  }
  if (one_in(30)) return {"missing", "s1"};
  const bool append_only = one_in(4);
  std::string first = append_only ? "only1" : "s1";
  std::string second = append_only ? "only2" : "s2";
  if (one_in(2)) std::swap(first, second);
  return {first, second};
}

Words RandomCommands::rename() {
  const auto [from, to] = like_keys();
  return {pick({"RENAME", "RENAMENX"}), from, to};
}

Words RandomCommands::copy() {
  Words words;
  if (one_in(2)) {
    const std::string same = key();
    words = {"COPY", same, same, "DB", database()};
  } else {
    const auto [from, to] = like_keys();
    words = {"COPY", from, to};
  }
  if (one_in(2)) words.emplace_back("REPLACE");
  return words;
}

Words RandomCommands::all_keys() {
  switch (draw(5)) {
    case 0:
      return {"DBSIZE"};
    case 1:
      return {"RANDOMKEY"};
    case 2:
      return {"KEYS", pick({"*", "s?", "only[1]", "nothing*"})};
    default:
      return one_in(2) ? Words{"SCAN", "0", "COUNT", "1000"}
                       : Words{"SCAN", "0", "COUNT", "1000", "MATCH", "s*", "TYPE", "stream"};
  }
}

}  // namespace weir::testing
