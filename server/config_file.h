// Reads configuration text: lines of `option value …`, comments, includes; and the command line,
// which is turned into such lines.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "persistence/file.h"
#include "server/config_types.h"

namespace weir {

/// What keeps the server from starting.
struct ConfigError {
  std::string origin;     ///< the file, or how the text was called
  int line = 0;           ///< counted from 1; 0: the file itself could not be read
  std::string line_text;  ///< without blanks around it
  std::string reason;

  friend bool operator==(const ConfigError&, const ConfigError&) = default;
};

/// The report for standard error, in Redis's words.  version: as reported to clients.
std::string fatal_config_text(const ConfigError& error, std::string_view version);

namespace config {

/// Longest configuration file, in bytes: far above any real one, far below the machine's memory.
inline constexpr size_t kMaxFileBytes = 16 << 20;

/// Deepest chain of includes; a file that includes itself ends here.
inline constexpr int kMaxIncludeDepth = 16;

/// Reads `text` into `values`, later lines win, cumulative options add up.  At an error the lines
/// before it have been read.
std::optional<ConfigError> read_text(std::string_view text, std::string_view origin,
                                     FileSystem& files, ConfigValues& values);

/// The text of a configuration file; the error is one without a line.
tl::expected<std::string, ConfigError> read_file(const std::string& path, FileSystem& files);

/// What the command line asks for: `[file] [--option value…]… [-]`.
struct CommandLine {
  std::string file;          // as given; "": none
  bool reads_stdin = false;  // "-" was the first or the last argument
  std::string options;       // one line per --option

  friend bool operator==(const CommandLine&, const CommandLine&) = default;
};

/// arguments: without the program's name.
CommandLine read_command_line(std::span<const std::string> arguments);

}  // namespace config
}  // namespace weir
