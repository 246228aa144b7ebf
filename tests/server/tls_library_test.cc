// What a server does on a machine that has no OpenSSL 3, or another one than that.
#include <filesystem>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <dlfcn.h>

#include "tests/server/by_hand.h"
#include "tests/server/tls_stage.h"
#include "tests/support/contains.h"

namespace weir::testing {
namespace {

namespace fs = std::filesystem;

constexpr const char* kCrypto = "libcrypto.so.3";
constexpr const char* kSsl = "libssl.so.3";

/// A folder whose files the loader finds before those of the system.
struct Libraries {
  Libraries() {
    write_text(server, "#!/bin/sh\nLD_LIBRARY_PATH=" + folder.path() + " exec " + server_binary() +
                           " \"$@\"\n");
    fs::permissions(server, fs::perms::owner_all);
  }

  /// What it says when it is to serve TLS.
  std::string complaint() const {
    const Certificates certificates;
    std::vector<std::string> options = TlsStage::options_of(certificates, {"c", "k"}, free_port());
    options.insert(options.end(), {"--port", "0"});
    const Finished finished = run_server_to_end(options, server);
    CHECK(finished.exit_code == 1);
    CHECK(contains(finished.out, "Failed to configure TLS"));
    return finished.out;
  }

  TempFolder folder;
  std::string server = folder / "server";
};

}  // namespace

TEST_CASE("A start for TLS fails where OpenSSL is no library, and says which file",
          "[tls][start]") {
  const Libraries libraries;
  for (const char* const name : {kSsl, kCrypto}) {
    write_text(libraries.folder / name, "none");
    CHECK(contains(libraries.complaint(),
                   "TLS needs OpenSSL 3: " + libraries.folder / name + ": file too short"));
  }
}

TEST_CASE("A start for TLS fails where OpenSSL lacks a function, and says which", "[tls][start]") {
  const Libraries libraries;
  Dl_info any{};
  REQUIRE(dladdr(reinterpret_cast<void*>(static_cast<double (*)(double)>(&::cbrt)), &any) != 0);
  fs::copy_file(fs::canonical(any.dli_fname), libraries.folder / kSsl);
  CHECK(contains(libraries.complaint(), "undefined symbol: OPENSSL_init_ssl"));
}

TEST_CASE("A start for TLS fails where OpenSSL cannot be initialised", "[tls][start]") {
  const Libraries libraries;
  fs::copy_file(WEIR_REFUSING_LIBSSL, libraries.folder / kSsl);
  CHECK(contains(libraries.complaint(), "OpenSSL cannot be initialised"));
}

TEST_CASE("A server without OpenSSL serves TCP, and refuses CONFIG SET for TLS", "[tls][config]") {
  const Libraries libraries;
  write_text(libraries.folder / kCrypto, "none");
  ByHand server;
  server.start(server.with({}), libraries.server);
  Redis redis = server.connect();
  CHECK(redis("XADD", "s", "1-0", "f", "v") == "1-0");
  CHECK(redis("CONFIG", "SET", "tls-port", std::to_string(free_port()))
            .text.ends_with("Unable to update TLS configuration. Check server logs."));
  CHECK(contains(server.output(), "TLS needs OpenSSL 3: "));
  CHECK(redis("XLEN", "s") == 1);
}

}  // namespace weir::testing
