// A client of TLS that is independent of the server's code: OpenSSL, linked, over a blocking
// socket.
//
//   TlsClient client(server.tls_port(), {.trusts = all.authority(), .own = all.issue("ann")});
//   CHECK(client("PING") == "+PONG");
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <openssl/ssl.h>

#include "resp/reply_parser.h"
#include "tests/support/certificates.h"
#include "tests/support/raw_client.h"

namespace weir::testing {

struct TlsClientOptions {
  std::string trusts;        // an authority's certificate; "": whoever answers
  KeyPair own = {};          // shown when the server asks for one
  int protocol = 0;          // the only one, such as TLS1_2_VERSION; 0: any
  std::string ciphers = {};  // of TLS 1.2
  SSL_SESSION* resumes = nullptr;
};

class TlsClient {
 public:
  /// Connects to 127.0.0.1 and shakes hands.  Throws std::runtime_error with OpenSSL's reason.
  explicit TlsClient(int port, const TlsClientOptions& options);

  void write(std::string_view bytes);
  /// The next reply.  Throws std::runtime_error when the connection ends or fails.
  resp::Reply read_reply();
  /// The next reply as text: of a bulk string its bytes, of others what show() has.
  std::string read();

  /// Sends a command and reads its reply.
  template <typename... Words>
  std::string operator()(const Words&... words) {
    write(encode_command(std::vector<std::string>{std::string(words)...}));
    return read();
  }

  std::string protocol() const { return SSL_get_version(ssl_.get()); }
  std::string cipher() const { return SSL_get_cipher_name(ssl_.get()); }
  bool has_resumed() const { return SSL_session_reused(ssl_.get()) == 1; }
  /// To be resumed by another; lives as long as this client.
  SSL_SESSION* session() const { return SSL_get_session(ssl_.get()); }
  /// Whether the server ends the connection, with TLS's own word for it.
  bool is_ended_properly();
  /// Asks for a new handshake within the connection, of which TLS 1.2 knows.
  void renegotiate();
  /// Has both ends change their keys, as TLS 1.3 can.
  void change_keys() { SSL_key_update(ssl_.get(), SSL_KEY_UPDATE_REQUESTED); }
  /// Writes what is no TLS into the connection.
  void write_unencrypted(std::string_view bytes) { raw_.write(bytes); }
  /// Ends the connection with TLS's own word for it.
  void end() {
    SSL_shutdown(ssl_.get());
    raw_.close();
  }
  /// The socket goes without a word of TLS.
  void cut() { raw_.close(); }

 private:
  void fail(int result) const;

  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  RawClient raw_;  // only its socket
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
  resp::ReplyParser parser_;
  std::string received_;
};

/// Why a client with these options gets no answer to PING; "" if it does.
std::string refusal(int port, const TlsClientOptions& options);

}  // namespace weir::testing
