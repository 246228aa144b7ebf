// This server as a replica: whose it is, and what becomes of what that one says.
//
//   REPLICAOF ─► follow()                                   ┌─► a file, or what waits to be parsed
//                  │   PrimaryConnection ⇄ PrimaryLink ─────┤        │ end_turn(): loaded aside
//   NO ONE ───► promote()                                   │        ▼ exchanged when it is whole
//                                                           └─► Replay ─► the data
//                                                                 └─► Propagation::pass_through
//
// A snapshot is loaded into databases that nobody sees, at the end of a turn, with turns of the
// loop in between; the old data go when the new are whole and good.  Until then they are served if
// they are an older state of the same history, else clients are told that the server is loading.
// Data of another history go before the new ones are loaded from a file, when that has been read
// through and found good: only one of both is in memory then (repl-diskless-load).
//
// What is applied comes from a command of the primary, or from all of a transaction: the offset
// never stands inside one, and where the link breaks, it is asked for from before it.
//
// While there is a primary: writes of clients are refused, keys whose time is over are hidden and
// stay until the primary says DEL, nothing is evicted, and nothing is told but what the primary
// said.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "persistence/file.h"
#include "server/clock.h"
#include "server/context.h"
#include "server/data/keyspace.h"
#include "server/durability/loader.h"
#include "server/durability/rdb_saving.h"
#include "server/net/event_loop.h"
#include "server/replay.h"
#include "server/replication/primary_connection.h"
#include "server/replication/primary_link.h"
#include "server/replication/received_file.h"

namespace weir {

/// Where a server can be reached.
struct ServerAddress {
  std::string host;
  int port = 0;

  /// "host:port", for the log.
  std::string text() const { return host + ":" + std::to_string(port); }

  friend bool operator==(const ServerAddress&, const ServerAddress&) = default;
};

class Upstream {
 public:
  struct Parts {
    Context& context;
    Clock& clock;
    EventLoop& loop;
    const Tls& tls;
    FileSystem& files;
  };
  /// All outlive it.
  explicit Upstream(const Parts& parts);

  /// A turn of the loop inside of one that has ended; may_sleep: until something is ready.  False
  /// when the server is to end.
  std::function<bool(bool may_sleep)> run_turn;
  /// Whether the other one took over; if not, this server is its replica, and not connected.
  std::function<void(bool is_accepted)> on_handed_over;
  /// A primary has become a replica, or the other way round.
  std::function<void()> on_role_changed;
  /// All data are others now: the log begins anew.
  std::function<void()> restart_log;

  // --- Starting
  /// The configuration names a primary: before anything is loaded.
  void start();
  /// What was found on disk says where it belongs.
  void resume(const SavedPosition& saved);
  /// Everything is loaded.  Until then nobody is connected to: what he sent would be mixed with it.
  void started() { is_starting_ = false; }

  // --- Roles.  by: who wants it, for the log.
  void follow(ServerAddress primary, std::string_view by);
  void promote(std::string_view by);
  /// As follow(); the other one is asked to be the primary from now on.
  void hand_over(const ServerAddress& to);
  /// replica-read-only, replica-serve-stale-data, replica-ignore-maxmemory and
  /// replica-ignore-other-types may have other values.
  void settings_changed();
  /// The system does not watch `fd`: nothing would be heard of a primary there, and the link is as
  /// good as lost.  False if it is on another one.
  bool lost_if_on(int fd, const std::string& why);

  // --- Now and then
  /// Several times a second.
  void cron();
  /// At the very end of a turn: loads what has come.  Whether the next one is to come at once.
  bool end_turn();
  /// Somebody closed the connection as he would a client's.
  void closed(const Client& client);
  /// More of what was applied is on disk: the primary hears of it if it has asked.
  void more_is_durable();

  // --- What others ask
  const std::optional<ServerAddress>& primary() const { return primary_; }
  bool is_on() const { return primary_.has_value(); }
  const PrimaryLink& link() const { return link_; }
  bool is_loading() const { return is_loading_; }
  /// How far the data are in the stream, and how far what has come is, as Sentinel compares it
  /// among replicas: 1 when the primary has said that they are no part of its history.
  int64_t applied_offset() const;
  int64_t received_offset() const;
  /// What INFO tells.
  struct Record {
    int64_t down_since_ms = -1;     // monotonic; -1: it was never up
    int64_t up_since_ms = 0;        // while it is up
    int64_t disconnected_ms = 0;    // in all, before the present state
    uint64_t current_attempts = 0;  // since it last was up
    uint64_t attempts = 0;
  };
  const Record& record() const { return record_; }
  uint64_t bytes_in() const { return connection_.bytes_in(); }

 private:
  class Arriving;
  /// How a source, with a name and a length, is read.
  using ReadSnapshot =
      std::function<Loader::Result(RdbSource&, const std::string& name, uint64_t total_bytes)>;

  // The link.
  void connect(int64_t now_ms);
  PrimaryLink::Introduction introduction() const;
  void process();
  void fail(const std::string& why, PrimaryLink::Severity severity);
  void drop_connection();
  void link_is_up();
  void open_face();
  void update_face();
  void close_face();
  void send();
  void acknowledge();

  // What it tells.
  void act(const PrimaryLink::NeedMore& event);
  void act(const PrimaryLink::Remark& event);
  void act(const PrimaryLink::Continue& event);
  void act(const PrimaryLink::FullResync& event);
  void act(const PrimaryLink::TransferBegins& event);
  void act(const PrimaryLink::TransferBytes& event);
  void act(const PrimaryLink::TransferEnds& event);
  void act(const PrimaryLink::Command& event);
  void act(const PrimaryLink::Failure& event);
  void apply(const PrimaryLink::Command& command);
  void refuse_foreign(const std::string& name);
  void complain(std::string_view error, std::string_view command);

  // What is transferred.
  bool is_parsed_as_it_comes() const;
  void load();
  bool frees_first() const;
  bool free_old_data();
  bool read_snapshot(const ReadSnapshot& read);
  bool load_snapshot(std::vector<Database>& into);
  void replace_data(std::vector<Database>& with);
  bool await_end();
  void take_over_data(std::vector<Database>& loaded);
  void link_is_loaded();
  void forget_transfer();

  void become_replica();
  std::optional<int64_t> durable_offset() const;
  void unblock_clients();
  void update_effects();
  int64_t now_ms() const;

  Context& context_;
  Parts parts_;
  std::optional<ServerAddress> primary_;
  PrimaryConnection connection_;
  PrimaryLink link_;
  Replay replay_;
  std::string held_;           // what its transaction is made of so far
  bool has_position_ = false;  // there is something to go on with
  bool is_obsolete_ = false;   // but the primary does not go on with it
  int64_t asked_durable_ = 0;  // the primary wants to hear when this is on disk; 0: nothing
  StreamPosition announced_;   // of the snapshot that comes
  std::optional<ReceivedFile> file_;
  resp::Buffer arrived_;  // of a snapshot that is parsed as it comes
  bool is_transferred_ = false;
  bool is_to_load_ = false;
  bool is_loading_ = false;
  bool is_handing_over_ = false;
  bool is_starting_ = false;
  bool is_to_look_ = false;  // at the end of the turn, as cron() does
  bool warned_of_foreign_ = false;
  uint64_t face_ = 0;  // ID of the client that stands for the link
  Record record_;
};

}  // namespace weir
