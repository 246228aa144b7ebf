#include "server/durability/log_files.h"

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

namespace weir {
namespace {

/// "understand line 1 (Invalid AOF manifest file format) of 'x'"; without a line it is "understand
/// (Found an empty AOF manifest) 'x'".
IoError not_understood(const ManifestError& error, const std::string& path) {
  const std::string reason = "(" + error.reason + ")";
  const std::string what =
      error.line > 0 ? "line " + std::to_string(error.line) + " " + reason + " of" : reason;
  return {.operation = "understand " + what, .path = path};
}

}  // namespace

LogFiles::LogFiles(const Parts& parts)
    : settings_(parts.settings),
      log_(parts.log),
      files_(parts.files),
      lazy_free_(parts.lazy_free),
      place_{parts.settings.appenddirname, parts.settings.appendfilename} {}

IoResult<void> LogFiles::make_folder_last() {
  return make_folder(files_, place_.folder).and_then([this] {
    return fsync_folder(files_, place_.folder);
  });
}

/// A file that says of itself that it is ours before a manifest names it.
IoResult<AofFile> LogFiles::create_file(const std::string& path,
                                        std::optional<uint64_t> previous_bytes) {
  IoResult<AofFile> file = AofFile::create(files_, path);
  if (!file) return file;
  const IoResult<void> there =
      file->mark(previous_bytes).and_then([&] { return fsync_folder(files_, path); });
  if (!there) return tl::unexpected(there.error());
  return file;
}

// --- Starting ------------------------------------------------------------------------------------

/// Nobody else writes in the folder.
void LogFiles::remove_leftovers() {
  for (const std::string& path : matching_paths(place_.path("temp-*"))) {
    const bool is_ours =
        path == aside_path() || path == place_.temporary_manifest_path() || path.ends_with(".rdb");
    if (is_ours && unlink(files_, path))
      log_.notice("Removed what a crash has left of a rewrite: " + path);
  }
}

/// After a process that was killed, what was loaded may not be on disk yet; what is written next
/// will count on it.
IoResult<void> LogFiles::sync_loaded(const AofManifest& manifest) {
  for (const AofFileInfo& info : manifest.increments()) {
    IoResult<void> done =
        File::open_for_write(files_, place_.path(info.name)).and_then([](File file) {
          return file.fdatasync();
        });
    if (!done) return done;
  }
  return fsync_folder(files_, place_.manifest_path());
}

/// So that a folder that exists always holds all data: what there is, is none yet.
IoResult<void> LogFiles::create_base(AofManifest& manifest) {
  const std::string name = manifest.next_base_name(place_.filename, suffix());
  log_.notice("Creating AOF base file " + name + " on server start");
  if (IoResult<void> made = write_base(place_.path(name)); !made) return made;
  manifest.replace_base(place_.filename, suffix(), 0);
  return {};
}

/// One that was emptied has lost its mark, too.  Without it, what a power failure leaves of the
/// next batch would be taken for another server's, and be no command.
IoResult<AofFile> LogFiles::reopen(const std::string& path, uint64_t size) {
  IoResult<AofFile> file = AofFile::open(files_, path, size);
  if (!file || size > 0) return file;
  if (IoResult<void> marked = file->mark(std::nullopt); !marked)
    return tl::unexpected(std::move(marked).error());
  return file;
}

IoResult<AofFile> LogFiles::open_increment(AofManifest& manifest, const LoadedLog& loaded) {
  const bool is_new = manifest.increments().empty();
  const std::string name =
      is_new ? manifest.add_increment(place_.filename) : manifest.increments().back().name;
  log_.notice((is_new ? "Creating AOF incr file " : "Opening AOF incr file ") + name +
              " on server start");
  if (!is_new) return reopen(place_.path(name), loaded.last_increment_bytes);
  IoResult<AofFile> file = create_file(place_.path(name), std::nullopt);
  if (!file) return file;
  if (IoResult<void> named = write_manifest(files_, place_, manifest); !named)
    return tl::unexpected(std::move(named).error());
  return file;
}

IoResult<AofFile> LogFiles::begin(LoadedLog& loaded) {
  AofManifest manifest = std::move(loaded.manifest);
  const bool has_nothing = !manifest.base() && manifest.increments().empty();
  IoResult<void> done = make_folder_last();
  if (done) remove_leftovers();
  if (done) done = sync_loaded(manifest);
  if (done && has_nothing) done = create_base(manifest);
  if (!done) return tl::unexpected(std::move(done).error());
  IoResult<AofFile> file = open_increment(manifest, loaded);
  if (!file) return file;
  manifest_ = std::move(manifest);
  if (!has_nothing) return file;
  auto base_bytes = size_of(files_, place_.path(manifest_.base()->name));
  if (!base_bytes) return tl::unexpected(std::move(base_bytes).error());
  loaded.base_bytes = base_bytes->value_or(0);
  return file;
}

IoResult<void> LogFiles::read_manifest() {
  manifest_ = AofManifest();
  if (IoResult<void> made = make_folder_last(); !made) return made;
  IoResult<std::string> text = read_manifest_text(files_, place_.manifest_path());
  if (!text && text.error().errno_value == ENOENT) return {};
  if (!text) return tl::unexpected(std::move(text).error());
  auto manifest = AofManifest::parse(*text);
  if (!manifest) return tl::unexpected(not_understood(manifest.error(), place_.manifest_path()));
  manifest_ = std::move(*manifest);
  return {};
}

// --- Going on ------------------------------------------------------------------------------------

IoResult<AofFile> LogFiles::next_increment(uint64_t previous_bytes) {
  AofManifest manifest = manifest_;
  const std::string name = manifest.add_increment(place_.filename);
  IoResult<AofFile> file = create_file(place_.path(name), previous_bytes);
  if (!file) return file;
  if (IoResult<void> named = write_manifest(files_, place_, manifest); !named)
    return tl::unexpected(std::move(named).error());
  log_.notice("Creating AOF incr file " + name + " on background rewrite");
  manifest_ = std::move(manifest);
  return file;
}

IoResult<AofFile> LogFiles::create_aside() {
  return create_file(aside_path(), std::nullopt);
}

void LogFiles::drop_aside() {
  static_cast<void>(unlink(files_, aside_path()));
}

/// What was kept aside becomes the first increment behind the new base.
IoResult<void> LogFiles::take_in(AofManifest& manifest) {
  const std::string name = manifest.add_increment(place_.filename);
  return rename(files_, aside_path(), place_.path(name)).and_then([&] {
    return fsync_folder(files_, place_.path(name));
  });
}

std::string LogFiles::next_base_path() const {
  return place_.path(manifest_.next_base_name(place_.filename, next_suffix_));
}

IoResult<void> LogFiles::commit_base(Kept kept) {
  AofManifest manifest = manifest_;
  manifest.replace_base(place_.filename, next_suffix_, kept == Kept::kLastIncrement ? 1 : 0);
  const std::string leftover =
      manifest_.next_base_name(place_.filename, next_suffix_ == "rdb" ? "aof" : "rdb");
  IoResult<void> done;
  if (kept == Kept::kAside) done = take_in(manifest);
  if (done) done = write_manifest(files_, place_, manifest);
  if (!done) return done;
  manifest_ = std::move(manifest);
  static_cast<void>(unlink(files_, place_.path(leftover)));  // of a rewrite that was killed
  return {};
}

/// Its name goes at once.  While it is open its blocks stay, and to give back those of a great file
/// takes long, so a helper closes it.
bool LogFiles::remove_file(const std::string& name) {
  const std::string path = place_.path(name);
  IoResult<File> file = File::open_for_read(files_, path);
  const IoResult<void> gone = unlink(files_, path);
  if (file) lazy_free_.take(std::make_shared<const File>(std::move(*file)));
  return gone || gone.error().errno_value == ENOENT;
}

/// Files that could not be deleted stay in the manifest, for the next time.  One that others have
/// put there under a name that counts is no history.
void LogFiles::remove_history() {
  if (manifest_.history().empty() || settings_.aof_disable_auto_gc) return;
  AofManifest manifest = manifest_;
  const std::vector<AofFileInfo> counting = manifest.files();
  manifest.forget_history([&](const AofFileInfo& info) {
    const auto is_it = [&info](const AofFileInfo& other) { return other.name == info.name; };
    if (std::any_of(counting.begin(), counting.end(), is_it)) return true;
    log_.notice("Removing the history file " + info.name + " in the background");
    return remove_file(info.name);
  });
  if (const auto written = write_manifest(files_, place_, manifest)) {
    manifest_ = std::move(manifest);
  } else {
    log_.warning("Can't rewrite the manifest of the append-only file: " +
                 to_string(written.error()));
  }
}

}  // namespace weir
