#include "tests/support/random_commands.h"

#include <algorithm>
#include <cstddef>

namespace weir::testing {
namespace {

constexpr uint64_t kAddsPerTick = 6;  // so many share a millisecond of the clock, about
constexpr uint64_t kReach = 12;       // how far behind the clock IDs are named
constexpr const char* kBadIds[] = {"",      "abc",  "1-",  "-1", "1-2-3", "18446744073709551616",
                                   "0x1",   "1-0x", ">",   "$",  "+",     "-",
                                   "1-1-*", "-",    "(5",  "(-", "(",     "5-99999999999999999999",
                                   "0",     "0-0",  "(0-0"};
constexpr const char* kMaxId = "18446744073709551615-18446744073709551615";
constexpr const char* kBorderIds[] = {kMaxId,
                                      "18446744073709551615",
                                      "18446744073709551615-0",
                                      "18446744073709551614-18446744073709551615",
                                      "9223372036854775808-1",
                                      "0-18446744073709551615",
                                      "4294967296-4294967296"};

}  // namespace

bool is_append_only(std::string_view key) {
  return std::find(std::begin(kAppendOnlyKeys), std::end(kAppendOnlyKeys), key) !=
         std::end(kAppendOnlyKeys);
}

std::string RandomCommands::pick(std::initializer_list<const char*> words) {
  return words.begin()[draw(words.size())];
}

std::string RandomCommands::key() {
  if (one_in(60)) return pick({"text", "missing"});
  if (one_in(6)) return std::string(kAppendOnlyKeys[draw(2)]);
  return pick({"s1", "s1", "s2", "s3"});
}

std::string RandomCommands::group() {
  return one_in(80) ? pick({"nogroup", "", "G1"}) : pick({"g1", "g1", "g2", "g3"});
}

std::string RandomCommands::consumer() {
  return pick({"alice", "bob", "carol", "Alice", "al"});
}

std::string RandomCommands::id() {
  if (one_in(60)) return kBadIds[draw(std::size(kBadIds))];
  if (one_in(400)) return kBorderIds[draw(std::size(kBorderIds))];
  const uint64_t ms = clock_ + 2 - draw(kReach);
  if (one_in(12)) return std::to_string(ms);
  if (one_in(50)) return "00" + std::to_string(ms) + "-01";
  return std::to_string(ms) + "-" + std::to_string(draw(4));
}

std::string RandomCommands::id_to_add() {
  if (one_in(kAddsPerTick)) ++clock_;
  if (one_in(40)) return id();
  if (one_in(3'000)) return kBorderIds[draw(std::size(kBorderIds))];
  if (one_in(500)) return std::to_string(clock_) + "-18446744073709551615";
  const std::string ms = std::to_string(clock_ + (one_in(8) ? draw(3) : 0));
  switch (draw(8)) {
    case 0:
      return ms + "-" + std::to_string(draw(8));
    case 1:
      return ms;
    default:
      return ms + "-*";
  }
}

std::string RandomCommands::range_end(bool is_start) {
  if (one_in(3)) return is_start ? "-" : "+";
  if (one_in(50)) return is_start ? "+" : "-";
  return (one_in(5) ? "(" : "") + id();
}

std::string RandomCommands::count() {
  if (one_in(40)) {
    return pick({"-1", "-9223372036854775808", "abc", "9223372036854775807", "1.5", "01", "",
                 "9223372036854775808", "9223372036854775806", "100000", "+1", " 1", "1 ", "-0",
                 "0x10", "1e3", "4294967296"});
  }
  return std::to_string(draw(one_in(4) ? 30 : 6));
}

std::string RandomCommands::text() {
  switch (draw(8)) {
    case 0:
      return std::to_string(draw(100'000));
    case 1:
      return std::string(draw(60), 'x');
    case 2:
      return "-" + std::to_string(random_() >> 1);
    case 3:
      return pick({"", "007", "-0", "12345678901234567890", "\r\n", "\xff\x00z"});
    default:
      return pick({"a", "b", "value"});
  }
}

std::string RandomCommands::min_idle() {
  if (one_in(60))
    return pick({"-1", "abc", "1.5", "", "9223372036854775808", "9223372036854775807"});
  return std::to_string(one_in(4) ? kLongIdleMs / 2 : one_in(20) ? 2 * kLongIdleMs : 0);
}

Words RandomCommands::next() {
  Words words = one_in(in_transaction_ ? 8 : 60) ? of_transaction() : command();
  const bool waits = std::find(words.begin(), words.end(), "BLOCK") != words.end();
  if (!waits && words.size() > 1 && one_in(30)) spoil(words);  // spoilt, it could wait for ever
  if (one_in(20)) {
    std::string& word = words[draw(words.size())];
    const bool is_name = word.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ") == word.npos;
    if (is_name) std::transform(word.begin(), word.end(), word.begin(), ::tolower);
  }
  return words;
}

Words RandomCommands::command() {
  if (one_in(12)) return key_command();
  const uint64_t kind = draw(1000);
  if (kind < 240) return xadd();
  if (kind < 260) return xlen();
  if (kind < 310) return xrange(false);
  if (kind < 350) return xrange(true);
  if (kind < 390) return xread();
  if (kind < 450) return xdel();
  if (kind < 490) return xtrim();
  if (kind < 494) return xsetid();
  if (kind < 528) return xinfo_stream();
  if (kind < 530) return {"DEL", key()};
  if (kind < 570) return xgroup_create();
  if (kind < 585) return xgroup_setid();
  if (kind < 595) return xgroup_consumer("CREATECONSUMER");
  if (kind < 605) return xgroup_consumer("DELCONSUMER");
  if (kind < 610) return xgroup_destroy();
  if (kind < 750) return xreadgroup();
  if (kind < 810) return xack();
  if (kind < 865) return xpending();
  if (kind < 925) return xclaim();
  if (kind < 970) return xautoclaim();
  return one_in(2) ? Words{"XINFO", "GROUPS", key()} : Words{"XINFO", "CONSUMERS", key(), group()};
}

/// Mostly what is sensible; a MULTI within a MULTI now and then, or an EXEC without one.
Words RandomCommands::of_transaction() {
  if (one_in(20)) return {pick({"MULTI", "EXEC", "DISCARD"})};
  if (in_transaction_ && one_in(10)) return {"WATCH", key()};
  if (in_transaction_) {
    in_transaction_ = false;
    return {one_in(8) ? "DISCARD" : "EXEC"};
  }
  if (one_in(12)) return {"UNWATCH"};
  if (one_in(2)) return one_in(3) ? Words{"WATCH", key(), key()} : Words{"WATCH", key()};
  in_transaction_ = true;
  return {"MULTI"};
}

Words RandomCommands::xadd() {
  Words words = {"XADD", key()};
  if (one_in(12)) words.emplace_back("NOMKSTREAM");
  if (one_in(5)) append_trim(words);
  words.push_back(id_to_add());
  const uint64_t pairs = one_in(4) ? 1 + draw(4) : 1;
  const bool unusual = one_in(6);
  for (uint64_t i = 0; i < pairs; ++i) {
    words.push_back(unusual ? text() : "field" + std::to_string(i));
    words.push_back(text());
  }
  return words;
}

void RandomCommands::append_trim(Words& words) {
  const bool by_id = one_in(3);
  words.emplace_back(by_id ? "MINID" : "MAXLEN");
  const bool approximate = !one_in(3);
  if (approximate || one_in(2)) words.emplace_back(approximate ? "~" : "=");
  words.push_back(by_id ? id() : one_in(30) ? count() : std::to_string(draw(40)));
  if (one_in(approximate ? 3 : 30)) {
    words.emplace_back("LIMIT");
    words.push_back(count());
  }
}

void RandomCommands::append_ids(Words& words, uint64_t most) {
  for (uint64_t i = 1 + draw(most); i > 0; --i)
    words.push_back(id());
}

/// In any order, and one of them twice now and then.
void RandomCommands::append_options(Words& words, std::vector<Words> options) {
  if (options.size() > 1 && one_in(3)) std::shuffle(options.begin(), options.end(), random_);
  if (!options.empty() && one_in(40)) options.push_back(options.front());
  for (const Words& option : options)
    words.insert(words.end(), option.begin(), option.end());
}

Words RandomCommands::xlen() {
  return {"XLEN", key()};
}

Words RandomCommands::xrange(bool reverse) {
  Words words = {reverse ? "XREVRANGE" : "XRANGE", key(), range_end(!reverse), range_end(reverse)};
  if (one_in(2)) {
    words.emplace_back("COUNT");
    words.push_back(count());
  }
  return words;
}

void RandomCommands::append_streams(Words& words, bool in_group) {
  if (one_in(150)) {
    words.emplace_back("BLOCK");
    words.push_back(pick({"-1", "abc", "1.5", "9223372036854775807", "1"}));
  }
  words.emplace_back("STREAMS");
  const uint64_t streams = one_in(4) ? 2 + draw(2) : 1;
  for (uint64_t i = 0; i < streams; ++i)
    words.push_back(key());
  for (uint64_t i = 0; i < streams; ++i)
    words.push_back(in_group && !one_in(4) ? ">" : one_in(20) ? "$" : id());
}

Words RandomCommands::xread() {
  Words words = {"XREAD"};
  if (one_in(2)) {
    words.emplace_back("COUNT");
    words.push_back(count());
  }
  append_streams(words, false);
  return words;
}

Words RandomCommands::xdel() {
  Words words = {"XDEL", key()};
  append_ids(words, 4);
  return words;
}

Words RandomCommands::xtrim() {
  Words words = {"XTRIM", key()};
  append_trim(words);
  return words;
}

Words RandomCommands::xsetid() {
  Words words = {"XSETID", key(), id()};
  std::vector<Words> options;
  if (one_in(3)) options.push_back({"ENTRIESADDED", count()});
  if (one_in(3)) options.push_back({"MAXDELETEDID", id()});
  append_options(words, std::move(options));
  return words;
}

Words RandomCommands::xgroup_create() {
  Words words = {"XGROUP", "CREATE", key(), group(), one_in(4) ? "$" : one_in(2) ? "0" : id()};
  std::vector<Words> options;
  if (one_in(3)) options.push_back({"MKSTREAM"});
  if (one_in(6)) options.push_back({"ENTRIESREAD", count()});
  append_options(words, std::move(options));
  return words;
}

Words RandomCommands::xgroup_setid() {
  Words words = {"XGROUP", "SETID", key(), group(), one_in(4) ? pick({"$", "-", "+"}) : id()};
  if (one_in(4)) {
    words.emplace_back("ENTRIESREAD");
    words.push_back(count());
  }
  return words;
}

Words RandomCommands::xgroup_consumer(const char* subcommand) {
  return {"XGROUP", subcommand, key(), group(), consumer()};
}

Words RandomCommands::xgroup_destroy() {
  return {"XGROUP", "DESTROY", key(), group()};
}

Words RandomCommands::xreadgroup() {
  Words words = {"XREADGROUP", "GROUP", group(), consumer()};
  std::vector<Words> options;
  if (!one_in(5)) options.push_back({"COUNT", count()});
  if (one_in(8)) options.push_back({"NOACK"});
  append_options(words, std::move(options));
  append_streams(words, true);
  return words;
}

Words RandomCommands::xack() {
  Words words = {"XACK", key(), group()};
  append_ids(words, 6);
  return words;
}

Words RandomCommands::xpending() {
  Words words = {"XPENDING", key(), group()};
  if (one_in(3)) return words;
  if (one_in(3)) {
    words.emplace_back("IDLE");
    words.push_back(min_idle());
  }
  words.push_back(range_end(true));
  words.push_back(range_end(false));
  words.push_back(count());
  if (one_in(3)) words.push_back(one_in(20) ? "nobody" : consumer());
  return words;
}

Words RandomCommands::xclaim() {
  Words words = {"XCLAIM", key(), group(), consumer(), min_idle()};
  append_ids(words, 5);
  std::vector<Words> options;
  if (one_in(4)) {
    options.push_back({"IDLE", one_in(2) ? std::to_string(kLongIdleMs) : min_idle()});
  } else if (one_in(6)) {
    options.push_back(
        {"TIME", one_in(12) ? pick({"0", "-1", "abc", "9223372036854775807"})
                            : std::to_string(now_ms_ + (one_in(2) ? -kLongIdleMs : kLongIdleMs))});
  }
  if (one_in(4)) options.push_back({"RETRYCOUNT", count()});
  if (one_in(3)) options.push_back({"FORCE"});
  if (one_in(3)) options.push_back({"JUSTID"});
  if (one_in(12)) options.push_back({"LASTID", id()});
  append_options(words, std::move(options));
  return words;
}

Words RandomCommands::xautoclaim() {
  Words words = {"XAUTOCLAIM", key(), group(), consumer(), min_idle(), range_end(true)};
  std::vector<Words> options;
  if (!one_in(4)) options.push_back({"COUNT", count()});
  if (one_in(3)) options.push_back({"JUSTID"});
  append_options(words, std::move(options));
  return words;
}

Words RandomCommands::xinfo_stream() {
  Words words = {"XINFO", "STREAM", key()};
  if (one_in(2)) return words;
  words.emplace_back("FULL");
  if (one_in(2)) {
    words.emplace_back("COUNT");
    words.push_back(count());
  }
  return words;
}

/// Drops a word, says one twice, exchanges two or puts something else in its place.
void RandomCommands::spoil(Words& words) {
  const size_t at = 1 + draw(words.size() - 1);
  switch (draw(4)) {
    case 0:
      words.erase(words.begin() + static_cast<std::ptrdiff_t>(at));
      break;
    case 1:
      words.insert(words.begin() + static_cast<std::ptrdiff_t>(at), words[at]);
      break;
    case 2:
      std::swap(words[at], words[1 + draw(words.size() - 1)]);
      break;
    default:
      words[at] = pick({"COUNT", "0", "-1", "nonsense", "STREAMS", "MAXLEN", "JUSTID", "~", "LIMIT",
                        "1-1", "FULL", "IDLE", "GROUP", "NOACK", "FORCE", "MKSTREAM"});
  }
}

}  // namespace weir::testing
