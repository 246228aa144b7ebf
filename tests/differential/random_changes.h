// Streams with groups, made by random commands, and what is told of them.
#pragma once

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cstdint>
#include <regex>
#include <string>

#include "tests/support/random_commands.h"
#include "tests/support/redis.h"

namespace weir::testing {

/// The keys that the commands use.
inline constexpr const char* kRandomKeys[] = {"s1", "s2", "s3", "only1", "only2"};

/// Commands on streams, of which most fail or change something.
inline void change_at_random(Redis& redis, uint64_t seed, int commands) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  RandomCommands random(seed, std::chrono::duration_cast<Milliseconds>(now).count());
  while (commands > 0) {
    const Words words = random.next();
    const bool is_stream_command = words[0].size() > 3 && std::toupper(words[0][0]) == 'X';
    const bool waits = std::find(words.begin(), words.end(), "BLOCK") != words.end();
    if (!is_stream_command || waits) continue;
    redis.send_words(words);
    redis.read();
    --commands;
  }
}

/// All that XINFO tells of a stream but when consumers were active, which a file of version 10 does
/// not say.
inline std::string info_of(Redis& redis, const std::string& key) {
  const std::string text = redis("XINFO", "STREAM", key, "FULL", "COUNT", "0").text;
  return std::regex_replace(text, std::regex(R"("active-time",-?\d+)"), "");
}

/// The same of all streams.
inline std::string all_info(Redis& redis) {
  std::string text;
  for (const char* key : kRandomKeys)
    text += info_of(redis, key) + "\n";
  return text;
}

}  // namespace weir::testing
