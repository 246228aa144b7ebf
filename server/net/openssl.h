// OpenSSL, loaded when TLS is first wanted.
//
// Linked in, it would cost every server 1.3 MB of memory, or 1.8 MB as a shared library, and up to
// a millisecond at its start, used or not: its tables hold pointers, which the dynamic linker fills
// before main.  So the functions that are used are named here and looked up in libssl at run time;
// a server that never speaks TLS neither loads nor needs it.
//
//   Openssl::load() ──► table of functions ──► tls_setup, tls_session
//
// A function is called by its own name: openssl.SSL_read(ssl, …).  What OpenSSL's headers define as
// a macro over SSL_CTX_ctrl and the like is called in that form.  The library reads no
// configuration file of its own and stays loaded until the process ends.
#pragma once

#include <string>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <tl/expected.hpp>

namespace weir {

// clang-format off
#define WEIR_SSL_FUNCTIONS(OF)                                                                    \
  OF(OPENSSL_init_ssl) OF(TLS_method) OF(SSL_CTX_new) OF(SSL_CTX_free) OF(SSL_CTX_ctrl)           \
  OF(SSL_CTX_set_options) OF(SSL_CTX_set_verify) OF(SSL_CTX_use_certificate_chain_file)           \
  OF(SSL_CTX_use_PrivateKey_file) OF(SSL_CTX_check_private_key) OF(SSL_CTX_set_default_passwd_cb) \
  OF(SSL_CTX_set_default_passwd_cb_userdata) OF(SSL_CTX_load_verify_file)                         \
  OF(SSL_CTX_load_verify_dir) OF(SSL_CTX_set_cipher_list) OF(SSL_CTX_set_ciphersuites)            \
  OF(SSL_CTX_set_session_id_context) OF(SSL_CTX_set_timeout) OF(SSL_CTX_set_num_tickets)          \
  OF(SSL_CTX_set0_tmp_dh_pkey) OF(SSL_new) OF(SSL_free) OF(SSL_set_bio) OF(SSL_set_accept_state)  \
  OF(SSL_set_connect_state) OF(SSL_do_handshake) OF(SSL_read) OF(SSL_write) OF(SSL_pending)       \
  OF(SSL_has_pending) OF(SSL_get_error) OF(SSL_shutdown) OF(SSL_is_init_finished)                 \
  OF(SSL_get_verify_result) OF(SSL_get1_peer_certificate) OF(SSL_CTX_set_default_read_buffer_len)
#define WEIR_CRYPTO_FUNCTIONS(OF)                                                                 \
  OF(ERR_get_error) OF(ERR_clear_error) OF(ERR_error_string_n) OF(BIO_meth_new) OF(BIO_meth_free) \
  OF(BIO_meth_set_read) OF(BIO_meth_set_write) OF(BIO_meth_set_ctrl) OF(BIO_new) OF(BIO_free)     \
  OF(BIO_set_data) OF(BIO_get_data) OF(BIO_set_init) OF(BIO_set_flags) OF(BIO_clear_flags)        \
  OF(BIO_new_file) OF(PEM_read_bio_Parameters) OF(EVP_PKEY_free) OF(X509_free)                    \
  OF(X509_get_subject_name) OF(X509_NAME_get_text_by_NID) OF(X509_verify_cert_error_string)
// clang-format on

struct Openssl {
  /// The library, ready for use; or why it cannot be had.  One for the process, as libssl is.
  static tl::expected<const Openssl*, std::string> load();
  /// What load() gave before: for those whom OpenSSL calls back, with nothing but its own pointers.
  static const Openssl& loaded() { return *current; }

// NOLINTNEXTLINE(bugprone-macro-parentheses): a name that is declared stands in none.
#define WEIR_OPENSSL_MEMBER(name) decltype(&::name) name = nullptr;
  WEIR_SSL_FUNCTIONS(WEIR_OPENSSL_MEMBER)
  WEIR_CRYPTO_FUNCTIONS(WEIR_OPENSSL_MEMBER)
#undef WEIR_OPENSSL_MEMBER

 private:
  static const Openssl* current;  // null until it is loaded
};

}  // namespace weir
