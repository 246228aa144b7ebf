#include "server/replication/full_sync.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "persistence/replacing_file.h"
#include "server/host/log.h"
#include "server/host/process.h"
#include "server/settings.h"
#include "server/time_units.h"

namespace weir {
namespace {

/// What is read at once of a file for a replica.
constexpr size_t kReadBytes = size_t{256} << 10;

/// Gives what the writer of a snapshot collects to the pipe.
class PipeDestination final : public RdbDestination {
 public:
  PipeDestination(TransferPipe& pipe, const SnapshotFeed& feed) : pipe_(pipe), feed_(feed) {}

  IoResult<void> write(std::string_view bytes) override {
    if (pipe_.write(bytes, [this] { return feed_.is_cancelled(); })) return {};
    return tl::unexpected(IoError{.operation = "send", .path = "replicas", .errno_value = EPIPE});
  }

 private:
  TransferPipe& pipe_;
  const SnapshotFeed& feed_;
};

class PipeSource final : public TransferSource {
 public:
  explicit PipeSource(std::shared_ptr<TransferPipe> pipe) : pipe_(std::move(pipe)) {}

  std::string_view next() override { return pipe_->at(place_); }
  void sent(size_t bytes) override { place_ += bytes; }
  bool is_over() const override { return pipe_->ends_at(place_); }
  const TransferPipe* pipe() const override { return pipe_.get(); }
  uint64_t place() const override { return place_; }

 private:
  std::shared_ptr<TransferPipe> pipe_;
  uint64_t place_ = 0;
};

/// A file that is read as it is sent.  What cannot be read ends the transfer: the length was
/// announced, so the replica notices.
class FileSource final : public TransferSource {
 public:
  FileSource(File file, uint64_t bytes) : file_(std::move(file)), left_(bytes) {}

  std::string_view next() override {
    if (chunk_.empty() && left_ > 0) {
      buffer_.resize(std::min<uint64_t>(kReadBytes, left_));
      const IoResult<size_t> got = file_.read({buffer_.data(), buffer_.size()});
      chunk_ = std::string_view(buffer_).substr(0, got.value_or(0));
    }
    return chunk_;
  }
  void sent(size_t bytes) override {
    chunk_.remove_prefix(bytes);
    left_ -= bytes;
  }
  bool is_over() const override { return left_ == 0; }

 private:
  File file_;
  uint64_t left_;
  std::string buffer_;
  std::string_view chunk_;
};

}  // namespace

/// A snapshot that is being written.
struct FullSync::Running {
  bool is_file = false;
  int64_t offset = 0;  // its moment
  ReplicaTraits traits;
  std::string path;                    // of a file
  std::shared_ptr<TransferPipe> pipe;  // or what it is sent through
  std::string mark;
};

FullSync::FullSync(const Parts& parts, const Replicas& replicas)
    : parts_(parts), replicas_(replicas), wakeup_(parts.loop) {}

FullSync::~FullSync() {
  if (running_ && running_->pipe) running_->pipe->abort();
}

// --- Who goes with whom --------------------------------------------------------------------------

bool FullSync::go_together(const Replica& a, const Replica& b) const {
  return a.wants_file == b.wants_file && a.traits.is_without_data == b.traits.is_without_data &&
         a.traits.is_unpacked == b.traits.is_unpacked &&
         a.traits.is_unsummed == b.traits.is_unsummed;
}

FullSync::Replicas FullSync::next_group() const {
  Replicas group;
  for (Replica* const replica : replicas_) {
    const bool fits = group.empty() || go_together(*group.front(), *replica);
    if (replica->state() == Replica::State::kWaiting && fits) group.push_back(replica);
  }
  return group;
}

void FullSync::arrived(Replica& replica, int64_t now_ms) {
  const Settings& settings = parts_.settings;
  replica.wants_file = !replica.traits.is_without_data &&
                       (!settings.repl_diskless_sync || !replica.traits.knows_eof);
  const bool is_first = std::none_of(replicas_.begin(), replicas_.end(), [&](const Replica* other) {
    return other != &replica && other->state() == Replica::State::kWaiting;
  });
  if (is_first) first_waits_since_ms_ = now_ms;
  if (!running_ || !running_->is_file || !replica.wants_file) return;
  const ReplicaTraits& written = running_->traits;
  if (written.is_unpacked != replica.traits.is_unpacked ||
      written.is_unsummed != replica.traits.is_unsummed)
    return;
  // Whoever it is written for may have gone, and the stream behind it with them.
  const bool is_kept = std::any_of(replicas_.begin(), replicas_.end(), [](const Replica* other) {
    return other->state() == Replica::State::kCollecting && other->needs_stream();
  });
  if (!is_kept && !replica.traits.is_rdb_only) return;
  parts_.log.notice("Waiting for end of BGSAVE for SYNC");
  replica.collect(running_->offset);
  announce(replica);
}

bool FullSync::is_due(int64_t now_ms) const {
  const Replicas group = next_group();
  if (group.empty()) return false;
  if (group.front()->traits.is_without_data) return true;
  if (parts_.runner.is_running()) return false;
  const Settings& settings = parts_.settings;
  if (group.front()->wants_file || settings.repl_diskless_sync_delay_s == 0) return true;
  const auto most = static_cast<size_t>(settings.repl_diskless_sync_max_replicas);
  if (most > 0 && group.size() >= most) return true;
  return now_ms - first_waits_since_ms_ >= settings.repl_diskless_sync_delay_s * kMsPerSecond;
}

// --- Beginning -----------------------------------------------------------------------------------

void FullSync::begin_due(int64_t now_ms) {
  while (is_due(now_ms)) {
    begin(next_group());
    first_waits_since_ms_ = now_ms;  // of those who do not go with these
  }
}

void FullSync::begin(const Replicas& group) {
  const bool wants_stream = std::any_of(group.begin(), group.end(), [](const Replica* replica) {
    return !replica->traits.is_rdb_only;
  });
  if (wants_stream && !parts_.stream.is_kept()) parts_.stream.begin();
  if (group.front()->traits.is_without_data) {
    send_without_data(group);
  } else if (group.front()->wants_file) {
    begin_file(group);
  } else {
    begin_pipe(group);
  }
  // They do not know which database the ones before have selected.
  if (parts_.stream.is_primary()) parts_.propagation.forget_database();
}

RdbPlan FullSync::plan_for(const Replica& replica) const {
  RdbPlan plan = plan_of(parts_.settings, parts_.files);
  plan.has_checksum &= !replica.traits.is_unsummed;
  plan.is_compressed &= !replica.traits.is_unpacked;
  const History& history = parts_.stream.history();
  const int64_t db = parts_.stream.is_primary() ? 0 : parts_.stream.database();
  plan.position =
      SavedPosition{.id = history.id(), .offset = history.offset(), .db = std::max<int64_t>(0, db)};
  return plan;
}

void FullSync::announce(Replica& replica) const {
  if (replica.is_silent) return;
  const int64_t offset =
      replica.wants_file && running_ ? running_->offset : parts_.stream.history().offset();
  say(replica,
      "+FULLRESYNC " + parts_.stream.history().id() + " " + std::to_string(offset) + "\r\n");
}

void FullSync::begin_pipe(const Replicas& group) {
  parts_.log.notice("Starting BGSAVE for SYNC with target: replicas sockets");
  auto running = std::make_unique<Running>();
  running->offset = parts_.stream.history().offset();
  running->traits = group.front()->traits;
  running->mark = random_run_id();
  running->pipe = std::make_shared<TransferPipe>([this] { wakeup_.signal(); });
  for (Replica* const replica : group) {
    replica->collect(running->offset);
    announce(*replica);
    say(*replica, "$EOF:" + running->mark + "\r\n");
    replica->transfer(std::make_unique<PipeSource>(running->pipe));
  }
  parts_.runner.begin(
      SnapshotPurpose::kReplica,
      [plan = plan_for(*group.front()), pipe = running->pipe](
          const auto& counts, SnapshotFeed& feed) -> IoResult<void> {
        PipeDestination destination(*pipe, feed);
        return write_rdb(plan, destination, counts, feed).map([](const RdbWritten&) {});
      },
      [this](const IoResult<void>& result, bool is_cancelled) {
        pipe_ended(result, is_cancelled);
      });
  running_ = std::move(running);
}

void FullSync::begin_file(const Replicas& group) {
  parts_.log.notice("Starting BGSAVE for SYNC with target: disk");
  running_ = std::make_unique<Running>();
  running_->is_file = true;
  running_->offset = parts_.stream.history().offset();
  running_->traits = group.front()->traits;
  for (Replica* const replica : group) {
    replica->collect(running_->offset);
    announce(*replica);
  }
  RdbPlan plan = plan_for(*group.front());
  plan.target += ".sync";
  plan.syncs_on_the_way = plan.is_durable = false;  // it is read once, and removed
  running_->path = plan.target;
  parts_.runner.begin(
      SnapshotPurpose::kReplica,
      [plan = std::move(plan)](const auto& counts, SnapshotFeed& feed) -> IoResult<void> {
        return write_rdb(plan, counts, feed).map([](const RdbWritten&) {});
      },
      [this](const IoResult<void>& result, bool is_cancelled) {
        file_ended(result, is_cancelled);
      });
}

/// For redis-cli --replica and --functions-rdb.
void FullSync::send_without_data(const Replicas& group) {
  const std::string mark = random_run_id();
  const auto pipe = std::make_shared<TransferPipe>([] {});
  pipe->end(rdb_without_keys(plan_for(*group.front())) + mark);
  for (Replica* const replica : group) {
    replica->collect(parts_.stream.history().offset());
    announce(*replica);
    say(*replica, "$EOF:" + mark + "\r\n");
    replica->transfer(std::make_unique<PipeSource>(pipe));
  }
}

// --- Ending --------------------------------------------------------------------------------------

void FullSync::pipe_ended(const IoResult<void>& result, bool is_cancelled) {
  if (!result || is_cancelled) return fail();  // a pipe takes all, unless it is given up
  parts_.log.notice("Background RDB transfer terminated with success");
  running_->pipe->end(running_->mark);
  wakeup_.signal();
  running_.reset();
}

void FullSync::file_ended(const IoResult<void>& result, bool is_cancelled) {
  if (!result || is_cancelled) {
    if (!is_cancelled)
      parts_.log.warning("SYNC failed. BGSAVE failed: " + to_string(result.error()));
    return fail();
  }
  const std::unique_ptr<Running> ended = std::move(running_);
  const IoResult<std::optional<uint64_t>> bytes = size_of(parts_.files, ended->path);
  for (Replica* const replica : Replicas(replicas_)) {
    if (replica->state() == Replica::State::kCollecting)
      send_file(*replica, ended->path, bytes ? bytes->value_or(0) : 0);
  }
  // Who has it open reads it to its end.
  static_cast<void>(unlink(parts_.files, ended->path));
  wakeup_.signal();
}

void FullSync::send_file(Replica& replica, const std::string& path, uint64_t bytes) {
  IoResult<File> file = File::open_for_read(parts_.files, path);
  if (!file || bytes == 0) {
    parts_.log.warning("SYNC failed. Can't open DB after BGSAVE");
    return give_up(replica);
  }
  say(replica, "$" + std::to_string(bytes) + "\r\n");
  replica.transfer(std::make_unique<FileSource>(std::move(*file), bytes));
}

/// Of what is being written nothing comes.
void FullSync::fail() {
  const std::unique_ptr<Running> failed = std::move(running_);
  for (Replica* const replica : Replicas(replicas_)) {
    if (is_for(*failed, *replica)) give_up(*replica);
  }
}

bool FullSync::is_for(const Running& running, const Replica& replica) {
  if (running.is_file) return replica.state() == Replica::State::kCollecting;
  return replica.state() == Replica::State::kTransfer &&
         replica.source()->pipe() == running.pipe.get();
}

// --- Meanwhile -----------------------------------------------------------------------------------

void FullSync::show_life() {
  for (Replica* const replica : replicas_) {
    const Replica::State state = replica->state();
    if (state == Replica::State::kWaiting || state == Replica::State::kCollecting)
      say(*replica, "\n");
  }
}

void FullSync::look_after() {
  if (!running_) return;
  std::optional<uint64_t> all_have;
  bool is_wanted = false;
  for (const Replica* const replica : replicas_) {
    if (!is_for(*running_, *replica)) continue;
    is_wanted = true;
    if (running_->pipe)
      all_have = std::min(all_have.value_or(UINT64_MAX), replica->source()->place());
  }
  if (all_have) running_->pipe->forget(*all_have);
  if (is_wanted || parts_.runner.is_cancelled()) return;
  parts_.log.notice("Nobody waits for the snapshot that is written for replicas: it is given up");
  if (running_->pipe) running_->pipe->abort();
  parts_.runner.cancel();
}

}  // namespace weir
