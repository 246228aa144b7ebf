#include "tests/differential/twin.h"

#include <stdexcept>

#include <sys/socket.h>

namespace weir::testing {

std::string show(const Words& command) {
  std::string text;
  for (const std::string& word : command)
    text += (text.empty() ? "" : " ") + resp::quoted(word);
  return text;
}

Twin::Twin(const std::vector<std::string>& options, const std::string& binary)
    : server_(options, binary), client_(server_.connect_raw()) {}

std::vector<Answer> Twin::ask(std::span<const Words> commands) {
  std::string request;
  for (const Words& command : commands)
    request += encode_command(command);
  client_.write(request);

  std::vector<Answer> answers;
  answers.reserve(commands.size());
  std::string bytes;
  while (answers.size() < commands.size()) {
    if (received_.empty() && !receive()) {
      throw std::runtime_error("no reply to " + show(commands[answers.size()]) + "; the log:\n" +
                               server_.log());
    }
    const resp::ReplyParser::Status status = parser_.parse(received_);
    bytes.append(received_, 0, parser_.consumed());
    received_.erase(0, parser_.consumed());
    if (status == resp::ReplyParser::Status::kError) throw std::runtime_error(parser_.error());
    if (status != resp::ReplyParser::Status::kReply) continue;
    answers.push_back({.bytes = std::move(bytes), .value = parser_.take()});
    bytes.clear();
  }
  return answers;
}

/// False when nothing came in time, or the end.
bool Twin::receive() {
  if (!becomes_readable(client_.fd())) return false;
  char piece[65536];
  const ssize_t got = recv(client_.fd(), piece, sizeof(piece), 0);
  if (got <= 0) return false;
  received_.append(piece, static_cast<size_t>(got));
  return true;
}

}  // namespace weir::testing
