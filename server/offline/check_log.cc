#include "server/offline/check_log.h"

#include <algorithm>
#include <array>
#include <cinttypes>
#include <optional>
#include <string_view>
#include <vector>

#include "persistence/aof_manifest.h"
#include "persistence/aof_reader.h"
#include "persistence/rdb_format.h"
#include "persistence/text_lines.h"
#include "server/offline/check_rdb.h"
#include "server/text.h"

namespace weir {
namespace {

using Status = AofReader::Status;

constexpr std::string_view kManifestStart = "file ";
/// So much of a file says what it is.
constexpr size_t kStartBytes = size_t{64} * 1024;
constexpr size_t kReadBytes = size_t{64} * 1024;

/// What one file of commands came to.
struct Finding {
  enum class Kind : uint8_t {
    kSound,
    kTorn,
    kBadFormat,
    kDamaged,
    kUnreadable,
    kLate,      // what follows was written later than is wanted
    kBadStamp,  // when, cannot be read
  };
  Kind kind = Kind::kSound;
  uint64_t ok_up_to = 0;
};

class Checker {
 public:
  Checker(FileSystem& files, const LogCheck& check, std::FILE* in, std::FILE* out)
      : files_(files), check_(check), in_(in), out_(out) {}

  bool run();

 private:
  struct Target {
    std::string path() const { return folder + name; }
    std::string next_path() const { return folder + next_name; }

    std::string folder;  // with its slash; empty: the name has it
    std::string name;
    bool is_last = true;
    std::string next_name = {};  // of the increment behind it; empty: there is none
  };

  void say(const std::string& line) { std::fprintf(out_, "%s\n", line.c_str()); }
  void say_at(uint64_t offset, const std::string& text) {
    std::fprintf(out_, "0x%16" PRIx64 ": %s\n", offset, text.c_str());
  }
  std::optional<std::string> start_of(const std::string& path);
  bool check_manifest();
  bool check_parts(const AofManifest& manifest);
  bool check_file(const Target& target, const std::string& kind);
  std::optional<uint64_t> check_preamble(const Target& target);
  void say_unreadable(const std::string& name, const IoError& error);
  Finding unreadable(const Target& target, const IoError& error);
  Finding read_commands(const Target& target, uint64_t offset);
  std::optional<Finding> judge_stamp(std::string_view line, uint64_t cut) const;
  Finding judge(const Target& target, const AofReader& reader, Status status);
  std::optional<std::string> take_pairs(const AofReader& reader);
  void tell(const Target& target, const Finding& finding, uint64_t size);
  uint64_t lines_between(const std::string& path, uint64_t from, uint64_t to);
  bool is_repairable(const Target& target, const Finding& finding);
  bool repair(const Target& target, const Finding& finding, uint64_t size);
  bool cut_late(const Target& target, uint64_t end);
  bool ask_next(const Target& target, Finding& finding);
  bool is_agreed();

  FileSystem& files_;
  const LogCheck& check_;
  std::FILE* in_;
  std::FILE* out_;
  std::optional<uint64_t> transaction_offset_;  // of a MULTI whose EXEC has not come
  uint64_t line_ = 1;                           // counted on from file to file
};

// --- What it is ----------------------------------------------------------------------------------

/// Behind comments, which both kinds of file may begin with.
bool is_manifest(std::string_view start) {
  while (start.starts_with('#'))
    next_line(start);
  return start.starts_with(kManifestStart);
}

std::optional<std::string> Checker::start_of(const std::string& path) {
  std::string start(kStartBytes, '\0');
  IoResult<size_t> got = File::open_for_read(files_, path).and_then([&](File file) {
    return file.read(std::span(start));
  });
  if (!got) {
    say("Cannot open file " + path + ": " + errno_text(got.error().errno_value) + ", aborting...");
    return std::nullopt;
  }
  start.resize(*got);
  return start;
}

bool Checker::run() {
  const std::optional<std::string> start = start_of(check_.path);
  if (!start) return false;
  if (is_manifest(*start)) return check_manifest();
  say("Start checking Old-Style AOF");
  return check_file({.folder = "", .name = check_.path}, "AOF");
}

bool Checker::check_manifest() {
  say("Start checking Multi Part AOF");
  const IoResult<std::string> text = read_manifest_text(files_, check_.path);
  if (!text) {
    say(to_string(text.error()));
    return false;
  }
  const auto manifest = AofManifest::parse(*text);
  if (manifest) return check_parts(*manifest);
  const ManifestError& error = manifest.error();
  say("\n*** FATAL AOF MANIFEST FILE ERROR ***");
  if (error.line > 0) {
    say("Reading the manifest file, at line " + std::to_string(error.line));
    say(">>> '" + error.line_text + "'");
  }
  say(error.reason);
  return false;
}

bool Checker::check_parts(const AofManifest& manifest) {
  const size_t slash = check_.path.rfind('/');
  const std::string folder = slash == std::string::npos ? "" : check_.path.substr(0, slash + 1);
  const std::vector<AofFileInfo> parts = manifest.files();
  bool has_told_increments = false;
  for (size_t i = 0; i < parts.size(); ++i) {
    const bool is_base = parts[i].role == AofRole::kBase;
    Target target{folder, parts[i].name, i + 1 == parts.size()};
    if (!is_base && !target.is_last) target.next_name = parts[i + 1].name;
    const std::optional<std::string> start = start_of(target.path());
    if (!start) return false;
    if (is_base) {
      const bool is_snapshot = start->starts_with(rdb::kMagic);
      say(is_snapshot ? "Start to check BASE AOF (RDB format)."
                      : "Start to check BASE AOF (RESP format).");
    } else if (!has_told_increments) {
      say("Start to check INCR files.");
      has_told_increments = true;
    }
    if (!check_file(target, is_base ? "BASE AOF" : "INCR AOF")) return false;
  }
  say("All AOF files and manifest are valid");
  return true;
}

// --- One file ------------------------------------------------------------------------------------

/// kind: how it is called.
bool Checker::check_file(const Target& target, const std::string& kind) {
  const std::optional<std::string> start = start_of(target.path());
  if (!start) return false;
  const IoResult<std::optional<uint64_t>> size = size_of(files_, target.path());
  if (!size) say_unreadable(target.name, size.error());
  if (!size || !*size) return false;
  if (**size == 0) {
    say(kind + " " + target.name + " is empty");
    return true;
  }
  uint64_t offset = 0;
  if (start->starts_with(rdb::kMagic)) {
    const std::optional<uint64_t> end = check_preamble(target);
    if (!end) return false;
    offset = *end;
  }
  Finding finding = read_commands(target, offset);
  if (finding.kind == Finding::Kind::kUnreadable) return false;
  if (finding.kind == Finding::Kind::kLate) return cut_late(target, finding.ok_up_to);
  if (finding.kind == Finding::Kind::kBadStamp) {
    say("Invalid timestamp annotation");
    return false;
  }
  if (!ask_next(target, finding)) return false;
  if (finding.kind == Finding::Kind::kSound) finding.ok_up_to = **size;  // filler is in order
  line_ += lines_between(target.path(), offset, finding.ok_up_to);
  if (finding.kind == Finding::Kind::kSound && check_.until_s) {
    say("Truncate nothing in AOF " + target.name + " to timestamp " +
        std::to_string(*check_.until_s));
  } else {
    tell(target, finding, **size);
  }
  if (finding.kind == Finding::Kind::kSound) {
    say(kind + " " + target.name + " is valid");
    return true;
  }
  return repair(target, finding, **size);
}

std::optional<uint64_t> Checker::check_preamble(const Target& target) {
  const std::optional<uint64_t> end = check_snapshot(files_, target.path(), out_);
  say(end ? "RDB preamble is OK, proceeding with AOF tail..."
          : "RDB preamble of AOF file is not sane, aborting.");
  return end;
}

/// MULTI and EXEC come in pairs; the text says what is wrong.
std::optional<std::string> Checker::take_pairs(const AofReader& reader) {
  if (reader.argv().size() != 1) return std::nullopt;
  if (equals_ignoring_case(reader.argv()[0], "multi")) {
    if (transaction_offset_) return "Unexpected MULTI";
    transaction_offset_ = reader.offset();
  } else if (equals_ignoring_case(reader.argv()[0], "exec")) {
    if (!transaction_offset_) return "Unexpected EXEC";
    transaction_offset_.reset();
  }
  return std::nullopt;
}

void Checker::say_unreadable(const std::string& name, const IoError& error) {
  say("AOF " + name + ": " + to_string(error));
}

/// Nothing is known of it then, least of all where it ends.
Finding Checker::unreadable(const Target& target, const IoError& error) {
  say_unreadable(target.name, error);
  return {.kind = Finding::Kind::kUnreadable};
}

Finding Checker::read_commands(const Target& target, uint64_t offset) {
  transaction_offset_.reset();
  IoResult<File> file = File::open_for_read(files_, target.path());
  if (!file) return unreadable(target, file.error());
  if (const IoResult<void> there = file->seek(offset); !there)
    return unreadable(target, there.error());
  AofReader reader(std::move(*file), offset);
  std::optional<Finding> late;
  reader.on_line = [&](std::string_view line, uint64_t cut) {
    if (!late && check_.until_s) late = judge_stamp(line, cut);
  };
  Status status = Status::kEnd;
  while ((status = reader.next()) == Status::kCommand && !late) {
    const std::optional<std::string> why = take_pairs(reader);
    if (!why) continue;
    say_at(reader.offset(), *why);
    return {Finding::Kind::kBadFormat, transaction_offset_.value_or(reader.offset())};
  }
  return late ? *late : judge(target, reader, status);
}

/// Whether what follows a line is not wanted; nothing: it is, as far as the line says.
std::optional<Finding> Checker::judge_stamp(std::string_view line, uint64_t cut) const {
  if (!aof::is_stamp(line)) return std::nullopt;
  const std::optional<int64_t> second = aof::read_stamp(line);
  if (!second) return Finding{.kind = Finding::Kind::kBadStamp};
  if (*second <= *check_.until_s) return std::nullopt;
  return Finding{Finding::Kind::kLate, transaction_offset_.value_or(cut)};
}

Finding Checker::judge(const Target& target, const AofReader& reader, Status status) {
  Finding finding{.ok_up_to = reader.offset()};
  switch (status) {
    case Status::kEnd:
    case Status::kCommand:
      finding.ok_up_to = reader.good_end();
      break;
    case Status::kTorn:
      finding.kind = Finding::Kind::kTorn;
      break;
    case Status::kBadFormat:
      say("AOF " + target.name + " format error");
      finding.kind = Finding::Kind::kBadFormat;
      break;
    case Status::kDamage:
      return {Finding::Kind::kDamaged, reader.offset()};
    case Status::kUnreadable:
      return unreadable(target, reader.error());
  }
  if (transaction_offset_) {
    say_at(reader.offset(), "Reached EOF before reading EXEC for MULTI");
    if (finding.kind == Finding::Kind::kSound) finding.kind = Finding::Kind::kTorn;
    finding.ok_up_to = *transaction_offset_;
  }
  return finding;
}

/// What the next increment knows of this one's end: where that was when the next one was begun.
/// False: it cannot be read, which is told.  Of what is damaged it knows nothing.
bool Checker::ask_next(const Target& target, Finding& finding) {
  const bool depends =
      finding.kind == Finding::Kind::kSound || finding.kind == Finding::Kind::kTorn;
  if (!depends || target.next_name.empty()) return true;
  const IoResult<std::optional<uint64_t>> told = previous_bytes_told_by(files_, target.next_path());
  if (!told) {
    say_unreadable(target.next_name, told.error());
    return false;
  }
  const std::optional<uint64_t> end = *told;
  if (!end) return true;
  if (finding.kind == Finding::Kind::kSound && *end > finding.ok_up_to) {
    say_at(finding.ok_up_to, "Reached EOF where " + std::to_string(*end) +
                                 " bytes had been written, as the next file says");
    finding.kind = Finding::Kind::kTorn;
  } else if (finding.kind == Finding::Kind::kTorn && *end == finding.ok_up_to) {
    finding.kind = Finding::Kind::kSound;  // behind the end is filler, or what is left of it
  }
  return true;
}

void Checker::tell(const Target& target, const Finding& finding, uint64_t size) {
  say("AOF analyzed: filename=" + target.name + ", size=" + std::to_string(size) + ", ok_up_to=" +
      std::to_string(finding.ok_up_to) + ", ok_up_to_line=" + std::to_string(line_) +
      ", diff=" + std::to_string(size - finding.ok_up_to));
}

uint64_t Checker::lines_between(const std::string& path, uint64_t from, uint64_t to) {
  IoResult<File> file = File::open_for_read(files_, path);
  if (!file || !file->seek(from)) return 0;
  std::vector<char> buffer(kReadBytes);
  uint64_t lines = 0;
  while (from < to) {
    const IoResult<size_t> got =
        file->read(std::span(buffer).first(std::min<uint64_t>(kReadBytes, to - from)));
    if (!got || *got == 0) break;
    const auto end = buffer.begin() + static_cast<ptrdiff_t>(*got);
    lines += static_cast<uint64_t>(std::count(buffer.begin(), end, '\n'));
    from += *got;
  }
  return lines;
}

// --- Repairing -----------------------------------------------------------------------------------

bool Checker::is_agreed() {
  std::fputs("Continue? [y/N]: ", out_);
  std::fflush(out_);
  std::array<char, 8> answer{};
  return std::fgets(answer.data(), answer.size(), in_) != nullptr &&
         (answer[0] == 'y' || answer[0] == 'Y');
}

/// Says why nothing is cut; nothing if it may be.
bool Checker::is_repairable(const Target& target, const Finding& finding) {
  const std::string at = std::to_string(finding.ok_up_to);
  if (finding.kind == Finding::Kind::kDamaged) {
    say("AOF " + target.name + " is damaged at offset " + at +
        ": what is there does not match its checksum, and a later one says that it had been on "
        "disk.");
    say("It is not torn, and not fixed: restore it from a backup or a replica. To give up all "
        "that follows, make a backup and cut it with 'truncate -s " +
        at + "'.");
    return false;
  }
  if (!check_.is_fixing) {
    say("AOF " + target.name + " is not valid. Use the --fix option to try fixing it.");
    return false;
  }
  if (!target.is_last)
    say("Failed to truncate AOF " + target.name + " because it is not the last file");
  return target.is_last;
}

bool Checker::repair(const Target& target, const Finding& finding, uint64_t size) {
  if (!is_repairable(target, finding)) return false;
  const uint64_t end = finding.ok_up_to;
  say("This will shrink the AOF " + target.name + " from " + std::to_string(size) +
      " bytes, with " + std::to_string(size - end) + " bytes, to " + std::to_string(end) +
      " bytes");
  if (finding.kind == Finding::Kind::kBadFormat) {
    say("It is not torn: something else than a command stands at offset " + std::to_string(end) +
        ", and what goes with it, " + std::to_string(lines_between(target.path(), end, size)) +
        " lines, may hold whole commands.");
  }
  if (!is_agreed()) {
    say("Aborting...");
    return false;
  }
  const IoResult<void> cut = cut_file(files_, target.path(), end);
  say(cut ? "Successfully truncated AOF " + target.name
          : "Failed to truncate AOF " + target.name + ": " + to_string(cut.error()));
  return cut.has_value();
}

/// Cuts off what was written later than is wanted.  Nobody is asked: that is what was asked for.
bool Checker::cut_late(const Target& target, uint64_t end) {
  const std::string moment = "timestamp " + std::to_string(*check_.until_s);
  if (end == 0) {
    say("AOF " + target.path() + " has nothing before " + moment + ", aborting...");
    return false;
  }
  if (!target.is_last) {
    say("Failed to truncate AOF " + target.path() + " to " + moment + " to offset " +
        std::to_string(end) + " because it is not the last file.");
    say("If you insist, please delete all files after this file according to the manifest file and "
        "delete the corresponding records in manifest file manually. Then re-run this check.");
    return false;
  }
  const IoResult<void> cut = cut_file(files_, target.path(), end);
  say(cut ? "Successfully truncated AOF " + target.name + " to " + moment
          : "Failed to truncate AOF " + target.name + " to " + moment + ": " +
                to_string(cut.error()));
  return cut.has_value();
}

}  // namespace

int answer_check_log(FileSystem& files, const LogCheck& check, std::FILE* in, std::FILE* out) {
  return Checker(files, check, in, out).run() ? 0 : 1;
}

}  // namespace weir
