// Which files the log consists of: the manifest in memory and on disk, and their beginnings and
// ends.  What is written into them, and when, is the business of AppendLog.
//
//   begin(loaded) ─► base 1 (of nothing) and increment 1, or the last increment gone on with
//   next_increment ─► increment n+1, and a manifest that names it
//   commit_base ─► the manifest names the new base: it counts ─► what it replaces is deleted
//   create_aside ─► temp-F.incr, which no manifest names; commit_base makes it an increment
//
// Always: the manifest on disk names only complete files, and is the one in memory unless a step
// has just failed; then the old one is in force in both places.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "persistence/aof_file.h"
#include "persistence/aof_manifest.h"
#include "persistence/file.h"
#include "server/data/lazy_free.h"
#include "server/host/log.h"
#include "server/settings.h"

namespace weir {

/// What the log was found to be at the start.
struct LoadedLog {
  AofManifest manifest;
  uint64_t base_bytes = 0;
  uint64_t increment_bytes = 0;       // of all of them
  uint64_t last_increment_bytes = 0;  // of the one that is gone on with
};

class LogFiles {
 public:
  /// All outlive it.
  struct Parts {
    const Settings& settings;
    Log& log;
    FileSystem& files;
    LazyFree& lazy_free;
  };
  explicit LogFiles(const Parts& parts);
  LogFiles(const LogFiles&) = delete;
  LogFiles& operator=(const LogFiles&) = delete;

  /// Writes all data to a file, as a base of the format that the settings ask for.
  std::function<IoResult<void>(const std::string& path)> write_base;

  const AofPlace& place() const { return place_; }
  /// Name of the last increment; "": there is none.
  std::string last_increment() const {
    return manifest_.increments().empty() ? std::string() : manifest_.increments().back().name;
  }

  /// The increment that is gone on with, behind what was loaded.  What is known of sizes is
  /// completed.
  IoResult<AofFile> begin(LoadedLog& loaded);
  /// Of a log that is off: what an earlier one has left.
  IoResult<void> read_manifest();
  /// The increment behind the present one, which is `previous_bytes` long.
  IoResult<AofFile> next_increment(uint64_t previous_bytes);
  /// A file that becomes an increment together with the next base; one that is there is emptied.
  IoResult<AofFile> create_aside();
  void drop_aside();

  /// A base is about to be made: of the format that the settings ask for now.
  void plan_base() { next_suffix_ = suffix(); }
  std::string next_base_path() const;
  /// What a new base does not replace.
  enum class Kept : uint8_t { kNothing, kLastIncrement, kAside };
  /// The base is there and on disk: it counts from now on.
  IoResult<void> commit_base(Kept kept);
  /// Deletes what is superseded, unless the settings keep it.
  void remove_history();

 private:
  std::string suffix() const { return settings_.aof_use_rdb_preamble ? "rdb" : "aof"; }
  std::string aside_path() const { return place_.path("temp-" + place_.filename + ".incr"); }
  IoResult<void> make_folder_last();
  void remove_leftovers();
  IoResult<void> sync_loaded(const AofManifest& manifest);
  IoResult<AofFile> create_file(const std::string& path, std::optional<uint64_t> previous_bytes);
  IoResult<void> create_base(AofManifest& manifest);
  IoResult<AofFile> reopen(const std::string& path, uint64_t size);
  IoResult<AofFile> open_increment(AofManifest& manifest, const LoadedLog& loaded);
  bool remove_file(const std::string& name);
  IoResult<void> take_in(AofManifest& manifest);

  const Settings& settings_;
  Log& log_;
  FileSystem& files_;
  LazyFree& lazy_free_;
  AofPlace place_;
  AofManifest manifest_;
  std::string next_suffix_;  // of the base that is being made
};

}  // namespace weir
