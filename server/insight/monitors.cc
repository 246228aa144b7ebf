#include "server/insight/monitors.h"

#include <array>
#include <cstdio>
#include <string>

#include "resp/inline_words.h"
#include "server/command.h"
#include "server/insight/redaction.h"
#include "server/net/client.h"
#include "server/net/push.h"
#include "server/time_units.h"

namespace weir {
namespace {

/// "127.0.0.1:60866", or "unix:" and the path.
std::string shown_address(const Client& client) {
  std::string address = client.peer_address();
  if (!client.is_unix_socket) return address;
  address.resize(address.rfind(':'));  // a Unix socket's port is 0
  return "unix:" + address;
}

}  // namespace

void Monitors::add(Client& client) {
  if (client.monitoring) return;
  client.monitoring = true;
  watching_.push_back(&client);
}

void Monitors::remove(Client& client) {
  if (!client.monitoring) return;
  client.monitoring = false;
  std::erase(watching_, &client);
}

void Monitors::show(const Client& client, const CommandSpec& command,
                    std::span<const std::string_view> argv, int64_t unix_us) const {
  if (command.has(kAdmin)) return;
  std::array<char, 48> time{};
  std::snprintf(time.data(), time.size(), "%lld.%06lld",
                static_cast<long long>(unix_us / kUsPerSecond),
                static_cast<long long>(unix_us % kUsPerSecond));
  std::string line(time.data());
  line += " [" + std::to_string(client.db) + ' ' + shown_address(client) + ']';
  for (size_t i = 0; i < argv.size(); ++i) {
    line += ' ';
    line += resp::quote_word(shown_word(command, argv, i));
  }
  for (Client* const monitor : watching_) {
    Push push(*monitor);
    push->simple(line);
  }
}

}  // namespace weir
