#include "server/durability/loader.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "persistence/rdb_reader.h"
#include "server/clock.h"
#include "server/host/log.h"
#include "server/time_units.h"

namespace weir {
namespace {

/// "1.234 seconds"
std::string seconds_text(int64_t us) {
  char text[64];
  std::snprintf(text, sizeof(text), "%.3f seconds",
                static_cast<double>(us) / static_cast<double>(kUsPerSecond));
  return text;
}

/// Of an open file; 0 when nobody knows.
uint64_t file_bytes(FileSystem& files, const std::string& path) {
  struct stat status = {};
  return files.stat(path.c_str(), &status) == 0 ? static_cast<uint64_t>(status.st_size) : 0;
}

}  // namespace

/// The bytes, and what is done while they are read.
class Loader::Source final : public RdbSource {
 public:
  Source(RdbSource& bytes, Loader& loader) : bytes_(bytes), loader_(loader) {}

  bool was_stopped() const { return was_stopped_; }

  IoResult<size_t> read(std::span<char> buffer) override {
    IoResult<size_t> got = bytes_.read(buffer);
    if (got) loader_.progress_.loaded_bytes += *got;
    if (loader_.look_after_clients == nullptr || Clock::monotonic_us() < look_after_at_us_)
      return got;
    if (!loader_.look_after_clients()) {
      was_stopped_ = true;
      return tl::unexpected(IoError{.operation = "read", .path = {}});
    }
    look_after_at_us_ = Clock::monotonic_us() + kLookAfterUs;
    return got;
  }

 private:
  RdbSource& bytes_;
  Loader& loader_;
  int64_t look_after_at_us_ = 0;
  bool was_stopped_ = false;
};

/// What becomes of what the file says.
class Loader::Sink final : public RdbSink {
 public:
  Sink(Loader& loader, const Target& target)
      : loader_(loader),
        target_(target),
        keeps_expired_(target.keeps_expired ||
                       loader.keyspace_.expired_keys == ExpiredKeys::kAreSeen),
        now_ms_(Clock::unix_us_now() / kUsPerMs) {}

  Refusal aux(std::string_view name, std::string_view value) override {
    if (name == "used-mem")
      loader_.progress_.used_memory = std::strtoull(std::string(value).c_str(), nullptr, 10);
    if (name == "redis-ver")
      loader_.log_.notice("Loading RDB produced by version " + std::string(value));
    if (name == "ctime") note_age(value);
    if (name.starts_with("repl-")) note_position(name, value);
    if (name.starts_with('%'))
      loader_.log_.notice("RDB '" + std::string(name) + "': " + std::string(value));
    return {};
  }

  Refusal database(uint64_t number) override {
    const size_t databases = target_.databases.size();
    if (number < databases) return {};
    return "Data file was created with a Redis server configured to handle more than " +
           std::to_string(databases) + " databases. Exiting";
  }

  Refusal stream(RdbKey&& key, Stream&& stream) override {
    if (target_.keeps_nothing) return {};
    LoadProgress& progress = loader_.progress_;
    const bool is_over = key.deadline_ms && *key.deadline_ms < now_ms_;
    if (is_over && !keeps_expired_) {
      ++progress.keys_expired;
      return {};
    }
    Database& db = target_.databases[key.db];
    if (target_.merge == Merge::kYes) db.erase(key.name);
    KeyEntry* const added = db.add(key.name, std::move(stream), key.deadline_ms);
    if (added == nullptr) return "Duplicated key found in RDB file: '" + key.name + "'";
    note_use(*added, key);
    ++progress.keys_loaded;
    return {};
  }

  void skipped(const RdbKey& /*key*/, uint8_t /*type*/) override {
    ++loader_.progress_.keys_skipped;
  }

 private:
  /// The fields come before the keys; the ID makes it a position.
  void note_position(std::string_view name, std::string_view value) {
    const int64_t number = std::strtoll(std::string(value).c_str(), nullptr, 10);
    if (name == "repl-stream-db") place_.db = number;
    if (name == "repl-offset") place_.offset = number;
    if (name == "repl-id") place_.id = value;
    if (place_.id.empty()) return;
    loader_.position_ = place_;
    keeps_expired_ = true;
  }

  void note_age(std::string_view written) const {
    const int64_t unix_s = std::strtoll(std::string(written).c_str(), nullptr, 10);
    const int64_t age_s = std::max<int64_t>(0, now_ms_ / kMsPerSecond - unix_s);
    loader_.log_.notice("RDB age " + std::to_string(age_s) + " seconds");
  }

  /// What the file says of a key's use, if that is what is noted here.
  void note_use(KeyEntry& entry, const RdbKey& key) const {
    const bool by_frequency = loader_.keyspace_.access_notes() == AccessNotes::kFrequency;
    if (by_frequency && key.frequency) loader_.keyspace_.set_use(entry, *key.frequency);
    if (!by_frequency && key.idle_s)
      loader_.keyspace_.set_use(entry,
                                static_cast<uint32_t>(std::min<uint64_t>(*key.idle_s, UINT32_MAX)));
  }

  Loader& loader_;
  const Target& target_;
  SavedPosition place_;
  bool keeps_expired_;
  int64_t now_ms_;
};

Loader::Result Loader::load(const std::string& path, Merge merge) {
  IoResult<File> file = File::open_for_read(files_, path);
  if (!file && file.error().errno_value == ENOENT) return Result::kNoFile;
  if (!file) {
    log_.warning("Fatal error: can't open the RDB file for reading: " + to_string(file.error()));
    return Result::kFailed;
  }
  const bool is_part = progress_.is_loading;
  if (!is_part) begin_whole(file_bytes(files_, path));
  RdbFileSource source(*file);
  const Result result = read(source, file->path(), {keyspace_.databases(), merge, keeps_expired_});
  if (is_part) return result;
  end_whole();
  if (result == Result::kLoaded)
    log_.notice("DB loaded from disk: " +
                seconds_text(Clock::monotonic_us() - progress_.began_monotonic_us));
  return result;
}

Loader::Result Loader::load_aside(RdbSource& source, const std::string& name, uint64_t total_bytes,
                                  std::vector<Database>& into) {
  begin_whole(total_bytes);
  const Result result = read(source, name, {into, Merge::kNo, true});
  end_whole();
  return result;
}

Loader::Result Loader::check(RdbSource& source, const std::string& name, uint64_t total_bytes) {
  begin_whole(total_bytes);
  const Result result =
      read(source, name, {.databases = keyspace_.databases(), .keeps_nothing = true});
  end_whole();
  return result;
}

void Loader::begin_whole(uint64_t total_bytes) {
  progress_ = {.is_loading = true,
               .began_unix_s = Clock::unix_us_now() / kUsPerSecond,
               .began_monotonic_us = Clock::monotonic_us(),
               .total_bytes = total_bytes};
}

Loader::Result Loader::read(RdbSource& bytes, const std::string& name, const Target& target) {
  Source source(bytes, *this);
  RdbInput input(source);
  position_.reset();
  Sink sink(*this, target);
  RdbReader reader(
      input, sink,
      {.other_types = settings_.rdb_load_other_types == OtherTypes::kSkip ? RdbOtherTypes::kSkip
                                                                          : RdbOtherTypes::kRefuse,
       .idempotence_limits = keyspace_.new_stream_limits,
       .checks_sum = settings_.rdbchecksum});
  const tl::expected<RdbSummary, RdbError> summary = reader.run();
  if (source.was_stopped()) {
    log_.warning("Loading was stopped.");
    return Result::kStopped;
  }
  if (!summary) {
    const RdbError& error = summary.error();
    std::string where = name + ", offset " + std::to_string(error.offset);
    if (reader.last_key()) where += ", key '" + *reader.last_key() + "'";
    if (!error.detail.empty()) log_.warning(error.detail);
    log_.warning("The RDB file cannot be loaded: " + error.reason + " (" + where + ", " +
                 std::string(reader.doing()) + ")");
    return Result::kFailed;
  }
  if (settings_.rdbchecksum && !summary->sum_was_checked)
    log_.notice("RDB file was saved with checksum disabled: no check performed.");
  end_offset_ = summary->end;
  if (!target.keeps_nothing) tell_end();
  return Result::kLoaded;
}

void Loader::tell_end() const {
  log_.notice("Done loading RDB, keys loaded: " + std::to_string(progress_.keys_loaded) +
              ", keys expired: " + std::to_string(progress_.keys_expired) + ".");
  if (progress_.keys_skipped > 0)
    log_.warning("Keys skipped that are no streams: " + std::to_string(progress_.keys_skipped));
}

}  // namespace weir
