// What is sent: commands in RESP, entries of a known shape, entry IDs that need no remembering.
//
// Everything is made from fixed seeds, so both servers of a round get the same bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "tests/bench/load_generator.h"

namespace weir::bench {

/// Text of 64 letters: 6 bits a byte, no entropy coder gets it below 3/4.
class RandomText {
 public:
  explicit RandomText(uint64_t seed) : random_(seed) {}
  std::string text(size_t bytes);
  /// 0 ... bound - 1.
  size_t number(size_t bound) { return static_cast<size_t>(random_() % bound); }

 private:
  std::mt19937_64 random_;
};

/// "1f16" is {1, 16}: one field with a value of 16 bytes.
struct EntryShape {
  size_t fields = 1;
  size_t value_bytes = 16;
};

/// `text` at its spaces.
std::vector<std::string> words_of(const std::string& text);

/// One XADD.  `trim` stands between key and ID as it is, such as "MAXLEN ~ 10000", or is empty.
struct Xadd {
  std::string key;
  std::string id = "*";
  std::string trim = {};
  EntryShape shape = {};
};
void append_xadd(std::string& bytes, const Xadd& xadd, RandomText& random);

/// Commands that begin with `head` and together name entry_id(0) ... entry_id(entries - 1) once,
/// in order.
struct Sweep {
  std::vector<std::string> head;
  size_t entries = 0;
  size_t ids = 1;       // per command
  size_t pipeline = 1;  // commands per request
};
std::vector<Request> sweep(const Sweep& what);

inline constexpr size_t kEntriesPerMs = 100;

/// The ID of a preloaded stream's n-th entry: so many entries share a millisecond.
std::string entry_id(size_t n, size_t per_ms = kEntriesPerMs);

/// The key of the n-th of many streams, 13 bytes.
std::string stream_key(size_t n);

/// The stream of the scenarios that have only one.
inline constexpr const char* kStream = "bench";

/// Entries to add before anything is measured.
struct Preload {
  size_t streams = 1;  // 1: kStream; more: stream_key(0), stream_key(1), ...
  size_t entries_per_stream = 0;
  EntryShape shape = {};
  std::string trim = {};
  size_t per_ms = kEntriesPerMs;
};

/// Adds them over one connection, with the IDs entry_id(0), entry_id(1), ... in each stream.
void preload(const Endpoint& endpoint, const Preload& what);

}  // namespace weir::bench
