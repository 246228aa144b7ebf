#include "tests/wire/left_out.h"

#include <fstream>
#include <stdexcept>

namespace weir::wire {
namespace {

std::vector<std::string> read_lines(const std::string& path) {
  std::ifstream in(path);
  if (!in) throw std::runtime_error("cannot read " + path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);)
    lines.push_back(line);
  return lines;
}

class Collector {
 public:
  explicit Collector(const CommandNames& known) : known_(known) {}

  CommandNames used;

  void add(const std::string& name) {
    if (known_.contains(name)) used.insert(name);
  }

  /// The command that begins at `at`, and its subcommand.
  void add_command(const std::vector<std::string>& words, size_t at) {
    add(words[at]);
    if (at + 1 < words.size()) add(words[at] + "|" + words[at + 1]);
  }

  /// A command about which COMMAND or ACL is asked, with all that it contains.
  void add_subject(std::string name) {
    name.erase(0, name.find_first_not_of("+-("));
    while (name.ends_with(')'))
      name.pop_back();
    add(name);
    const std::string container = name + "|";
    for (auto it = known_.lower_bound(container); it != known_.end() && it->starts_with(container);
         ++it) {
      used.insert(*it);
    }
  }

  /// The first word of every line: inline commands, and the words of a multibulk request.
  void add_bytes(std::string_view bytes) {
    while (!bytes.empty()) {
      bytes.remove_prefix(std::min(bytes.find_first_not_of(" \r\n"), bytes.size()));
      const size_t end = std::min(bytes.find_first_of(" \r\n"), bytes.size());
      add(lower(bytes.substr(0, end)));
      bytes.remove_prefix(std::min(bytes.find('\n'), bytes.size()));
    }
  }

 private:
  const CommandNames& known_;
};

/// "xadd: title — reason"
LeftOut parse_left_out(const std::string& line) {
  static constexpr std::string_view kDash = " — ";
  const size_t colon = line.find(": ");
  const size_t dash = line.find(kDash);
  if (colon == std::string::npos || dash == std::string::npos || dash < colon + 2) {
    throw std::runtime_error("expected `file: case title — reason`");
  }
  LeftOut entry;
  entry.file = line.substr(0, colon);
  if (entry.file.ends_with(".txt")) entry.file.resize(entry.file.size() - 4);
  entry.title = line.substr(colon + 2, dash - colon - 2);
  entry.reason = line.substr(dash + kDash.size());
  if (entry.title.empty() || entry.reason.empty()) throw std::runtime_error("no title or reason");
  return entry;
}

}  // namespace

CommandNames commands_used(const Case& recorded, const CommandNames& redis_commands) {
  Collector found(redis_commands);
  if (recorded.proto == 3) found.add("hello");
  if (recorded.needs_debug) found.add("debug");
  if (!recorded.configs.empty()) found.add("config|set");
  if (!recorded.users.empty()) found.add("acl|setuser");
  for (const Step& step : recorded.steps) {
    if (step.kind == Step::Kind::kBytes) found.add_bytes(step.words[0].text);
    if (step.kind != Step::Kind::kSend) continue;
    std::vector<std::string> words;
    for (const Word& word : step.words)
      words.push_back(lower(word.text));
    found.add_command(words, 0);
    if (words[0] == "command" || words[0] == "acl") {
      for (size_t i = 2; i < words.size(); ++i)
        found.add_subject(words[i]);
    }
  }
  return found.used;
}

CommandNames read_command_names(const std::string& path) {
  CommandNames names;
  for (const std::string& line : read_lines(path)) {
    if (!line.empty() && line[0] != '#') names.insert(line);
  }
  return names;
}

std::vector<LeftOut> read_left_out(const std::string& path) {
  std::vector<LeftOut> list;
  int number = 0;
  for (const std::string& line : read_lines(path)) {
    ++number;
    if (line.empty() || line[0] == '#') continue;
    try {
      list.push_back(parse_left_out(line));
    } catch (const std::runtime_error& error) {
      throw std::runtime_error(path + ":" + std::to_string(number) + ": " + error.what());
    }
    list.back().line = number;
  }
  return list;
}

const LeftOut* find_left_out(const std::vector<LeftOut>& list, std::string_view file,
                             std::string_view title) {
  for (const LeftOut& entry : list) {
    if (entry.file == file && entry.title == title) return &entry;
  }
  return nullptr;
}

}  // namespace weir::wire
