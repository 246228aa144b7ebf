// Client-side caching: clients keep copies of what they read, and are told when it changes.
//
//   XLEN s by a client that tracks ─► TrackingTable: s → its ID
//   XADD s by anyone, expiry, … ────► TrackingTable: take s ─► "invalidate [s]" to these IDs
//                              └────► Broadcasts: the prefixes of s ┐
//   all keys of a database go ──────► forget all, "invalidate null" ┴─► at the end of the turn
//
// The message is a push; a client that speaks RESP2 has it sent to another connection of its
// (REDIRECT), as a push or as a message on the channel __redis__:invalidate.
//
// As in Redis, keys are remembered by name, whatever their database.  It listens to keys only while
// a client tracks.  What a client asked for is in client.tracking, null for those that do not
// track.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "resp/buffer.h"
#include "server/data/key_events.h"
#include "server/messaging/broadcasts.h"
#include "server/messaging/tracking_table.h"
#include "server/net/tracking_options.h"
#include "server/settings.h"

namespace weir {

class Client;
class ClientTable;

class Tracking : public KeyListener {
 public:
  /// All three outlive it.
  Tracking(const ClientTable& clients, KeyEvents& events, const Settings& settings);

  /// Begins to track, or does it differently.  Prefixes come in addition to those it has.
  void start(Client& client, TrackingOptions options);
  /// Ends it; nothing happens if the client does not track.
  void stop(Client& client);

  /// Whether keys that the client reads now are to be remembered.
  static bool wants_reads(const TrackingOptions& options);
  /// The client, which tracks, was answered from this key.
  void remember(const Client& client, std::string_view key);

  /// Whether something is to be told at the end of the turn.
  bool has_news() const { return is_all_invalid_ || broadcasts_.has_changes(); }
  void send_news();

  size_t client_count() const { return client_count_; }
  const TrackingTable& table() const { return table_; }
  const Broadcasts& broadcasts() const { return broadcasts_; }

  // --- KeyListener
  void happened(uint32_t db, const KeyEvent& event, std::string_view key) override;
  void flushing(uint32_t db) override;
  void swapping(uint32_t first_db, uint32_t second_db) override;

 private:
  /// The keys as an array; empty: all keys.
  using Keys = resp::Buffer;

  Client* find(uint64_t id) const;
  /// author: 0 for the server.
  void invalidate(std::string_view key, std::span<const uint64_t> ids, uint64_t author);
  uint64_t author_of(const KeyEvent& event) const;
  void forget_too_many();
  void forget_all();
  void send_changes(uint64_t id, const Broadcasts::Changes& changes);
  void tell(Client& client, const Keys& keys);

  const ClientTable& clients_;
  KeyEvents& events_;
  const Settings& settings_;
  TrackingTable table_;
  Broadcasts broadcasts_;
  size_t client_count_ = 0;
  bool is_all_invalid_ = false;  // not told yet
};

}  // namespace weir
