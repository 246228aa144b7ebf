// Moves bytes between sockets and commands.
//
//   socket ─► shared read buffer ─► PipelineParser ─► RequestHandler::handle(client, argv)
//                  │ an unfinished rest                       │ writes into client.output
//                  ▼                                          ▼
//             client.input                        flush() at the end of the turn ─► socket
//
// Each connection is read once and written once in a turn.  Requests behind one that blocks stay
// in client.input and run when it is unblocked.  So do those that are left when a connection's
// requests have taken long enough: they are in unfinished_, and take turns in what time a turn has
// for all of these together.  A connection of TLS reads and writes through its TlsSession instead.
//
// A socket without TLS tells once of what came (edge-triggered: the system need not look again
// whether it was read).  Who leaves something in it, is in unread_ and reads on in the next turn.
//
// client_io.cc reads and runs requests, client_io_writing.cc sends.
//
// Always: a client that is closed is not touched by its socket again, and is freed at the end of
// the turn, when no handler can hold it any more.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "resp/pipeline_parser.h"
#include "server/net/client.h"
#include "server/net/client_memory.h"
#include "server/net/io_counts.h"

namespace weir {

/// What happens with requests.  The implementer knows the commands; this file does not.
class RequestHandler {
 public:
  virtual ~RequestHandler() = default;

  /// A socket woke the loop: the clock may have moved.
  virtual void begin_batch() = 0;
  /// How long the requests since then have taken.
  virtual uint64_t batch_ns() = 0;
  /// Before the first of several requests is handled: these will follow each other.  Some may be
  /// empty.
  virtual void expect(const Client& client,
                      std::span<const std::span<const std::string_view>> requests) = 0;
  /// One request, not empty.  It sets blocked, close_after_reply or closed of the client.
  virtual void handle(Client& client, std::span<const std::string_view> argv) = 0;
  /// Monotonic time of the batch: when a client was last active.
  virtual int64_t monotonic_ms() const = 0;
  /// The connection is over, though the client lives until the end of the turn.
  virtual void disconnected(Client& client) = 0;
  /// Its handshake of TLS is done; none of its requests was handled yet.
  virtual void encrypted(Client& client) = 0;
  /// `bytes`: from the request on that cannot be understood.
  virtual void protocol_error(Client& client, std::string_view text, std::string_view bytes) = 0;
  /// What the connection is made of failed: a handshake, a record of TLS.  It is closed after this.
  virtual void transport_failed(Client& client, std::string_view why) = 0;
  /// The client's unread `bytes` passed client-query-buffer-limit; it is closed after this.
  virtual void query_buffer_exceeded(Client& client, std::string_view bytes) = 0;
  /// Whether the client's unsent replies are more than client-output-buffer-limit allows; it is
  /// closed then.
  virtual bool output_exceeded(Client& client) = 0;
  /// It is closed after this, since it takes most of the memory of all clients, which is too much.
  virtual void evicted(Client& client) = 0;
  /// The client with an ID; null if it is gone.
  virtual Client* find(uint64_t client_id) = 0;
  /// Limits that the next request of the client has to keep.
  virtual resp::RequestLimits limits_for(const Client& client) const = 0;
  virtual size_t query_buffer_limit(const Client& client) const = 0;
  /// The connection is gone: nothing may refer to it after the turn.
  virtual void closed(Client& client) = 0;
};

class ClientIo {
 public:
  /// A fresh reply buffer.  Outputs that are no longer are not held against their limits: most are.
  static constexpr size_t kOutputBytes = size_t{16} * 1024;

  ClientIo(EventLoop& loop, RequestHandler& handler);

  /// Begins to read from a new connection.
  void start(Client& client);
  /// Ends a connection at once; what it was still to be sent is dropped.
  void close(Client& client);
  /// Ends it when its replies are sent.
  void close_after_reply(Client& client);

  /// Gives a client without a reply buffer one, before something is written outside of its own
  /// request.
  void prepare_reply(Client& client) {
    if (client.output.capacity() == 0) take_output_buffer(client);
  }
  /// Something was written into client.output outside of its own request.
  void wants_flush(Client& client);
  /// A blocked client was answered: its waiting requests run with run_resumed().
  void resume(Client& client);

  /// Reads what was left in sockets in the turn before.
  void read_on();
  /// Runs requests of those who were not through with theirs in the turn before.
  void run_left_overs();
  /// Runs the requests of resumed clients.  They may unblock others.
  void run_resumed();
  /// Ends a turn: sends replies, frees closed clients.  Returns whether some have requests left
  /// for the next turn, which must not wait for a socket then.
  bool end_of_turn();
  /// Sends what is ready, waiting up to `patience_ms` for the socket: for a process that is about
  /// to exit.
  void send_rest(Client& client, int patience_ms);
  /// Looks at the output of a client that does nothing by itself.
  void check_output(Client& client) { close_if_output_exceeded(client); }
  /// Clients that are closed and not freed yet.
  size_t closing() const { return to_free_.size(); }

  const IoCounts& counts() const { return counts_; }

  /// What is kept of the memory of clients, for maxmemory-clients.
  ClientMemory& memory() { return memory_; }
  /// A client's buffers may have changed, or whether it counts.  Clients are closed if all together
  /// take too much, the greatest first.
  void look_at_memory(const Client& client) {
    if (memory_.is_on()) limit_memory(client);
  }
  void evict_clients();

 private:
  /// Bytes of its output that may leave.
  static size_t sendable(const Client& client) {
    if (!client.held) [[likely]]
      return client.output.size();
    return client.held->sendable(client.bytes_out, client.output.size());
  }

  /// For bytes that are about to be read.
  struct Room {
    char* at;
    size_t bytes;
  };

  static void on_readable(int fd, short what, void* argument);
  static void on_writable(int fd, short what, void* argument);

  void read_from(Client& client);
  void read_later(Client& client);
  bool read_once(Client& client);
  Room make_room(Client& client);
  ssize_t receive(Client& client, char* at, size_t room);
  ssize_t receive_tls(Client& client, char* at, size_t room);
  ssize_t send(Client& client, std::string_view bytes);
  std::optional<size_t> send_some(Client& client, std::string_view bytes);
  void flush_shared(Client& client);
  void run_requests(Client& client, std::string_view bytes, bool is_own_input);
  void run_rest(Client& client);
  bool close_if_output_exceeded(Client& client) {
    if (client.output.size() <= kOutputBytes && !client.shared) return false;
    return close_if_above_limit(client);
  }
  bool close_if_above_limit(Client& client);
  void keep_rest(Client& client, std::string_view rest, bool is_own_input, size_t used);
  void flush(Client& client);
  void take_output_buffer(Client& client);
  void give_back_output_buffer(Client& client);
  void limit_memory(const Client& client);

  EventLoop& loop_;
  RequestHandler& handler_;
  resp::PipelineParser requests_;  // of the client whose requests run
  std::unique_ptr<char[]> read_buffer_;
  std::vector<resp::Buffer> spare_buffers_;
  std::vector<Client*> to_flush_;
  std::vector<Client*> resumed_;
  std::vector<Client*> unfinished_;  // have had a portion, and have more; in order of their wait
  std::vector<Client*> unread_;      // have left something in their sockets
  std::vector<Client*> to_free_;
  IoCounts counts_;
  ClientMemory memory_;
};

}  // namespace weir
