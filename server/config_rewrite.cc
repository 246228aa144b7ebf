#include "server/config_rewrite.h"

#include "persistence/text_lines.h"
#include "resp/inline_words.h"
#include "server/config_options.h"
#include "server/config_special.h"

namespace weir::config {
namespace {

struct Line {
  std::string text;
  const Option* option = nullptr;       // none: a comment, an include, anything that must stay
  std::vector<std::string> words = {};  // of the value
  bool is_generated = false;
  bool is_dropped = false;
};

using LinesOfOption = std::map<const Option*, std::vector<Line*>>;

bool is_left_alone(const Option& option) {
  return option.has(kFileOnly) && !option.has(kRewritten);
}

// The option of a line and the words of its value, if it is one that CONFIG knows.
void recognise(Line& line) {
  std::optional<std::vector<std::string>> words = resp::split_words(line.text);
  if (!words || words->size() < 2 || words->front().starts_with('#')) return;
  const Option* option = find_option(words->front());
  if (option == nullptr || is_left_alone(*option)) return;
  words->erase(words->begin());
  if (auto spread = spread_words(*option, *std::move(words))) {
    line.option = option;
    line.words = *std::move(spread);
  }
}

std::vector<Line> split_lines(std::string_view text) {
  std::vector<Line> lines;
  bool is_generated = false;
  while (!text.empty()) {
    const std::string_view line = next_line(text);
    is_generated = is_generated || line.starts_with(kGeneratedMark);
    recognise(lines.emplace_back(Line{.text = std::string(line), .is_generated = is_generated}));
  }
  return lines;
}

// What the file says about an option, in canonical form; nothing if it cannot be read any more.
std::optional<std::string> value_in_file(const Option& option, const std::vector<Line*>& lines) {
  ConfigValues values;
  for (const Line* line : lines) {
    if (read_option(option, line->words, Source::kFile, values)) return std::nullopt;
  }
  return print_option(option, values);
}

// Corrects the lines that the file has for an option.
void update_lines(const Option& option, const std::vector<Line*>& lines, const ConfigValues& values,
                  Rewrite which) {
  const std::string value = print_option(option, values);
  bool all_generated = true;
  for (const Line* line : lines)
    all_generated = all_generated && line->is_generated;
  const bool is_told_by_default = all_generated && which == Rewrite::kChanged;
  const bool is_needless =
      (is_told_by_default || option.has(kNoLineForNone)) && value == option.default_text;
  if (!is_needless && value_in_file(option, lines) == value) return;

  for (Line* line : lines)
    line->is_dropped = true;
  if (is_needless) return;
  lines.front()->is_dropped = false;
  lines.front()->text = join(option_lines(option, values), "\n");
}

std::string join_lines(const std::vector<Line>& lines) {
  std::string text;
  for (const Line& line : lines) {
    if (!line.is_dropped) text += line.text + '\n';
  }
  return text;
}

}  // namespace

std::string rewritten_text(std::string_view text, const ConfigValues& values, Rewrite which) {
  std::vector<Line> lines = split_lines(text);
  LinesOfOption present;
  for (Line& line : lines) {
    if (line.option != nullptr) present[line.option].push_back(&line);
  }

  std::string added;
  for (const std::span<const Option> table : {effective_options(), kept_options()}) {
    for (const Option& option : table) {
      if (is_left_alone(option)) continue;
      if (const auto found = present.find(&option); found != present.end()) {
        update_lines(option, found->second, values, which);
      } else if ((which == Rewrite::kAll && !option.has(kNoLineForNone)) ||
                 print_option(option, values) != option.default_text) {
        for (const std::string& line : option_lines(option, values))
          added += line + '\n';
      }
    }
  }

  std::string result = join_lines(lines);
  if (added.empty()) return result;
  const bool has_mark = !lines.empty() && lines.back().is_generated;
  if (!has_mark) {
    if (!result.empty() && !result.ends_with("\n\n")) result += '\n';
    result += std::string(kGeneratedMark) + '\n';
  }
  return result + added;
}

}  // namespace weir::config
