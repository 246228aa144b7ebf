#include "server/net/client_io.h"

#include <algorithm>
#include <cassert>
#include <cerrno>

#include <sys/socket.h>

#include "server/net/socket.h"
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

/// What the loop is asked about a socket without TLS: each time that bytes or the end have come.
constexpr short kBytesOrEnd = EV_READ | EV_CLOSED | EV_ET;

/// Room to make for an argument that lacks `missing` bytes when so many have come.
size_t room_for_argument(size_t missing, size_t received) {
  return std::min(missing, std::max(kBelievedBytes, kBelievedTimes * received));
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

/// Where the next bytes of a connection go: behind what it has of a request, or into the buffer
/// that all share.
ClientIo::Room ClientIo::make_room(Client& client) {
  resp::Buffer& input = client.input;
  if (input.empty()) return {.at = read_buffer_.get(), .bytes = kReadBytes};
  const size_t missing = client.parser ? client.parser->missing_bytes() : 0;
  if (missing >= kBigArgumentBytes) {
    if (input.room() < std::min(missing, kReadBytes))
      input.reserve_exactly(room_for_argument(missing, input.size()));
    return {.at = input.end(), .bytes = std::min(missing, input.room())};
  }
  // Who sends byte by byte is not to have ever more room.
  if (input.room() < kInputStepBytes / 2)
    input.reserve(kInputStepBytes - std::min(input.size(), kInputStepBytes / 2));
  return {.at = input.end(), .bytes = std::min(input.room(), kInputStepBytes)};
}

/// Whether the socket has more for certain, be it the end: where fewer bytes came than there was
/// room for, it has been emptied.
bool ClientIo::read_once(Client& client) {
  const bool into_own = !client.input.empty();
  const Room room = make_room(client);
  ++counts_.reads;
  const ssize_t got = receive(client, room.at, room.bytes);
  if (got <= 0) {
    if (got == 0 || !is_transient(errno)) close(client);
    return got < 0 && errno == EINTR;
  }
  const bool has_more = static_cast<size_t>(got) == room.bytes || client.hung_up;
  counts_.bytes_in += static_cast<uint64_t>(got);
  client.bytes_in += static_cast<uint64_t>(got);
  client.last_active_ms = handler_.monotonic_ms();
  if (client.close_after_reply) return has_more;  // what still comes in is nobody's business
  std::string_view bytes(room.at, static_cast<size_t>(got));
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

}  // namespace weir
