#include "server/net/tls_setup.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace weir {
namespace {

/// Said by clients that resume a session: it has to be one of this kind of server.
constexpr std::string_view kSessionContext = "weir";

using Bio = std::unique_ptr<BIO, OpensslDeleter<&Openssl::BIO_free>>;
/// Why the settings do not fit; nothing: they do.
using Complaint = std::optional<std::string>;

struct Protocol {
  std::string_view name;
  uint64_t off;  // the option that switches it off
};
constexpr Protocol kProtocols[] = {{"tlsv1", SSL_OP_NO_TLSv1},
                                   {"tlsv1.1", SSL_OP_NO_TLSv1_1},
                                   {"tlsv1.2", SSL_OP_NO_TLSv1_2},
                                   {"tlsv1.3", SSL_OP_NO_TLSv1_3}};
constexpr std::string_view kDefaultProtocols = "tlsv1.2 tlsv1.3";

/// A certificate with its key.
struct Identity {
  const std::string& certificate_file;
  const std::string& key_file;
  const std::string& key_password;
};

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return text;
}

/// The options that leave only the protocols named; nothing if one of the names is unknown.
std::optional<uint64_t> protocol_options(const std::string& names) {
  uint64_t off = 0;
  for (const Protocol& protocol : kProtocols)
    off |= protocol.off;
  std::string_view rest = names.empty() ? kDefaultProtocols : names;
  while (!rest.empty()) {
    const std::string_view word = rest.substr(0, rest.find(' '));
    rest.remove_prefix(std::min(rest.size(), word.size() + 1));
    if (word.empty()) continue;
    const auto* const found = std::find_if(std::begin(kProtocols), std::end(kProtocols),
                                           [word](const Protocol& p) { return p.name == word; });
    if (found == std::end(kProtocols)) return std::nullopt;
    off &= ~found->off;
  }
  return off;
}

/// Never asks at the terminal, as OpenSSL would by itself.
int give_password(char* buffer, int size, int, void* password) {
  const auto& text = *static_cast<const std::string*>(password);
  if (text.size() > static_cast<size_t>(size)) return -1;
  std::copy(text.begin(), text.end(), buffer);
  return static_cast<int>(text.size());
}

class Setup {
 public:
  Setup(const Openssl& openssl, const Settings& settings)
      : openssl_(openssl), settings_(settings) {}

  tl::expected<SslContext, std::string> make(const Identity& identity) {
    SslContext context(openssl_.SSL_CTX_new(openssl_.TLS_method()), {&openssl_});
    context_ = context.get();
    if (context_ == nullptr) return tl::unexpected("OpenSSL: " + error());
    Complaint complaint = set_protocols();
    if (!complaint) complaint = use(identity);
    if (!complaint) complaint = trust();
    if (!complaint) complaint = set_ciphers();
    if (!complaint) complaint = set_dh_parameters();
    if (complaint) return tl::unexpected(*std::move(complaint));
    return context;
  }

  /// What only those who are called need.
  void serve(SSL_CTX* context) {
    context_ = context;
    int verify = SSL_VERIFY_NONE;
    if (settings_.tls_auth_clients != TlsClients::kNo) verify = SSL_VERIFY_PEER;
    if (settings_.tls_auth_clients == TlsClients::kYes) verify |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
    openssl_.SSL_CTX_set_verify(context_, verify, nullptr);
    keep_sessions();
  }

 private:
  std::string error() const { return take_openssl_error(openssl_); }

  Complaint set_protocols() {
    const std::optional<uint64_t> off = protocol_options(lower(settings_.tls_protocols));
    if (!off) {
      return "Invalid tls-protocols specified. Use a combination of 'TLSv1', 'TLSv1.1', 'TLSv1.2' "
             "and 'TLSv1.3'.";
    }
    // A peer that closes without saying so is the same to us as one that says it.
    uint64_t options =
        *off | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF;
    if (settings_.tls_prefer_server_ciphers) options |= SSL_OP_CIPHER_SERVER_PREFERENCE;
    openssl_.SSL_CTX_set_options(context_, options);
    // Partial: a reply leaves in pieces.  Moving: the reply buffer may grow in between.  Release:
    // an idle connection keeps no buffers, which are 34 KB.
    openssl_.SSL_CTX_ctrl(context_, SSL_CTRL_MODE,
                          SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                              SSL_MODE_RELEASE_BUFFERS,
                          nullptr);
    // One read of the socket takes all that a record and the next ones bring.
    openssl_.SSL_CTX_ctrl(context_, SSL_CTRL_SET_READ_AHEAD, 1, nullptr);
    return std::nullopt;
  }

  Complaint use(const Identity& identity) {
    openssl_.SSL_CTX_set_default_passwd_cb(context_, &give_password);
    openssl_.SSL_CTX_set_default_passwd_cb_userdata(
        context_, const_cast<std::string*>(&identity.key_password));
    const char* const certificate = identity.certificate_file.c_str();
    if (openssl_.SSL_CTX_use_certificate_chain_file(context_, certificate) != 1)
      return "Failed to load certificate: " + identity.certificate_file + ": " + error();
    const char* const key = identity.key_file.c_str();
    if (openssl_.SSL_CTX_use_PrivateKey_file(context_, key, SSL_FILETYPE_PEM) != 1 ||
        openssl_.SSL_CTX_check_private_key(context_) != 1)
      return "Failed to load private key: " + identity.key_file + ": " + error();
    openssl_.SSL_CTX_set_default_passwd_cb_userdata(context_, nullptr);
    return std::nullopt;
  }

  Complaint trust() {
    const std::string& file = settings_.tls_ca_cert_file;
    const std::string& folder = settings_.tls_ca_cert_dir;
    if ((!file.empty() && openssl_.SSL_CTX_load_verify_file(context_, file.c_str()) != 1) ||
        (!folder.empty() && openssl_.SSL_CTX_load_verify_dir(context_, folder.c_str()) != 1))
      return "Failed to configure CA certificate(s) file/directory: " + error();
    openssl_.SSL_CTX_set_verify(context_, SSL_VERIFY_PEER, nullptr);
    return std::nullopt;
  }

  Complaint set_ciphers() {
    const std::string& ciphers = settings_.tls_ciphers;
    if (!ciphers.empty() && openssl_.SSL_CTX_set_cipher_list(context_, ciphers.c_str()) != 1) {
      openssl_.ERR_clear_error();
      return "Failed to configure ciphers: " + ciphers;
    }
    const std::string& suites = settings_.tls_ciphersuites;
    if (!suites.empty() && openssl_.SSL_CTX_set_ciphersuites(context_, suites.c_str()) != 1) {
      openssl_.ERR_clear_error();
      return "Failed to configure ciphersuites: " + suites;
    }
    return std::nullopt;
  }

  Complaint set_dh_parameters() {
    const std::string& file = settings_.tls_dh_params_file;
    if (file.empty()) {
      openssl_.SSL_CTX_ctrl(context_, SSL_CTRL_SET_DH_AUTO, 1, nullptr);
      return std::nullopt;
    }
    const Bio bio(openssl_.BIO_new_file(file.c_str(), "r"), {&openssl_});
    if (!bio) return "Failed to open DH params file: " + file + ": " + error();
    EVP_PKEY* const parameters = openssl_.PEM_read_bio_Parameters(bio.get(), nullptr);
    if (parameters == nullptr) {
      openssl_.ERR_clear_error();
      return file + ": failed to read DH params.";
    }
    if (openssl_.SSL_CTX_set0_tmp_dh_pkey(context_, parameters) == 1) return std::nullopt;
    openssl_.EVP_PKEY_free(parameters);
    return "Failed to load DH params file: " + file + ": " + error();
  }

  void keep_sessions() {
    const auto* const id = reinterpret_cast<const unsigned char*>(kSessionContext.data());
    openssl_.SSL_CTX_set_session_id_context(context_, id,
                                            static_cast<unsigned>(kSessionContext.size()));
    if (!settings_.tls_session_caching) {
      // Tickets are sessions that the client keeps: none of these, either.
      openssl_.SSL_CTX_ctrl(context_, SSL_CTRL_SET_SESS_CACHE_MODE, SSL_SESS_CACHE_OFF, nullptr);
      openssl_.SSL_CTX_set_options(context_, SSL_OP_NO_TICKET);
      openssl_.SSL_CTX_set_num_tickets(context_, 0);
      return;
    }
    openssl_.SSL_CTX_ctrl(context_, SSL_CTRL_SET_SESS_CACHE_MODE, SSL_SESS_CACHE_SERVER, nullptr);
    openssl_.SSL_CTX_ctrl(context_, SSL_CTRL_SET_SESS_CACHE_SIZE, settings_.tls_session_cache_size,
                          nullptr);
    openssl_.SSL_CTX_set_timeout(context_, settings_.tls_session_cache_timeout_s);
  }

  const Openssl& openssl_;
  const Settings& settings_;
  SSL_CTX* context_ = nullptr;
};

/// What is missing, without a look at any file.
Complaint find_missing(const Settings& settings) {
  if (settings.tls_cert_file.empty()) return "No tls-cert-file configured!";
  if (settings.tls_key_file.empty()) return "No tls-key-file configured!";
  const bool checks_peers = settings.tls_auth_clients != TlsClients::kNo || settings.tls_cluster ||
                            settings.tls_replication;
  if (checks_peers && settings.tls_ca_cert_file.empty() && settings.tls_ca_cert_dir.empty()) {
    return "Either tls-ca-cert-file or tls-ca-cert-dir must be specified when tls-cluster, "
           "tls-replication or tls-auth-clients are enabled!";
  }
  return std::nullopt;
}

}  // namespace

tl::expected<TlsContexts, std::string> make_tls_contexts(const Openssl& openssl,
                                                         const Settings& settings) {
  if (Complaint missing = find_missing(settings)) return tl::unexpected(*std::move(missing));
  Setup setup(openssl, settings);
  const Identity own{settings.tls_cert_file, settings.tls_key_file, settings.tls_key_file_pass};
  const Identity as_client{settings.tls_client_cert_file, settings.tls_client_key_file,
                           settings.tls_client_key_file_pass};
  const bool has_both = !as_client.certificate_file.empty() && !as_client.key_file.empty();
  auto server = setup.make(own);
  if (!server) return tl::unexpected(std::move(server).error());
  setup.serve(server->get());
  auto client = setup.make(has_both ? as_client : own);
  if (!client) return tl::unexpected(std::move(client).error());
  return TlsContexts{*std::move(server), *std::move(client)};
}

bool wants_tls(const Settings& settings) {
  return settings.tls_port != 0 || settings.tls_replication || settings.tls_cluster;
}

std::string take_openssl_error(const Openssl& openssl) {
  const unsigned long first = openssl.ERR_get_error();
  if (first == 0) return {};
  openssl.ERR_clear_error();
  char text[256];
  openssl.ERR_error_string_n(first, text, sizeof(text));
  return text;
}

}  // namespace weir
