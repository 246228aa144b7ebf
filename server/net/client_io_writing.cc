// What leaves: reply buffers, one write for each connection and turn, what replicas share, and the
// end of a turn.
#include <cassert>
#include <cerrno>
#include <optional>

#include <poll.h>
#include <sys/socket.h>

#include "server/net/client_io.h"
#include "server/net/socket.h"
#include "server/net/tls_session.h"

namespace weir {
namespace {

/// Reply buffers: the largest and the most that are kept for reuse.
constexpr size_t kLargestSpareBytes = size_t{256} * 1024;
constexpr size_t kMostSpareBuffers = 64;
/// A fresh one for clients who are answered together with more than that: it will not be kept.
constexpr size_t kCrowdOutputBytes = 1024;

/// What is sent at once to a connection of what is shared: others wait meanwhile.
constexpr size_t kSharedBytes = size_t{1024} * 1024;

/// What the loop is asked about a socket without TLS: each time that there is room again.
constexpr short kRoom = EV_WRITE | EV_ET;

/// Whether it is in ClientIo's unfinished_, or about to be resumed.
bool has_left_overs(const Client& client) {
  return client.unblocked && !client.input.empty();
}

}  // namespace

// --- Buffers -------------------------------------------------------------------------------------

void ClientIo::take_output_buffer(Client& client) {
  if (spare_buffers_.empty()) {
    const bool is_crowd = to_flush_.size() >= kMostSpareBuffers;
    client.output.reserve_exactly(is_crowd ? kCrowdOutputBytes : kOutputBytes);
    return;
  }
  client.output.swap(spare_buffers_.back());
  spare_buffers_.pop_back();
}

void ClientIo::give_back_output_buffer(Client& client) {
  assert(client.output.empty());
  if (client.output.capacity() == 0) return;
  const bool is_fit = client.output.capacity() >= kOutputBytes &&  // a push made do with less
                      client.output.capacity() <= kLargestSpareBytes;
  if (!is_fit || spare_buffers_.size() >= kMostSpareBuffers) {
    client.output.release();
    return;
  }
  spare_buffers_.emplace_back().swap(client.output);
}

bool ClientIo::close_if_above_limit(Client& client) {
  if (!handler_.output_exceeded(client)) return false;
  ++counts_.output_disconnections;
  close(client);
  return true;
}

// --- Sending -------------------------------------------------------------------------------------

void ClientIo::on_writable(int, short, void* argument) {
  auto& client = *static_cast<Client*>(argument);
  if (client.tls && client.tls->wants_write()) {
    client.writable.stop();
    on_readable(client.fd, EV_READ, argument);
  }
  client.io->flush(client);
}

ssize_t ClientIo::send(Client& client, std::string_view bytes) {
  if (!client.tls) return ::send(client.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  const ssize_t sent = client.tls->write(bytes.data(), bytes.size());
  const int error = errno;
  if (sent < 0 && !is_transient(error)) handler_.transport_failed(client, client.tls->failure());
  errno = error;
  return sent;
}

/// How many bytes were sent; nothing if the connection is closed by that.  Who has gone and has
/// requests left, has asked for them: they run, all counts as sent, and the end is met when the
/// socket is read behind them.
std::optional<size_t> ClientIo::send_some(Client& client, std::string_view bytes) {
  ++counts_.writes;
  const ssize_t result = send(client, bytes);
  if (result < 0 && !is_transient(errno)) {
    if (has_left_overs(client) && !client.shared) {
      ::shutdown(client.fd, SHUT_RDWR);  // nothing may be sent behind what was not
      read_later(client);
      return bytes.size();
    }
    close(client);
    return std::nullopt;
  }
  const size_t sent = result > 0 ? static_cast<size_t>(result) : 0;
  if (sent == 0) return sent;
  counts_.bytes_out += sent;
  client.bytes_out += sent;
  client.last_active_ms = handler_.monotonic_ms();
  return sent;
}

/// What is shared, behind its own output, until the socket takes no more.  It may grow meanwhile: a
/// socket that is not full is not watched for room, or nobody would tell of it.
void ClientIo::flush_shared(Client& client) {
  size_t left = kSharedBytes;
  bool is_full = false;
  while (left > 0 && !is_full) {
    const std::string_view bytes = client.shared->next().substr(0, left);
    if (bytes.empty()) break;
    const std::optional<size_t> sent = send_some(client, bytes);
    if (!sent) return;
    client.shared->sent(*sent);
    counts_.replication_bytes_out += *sent;
    left -= *sent;
    is_full = *sent < bytes.size();
  }
  if (close_if_output_exceeded(client)) return;
  const bool has_more = !client.shared->next().empty();
  if (!has_more && client.close_after_reply) return close(client);
  const bool tls_waits = client.tls && client.tls->wants_write();
  if (!is_full && !tls_waits) client.writable.stop();
  if (has_more && !client.writable.is_active())
    client.writable.start(loop_, client.fd, client.tls ? EV_WRITE : kRoom, &on_writable, &client);
}

// One write for a connection and turn; the rest goes when the socket can take it.
void ClientIo::flush(Client& client) {
  if (client.closed) return;
  if (const size_t size = sendable(client); size > 0) {
    if (client.tls && !client.tls->is_established()) return;  // flushed when it is
    const std::optional<size_t> sent = send_some(client, client.output.view().substr(0, size));
    if (!sent) return;
    if (*sent > 0) client.output.consume(*sent);
  }
  if (client.shared && client.output.empty()) [[unlikely]] {
    give_back_output_buffer(client);
    return flush_shared(client);
  }
  if (client.output.empty()) {
    if (!client.tls || !client.tls->wants_write()) client.writable.stop();
    client.output_soft_since_ms = -1;
    give_back_output_buffer(client);
    if (client.close_after_reply) close(client);
  } else if (client.held && sendable(client) == 0) [[unlikely]] {
    client.writable.stop();  // the socket waits for nothing: who lets go of the rest, flushes
    close_if_output_exceeded(client);
  } else if (!close_if_output_exceeded(client) && !client.writable.is_active()) {
    client.writable.start(loop_, client.fd, client.tls ? EV_WRITE : kRoom, &on_writable, &client);
  }
  look_at_memory(client);
}

bool ClientIo::end_of_turn() {
  for (size_t i = 0; i < to_flush_.size(); ++i) {
    to_flush_[i]->flush_listed = false;
    // One that waits for its socket is flushed when that is ready.
    if (!to_flush_[i]->writable.is_active()) {
      flush(*to_flush_[i]);
    } else if (!to_flush_[i]->closed) {
      close_if_output_exceeded(*to_flush_[i]);
    }
  }
  to_flush_.clear();
  const auto is_closed = [](const Client* client) { return client->closed; };
  std::erase_if(unread_, is_closed);
  std::erase_if(unfinished_, is_closed);
  for (size_t i = 0; i < to_free_.size(); ++i)
    handler_.closed(*to_free_[i]);
  to_free_.clear();
  return !resumed_.empty() || !unread_.empty() || !unfinished_.empty();
}

void ClientIo::send_rest(Client& client, int patience_ms) {
  pollfd socket{client.fd, POLLOUT, 0};
  const auto has_more = [&client] {
    return sendable(client) > 0 || (client.shared && !client.shared->next().empty());
  };
  while (!client.closed && has_more() && ::poll(&socket, 1, patience_ms) > 0) {
    flush(client);
  }
  if (client.tls) client.tls->shut_down();
}

}  // namespace weir
