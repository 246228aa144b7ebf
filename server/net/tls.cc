#include "server/net/tls.h"

#include <cassert>

namespace weir {

tl::expected<Tls::Rules, std::string> Tls::prepare(const Settings& settings) {
  if (!wants_tls(settings)) return std::nullopt;
  if (openssl_ == nullptr) {
    const auto loaded = Openssl::load();
    if (!loaded) return tl::unexpected(loaded.error());
    openssl_ = *loaded;
    bio_method_ = BioMethod(TlsSession::make_bio_method(*openssl_), {openssl_});
  }
  auto contexts = make_tls_contexts(*openssl_, settings);
  if (!contexts) return tl::unexpected(std::move(contexts).error());
  return *std::move(contexts);
}

std::unique_ptr<TlsSession> Tls::accept(int fd) const {
  assert(is_on());
  return std::make_unique<TlsSession>(*openssl_, rules_->server.get(), bio_method_.get(), fd,
                                      TlsRole::kServer);
}

std::unique_ptr<TlsSession> Tls::connect(int fd) const {
  assert(is_on());
  return std::make_unique<TlsSession>(*openssl_, rules_->client.get(), bio_method_.get(), fd,
                                      TlsRole::kClient);
}

}  // namespace weir
