#include "tests/support/certificates.h"

#include <cstdio>
#include <fstream>
#include <memory>
#include <stdexcept>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "tests/support/text_file.h"

namespace weir::testing {
namespace {

constexpr long kDay_s = 24 * 60 * 60;
constexpr unsigned kRsaBits = 2048;

template <auto Free>
struct FreeWith {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, FreeWith<X509_free>>;
using File = std::unique_ptr<FILE, FreeWith<fclose>>;

void must(bool done) {
  if (!done) throw std::runtime_error("OpenSSL cannot make a certificate");
}

void add_extension(X509* certificate, int kind, const char* value) {
  X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value);
  must(extension != nullptr && X509_add_ext(certificate, extension, -1) == 1);
  X509_EXTENSION_free(extension);
}

/// Names, key and times; not signed yet.
Certificate draft(const std::string& name, EVP_PKEY* key, int serial, bool is_expired) {
  Certificate certificate(X509_new());
  X509_set_version(certificate.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -2 * kDay_s);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), is_expired ? -kDay_s : kDay_s);
  const auto* const text = reinterpret_cast<const unsigned char*>(name.c_str());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_ASC, text, -1,
                             -1, 0);
  must(X509_set_pubkey(certificate.get(), key) == 1);
  return certificate;
}

void write_certificate(const std::string& path, X509* certificate) {
  const File file(fopen(path.c_str(), "w"));
  must(file && PEM_write_X509(file.get(), certificate) == 1);
}

void write_key(const std::string& path, EVP_PKEY* key, const std::string& password) {
  const File file(fopen(path.c_str(), "w"));
  const EVP_CIPHER* const cipher = password.empty() ? nullptr : EVP_aes_256_cbc();
  must(file && PEM_write_PKCS8PrivateKey(file.get(), key, cipher, password.c_str(),
                                         static_cast<int>(password.size()), nullptr, nullptr) == 1);
}

/// Puts the authority's certificate behind that of a file, so many times.
void lengthen(const std::string& chain_file, const std::string& authority_file, int times) {
  const std::string more = read_text(authority_file);
  std::ofstream chain(chain_file, std::ios::app);
  for (int i = 0; i < times; ++i)
    chain << more;
}

}  // namespace

struct Certificates::Signer {
  Key key;
  Certificate certificate;
};

Certificates::Certificates() : authority_(folder_ / "ca.crt"), signer_(std::make_unique<Signer>()) {
  signer_->key.reset(EVP_EC_gen("P-256"));
  signer_->certificate =
      draft("authority of " + folder_.path(), signer_->key.get(), serial_, false);
  X509* const own = signer_->certificate.get();
  X509_set_issuer_name(own, X509_get_subject_name(own));
  add_extension(own, NID_basic_constraints, "critical,CA:TRUE");
  must(X509_sign(own, signer_->key.get(), EVP_sha256()) > 0);
  write_certificate(authority_, own);
}

Certificates::~Certificates() = default;

KeyPair Certificates::issue(const std::string& name, const IssueOptions& options) {
  const Key key(options.is_rsa ? EVP_RSA_gen(kRsaBits) : EVP_EC_gen("P-256"));
  ++serial_;
  const Certificate certificate = draft(name, key.get(), serial_, options.is_expired);
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(signer_->certificate.get()));
  add_extension(certificate.get(), NID_subject_alt_name, "IP:127.0.0.1,DNS:localhost");
  must(X509_sign(certificate.get(), signer_->key.get(), EVP_sha256()) > 0);
  const std::string stem = folder_ / (std::to_string(serial_) + "-" + name);
  write_certificate(stem + ".crt", certificate.get());
  lengthen(stem + ".crt", authority_, options.chain_length);
  write_key(stem + ".key", key.get(), options.key_password);
  return {.certificate = stem + ".crt", .key = stem + ".key"};
}

void write_dh_parameters(const std::string& path) {
  const std::unique_ptr<EVP_PKEY_CTX, FreeWith<EVP_PKEY_CTX_free>> context(
      EVP_PKEY_CTX_new_from_name(nullptr, "DH", nullptr));
  must(context && EVP_PKEY_paramgen_init(context.get()) == 1 &&
       EVP_PKEY_CTX_set_group_name(context.get(), "ffdhe2048") == 1);
  EVP_PKEY* made = nullptr;
  must(EVP_PKEY_paramgen(context.get(), &made) == 1);
  const Key parameters(made);
  const std::unique_ptr<BIO, FreeWith<BIO_free>> file(BIO_new_file(path.c_str(), "w"));
  must(file && PEM_write_bio_Parameters(file.get(), parameters.get()) == 1);
}

std::string subject_hash(const std::string& certificate_file) {
  const File file(fopen(certificate_file.c_str(), "r"));
  must(file != nullptr);
  const Certificate certificate(PEM_read_X509(file.get(), nullptr, nullptr, nullptr));
  must(certificate != nullptr);
  char text[9];
  std::snprintf(text, sizeof(text), "%08lx", X509_subject_name_hash(certificate.get()));
  return text;
}

}  // namespace weir::testing
