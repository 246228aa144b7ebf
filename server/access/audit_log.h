// The audit log: one line of JSON for each authentication, refusal and administrative command.
//
//   {"time":"2026-11-28T08:45:17.123Z","event":"denied","client":7,"addr":"10.0.0.5:4711",
//    "user":"bob","command":"xdel","keys":["orders"],"outcome":"denied: key","object":"orders"}
//
// Lines are appended with one write each to a file of mode 0600.  When the file is not what the
// path names any more (rotated away, removed), it is opened anew.  A disk that refuses never stops
// the server: the line is lost, which is logged at most once a minute, and the next line tries
// again.  A line that was cut short by the disk is ended before the next one.
//
// Bytes that are no UTF-8 become \u00XX, one for each byte, so that every line is valid JSON.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "persistence/file.h"

namespace weir {

struct AuditRecord {
  int64_t unix_ms = 0;
  std::string_view event;  // "auth", "denied", "admin"
  uint64_t client_id = 0;
  std::string address;
  std::string user;
  std::string command;  // the full name
  std::vector<std::string> keys = {};
  std::vector<std::string> arguments = {};  // of an administrative command; secrets left out
  std::string outcome;                      // "ok", "denied: key", "failed: ERR"
  std::string object = {};                  // what was refused; "": nothing
};

/// One line, with its newline.
std::string audit_line(const AuditRecord& record);

/// A JSON string, with its quotes.
std::string json_string(std::string_view bytes);

class AuditLog {
 public:
  explicit AuditLog(FileSystem& files = real_files()) : files_(files) {}

  /// path: "" switches it off.  The reason when the file cannot be opened: nothing has changed
  /// then.
  std::optional<std::string> configure(const std::string& path);
  bool is_on() const { return !path_.empty(); }

  /// Appends a line.  What the log should be told about a disk that refuses, if it is time to.
  std::optional<std::string> write(const AuditRecord& record);

 private:
  struct Identity {
    dev_t device = 0;
    ino_t number = 0;
    friend bool operator==(const Identity&, const Identity&) = default;
  };

  IoResult<void> open();
  IoResult<void> append(std::string_view line);
  std::optional<Identity> identity_of_path() const;

  FileSystem& files_;
  std::string path_;
  std::optional<File> file_;
  std::optional<Identity> identity_;  // of file_
  bool has_torn_line_ = false;
  int64_t last_complaint_ms_ = INT64_MIN / 2;
};

}  // namespace weir
