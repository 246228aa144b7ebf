#include "tests/support/tls_client.h"

#include <csignal>

#include <openssl/err.h>
#include <sys/socket.h>

namespace weir::testing {
namespace {

void set_patience(int fd) {
  const auto patience = std::chrono::duration_cast<std::chrono::seconds>(reply_patience());
  const timeval time{.tv_sec = patience.count() + 1, .tv_usec = 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof(time));
}

}  // namespace

TlsClient::TlsClient(int port, const TlsClientOptions& options)
    : context_(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free),
      raw_(port),
      ssl_(nullptr, &SSL_free) {
  // OpenSSL writes to its socket with write(): a server that has hung up must not end the test.
  std::signal(SIGPIPE, SIG_IGN);
  SSL_CTX* const context = context_.get();
  if (!options.trusts.empty()) {
    SSL_CTX_load_verify_file(context, options.trusts.c_str());
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  }
  if (!options.own.certificate.empty()) {
    SSL_CTX_use_certificate_chain_file(context, options.own.certificate.c_str());
    SSL_CTX_use_PrivateKey_file(context, options.own.key.c_str(), SSL_FILETYPE_PEM);
  }
  SSL_CTX_set_min_proto_version(context, options.protocol);
  SSL_CTX_set_max_proto_version(context, options.protocol);
  if (!options.ciphers.empty()) SSL_CTX_set_cipher_list(context, options.ciphers.c_str());
  set_patience(raw_.fd());
  ssl_.reset(SSL_new(context));
  SSL_set_fd(ssl_.get(), raw_.fd());
  if (options.resumes != nullptr) SSL_set_session(ssl_.get(), options.resumes);
  const int result = SSL_connect(ssl_.get());
  if (result != 1) fail(result);
}

void TlsClient::fail(int result) const {
  const int error = SSL_get_error(ssl_.get(), result);
  const unsigned long first = ERR_get_error();
  ERR_clear_error();
  if (error == SSL_ERROR_ZERO_RETURN) throw std::runtime_error("closed");
  const char* const reason = first == 0 ? nullptr : ERR_reason_error_string(first);
  throw std::runtime_error(reason == nullptr ? "the connection broke" : reason);
}

void TlsClient::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const int sent = SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size()));
    if (sent <= 0) fail(sent);
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
}

resp::Reply TlsClient::read_reply() {
  while (true) {
    const resp::ReplyParser::Status status = parser_.parse(received_);
    received_.erase(0, parser_.consumed());
    if (status == resp::ReplyParser::Status::kReply) return parser_.take();
    if (status == resp::ReplyParser::Status::kError) throw std::runtime_error(parser_.error());
    char piece[16384];
    const int got = SSL_read(ssl_.get(), piece, sizeof(piece));
    if (got <= 0) fail(got);
    received_.append(piece, static_cast<size_t>(got));
  }
}

std::string TlsClient::read() {
  resp::Reply reply = read_reply();
  return reply.kind == resp::Reply::Kind::kBulk ? std::move(reply.text) : show(reply);
}

void TlsClient::renegotiate() {
  const int result = SSL_renegotiate(ssl_.get()) == 1 ? SSL_do_handshake(ssl_.get()) : 0;
  if (result != 1) fail(result);
}

bool TlsClient::is_ended_properly() {
  char byte = 0;
  const int got = SSL_read(ssl_.get(), &byte, 1);
  ERR_clear_error();
  return got <= 0 && (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0;
}

std::string refusal(int port, const TlsClientOptions& options) {
  try {
    TlsClient client(port, options);
    const std::string reply = client("PING");
    return reply == "+PONG" ? "" : reply;
  } catch (const std::runtime_error& error) {
    return error.what();
  }
}

}  // namespace weir::testing
