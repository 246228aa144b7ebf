#include "server/access/audit_log.h"

#include <array>
#include <cstdio>
#include <ctime>
#include <utility>

namespace weir {
namespace {

constexpr mode_t kOnlyOwner = 0600;
constexpr int64_t kComplaintIntervalMs = 60'000;

/// Bytes of the UTF-8 character that `text` begins with; 0 if it begins with none.
size_t utf8_length(std::string_view text) {
  const auto at = [text](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = at(0);
  const size_t length = first < 0x80   ? 1
                        : first < 0xc2 ? 0
                        : first < 0xe0 ? 2
                        : first < 0xf0 ? 3
                        : first < 0xf5 ? 4
                                       : 0;
  if (length == 0 || length > text.size()) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((at(i) & 0xc0) != 0x80) return 0;
  }
  if (length < 3) return length;
  // No overlong forms, no halves of UTF-16 pairs, nothing above U+10FFFF.
  const unsigned char second = at(1);
  const bool is_wrong = (first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) ||
                        (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f);
  return is_wrong ? 0 : length;
}

void append_escaped(std::string& json, unsigned char byte) {
  std::array<char, 8> text{};
  std::snprintf(text.data(), text.size(), "\\u%04x", static_cast<unsigned>(byte));
  json += text.data();
}

std::string json_strings(const std::vector<std::string>& texts) {
  std::string json;
  for (const std::string& text : texts)
    json += (json.empty() ? "" : ",") + json_string(text);
  return "[" + json + "]";
}

/// "2026-11-28T08:45:17.123Z"
std::string utc_time(int64_t unix_ms) {
  const std::time_t seconds = static_cast<std::time_t>(unix_ms / 1000);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 40> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  const std::string ms = std::to_string(1000 + unix_ms % 1000);
  return std::string(text.data()) + "." + ms.substr(1) + "Z";
}

}  // namespace

std::string json_string(std::string_view bytes) {
  std::string json = "\"";
  while (!bytes.empty()) {
    const size_t length = utf8_length(bytes);
    const char first = bytes[0];
    if (first == '"' || first == '\\') {
      json += '\\';
      json += first;
    } else if (length == 0 || (length == 1 && (first < ' ' || first == '\x7f'))) {
      append_escaped(json, static_cast<unsigned char>(first));
    } else {
      json += bytes.substr(0, length);
    }
    bytes.remove_prefix(length == 0 ? 1 : length);
  }
  return json + '"';
}

std::string audit_line(const AuditRecord& record) {
  std::string line =
      "{\"time\":\"" + utc_time(record.unix_ms) + "\",\"event\":" + json_string(record.event) +
      ",\"client\":" + std::to_string(record.client_id) +
      ",\"addr\":" + json_string(record.address) + ",\"user\":" + json_string(record.user) +
      ",\"command\":" + json_string(record.command);
  if (!record.arguments.empty()) line += ",\"args\":" + json_strings(record.arguments);
  line += ",\"keys\":" + json_strings(record.keys) + ",\"outcome\":" + json_string(record.outcome);
  if (!record.object.empty()) line += ",\"object\":" + json_string(record.object);
  return line + "}\n";
}

std::optional<std::string> AuditLog::configure(const std::string& path) {
  if (path.empty()) {
    path_.clear();
    file_.reset();
    return std::nullopt;
  }
  AuditLog other(files_);
  other.path_ = absolute_path(path);
  if (const IoResult<void> opened = other.open(); !opened)
    return "Can't open the audit log: " + to_string(opened.error());
  path_ = other.path_;
  file_ = std::move(other.file_);
  identity_ = other.identity_;
  return std::nullopt;
}

std::optional<std::string> AuditLog::write(const AuditRecord& record) {
  const IoResult<void> written = append(audit_line(record));
  if (written) return std::nullopt;
  if (record.unix_ms - last_complaint_ms_ < kComplaintIntervalMs) return std::nullopt;
  last_complaint_ms_ = record.unix_ms;
  return "The audit log loses lines: " + to_string(written.error());
}

IoResult<void> AuditLog::append(std::string_view line) {
  if (!file_ || identity_ != identity_of_path()) {
    if (IoResult<void> opened = open(); !opened) return opened;
  }
  if (has_torn_line_) {
    if (IoResult<void> ended = file_->write_all("\n"); !ended) return ended;
    has_torn_line_ = false;
  }
  IoResult<void> written = file_->write_all(line);
  has_torn_line_ = !written;
  return written;
}

IoResult<void> AuditLog::open() {
  file_.reset();
  IoResult<File> opened = File::open_for_append(files_, path_, kOnlyOwner);
  if (!opened) return tl::unexpected(opened.error());
  file_ = std::move(*opened);
  const std::optional<Identity> before = std::exchange(identity_, identity_of_path());
  if (identity_ != before) has_torn_line_ = false;
  return {};
}

std::optional<AuditLog::Identity> AuditLog::identity_of_path() const {
  struct stat status {};
  if (files_.stat(path_.c_str(), &status) != 0) return std::nullopt;
  return Identity{status.st_dev, status.st_ino};
}

}  // namespace weir
