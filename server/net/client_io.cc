#include "server/net/client_io.h"

#include <algorithm>
#include <cassert>
#include <cerrno>

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/net/tls_session.h"

namespace weir {
namespace {

/// Bytes read at once from a connection.
constexpr size_t kReadBytes = size_t{64} * 1024;
/// The requests of a connection run in portions, so that others get their turn in between: so long,
/// or of so many bytes, as if they were read then.  What is left of all that had their portion has
/// so much time in each turn, whoever they are, and however many.
constexpr uint64_t kPortionNs = 200'000;
constexpr size_t kPortionBytes = kReadBytes;
constexpr uint64_t kLeftOversNs = 1'000'000;
/// An argument that lacks at least this many bytes is read straight into its final place.
constexpr size_t kBigArgumentBytes = size_t{32} * 1024;
/// So much of an announced argument is believed at once, and then as many times what has come: a
/// length that is announced and not sent costs no more.
constexpr size_t kBelievedBytes = size_t{1024} * 1024;
constexpr size_t kBelievedTimes = 3;
/// Room made for the rest of a request whose length is not known; half of it is enough.
constexpr size_t kInputStepBytes = size_t{16} * 1024;
/// Reply buffers: the size of a fresh one, the largest and the most that are kept for reuse.
constexpr size_t kOutputBytes = size_t{16} * 1024;
constexpr size_t kLargestSpareBytes = size_t{256} * 1024;
constexpr size_t kMostSpareBuffers = 64;
/// A fresh one for clients who are answered together with more than that: it will not be kept.
constexpr size_t kCrowdOutputBytes = 1024;

/// What is sent at once to a connection of what is shared: others wait meanwhile.
constexpr size_t kSharedBytes = size_t{1024} * 1024;

/// What the loop is asked about a socket without TLS: each time that bytes or the end have come,
/// and each time that there is room again.
constexpr short kBytesOrEnd = EV_READ | EV_CLOSED | EV_ET;
constexpr short kRoom = EV_WRITE | EV_ET;

/// Room to make for an argument that lacks `missing` bytes when so many have come.
size_t room_for_argument(size_t missing, size_t received) {
  return std::min(missing, std::max(kBelievedBytes, kBelievedTimes * received));
}

/// Whether it is in ClientIo's unfinished_, or about to be resumed.
bool has_left_overs(const Client& client) {
  return client.unblocked && !client.input.empty();
}

bool is_transient(int error) {
  return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

}  // namespace

ClientIo::ClientIo(EventLoop& loop, RequestHandler& handler)
    : loop_(loop), handler_(handler), read_buffer_(new char[kReadBytes]) {}

void ClientIo::start(Client& client) {
  client.io = this;
  client.readable.start(loop_, client.fd, client.tls ? EV_READ : kBytesOrEnd, &on_readable,
                        &client);
}

void ClientIo::close(Client& client) {
  if (client.closed) return;
  client.closed = true;
  if (client.tls) client.tls->shut_down();
  memory_.forget(client.id);
  handler_.disconnected(client);
  client.readable.stop();
  client.writable.stop();
  to_free_.push_back(&client);
}

void ClientIo::close_after_reply(Client& client) {
  client.close_after_reply = true;
  wants_flush(client);
}

void ClientIo::wants_flush(Client& client) {
  if (client.flush_listed || client.closed) return;
  client.flush_listed = true;
  to_flush_.push_back(&client);
}

void ClientIo::resume(Client& client) {
  client.unblocked = true;
  resumed_.push_back(&client);
}

// --- Reading -------------------------------------------------------------------------------------

void ClientIo::on_readable(int, short what, void* argument) {
  auto& client = *static_cast<Client*>(argument);
  client.io->handler_.begin_batch();
  if ((what & EV_CLOSED) != 0) client.hung_up = true;
  client.io->read_from(client);
}

void ClientIo::read_from(Client& client) {
  if (client.closed) return;
  // What it sent already comes first.
  if (client.unblocked) return read_later(client);
  bool has_more = read_once(client);
  if (client.tls) {
    while (client.tls->has_rest() && !client.closed && !client.unblocked)
      read_once(client);
    if (client.unblocked) read_later(client);
    return;
  }
  if (client.unblocked) return read_later(client);
  // An error that came with the bytes is not told of again.  A reply would meet it; where there is
  // none, it is looked for.
  if (!has_more && !client.closed && client.output.empty()) has_more = read_once(client);
  if (has_more) read_later(client);
}

void ClientIo::read_later(Client& client) {
  if (client.unread || client.closed) return;
  client.unread = true;
  unread_.push_back(&client);
}

void ClientIo::read_on() {
  std::vector<Client*> clients;
  clients.swap(unread_);
  for (Client* const client : clients) {
    client->unread = false;
    if (client->closed) continue;
    handler_.begin_batch();
    read_from(*client);
  }
}

ssize_t ClientIo::receive(Client& client, char* at, size_t room) {
  if (client.tls) return receive_tls(client, at, room);
  return ::recv(client.fd, at, room, 0);
}

ssize_t ClientIo::receive_tls(Client& client, char* at, size_t room) {
  TlsSession& tls = *client.tls;
  const bool was_established = tls.is_established();
  const ssize_t got = tls.read(at, room);
  const int error = errno;
  if (tls.is_established() && !was_established) {
    client.last_active_ms = handler_.monotonic_ms();
    handler_.encrypted(client);
    if (!client.output.empty()) wants_flush(client);
  }
  if (tls.wants_write() && !client.writable.is_active()) {
    client.writable.start(loop_, client.fd, EV_WRITE, &on_writable, &client);
  }
  if (got < 0 && !is_transient(error)) handler_.transport_failed(client, tls.failure());
  errno = error;
  return got;
}

/// Whether the socket has more for certain, be it the end: where fewer bytes came than there was
/// room for, it has been emptied.
bool ClientIo::read_once(Client& client) {
  const bool into_own = !client.input.empty();
  char* at = read_buffer_.get();
  size_t room = kReadBytes;
  if (into_own) {
    const size_t missing = client.parser ? client.parser->missing_bytes() : 0;
    if (missing < kBigArgumentBytes) {
      // Who sends byte by byte is not to have ever more room.
      if (client.input.room() < kInputStepBytes / 2)
        client.input.reserve(kInputStepBytes - std::min(client.input.size(), kInputStepBytes / 2));
      room = std::min(client.input.room(), kInputStepBytes);
      at = client.input.end();
    } else {
      if (client.input.room() < std::min(missing, kReadBytes)) {
        client.input.reserve_exactly(room_for_argument(missing, client.input.size()));
      }
      room = std::min(missing, client.input.room());
      at = client.input.end();
    }
  }
  ++counts_.reads;
  const ssize_t got = receive(client, at, room);
  if (got <= 0) {
    if (got == 0 || !is_transient(errno)) close(client);
    return got < 0 && errno == EINTR;
  }
  const bool has_more = static_cast<size_t>(got) == room || client.hung_up;
  counts_.bytes_in += static_cast<uint64_t>(got);
  client.bytes_in += static_cast<uint64_t>(got);
  client.last_active_ms = handler_.monotonic_ms();
  if (client.close_after_reply) return has_more;  // what still comes in is nobody's business
  std::string_view bytes(at, static_cast<size_t>(got));
  if (into_own) {
    client.input.commit(bytes.size());
    bytes = client.input.view();
  }
  const size_t views = client.parser ? client.parser->memory_bytes() : 0;
  if (bytes.size() + views > handler_.query_buffer_limit(client)) {
    ++counts_.query_buffer_disconnections;
    handler_.query_buffer_exceeded(client, bytes);
    close(client);
    return false;
  }
  if (client.blocked || client.unblocked) {
    keep_rest(client, bytes, into_own, 0);
  } else {
    run_requests(client, bytes, into_own);
  }
  look_at_memory(client);
  return has_more;
}

// Runs the requests in `bytes`, which are either all of client.input or in the shared buffer.
void ClientIo::run_requests(Client& client, std::string_view bytes, bool is_own_input) {
  if (client.parser) {
    requests_.start(std::move(*client.parser));
    client.parser.reset();
  } else {
    requests_.start();
  }
  size_t used = 0;
  while (used < bytes.size()) {
    const resp::RequestLimits limits = handler_.limits_for(client);
    const auto status = requests_.next(bytes.substr(used), limits);
    if (status == resp::RequestParser::Status::kIncomplete) {
      client.parser = std::make_unique<resp::RequestParser>(requests_.take_unfinished());
      break;
    }
    if (status == resp::RequestParser::Status::kError) {
      handler_.protocol_error(client, requests_.error(), bytes.substr(used));
      close_after_reply(client);
    } else {
      used += requests_.consumed();
      if (const auto window = requests_.window(); !window.empty()) handler_.expect(client, window);
      if (!requests_.argv().empty()) {
        prepare_reply(client);
        handler_.handle(client, requests_.argv());
        if (!client.output.empty()) wants_flush(client);
      } else if (client.shared) {
        client.shared->heard();
      }
    }
    if (client.closed || close_if_output_exceeded(client)) return;
    if (client.close_after_reply) {
      client.input.release();
      return;
    }
    if (client.blocked) break;
    if (used < bytes.size() && (used >= kPortionBytes || handler_.batch_ns() >= kPortionNs)) {
      client.unblocked = true;
      unfinished_.push_back(&client);
      break;
    }
  }
  if (client.output.empty()) give_back_output_buffer(client);
  keep_rest(client, bytes.substr(used), is_own_input, used);
}

bool ClientIo::close_if_output_exceeded(Client& client) {
  // Most replies are small: the limits are looked up for those that are not.
  if (client.output.size() <= kOutputBytes && !client.shared) return false;
  if (!handler_.output_exceeded(client)) return false;
  ++counts_.output_disconnections;
  close(client);
  return true;
}

// Keeps what was not consumed in client.input.
void ClientIo::keep_rest(Client& client, std::string_view rest, bool is_own_input, size_t used) {
  if (rest.empty()) {
    client.input.release();
    client.parser.reset();
    return;
  }
  if (is_own_input) {
    client.input.consume(used);
    return;
  }
  const size_t missing = client.parser ? client.parser->missing_bytes() : 0;
  if (missing >= kBigArgumentBytes) {
    client.input.reserve_exactly(rest.size() + room_for_argument(missing, rest.size()));
  }
  client.input.append(rest);
}

void ClientIo::run_rest(Client& client) {
  client.unblocked = false;
  handler_.begin_batch();
  if (client.closed || client.blocked || client.close_after_reply || client.input.empty()) return;
  run_requests(client, client.input.view(), true);
}

void ClientIo::run_resumed() {
  for (size_t i = 0; i < resumed_.size(); ++i)
    run_rest(*resumed_[i]);
  resumed_.clear();
}

// Those who have still more are at the end then, and have their next portion in another turn.
void ClientIo::run_left_overs() {
  const size_t count = unfinished_.size();
  uint64_t spent_ns = 0;
  size_t next = 0;
  for (; next < count && spent_ns < kLeftOversNs; ++next) {
    run_rest(*unfinished_[next]);
    spent_ns += handler_.batch_ns();
  }
  unfinished_.erase(unfinished_.begin(), unfinished_.begin() + static_cast<ptrdiff_t>(next));
}

// --- Memory of all clients -----------------------------------------------------------------------

void ClientIo::limit_memory(const Client& client) {
  memory_.look_at(client);
  evict_clients();
}

void ClientIo::evict_clients() {
  while (memory_.is_exceeded()) {
    const std::optional<uint64_t> id = memory_.greatest();
    if (!id) return;
    Client* const client = handler_.find(*id);
    assert(client != nullptr);  // who is closed is forgotten at once
    handler_.evicted(*client);
    ++counts_.evicted_clients;
    close(*client);
  }
}

// --- Writing -------------------------------------------------------------------------------------

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

/// False if the connection is closed by that.  Who has gone and has requests left, has asked for
/// them: they run, all counts as sent, and the end is met when the socket is read behind them.
bool ClientIo::send_some(Client& client, std::string_view bytes, size_t& sent) {
  ++counts_.writes;
  const ssize_t result = send(client, bytes);
  if (result < 0 && !is_transient(errno)) {
    if (has_left_overs(client) && !client.shared) {
      ::shutdown(client.fd, SHUT_RDWR);  // nothing may be sent behind what was not
      read_later(client);
      sent = bytes.size();
      return true;
    }
    close(client);
    return false;
  }
  sent = result > 0 ? static_cast<size_t>(result) : 0;
  if (sent == 0) return true;
  counts_.bytes_out += sent;
  client.bytes_out += sent;
  client.last_active_ms = handler_.monotonic_ms();
  return true;
}

/// What is shared, behind its own output, until the socket takes no more.  It may grow meanwhile: a
/// socket that is not full is not watched for room, or nobody would tell of it.
void ClientIo::flush_shared(Client& client) {
  size_t left = kSharedBytes;
  bool is_full = false;
  while (left > 0 && !is_full) {
    const std::string_view bytes = client.shared->next().substr(0, left);
    if (bytes.empty()) break;
    size_t sent = 0;
    if (!send_some(client, bytes, sent)) return;
    client.shared->sent(sent);
    counts_.replication_bytes_out += sent;
    left -= sent;
    is_full = sent < bytes.size();
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
    size_t sent = 0;
    if (!send_some(client, client.output.view().substr(0, size), sent)) return;
    if (sent > 0) client.output.consume(sent);
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
