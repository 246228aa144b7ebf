// FAILOVER: a primary changes places with one of its replicas, and no write is lost.
//
//   kNone ──begin()──► kWaitingForSync ──has acknowledged all──► kInProgress ──accepted──► kNone
//                       writes wait          │                    follows it, and asks
//                                            │                    it to take over
//                       time is over: ◄──────┘                       │
//                       aborted, or with FORCE it is tried all the same; refused: aborted
//
// While it lasts, writes of clients wait, and nothing is told: no PING, no key that expires.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "server/context.h"
#include "server/replication/upstream.h"

namespace weir {

class Replica;

class Failover {
 public:
  enum class State : uint8_t { kNone, kWaitingForSync, kInProgress };

  /// The context outlives it.
  explicit Failover(Context& context) : context_(context) {}

  struct Request {
    std::optional<ServerAddress>
        target;  // as it has announced itself; none: the first that is in step
    std::optional<int64_t> timeout_ms;
    bool is_forced = false;
  };
  /// This server is a primary, and nothing goes on.
  void begin(Request request, int64_t now_ms);
  /// It stays a primary, or becomes one again.
  void abort(std::string_view why);
  /// Several times a second, and when a replica has acknowledged more.  now_ms: monotonic.
  void look(int64_t now_ms);
  /// The target's answer.
  void answered(bool is_accepted);

  State state() const { return state_; }
  bool is_on() const { return state_ != State::kNone; }
  /// In the words of INFO.
  std::string_view state_name() const;
  /// The replica that has announced itself so; null if there is none.
  const Replica* find(const ServerAddress& address) const;

 private:
  const Replica* synced() const;
  void change_places(const ServerAddress& target);
  void end();

  Context& context_;
  State state_ = State::kNone;
  Request request_;
  std::optional<int64_t> until_ms_;
};

}  // namespace weir
