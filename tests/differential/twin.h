// One of the two servers that are compared: sends a batch of commands and reads as many replies.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "tests/support/random_commands.h"
#include "tests/support/test_server.h"

namespace weir::testing {

/// A reply as it came.
struct Answer {
  std::string bytes;
  resp::Reply value;
};

/// The command on one line.
std::string show(const Words& command);

class Twin {
 public:
  Twin(const std::vector<std::string>& options, const std::string& binary);

  /// Sends them in one write and reads their replies.  Throws std::runtime_error when the server
  /// closes, stays silent, or sends what is no reply.
  std::vector<Answer> ask(std::span<const Words> commands);
  Answer ask(const Words& command) { return ask({&command, 1}).front(); }

 private:
  bool receive();

  TestServer server_;
  RawClient client_;
  resp::ReplyParser parser_;
  std::string received_;
};

}  // namespace weir::testing
