// Which words of a command are nobody's business: passwords.
//
// The one place that says so, for all who show commands to others: SLOWLOG and MONITOR.  A row of
// the command table names the rule (CommandSpec::secrets).
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace weir {

struct CommandSpec;

inline constexpr std::string_view kRedacted = "(redacted)";

/// Whether argv[index] must not be shown.
bool is_secret(const CommandSpec& command, std::span<const std::string_view> argv, size_t index);

/// The word as it may be shown.
inline std::string_view shown_word(const CommandSpec& command,
                                   std::span<const std::string_view> argv, size_t index) {
  return is_secret(command, argv, index) ? kRedacted : argv[index];
}

}  // namespace weir
