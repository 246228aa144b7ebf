// One connection, as the commands see it.
//
// Its buffers exist only while they hold something: requests are read into a buffer that all
// connections share, and only the beginning of an unfinished one moves into `input`; reply buffers
// come from a pool when the first byte is written and go back when the last one is sent.  An idle
// connection costs this object and what the event loop needs.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "resp/buffer.h"
#include "resp/reply_writer.h"
#include "resp/request_parser.h"
#include "server/net/event_loop.h"
#include "server/net/held_replies.h"
#include "server/net/shared_output.h"
#include "server/net/subscriptions.h"
#include "server/net/tracking_options.h"

namespace weir {

struct CommandSpec;
class ClientIo;
class TlsSession;
class User;
class Transaction;

/// CLIENT REPLY: what becomes of replies.
enum class ReplyMode : uint8_t { kOn, kOff, kSkipNext, kSkipThis };

class Client {
 public:
  Client(uint64_t client_id, int socket_fd, bool is_unix, int64_t now_ms);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  const uint64_t id;
  const int fd;
  const bool is_unix_socket;

  // --- The session.
  uint32_t db = 0;
  uint32_t watched_keys = 0;  // by WATCH
  bool authenticated = false;
  bool no_evict = false;
  bool no_touch = false;
  ReplyMode reply_mode = ReplyMode::kOn;
  bool blocked = false;            // a command waits; later requests stay in `input`
  bool unblocked = false;          // that was answered, or a portion ran: first `input`, then more
  bool close_after_reply = false;  // nothing more is read; closed when everything is sent
  bool closed = false;             // only waits to be freed at the end of the turn
  bool hung_up = false;       // its end of the connection is closed, perhaps behind unread bytes
  bool unread = false;        // in the list of those that have left something in their sockets
  bool flush_listed = false;  // in the list of those with something to send
  bool monitoring = false;    // MONITOR: is shown all commands; set by Monitors
  bool is_primary = false;    // stands for the link to our primary; moves no bytes itself
  bool replying = false;      // a command of it writes its reply: pushes wait behind that

  std::unique_ptr<Subscriptions> subscriptions;  // null: it listens to no messages
  std::unique_ptr<TrackingOptions> tracking;     // null: it is not told of changed keys

  const User* user = nullptr;    // null: a link of the server's own, which may do everything
  const User* limits = nullptr;  // whose rules each command is held against; null: none are
  const CommandSpec* last_command = nullptr;
  std::unique_ptr<Transaction> transaction;  // between MULTI and EXEC
  const Transaction* running = nullptr;      // what EXEC runs of it just now

  /// Names are rare on idle connections, so they live apart.
  struct Labels {
    std::string name;
    std::string lib_name;
    std::string lib_version;
  };
  const Labels& labels() const;
  Labels& mutable_labels();

  // --- Bytes.
  ClientIo* io = nullptr;           // who moves them
  std::unique_ptr<TlsSession> tls;  // null: they are on the socket as they are
  resp::Buffer input;               // an unfinished request, or what waits behind a blocked command
  resp::Buffer output;              // replies that have not left
  std::unique_ptr<SharedOutput> shared;       // sent behind the output: it is a replica
  std::unique_ptr<HeldReplies> held;          // null: all of it may leave
  std::unique_ptr<resp::Buffer> late_pushes;  // to be sent behind the reply being written
  resp::ReplyWriter reply;
  std::unique_ptr<resp::RequestParser> parser;  // set while a request is unfinished
  Watch readable;
  Watch writable;

  // --- Accounts.
  int64_t created_ms = 0;             // monotonic
  int64_t last_active_ms = 0;         // monotonic
  int64_t output_soft_since_ms = -1;  // since when output is above the soft limit; -1: it is not
  uint64_t bytes_in = 0;
  uint64_t bytes_out = 0;
  uint64_t commands = 0;
  uint64_t written_offset = 0;  // of the propagation, behind its last write; for WAITAOF

  /// "ip:port", "[v6]:port" or "path:0"; asked from the system.
  std::string peer_address() const;
  std::string local_address() const;
  /// Loopback or Unix socket.
  bool is_local() const;

  /// It is there to be shown what others do: a replica or a monitor.
  bool is_fed() const { return monitoring || shared != nullptr; }

  /// CLIENT REPLY keeps the replies of the command that runs from leaving.
  bool is_muted() const {
    return reply_mode == ReplyMode::kOff || reply_mode == ReplyMode::kSkipThis;
  }
  /// So it is with a replica's: they would stand in the middle of the stream.
  bool gets_replies() const { return !is_muted() && shared == nullptr; }

  /// Bytes this connection takes, buffers included.
  size_t memory_bytes() const;

 private:
  std::unique_ptr<Labels> labels_;
};

}  // namespace weir
