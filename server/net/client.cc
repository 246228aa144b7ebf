#include "server/net/client.h"

#include <unistd.h>

#include "server/net/socket.h"
#include "server/net/tls_session.h"
#include "server/net/transaction.h"

namespace weir {

Client::Client(uint64_t client_id, int socket_fd, bool is_unix, int64_t now_ms)
    : id(client_id),
      fd(socket_fd),
      is_unix_socket(is_unix),
      reply(output),
      created_ms(now_ms),
      last_active_ms(now_ms) {}

Client::~Client() {
  readable.stop();
  writable.stop();
  close(fd);
}

const Client::Labels& Client::labels() const {
  static const Labels none;
  return labels_ ? *labels_ : none;
}

Client::Labels& Client::mutable_labels() {
  if (!labels_) labels_ = std::make_unique<Labels>();
  return *labels_;
}

std::string Client::peer_address() const {
  return socket_address(fd, SocketEnd::kPeer);
}
std::string Client::local_address() const {
  return socket_address(fd, SocketEnd::kLocal);
}
bool Client::is_local() const {
  return is_local_peer(fd);
}

size_t Client::memory_bytes() const {
  return sizeof(Client) + input.capacity() + output.capacity() +
         (labels_ ? sizeof(Labels) + labels_->name.size() + labels_->lib_name.size() +
                        labels_->lib_version.size()
                  : 0) +
         (transaction ? sizeof(Transaction) + transaction->bytes() : 0) +
         (subscriptions ? subscriptions->memory_bytes() : 0) +
         (tracking ? tracking->memory_bytes() : 0) + (late_pushes ? late_pushes->capacity() : 0) +
         (tls ? TlsSession::kMemoryBytes : 0) +
         (parser ? sizeof(resp::RequestParser) + parser->memory_bytes() : 0);
}

}  // namespace weir
