// MONITOR: connections that are shown every command.
//
//   +1795854887.057933 [0 127.0.0.1:60866] "XADD" "s" "*" "f" "v"
//    time of the end    db, who              words, as inline_words quotes them
//
// Commands of operators (CONFIG, ACL, DEBUG, …) are not shown, and passwords are blotted out.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace weir {

class Client;
struct CommandSpec;

class Monitors {
 public:
  bool is_empty() const { return watching_.empty(); }
  /// Also marks the client; adding it twice is adding it once.
  void add(Client& client);
  void remove(Client& client);

  /// Shows a command that `client` has run to all.
  void show(const Client& client, const CommandSpec& command,
            std::span<const std::string_view> argv, int64_t unix_us) const;

 private:
  std::vector<Client*> watching_;
};

}  // namespace weir
