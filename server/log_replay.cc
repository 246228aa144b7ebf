#include "server/log_replay.h"

#include <array>
#include <cstdio>
#include <utility>

#include "persistence/rdb_format.h"
#include "server/clock.h"
#include "server/config.h"
#include "server/data/keyspace.h"
#include "server/durability/loader.h"
#include "server/host/log.h"
#include "server/text.h"

namespace weir {
namespace {

/// Clients are looked after each time as many commands have run.
constexpr uint32_t kCommandsPerLook = 1024;

std::string seconds_since(int64_t began_us) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.3f",
                static_cast<double>(Clock::monotonic_us() - began_us) / 1e6);
  return std::string(text) + " seconds";
}

}  // namespace

LogReplay::LogReplay(Context& context, FileSystem& files)
    : context_(context),
      files_(files),
      place_{context.config->appenddirname, context.config->appendfilename},
      replay_(context,
              {.failed =
                   [this](std::string_view error, std::string_view command) {
                     context_.log.warning(
                         "== CRITICAL == This server is sending an error to its "
                         "AOF-loading-client: '" +
                         std::string(error) + "' after processing the command '" +
                         to_lower(command) + "'");
                   },
               .passes_over =
                   [this] { return context_.config->aof_load_other_types == OtherTypes::kSkip; }}) {
}

// --- The manifest --------------------------------------------------------------------------------

void LogReplay::log_manifest_error(const ManifestError& error) {
  Log& log = context_.log;
  log.warning("\n*** FATAL AOF MANIFEST FILE ERROR ***\n");
  if (error.line > 0) {
    log.warning("Reading the manifest file, at line " + std::to_string(error.line) + "\n");
    log.warning(">>> '" + error.line_text + "'\n");
  }
}

tl::expected<AofManifest, LogReplay::Failure> LogReplay::read_manifest() {
  const IoResult<std::string> text = read_manifest_text(files_, place_.manifest_path());
  if (!text) {
    if (text.error().errno_value == ENOENT) return {};  // nothing there
    return fatal("Fatal error: can't open the AOF manifest file " + place_.filename +
                 ".manifest for reading: " + errno_text(text.error().errno_value));
  }
  auto manifest = AofManifest::parse(*text);
  if (manifest) return std::move(*manifest);
  log_manifest_error(manifest.error());
  return fatal(manifest.error().reason);
}

/// A log of Redis before 7.0 is one file beside the folder.  A crash between the two steps is
/// repaired here the next time.
std::optional<LogReplay::Failure> LogReplay::take_over_old_file(AofManifest& manifest) {
  const IoResult<std::optional<uint64_t>> old = size_of(files_, place_.filename);
  if (!old) {
    return "Fatal error: can't open the append log file " + place_.filename +
           " for reading: " + errno_text(old.error().errno_value);
  }
  if (!*old) return std::nullopt;
  const std::string inside = place_.path(place_.filename);
  if (manifest.base() || !manifest.increments().empty()) {
    const bool is_half_done = manifest.base() && manifest.base()->name == place_.filename &&
                              manifest.increments().empty();
    const IoResult<std::optional<uint64_t>> moved = size_of(files_, inside);
    if (!is_half_done || !moved || *moved) return std::nullopt;
  } else {
    manifest.take_over(place_.filename);
  }
  const IoResult<void> done =
      make_folder(files_, place_.folder)
          .and_then([&] { return write_manifest(files_, place_, manifest); })
          .and_then([&] { return rename(files_, place_.filename, inside); })
          .and_then([&] { return fsync_folder(files_, inside); });
  if (!done) {
    return "Error trying to migrate the old-style AOF file " + place_.filename + ": " +
           to_string(done.error());
  }
  context_.log.notice("Successfully migrated an old-style AOF file (" + place_.filename +
                      ") into the AOF directory (" + place_.folder + ").");
  return std::nullopt;
}

tl::expected<std::vector<uint64_t>, LogReplay::Failure> LogReplay::sizes_of(
    const std::vector<AofFileInfo>& infos) {
  std::vector<uint64_t> sizes;
  for (const AofFileInfo& info : infos) {
    const IoResult<std::optional<uint64_t>> size = size_of(files_, place_.path(info.name));
    if (!size || !*size) {
      return fatal("Unable to obtain the AOF file " + info.name +
                   " length. stat: " + errno_text(size ? ENOENT : size.error().errno_value));
    }
    sizes.push_back(**size);
    total_bytes_ += **size;
  }
  return sizes;
}

// --- All files -----------------------------------------------------------------------------------

tl::expected<LoadedLog, LogReplay::Failure> LogReplay::run() {
  tl::expected<AofManifest, Failure> manifest = read_manifest();
  if (!manifest) return tl::unexpected(std::move(manifest).error());
  if (std::optional<Failure> why = take_over_old_file(*manifest)) return fatal(std::move(*why));
  // They go when the log says so, whoever watches them meanwhile.
  const ExpiredAreSeen expired_are_seen(context_.keyspace);
  context_.loader.keep_expired(true);
  tl::expected<LoadedLog, Failure> loaded = load_all(std::move(*manifest));
  context_.loader.keep_expired(false);
  context_.loader.end_whole();
  return loaded;
}

tl::expected<LoadedLog, LogReplay::Failure> LogReplay::load_all(AofManifest manifest) {
  const int64_t began_us = Clock::monotonic_us();
  const std::vector<AofFileInfo> infos = manifest.files();
  const auto sizes = sizes_of(infos);
  if (!sizes) return tl::unexpected(sizes.error());
  context_.loader.begin_whole(total_bytes_);
  LoadedLog loaded;
  loaded.manifest = std::move(manifest);
  uint64_t before = 0;
  for (size_t i = 0; i < infos.size(); ++i) {
    const int64_t file_began_us = Clock::monotonic_us();
    const Place place{infos[i], place_.path(infos[i].name), std::span(infos).subspan(i + 1),
                      before};
    const uint64_t size = is_rest_dropped_ ? 0 : (*sizes)[i];
    const tl::expected<uint64_t, Failure> bytes = load(place, size);
    if (!bytes) return tl::unexpected(bytes.error());
    before += size;
    const bool is_base = infos[i].role == AofRole::kBase;
    (is_base ? loaded.base_bytes : loaded.increment_bytes) += *bytes;
    loaded.last_increment_bytes = is_base ? 0 : *bytes;
    if (size > 0) {
      context_.log.notice("DB loaded from " + std::string(is_base ? "base" : "incr") + " file " +
                          infos[i].name + ": " + seconds_since(file_began_us));
    }
  }
  if (before > 0)
    context_.log.notice("DB loaded from append only file: " + seconds_since(began_us));
  if (passed_over_ > 0) {
    context_.log.warning("Commands passed over that are for other types than streams: " +
                         std::to_string(passed_over_));
  }
  return loaded;
}

tl::expected<uint64_t, LogReplay::Failure> LogReplay::load(const Place& place, uint64_t size) {
  if (size == 0) return 0;
  IoResult<File> file = File::open_for_read(files_, place.path);
  if (!file) {
    return fatal("Fatal error: can't open the append log file " + place.info.name +
                 " for reading: " + errno_text(file.error().errno_value));
  }
  std::array<char, rdb::kMagic.size()> start{};
  size_t length = 0;
  while (length < start.size()) {
    const IoResult<size_t> got = file->read(std::span(start).subspan(length));
    if (!got) return unreadable(place.info.name, got.error());
    if (*got == 0) break;
    length += *got;
  }
  uint64_t offset = 0;
  if (std::string_view(start.data(), length) == rdb::kMagic) {
    const bool is_alone = place.info.name.ends_with(".rdb");
    context_.log.notice(is_alone ? "Reading RDB base file on AOF loading..."
                                 : "Reading RDB preamble from AOF file...");
    tl::expected<uint64_t, Failure> read = load_snapshot(place);
    if (!read) return read;
    offset = *read;
    if (!is_alone) context_.log.notice("Reading the remaining AOF tail...");
  }
  if (IoResult<void> sought = file->seek(offset); !sought) return fatal(to_string(sought.error()));
  return load_commands(place, size, std::move(*file), offset);
}

tl::expected<uint64_t, LogReplay::Failure> LogReplay::load_snapshot(const Place& place) {
  context_.loader.went_to(place.before);
  switch (context_.loader.load(place.path)) {
    case Loader::Result::kLoaded:
      return context_.loader.end_offset();
    case Loader::Result::kStopped:
      return fatal("Loading was stopped.");
    case Loader::Result::kNoFile:
    case Loader::Result::kFailed:
      break;
  }
  return fatal("Error reading the RDB preamble of the AOF file " + place.info.name +
               ", AOF loading aborted");
}

// --- One file of commands ------------------------------------------------------------------------

bool LogReplay::is_interrupted(const Place& place, uint64_t offset) {
  if (commands_until_look_-- > 0) return false;
  commands_until_look_ = kCommandsPerLook;
  context_.loader.went_to(place.before + offset);
  return context_.loader.look_after_clients && !context_.loader.look_after_clients();
}

tl::expected<uint64_t, LogReplay::Failure> LogReplay::load_commands(const Place& place,
                                                                    uint64_t size, File file,
                                                                    uint64_t offset) {
  using Status = AofReader::Status;
  replay_.select(0);
  replay_.forget_transaction();
  AofReader reader(std::move(file), offset);
  Status status = Status::kEnd;
  while ((status = reader.next()) == Status::kCommand) {
    if (std::optional<Failure> why = run_command(place, reader)) return fatal(std::move(*why));
    if (is_interrupted(place, reader.offset())) return fatal("Loading was stopped.");
  }
  std::optional<uint64_t> end;
  if (!replay_.in_transaction() && (status == Status::kEnd || status == Status::kTorn)) {
    auto told = end_by_next(place);
    if (!told) return tl::unexpected(std::move(told).error());
    end = *told;
  }
  switch (status) {
    case Status::kEnd:
    case Status::kCommand:
      if (replay_.in_transaction() || end.value_or(0) > reader.good_end()) break;
      if (reader.good_end() < size && reader.offset() == reader.good_end())
        context_.log.verbose("AOF " + place.info.name + " ends at offset " +
                             std::to_string(reader.good_end()) + ", behind it is filler");
      return reader.good_end();
    case Status::kTorn:
      // Behind the end may be what cutting filler off has left when it did not reach the disk.
      if (end == reader.offset()) return reader.offset();
      break;
    case Status::kBadFormat:
      return bad_format(place, size, reader.offset());
    case Status::kDamage:
      return fatal(damaged(place, reader.offset()));
    case Status::kUnreadable:
      return unreadable(place.info.name, reader.error());
  }
  return cut_torn(place, reader);
}

std::optional<LogReplay::Failure> LogReplay::run_command(const Place& place,
                                                         const AofReader& reader) {
  const bool was_in_transaction = replay_.in_transaction();
  const Replay::Step step = replay_.take(reader.argv(), reader.offset());
  if (replay_.in_transaction() && !was_in_transaction) transaction_offset_ = reader.offset();
  passed_over_ += step.passed_over;
  if (step.status != Replay::Status::kForeign) return std::nullopt;
  return "Unknown command '" + step.foreign + "' reading the append only file " + place.info.name +
         ", offset " + std::to_string(step.foreign_place) +
         (Replay::is_for_other_types(step.foreign)
              ? " (Weir has streams only; aof-load-other-types skip passes over it)"
              : "");
}

}  // namespace weir
