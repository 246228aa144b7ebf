// The log, read back when the server starts: which files, in which order, and what is done about
// one that ends too soon or makes no sense.
//
//   manifest ─► base (RDB or commands) ─► increments ─► AofReader ─► Replay
//      ▲                                                   │ torn: the last file is cut off there
//      └── a single file of an older server is taken over  │ damaged: the server does not start
//
// Each file begins with database 0.
//
// Always: nothing is cut off that another file follows, unless nothing of that one can have been
// promised: after a power failure the end of an increment may be missing whose sync had not
// returned when the next one was begun.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <tl/expected.hpp>

#include "persistence/aof_manifest.h"
#include "persistence/aof_reader.h"
#include "persistence/file.h"
#include "server/context.h"
#include "server/durability/append_log.h"
#include "server/replay.h"

namespace weir {

class LogReplay {
 public:
  using Failure = std::string;  // why the server must not start

  /// All outlive it.
  LogReplay(Context& context, FileSystem& files);

  /// Clients are looked after as the loader has it done.
  tl::expected<LoadedLog, Failure> run();

 private:
  /// The present file.
  struct Place {
    const AofFileInfo& info;
    std::string path;
    std::span<const AofFileInfo> later;
    uint64_t before = 0;  // bytes of the files before it
    bool is_last() const { return later.empty(); }
  };

  static tl::unexpected<Failure> fatal(Failure why) { return tl::unexpected(std::move(why)); }
  static tl::unexpected<Failure> unreadable(const std::string& name, const IoError& error);
  tl::expected<AofManifest, Failure> read_manifest();
  void log_manifest_error(const ManifestError& error);
  tl::expected<LoadedLog, Failure> load_all(AofManifest manifest);
  tl::expected<uint64_t, Failure> load_snapshot(const Place& place);
  std::optional<Failure> take_over_old_file(AofManifest& manifest);
  tl::expected<std::vector<uint64_t>, Failure> sizes_of(const std::vector<AofFileInfo>& infos);
  tl::expected<uint64_t, Failure> load(const Place& place, uint64_t size);
  tl::expected<uint64_t, Failure> load_commands(const Place& place, uint64_t size, File file,
                                                uint64_t offset);
  std::optional<Failure> run_command(const Place& place, const AofReader& reader);
  tl::expected<std::optional<uint64_t>, Failure> end_by_next(const Place& place);
  IoResult<AofReader> open(const AofFileInfo& info);
  bool was_never_on_disk(const AofFileInfo& info);
  bool drop_later(const Place& place);
  tl::expected<uint64_t, Failure> cut_torn(const Place& place, const AofReader& reader);
  tl::expected<uint64_t, Failure> cut(const Place& place, uint64_t offset);
  tl::expected<uint64_t, Failure> bad_format(const Place& place, uint64_t size, uint64_t offset);
  Failure damaged(const Place& place, uint64_t offset);
  bool is_interrupted(const Place& place, uint64_t offset);

  Context& context_;
  FileSystem& files_;
  AofPlace place_;
  Replay replay_;
  bool is_rest_dropped_ = false;  // the files behind the present one were emptied
  uint64_t transaction_offset_ = 0;
  uint64_t total_bytes_ = 0;
  uint32_t commands_until_look_ = 0;
  uint64_t passed_over_ = 0;  // commands of other types
};

}  // namespace weir
