// The log: one line per event, in the form that tools for Redis's log read.
//
//   4711:M 21 Nov 2026 12:15:03.114 * Ready to accept connections tcp
//   pid  role      local time      level and text
//
// Goes to a file, reopened for each line so that it may be rotated without a signal, or to
// standard output; besides to syslog if asked.
#pragma once

#include <string>
#include <string_view>

#include "server/settings.h"

namespace weir {

/// Who writes a line, as its letter says.  A process that is still starting is none of the others
/// yet and has the letter of a child, as in Redis.
enum class LogRole : char { kStarting = 'C', kPrimary = 'M' };

class Log {
 public:
  /// Takes over what the settings say about the log.  The text says why it cannot, else is empty.
  std::string configure(const Settings& settings);
  void set_level(LogLevel level) { level_ = level; }
  void set_role(LogRole role) { role_ = role; }
  bool has_level(LogLevel level) const { return level >= level_; }
  const std::string& file() const { return file_; }

  void debug(std::string_view text) { write(LogLevel::kDebug, text); }
  void verbose(std::string_view text) { write(LogLevel::kVerbose, text); }
  void notice(std::string_view text) { write(LogLevel::kNotice, text); }
  void warning(std::string_view text) { write(LogLevel::kWarning, text); }

 private:
  void write(LogLevel level, std::string_view text);

  std::string file_;  // empty: standard output
  std::string syslog_ident_;
  LogLevel level_ = LogLevel::kNotice;
  LogRole role_ = LogRole::kStarting;
  bool syslog_ = false;
};

}  // namespace weir
