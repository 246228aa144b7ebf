// The manifest of the log: which files, in which order, hold the data.
//
//   appendonly.aof.manifest                        roles
//   ┌──────────────────────────────────────────┐
//   │ file appendonly.aof.2.base.rdb seq 2 type b │  base: the data at one moment, at most one
//   │ file appendonly.aof.1.incr.aof seq 1 type h │  history: superseded, to be deleted
//   │ file appendonly.aof.2.incr.aof seq 2 type i │  increments: what was written since, in order
//   └──────────────────────────────────────────┘
//
// It is replaced as a whole (written beside, synced, renamed, folder synced); whatever happens at
// any moment, it names only complete files.  A file that it does not name does not count: nothing
// is ever loaded by looking into the folder.
//
// Always: numbers of bases and of increments count up separately from 1 and are not used twice.
// The format is that of Redis 7; a new kind of line must stay one that Redis ignores: an unknown
// key on a `file` line, or a line that begins with '#'.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "persistence/file.h"

namespace weir {

enum class AofRole : char { kBase = 'b', kHistory = 'h', kIncrement = 'i' };

/// One line of the manifest.
struct AofFileInfo {
  std::string name;
  uint64_t number = 0;  // from 1
  AofRole role = AofRole::kIncrement;

  friend bool operator==(const AofFileInfo&, const AofFileInfo&) = default;
};

/// Why a manifest cannot be understood.
struct ManifestError {
  int line = 0;           // from 1; 0: it is not about one line
  std::string line_text;  // as it stands there
  std::string reason;     // in Redis's words

  friend bool operator==(const ManifestError&, const ManifestError&) = default;
};

class AofManifest {
 public:
  /// Errors: every rule that Redis 7 has for a manifest.
  static tl::expected<AofManifest, ManifestError> parse(std::string_view text);
  std::string print() const;

  const std::optional<AofFileInfo>& base() const { return base_; }
  const std::vector<AofFileInfo>& history() const { return history_; }
  const std::vector<AofFileInfo>& increments() const { return increments_; }
  /// Base, then increments: what is loaded.
  std::vector<AofFileInfo> files() const;
  bool is_empty() const { return !base_ && history_.empty() && increments_.empty(); }

  /// Adds the next increment of the log called `filename`; its name.
  std::string add_increment(std::string_view filename);
  /// Names that add_increment and replace_base will give.
  std::string next_increment_name(std::string_view filename) const;
  std::string next_base_name(std::string_view filename, std::string_view suffix) const;
  /// The file of a log from before there were manifests becomes the base.
  void take_over(std::string_view filename);
  /// A base takes the place of the one before and of all increments but the last `kept`.
  void replace_base(std::string_view filename, std::string_view suffix, size_t kept);
  /// Those files of history that are gone, or as good as that.
  template <typename IsGone>
  void forget_history(IsGone is_gone) {
    std::erase_if(history_, is_gone);
  }

  friend bool operator==(const AofManifest&, const AofManifest&) = default;

 private:
  std::string add_line(std::string_view line);
  void count_history();

  std::optional<AofFileInfo> base_;
  std::vector<AofFileInfo> history_;
  std::vector<AofFileInfo> increments_;
  uint64_t last_base_ = 0;
  uint64_t last_increment_ = 0;
};

/// Where the files of a log are: `<dir>/<appenddirname>/`, and what they are called.
struct AofPlace {
  std::string folder;    // appenddirname
  std::string filename;  // appendfilename

  std::string path(std::string_view name) const { return folder + "/" + std::string(name); }
  std::string manifest_path() const { return path(filename + ".manifest"); }
  std::string temporary_manifest_path() const { return path("temp-" + filename + ".manifest"); }
};

/// The text of a manifest.  Errors: EFBIG for one far longer than any real one.
IoResult<std::string> read_manifest_text(FileSystem& files, const std::string& path);

/// Puts `manifest` in the place of the one before; on an error that one is still in force.
IoResult<void> write_manifest(FileSystem& files, const AofPlace& place,
                              const AofManifest& manifest);

}  // namespace weir
