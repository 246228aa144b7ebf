// What RandomCommands has beyond the usual, for a comparison with another server: databases are
// changed and emptied, keys unlinked, dumped and restored, values are large, rows of IDs long, and
// some words are no command at all.
#include <cstddef>

#include "tests/support/random_commands.h"

namespace weir::testing {
namespace {

constexpr uint64_t kManyIds = 60;      // Redis keeps eight in place
constexpr uint64_t kManyFields = 300;  // a node's entry has its count of fields in one byte or more
constexpr size_t kLengths[] = {63, 64, 4'095, 4'096, 5'000, 70'000};  // where an encoding ends
constexpr const char* kNoCommands[] = {"GETX", "X", "", "xaddx", "XGROUPS", "\r\n", "XREAD GROUP"};

}  // namespace

Words RandomCommands::next_of_all() {
  return one_in(in_transaction_ ? 30 : 9) ? wide_command() : next();
}

Words RandomCommands::wide_command() {
  switch (draw(16)) {
    case 0:
      return one_in(4) ? Words{"SELECT", database()} : Words{"SELECT", pick({"0", "1"})};
    case 1:
      return one_in(10) ? flush() : Words{"DBSIZE"};
    case 2:
      return one_in(4) ? Words{pick({"UNLINK", "DEL"}), key(), key(), key()}
                       : Words{"UNLINK", pick({"s1", "s3", "only2", "missing"})};
    case 3:
      return {"OBJECT", pick({"FREQ", "IDLETIME", "ENCODING", "REFCOUNT", "nonsense"}), key()};
    case 4:
      return scan();
    case 5:
      return {"KEYS", pick({"[^s]*", "s\\1", "?nly*", "*[12]", "s[1-2]", "s[2-1]", "[", "", "s1"})};
    case 6:
      return restore();
    case 7:
    case 8:
      return {"DUMP", key()};
    case 9:
      return xadd_now();
    case 10:
      return xadd_large();
    case 11:
    case 12:
      return with_many_ids();
    case 13:
      return keys_of_command();
    case 14:
      return one_in(3) ? Words{"ECHO", text()} : Words{"PING", text()};
    default:
      return one_in(2) ? Words{"WAIT", "0", pick({"0", "1", "-1", "abc"})} : no_command();
  }
}

Words RandomCommands::flush() {
  Words words = {pick({"FLUSHDB", "FLUSHALL"})};
  if (one_in(2)) words.push_back(pick({"ASYNC", "SYNC", "NONSENSE"}));
  return words;
}

Words RandomCommands::scan() {
  Words words = {"SCAN", one_in(4) ? pick({"abc", "", "1.5", "18446744073709551616"}) : "0",
                 "COUNT", one_in(4) ? pick({"0", "-1", "abc", "9223372036854775808"}) : "1000"};
  if (one_in(2)) {
    words.emplace_back("TYPE");
    words.push_back(pick({"stream", "STREAM", "list", "string", "nonsense"}));
  }
  if (one_in(2)) {
    words.emplace_back("MATCH");
    words.push_back(pick({"*", "s[12]", "only?", "", "[", "s\\"}));
  }
  return words;
}

/// Of what no server takes; the payloads of both are exchanged by the test itself.
Words RandomCommands::restore() {
  Words words = {"RESTORE", one_in(3) ? "missing" : key(),
                 pick({"0", "-1", "abc", "100000000", "9223372036854775807"}),
                 pick({"", "garbage", "0123456789", "\x0f\x01garbage"})};
  for (uint64_t i = draw(4); i > 0; --i)
    words.push_back(
        pick({"REPLACE", "ABSTTL", "IDLETIME", "FREQ", "5", "-1", "255", "256", "abc"}));
  return words;
}

/// The only IDs that hang on the time of day, in a stream that keeps none.
Words RandomCommands::xadd_now() {
  Words words = {"XADD", "clock"};
  if (one_in(8)) words.emplace_back("NOMKSTREAM");
  words.insert(words.end(), {"MAXLEN", "0", "*", "f", text()});
  return words;
}

Words RandomCommands::xadd_large() {
  Words words = {"XADD", key(), id_to_add()};
  const bool is_wide = one_in(4);
  for (uint64_t pairs = is_wide ? 1 + draw(kManyFields) : 1; pairs > 0; --pairs) {
    words.push_back(is_wide ? text() : std::string(kLengths[draw(4)], 'f'));
    words.push_back(is_wide ? text() : std::string(kLengths[draw(std::size(kLengths))], 'v'));
  }
  return words;
}

Words RandomCommands::with_many_ids() {
  Words words;
  switch (draw(3)) {
    case 0:
      words = {"XDEL", key()};
      break;
    case 1:
      words = {"XACK", key(), group()};
      break;
    default:
      words = {"XCLAIM", key(), group(), consumer(), min_idle()};
  }
  append_ids(words, kManyIds);
  return words;
}

Words RandomCommands::keys_of_command() {
  Words words = {"COMMAND", "GETKEYS"};
  const Words asked = command();
  words.insert(words.end(), asked.begin(), asked.end());
  return words;
}

Words RandomCommands::no_command() {
  Words words = {kNoCommands[draw(std::size(kNoCommands))]};
  for (uint64_t i = draw(4); i > 0; --i)
    words.push_back(one_in(8) ? std::string(150, 'y') : text());
  return words;
}

}  // namespace weir::testing
