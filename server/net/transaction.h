// The queue of a connection between MULTI and EXEC.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

struct CommandSpec;

class Transaction {
 public:
  struct Queued {
    const CommandSpec* command = nullptr;
    std::vector<std::string> argv;
  };

  /// `flags`: of the command.
  void queue(const CommandSpec& command, uint32_t flags, std::span<const std::string_view> argv) {
    commands_.push_back({&command, {argv.begin(), argv.end()}});
    flags_ |= flags;
    bytes_ += sizeof(Queued);
    for (const std::string_view word : argv)
      bytes_ += sizeof(std::string) + word.size();
  }

  const std::vector<Queued>& commands() const { return commands_; }
  /// What its commands together are: a write if one of them is.
  uint32_t flags() const { return flags_; }
  /// Of memory.
  size_t bytes() const { return bytes_; }

  /// A command could not be queued: EXEC refuses.
  bool is_spoiled = false;

 private:
  std::vector<Queued> commands_;
  uint32_t flags_ = 0;
  size_t bytes_ = 0;
};

}  // namespace weir
