// Reading a snapshot into the keyspace: when the server starts, and for DEBUG RELOAD.
//
//   file ──► RdbReader ──► key by key ──► Keyspace
//     │ every few milliseconds
//     └──► look_after_clients: they are told that the server is loading
//
// What is found wrong is logged, with file, offset and reason; what was loaded before stays, for
// whoever asked to decide about.
//
// A primary's snapshot is loaded aside: into databases that nobody sees before it is found whole.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "persistence/file.h"
#include "persistence/rdb_input.h"
#include "server/data/keyspace.h"
#include "server/durability/rdb_saving.h"
#include "server/settings.h"

namespace weir {

class Log;

/// What INFO tells.
struct LoadProgress {
  bool is_loading = false;
  int64_t began_unix_s = 0;
  int64_t began_monotonic_us = 0;
  uint64_t total_bytes = 0;
  uint64_t loaded_bytes = 0;
  uint64_t used_memory = 0;  // when the file was written, as it says; 0: it does not
  uint64_t keys_loaded = 0;
  uint64_t keys_expired = 0;
  uint64_t keys_skipped = 0;  // that are no streams
};

class Loader {
 public:
  /// Clients are looked after as often, in microseconds.
  static constexpr int64_t kLookAfterUs = 5000;

  enum class Result : uint8_t { kLoaded, kNoFile, kFailed, kStopped };
  enum class Merge : uint8_t { kNo, kYes };  // whether a key may be there already

  /// All outlive it.
  Loader(const Settings& settings, Keyspace& keyspace, Log& log, FileSystem& files)
      : settings_(settings), keyspace_(keyspace), log_(log), files_(files) {}

  /// Called now and then; returns false when loading has to stop.  May be null.
  std::function<bool()> look_after_clients;

  const LoadProgress& progress() const { return progress_; }

  Result load(const std::string& path, Merge merge = Merge::kNo);
  /// From anywhere, into databases that are nobody's yet.  name: for the log.  total_bytes: 0 if
  /// nobody knows.  Keys whose time is over are loaded as well: who removes them is a primary.
  Result load_aside(RdbSource& source, const std::string& name, uint64_t total_bytes,
                    std::vector<Database>& into);
  /// Whether load_aside() will load it: it is read to its end, and nothing is kept.
  Result check(RdbSource& source, const std::string& name, uint64_t total_bytes);
  /// Keys whose time is over are loaded from files as well.
  void keep_expired(bool is_kept) { keeps_expired_ = is_kept; }
  /// Where the last snapshot belongs in the stream of replication, if it says so.  A file that does
  /// is loaded with the keys whose time is over, since replicas have to be told that they go.
  const std::optional<SavedPosition>& position() const { return position_; }
  /// Where in the file the last one that was loaded ended.
  uint64_t end_offset() const { return end_offset_; }

  /// What is loaded until end_whole() is a part of a log of so many bytes.
  void begin_whole(uint64_t total_bytes);
  void went_to(uint64_t bytes) { progress_.loaded_bytes = bytes; }
  void end_whole() { progress_.is_loading = false; }

 private:
  class Source;
  class Sink;
  struct Target {
    std::vector<Database>& databases;
    Merge merge = Merge::kNo;
    bool keeps_expired = false;
    bool keeps_nothing = false;
  };

  Result read(RdbSource& source, const std::string& name, const Target& target);
  void tell_end() const;

  const Settings& settings_;
  Keyspace& keyspace_;
  Log& log_;
  FileSystem& files_;
  LoadProgress progress_;
  uint64_t end_offset_ = 0;
  std::optional<SavedPosition> position_;
  bool keeps_expired_ = false;
};

}  // namespace weir
