// An endless row of commands on streams and keys, made from a seed.
//
// IDs lie around a slow clock, so that most commands meet what others have left: the range around
// it is added to, deleted from, delivered, acknowledged and claimed all the time.  Nothing depends
// on the time of day: no `*` as an ID, and idle times are either those of a test that has just
// begun or ages away from it (kLongIdleMs).  One command in thirty has a word too few, too many or
// out of its place.  Now and then some of them are queued by MULTI, and keys are watched.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weir::testing {

using Words = std::vector<std::string>;

/// An idle time that only IDLE and TIME can give; half of it separates it from the real ones.
inline constexpr int64_t kLongIdleMs = 10'000'000;

/// In seconds: times to live are multiples of it, or end after kNextCentury (Unix time).
inline constexpr uint64_t kLongTtl = 100'000;
inline constexpr uint64_t kNextCentury = 4'102'444'800;

/// Keys that entries are only ever added to; see known_differences.h for why there are such.
inline constexpr std::string_view kAppendOnlyKeys[] = {"only1", "only2"};
bool is_append_only(std::string_view key);

class RandomCommands {
 public:
  /// now_ms: Unix time of the test's begin.
  RandomCommands(uint64_t seed, int64_t now_ms) : random_(seed), now_ms_(now_ms) {}

  Words next();
  /// next(), and now and then what only a comparison of two servers wants
  /// (random_wide_commands.cc).
  Words next_of_all();

  uint64_t draw(uint64_t bound) { return random_() % bound; }
  bool one_in(uint64_t n) { return draw(n) == 0; }

 private:
  std::string pick(std::initializer_list<const char*> words);
  std::string key();
  std::string group();
  std::string consumer();
  std::string id();
  std::string id_to_add();
  std::string range_end(bool is_start);
  std::string count();
  std::string text();
  std::string min_idle();

  Words command();
  Words of_transaction();
  Words xadd();
  Words xlen();
  Words xrange(bool reverse);
  Words xread();
  Words xdel();
  Words xtrim();
  Words xsetid();
  Words xgroup_create();
  Words xgroup_setid();
  Words xgroup_consumer(const char* subcommand);
  Words xgroup_destroy();
  Words xreadgroup();
  Words xack();
  Words xpending();
  Words xclaim();
  Words xautoclaim();
  Words xinfo_stream();

  // random_key_commands.cc
  Words key_command();
  Words expire();
  Words rename();
  Words copy();
  Words all_keys();
  std::string database();
  std::pair<std::string, std::string> like_keys();

  // random_wide_commands.cc
  Words wide_command();
  Words flush();
  Words scan();
  Words restore();
  Words xadd_now();
  Words xadd_large();
  Words with_many_ids();
  Words keys_of_command();
  Words no_command();

  void append_trim(Words& words);
  void append_options(Words& words, std::vector<Words> options);
  void append_ids(Words& words, uint64_t most);
  void append_streams(Words& words, bool in_group);
  void spoil(Words& words);

  std::mt19937_64 random_;
  int64_t now_ms_;
  uint64_t clock_ = 20;
  bool in_transaction_ = false;  // as far as this side knows: a queue may have been refused
};

}  // namespace weir::testing
