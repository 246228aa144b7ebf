// A replica's part of full resyncs: the snapshot is received, loaded aside, and becomes the data.
#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "server/config.h"
#include "server/data/keyspace.h"
#include "server/data/waiters.h"
#include "server/dispatcher.h"
#include "server/durability/loader.h"
#include "server/durability/log_rewriter.h"
#include "server/durability/snapshot_runner.h"
#include "server/host/log.h"
#include "server/propagation.h"
#include "server/replication/replicas.h"
#include "server/replication/upstream.h"
#include "server/time_units.h"

namespace weir {
namespace {

/// Of a snapshot that is parsed as it comes: what may wait for the parser.
constexpr size_t kMostArrivedBytes = size_t{1} << 20;

bool is_empty(Keyspace& keyspace) {
  return std::all_of(keyspace.databases().begin(), keyspace.databases().end(),
                     [](const Database& db) { return db.size() == 0; });
}

}  // namespace

/// The snapshot as it comes; whoever reads it waits, and the loop turns meanwhile.
class Upstream::Arriving final : public RdbSource {
 public:
  explicit Arriving(Upstream& upstream) : upstream_(upstream) {}

  IoResult<size_t> read(std::span<char> buffer) override {
    Upstream& up = upstream_;
    while (up.arrived_.empty()) {
      if (up.is_transferred_) return 0;
      up.connection_.set_reading(true);
      if (!up.run_turn(true) || up.link_.state() != PrimaryLink::State::kTransfer) {
        if (up.is_transferred_) continue;  // its end has just come
        return tl::unexpected(IoError{.operation = "receive", .path = {}, .errno_value = EPIPE});
      }
    }
    const size_t size = std::min(buffer.size(), up.arrived_.size());
    std::memcpy(buffer.data(), up.arrived_.begin(), size);
    up.arrived_.consume(size);
    return size;
  }

 private:
  Upstream& upstream_;
};

// --- Receiving -----------------------------------------------------------------------------------

bool Upstream::is_parsed_as_it_comes() const {
  switch (context_.config->repl_diskless_load) {
    case DisklessLoad::kDisabled:
      return false;
    case DisklessLoad::kOnEmptyDb:
      return is_empty(context_.keyspace);
    case DisklessLoad::kSwapDb:
      return true;
  }
  return false;
}

void Upstream::forget_transfer() {
  file_.reset();
  arrived_.release();
  is_transferred_ = is_to_load_ = false;
}

void Upstream::act(const PrimaryLink::FullResync& event) {
  announced_ = event.position;
  is_obsolete_ = true;
  if (std::exchange(is_handing_over_, false)) on_handed_over(true);
  context_.log.notice("Full resync from master: " + announced_.id + ":" +
                      std::to_string(announced_.offset));
}

void Upstream::act(const PrimaryLink::TransferBegins&) {
  forget_transfer();
  const std::optional<uint64_t> bytes = link_.transfer()->total_bytes();
  const bool is_parsed = is_parsed_as_it_comes();
  context_.log.notice("MASTER <-> REPLICA sync: receiving " +
                      (bytes ? std::to_string(*bytes) + " bytes from master"
                             : "streamed RDB from master with EOF") +
                      (is_parsed ? " to parser" : " to disk"));
  if (is_parsed) {
    is_to_load_ = true;
    return;
  }
  IoResult<ReceivedFile> file =
      ReceivedFile::create(parts_.files, Clock::unix_us_now() / kUsPerSecond);
  if (!file)
    return fail("Opening the temp file needed for MASTER <-> REPLICA synchronization: " +
                    to_string(file.error()),
                PrimaryLink::Severity::kRefused);
  file_.emplace(std::move(*file));
}

void Upstream::act(const PrimaryLink::TransferBytes& event) {
  if (!file_) {
    arrived_.append(event.bytes);
    if (arrived_.size() >= kMostArrivedBytes) connection_.set_reading(false);
    return;
  }
  if (const IoResult<void> written = file_->write(event.bytes); !written) {
    fail("Write error writing to the DB dump file needed for MASTER <-> REPLICA synchronization: " +
             to_string(written.error()),
         PrimaryLink::Severity::kRefused);
  }
}

void Upstream::act(const PrimaryLink::TransferEnds&) {
  is_transferred_ = true;
  connection_.set_reading(false);
  if (file_) is_to_load_ = true;
}

// --- Loading -------------------------------------------------------------------------------------

bool Upstream::end_turn() {
  if (is_loading_ || is_starting_) return false;
  if (std::exchange(is_to_look_, false)) cron();
  if (!std::exchange(is_to_load_, false)) return false;
  load();
  return true;
}

// The old data are an older state of the same history: better than an error.
void Upstream::load() {
  is_loading_ = true;
  const bool is_same_history = announced_.id == context_.replication.history().id();
  const Gate gate = is_same_history ? kAsideGate : kLoadingGate;
  context_.dispatcher.set_gate(gate, true);
  context_.log.notice("MASTER <-> REPLICA sync: Loading DB in memory");
  std::vector<Database> data = context_.keyspace.spare_databases();
  const bool frees = frees_first();
  const bool is_freed = frees && free_old_data();
  const bool is_good = is_freed == frees && load_snapshot(data);
  context_.dispatcher.set_gate(gate, false);
  if (is_good) take_over_data(data);
  if (is_freed && !is_good) restart_log();  // what is in it is gone
  for (Database& db : data)
    db.clear();
  is_loading_ = false;
  if (!is_good && link_.state() >= PrimaryLink::State::kTransfer) {
    fail("Failed trying to load the MASTER synchronization DB", PrimaryLink::Severity::kRefused);
  }
  forget_transfer();
  if (link_.state() != PrimaryLink::State::kLoading) return;
  link_is_loaded();
}

/// Old data that nobody is served are in the way of the new; what comes from the socket can be read
/// only once.
bool Upstream::frees_first() const {
  return file_ && context_.config->repl_diskless_load != DisklessLoad::kSwapDb &&
         announced_.id != context_.replication.history().id() && !is_empty(context_.keyspace);
}

/// Nothing happens if the new ones will not do.  From here on there is nothing to go on with.
bool Upstream::free_old_data() {
  const bool is_good =
      read_snapshot([this](RdbSource& source, const std::string& name, uint64_t total_bytes) {
        return context_.loader.check(source, name, total_bytes);
      });
  if (!is_good) return false;
  context_.log.notice("MASTER <-> REPLICA sync: Flushing old data");
  std::vector<Database> data = context_.keyspace.spare_databases();
  replace_data(data);
  // At once: their memory is there for the new ones.
  const auto freeing =
      context_.config->replica_lazy_flush ? Database::Freeing::kBeside : Database::Freeing::kAtOnce;
  for (Database& db : data)
    db.clear(freeing);
  has_position_ = false;
  context_.replication.rename();
  return true;
}

bool Upstream::load_snapshot(std::vector<Database>& into) {
  return read_snapshot(
      [this, &into](RdbSource& source, const std::string& name, uint64_t total_bytes) {
        return context_.loader.load_aside(source, name, total_bytes, into);
      });
}

/// False if it cannot be used, or the link broke meanwhile.
bool Upstream::read_snapshot(const ReadSnapshot& read) {
  Loader& loader = context_.loader;
  loader.look_after_clients = [this] { return run_turn(false); };
  Loader::Result result = Loader::Result::kFailed;
  if (file_) {
    IoResult<File> file = File::open_for_read(parts_.files, file_->path());
    if (file) {
      RdbFileSource source(*file);
      result = read(source, file_->path(), link_.transfer()->received_bytes());
    }
  } else {
    Arriving source(*this);
    result = read(source, "the transfer", link_.transfer()->total_bytes().value_or(0));
    if (result == Loader::Result::kLoaded && !await_end()) result = Loader::Result::kFailed;
  }
  loader.look_after_clients = nullptr;
  return result == Loader::Result::kLoaded && link_.state() == PrimaryLink::State::kLoading;
}

/// The snapshot is whole; what announces its end may not have come.  Nothing may lie in between.
bool Upstream::await_end() {
  while (!is_transferred_ && link_.state() == PrimaryLink::State::kTransfer && arrived_.empty()) {
    connection_.set_reading(true);
    if (!run_turn(true)) return false;
  }
  return is_transferred_ && arrived_.empty();
}

void Upstream::take_over_data(std::vector<Database>& loaded) {
  if (file_) {
    if (const IoResult<void> placed = file_->put_in_place(context_.config->dbfilename); !placed)
      context_.log.warning("Failed trying to sync the temp DB and rename it into " +
                           context_.config->dbfilename + ": " + to_string(placed.error()));
  }
  replace_data(loaded);
  Keyspace& keyspace = context_.keyspace;
  const std::optional<SavedPosition>& saved = context_.loader.position();
  const int64_t db = saved ? std::max<int64_t>(saved->db, 0) : 0;
  replay_.select(static_cast<size_t>(db) < keyspace.databases().size() ? static_cast<uint32_t>(db)
                                                                       : 0);
  context_.replication.adopt(announced_);
  has_position_ = true;
  is_obsolete_ = false;
  restart_log();
}

void Upstream::replace_data(std::vector<Database>& with) {
  context_.replicas.disconnect_all("the data are others now");
  context_.replicas.pass_on();
  context_.snapshot_runner.stop();
  Keyspace& keyspace = context_.keyspace;
  for (const Database& db : keyspace.databases())
    keyspace.events.notify_flushing(db.index());
  keyspace.exchange(with);
  ++keyspace.changes;
  for (const Database& db : keyspace.databases())
    context_.waiters.signal_all(db.index());
}

/// The stream may come.
void Upstream::link_is_loaded() {
  link_.applied(context_.replication.offset());
  link_.loaded(now_ms());
  link_is_up();
  context_.log.notice("MASTER <-> REPLICA sync: Finished with success");
  connection_.set_reading(true);
  process();
}

}  // namespace weir
