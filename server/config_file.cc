#include "server/config_file.h"

#include "persistence/text_lines.h"
#include "resp/inline_words.h"
#include "server/config_options.h"
#include "server/config_special.h"
#include "server/text.h"

namespace weir {
namespace config {
namespace {

constexpr const char* kBadDirective = "Bad directive or wrong number of arguments";
constexpr const char* kWrongNumber = "wrong number of arguments";
constexpr const char* kUnbalanced = "Unbalanced quotes in configuration line";

Refusal read_directive(std::vector<std::string> words, ConfigValues& values) {
  const Option* option = find_option(words[0]);
  if (option == nullptr) return kBadDirective;
  words.erase(words.begin());
  if (option->has(kManyWords) ? words.empty() : words.size() != 1) {
    return option->has(kFileOnly) ? kBadDirective : kWrongNumber;
  }
  const auto spread = spread_words(*option, std::move(words));
  if (!spread) return kUnbalanced;
  return read_option(*option, *spread, Source::kFile, values);
}

// Reads one text and, through includes, further ones.
class Reader {
 public:
  Reader(FileSystem& files, ConfigValues& values) : files_(files), values_(values) {}

  std::optional<ConfigError> read(std::string_view text, std::string_view origin) {
    for (int line = 1; !text.empty(); ++line) {
      const std::string_view content = trimmed(next_line(text));
      if (content.empty() || content[0] == '#') continue;
      std::optional<ConfigError> error = read_line(content);
      if (!error) continue;
      if (error->origin.empty()) {  // not from an included file
        *error = {.origin = std::string(origin),
                  .line = line,
                  .line_text = std::string(content),
                  .reason = std::move(error->reason)};
      }
      return error;
    }
    return std::nullopt;
  }

 private:
  static std::optional<ConfigError> here(Refusal reason) {
    if (!reason) return std::nullopt;
    return ConfigError{.origin = {}, .line_text = {}, .reason = *std::move(reason)};
  }

  std::optional<ConfigError> read_line(std::string_view line) {
    std::optional<std::vector<std::string>> words = resp::split_words(line);
    if (!words) return here(kUnbalanced);
    if (words->empty()) return std::nullopt;
    if (!equals_ignoring_case(words->front(), "include")) {
      return here(read_directive(*std::move(words), values_));
    }
    if (words->size() != 2) return here(kBadDirective);
    return include((*words)[1]);
  }

  // A pattern may match nothing; a plain name must be there.
  std::optional<ConfigError> include(const std::string& pattern) {
    if (depth_ == kMaxIncludeDepth) return here("includes are nested too deeply");
    ++depth_;
    const bool is_pattern = pattern.find_first_of("*?[") != std::string::npos;
    for (const std::string& path : is_pattern ? matching_paths(pattern) : std::vector{pattern}) {
      const auto text = read_file(path, files_);
      if (!text) return text.error();
      if (auto error = read(*text, path)) return error;
    }
    --depth_;
    return std::nullopt;
  }

  FileSystem& files_;
  ConfigValues& values_;
  int depth_ = 0;
};

bool is_option(std::string_view argument) {
  return argument.starts_with("--");
}

}  // namespace

std::optional<ConfigError> read_text(std::string_view text, std::string_view origin,
                                     FileSystem& files, ConfigValues& values) {
  return Reader(files, values).read(text, origin);
}

tl::expected<std::string, ConfigError> read_file(const std::string& path, FileSystem& files) {
  IoResult<std::string> text = read_all(files, path, kMaxFileBytes);
  if (text) return *std::move(text);
  return tl::unexpected(ConfigError{.origin = path,
                                    .line_text = {},
                                    .reason = "Fatal error, can't open config file '" + path +
                                              "': " + errno_text(text.error().errno_value)});
}

// "--name" begins a line, everything else is quoted behind it.  The argument after a name is its
// value even if it begins with two dashes; only --save, whose value scripts tend to leave out, is
// given an empty one when the next option or the end follows.
CommandLine read_command_line(std::span<const std::string> arguments) {
  CommandLine result;
  bool may_be_option = true;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    const bool is_last = i + 1 == arguments.size();
    if (i == 0 && !argument.starts_with('-')) {
      result.file = argument;
    } else if (argument == "-" && (i == 0 || is_last)) {
      result.reads_stdin = true;
    } else if (may_be_option && is_option(argument)) {
      if (!result.options.empty()) result.options += '\n';
      result.options += argument.substr(2) + ' ';
      const auto words = resp::split_words(argument);
      const bool has_value = !words || words->size() != 1;
      const bool may_lack_value =
          equals_ignoring_case(argument, "--save") && (is_last || is_option(arguments[i + 1]));
      if (may_lack_value) result.options += "\"\"";
      may_be_option = has_value || may_lack_value;
    } else {
      result.options += resp::quote_word(argument) + ' ';
      may_be_option = true;
    }
  }
  return result;
}

}  // namespace config

std::string fatal_config_text(const ConfigError& error, std::string_view version) {
  if (error.line == 0) return error.reason + '\n';
  return "\n*** FATAL CONFIG FILE ERROR (Redis " + std::string(version) +
         ") ***\nReading the configuration file, at line " + std::to_string(error.line) +
         "\n>>> '" + error.line_text + "'\n" + error.reason + '\n';
}

}  // namespace weir
