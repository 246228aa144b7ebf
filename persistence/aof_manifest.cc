#include "persistence/aof_manifest.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <utility>

#include "persistence/text_lines.h"
#include "resp/inline_words.h"

namespace weir {
namespace {

constexpr size_t kMaxManifestBytes = size_t{16} * 1024 * 1024;
/// Longest line, its end included.
constexpr size_t kMaxLineBytes = 1024;  // with the line end

constexpr std::string_view kIncrementEnd = ".incr.aof";

constexpr const char* kTooLong = "The AOF manifest file contains too long line";
constexpr const char* kBadFormat = "Invalid AOF manifest file format";
constexpr const char* kIsPath = "File can't be a path, just a filename";
constexpr const char* kUnknownType = "Unknown AOF file type";
constexpr const char* kSecondBase = "Found duplicate base file information";
constexpr const char* kNotRising = "Found a non-monotonic sequence number";
constexpr const char* kEmpty = "Found an empty AOF manifest";

bool is_key(std::string_view word, std::string_view key) {
  return std::equal(word.begin(), word.end(), key.begin(), key.end(), [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) == b;
  });
}

/// Greatest number of a file: those that follow must not turn over.
constexpr uint64_t kGreatestNumber = INT64_MAX / 2;

/// 0 for what is no number, or none that files have.
uint64_t number_in(std::string_view word) {
  uint64_t number = 0;
  std::from_chars(word.data(), word.data() + word.size(), number);
  return number <= kGreatestNumber ? number : 0;
}

struct Fields {
  std::string name;
  std::string type;
  uint64_t number = 0;
};

/// The keys that are known; others are somebody else's business.
Fields fields_of(const std::vector<std::string>& words) {
  Fields fields;
  for (size_t i = 0; i + 1 < words.size(); i += 2) {
    if (is_key(words[i], "file")) fields.name = words[i + 1];
    if (is_key(words[i], "seq")) fields.number = number_in(words[i + 1]);
    if (is_key(words[i], "type")) fields.type = words[i + 1];
  }
  return fields;
}

std::string printed_name(const std::string& name) {
  const bool is_plain = std::all_of(name.begin(), name.end(), [](char c) {
    return c > ' ' && c <= '~' && c != '"' && c != '\'' && c != '\\';
  });
  return is_plain ? name : resp::quote_word(name);
}

std::string printed(const AofFileInfo& info) {
  return "file " + printed_name(info.name) + " seq " + std::to_string(info.number) + " type " +
         static_cast<char>(info.role) + "\n";
}

IoResult<void> write_all_and_sync(FileSystem& files, const std::string& path,
                                  std::string_view text) {
  IoResult<File> file = File::create(files, path);
  if (!file) return tl::unexpected(std::move(file).error());
  return file->write_all(text).and_then([&] { return file->fdatasync(); }).and_then([&] {
    return file->close();
  });
}

}  // namespace

/// Takes the words of one line; the text says what is wrong with them, else is empty.
std::string AofManifest::add_line(std::string_view line) {
  const auto words = resp::split_words(line);
  if (!words || words->size() < 6 || words->size() % 2 != 0) return kBadFormat;
  const Fields fields = fields_of(*words);
  if (fields.name.find_first_of("/\\") != std::string::npos) return kIsPath;
  if (fields.name.empty() || fields.number == 0 || fields.type.empty()) return kBadFormat;
  const AofFileInfo info{fields.name, fields.number, static_cast<AofRole>(fields.type[0])};
  if (printed(info).size() > kMaxLineBytes) return kTooLong;  // it is written again, with quotes
  switch (info.role) {
    case AofRole::kBase:
      if (base_) return kSecondBase;
      base_ = info;
      last_base_ = info.number;
      return {};
    case AofRole::kHistory:
      history_.push_back(info);
      return {};
    case AofRole::kIncrement:
      if (info.number <= last_increment_) return kNotRising;
      increments_.push_back(info);
      last_increment_ = info.number;
      return {};
  }
  return kUnknownType;
}

/// What is still to be deleted has its number, too: a file of that name would be deleted with it.
void AofManifest::count_history() {
  for (const AofFileInfo& info : history_) {
    uint64_t& last = info.name.ends_with(kIncrementEnd) ? last_increment_ : last_base_;
    last = std::max(last, info.number);
  }
}

tl::expected<AofManifest, ManifestError> AofManifest::parse(std::string_view text) {
  AofManifest manifest;
  int number = 0;
  while (!text.empty()) {
    if (text.find('\n') >= kMaxLineBytes)  // or it has no end
      return tl::unexpected(ManifestError{0, "", kTooLong});
    ++number;
    const std::string_view line = next_line(text);
    if (line.starts_with('#')) continue;
    const std::string_view content = trimmed(line);
    std::string why = content.empty() ? kBadFormat : manifest.add_line(content);
    if (!why.empty())
      return tl::unexpected(ManifestError{number, std::string(content), std::move(why)});
  }
  if (number == 0) return tl::unexpected(ManifestError{0, "", kEmpty});
  manifest.count_history();
  return manifest;
}

std::string AofManifest::print() const {
  std::string text;
  if (base_) text += printed(*base_);
  for (const AofFileInfo& info : history_)
    text += printed(info);
  for (const AofFileInfo& info : increments_)
    text += printed(info);
  return text;
}

std::vector<AofFileInfo> AofManifest::files() const {
  std::vector<AofFileInfo> files;
  if (base_) files.push_back(*base_);
  files.insert(files.end(), increments_.begin(), increments_.end());
  return files;
}

std::string AofManifest::next_increment_name(std::string_view filename) const {
  return std::string(filename) + "." + std::to_string(last_increment_ + 1) +
         std::string(kIncrementEnd);
}

std::string AofManifest::add_increment(std::string_view filename) {
  std::string name = next_increment_name(filename);
  increments_.push_back({name, ++last_increment_, AofRole::kIncrement});
  return name;
}

void AofManifest::take_over(std::string_view filename) {
  base_ = AofFileInfo{std::string(filename), 1, AofRole::kBase};
  last_base_ = std::max<uint64_t>(last_base_, 1);
}

std::string AofManifest::next_base_name(std::string_view filename, std::string_view suffix) const {
  return std::string(filename) + "." + std::to_string(last_base_ + 1) + ".base." +
         std::string(suffix);
}

void AofManifest::replace_base(std::string_view filename, std::string_view suffix, size_t kept) {
  if (base_) {
    base_->role = AofRole::kHistory;
    history_.push_back(std::move(*base_));
  }
  std::string name = next_base_name(filename, suffix);
  base_ = AofFileInfo{std::move(name), ++last_base_, AofRole::kBase};
  const size_t replaced = increments_.size() - std::min(kept, increments_.size());
  for (size_t i = 0; i < replaced; ++i) {
    increments_[i].role = AofRole::kHistory;
    history_.push_back(std::move(increments_[i]));
  }
  increments_.erase(increments_.begin(), increments_.begin() + static_cast<ptrdiff_t>(replaced));
}

IoResult<std::string> read_manifest_text(FileSystem& files, const std::string& path) {
  return read_all(files, path, kMaxManifestBytes);
}

IoResult<void> write_manifest(FileSystem& files, const AofPlace& place,
                              const AofManifest& manifest) {
  const std::string temporary = place.temporary_manifest_path();
  return write_all_and_sync(files, temporary, manifest.print())
      .and_then([&] { return rename(files, temporary, place.manifest_path()); })
      .and_then([&] { return fsync_folder(files, place.manifest_path()); });
}

}  // namespace weir
