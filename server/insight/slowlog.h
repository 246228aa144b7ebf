// SLOWLOG: the commands that took long, the latest first.
//
// Words are kept cut to slowlog-entry-max-argc and slowlog-entry-max-string-len, so that an entry
// has a bounded size whatever a client sends.
#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

class Client;
struct CommandSpec;
struct Settings;

struct SlowCommand {
  uint64_t id = 0;  // never used twice, from 0
  int64_t unix_s = 0;
  uint64_t us = 0;
  std::vector<std::string> argv;  // cut, secrets left out
  std::string address;
  std::string client_name;
};

class Slowlog {
 public:
  /// Remembers a command, forgetting the oldest above slowlog-max-len.
  void add(const Settings& settings, const Client& client, const CommandSpec& command,
           std::span<const std::string_view> argv, uint64_t us, int64_t unix_s);
  /// The latest comes first.
  const std::deque<SlowCommand>& entries() const { return entries_; }
  void clear() { entries_.clear(); }

 private:
  std::deque<SlowCommand> entries_;
  uint64_t next_id_ = 0;
};

}  // namespace weir
