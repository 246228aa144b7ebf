#include "tests/wire/control.h"

namespace weir::wire {

using resp::Reply;

Reply Control::ask(const std::vector<std::string>& words) {
  client_.write(testing::encode_command(words));
  return client_.read();
}

void Control::ask_all(const std::vector<std::vector<std::string>>& commands) {
  std::string bytes;
  for (const std::vector<std::string>& words : commands)
    bytes += testing::encode_command(words);
  client_.write(bytes);
  for (size_t i = 0; i < commands.size(); ++i)
    client_.read();
}

std::optional<std::string> Control::config(const std::string& name) {
  const Reply reply = ask({"CONFIG", "GET", name});
  if (reply.elements.size() != 2) return std::nullopt;
  return reply.elements[1].text;
}

}  // namespace weir::wire
