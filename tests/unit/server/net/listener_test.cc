// Listening where the system refuses a step of it.
#include "server/net/listener.h"

#include <filesystem>
#include <string>

#include <catch2/catch.hpp>

#include "tests/support/forbidden_calls.h"
#include "tests/support/temp_folder.h"

namespace weir::testing {
namespace {

constexpr int kBacklog = 16;

/// Why a listener cannot have the Unix socket `path`, in a thread that is refused this call.
std::string refusal_without(uint32_t call, const std::string& path) {
  EventLoop loop;
  Listener listener(loop, [](Accepted) {});
  std::string why;
  REQUIRE(run_without({call}, [&] { why = listener.listen_unix(path, 0700, kBacklog); }));
  CHECK_FALSE(listener.has_unix());
  return why;
}

}  // namespace

TEST_CASE("Of a Unix socket that is refused a step nothing is left, and its path is named",
          "[listener]") {
  const TempFolder folder;
  const std::string path = folder / "s.sock";
  for (const uint32_t call : {SYS_socket, SYS_bind, SYS_chmod, SYS_listen}) {
    CAPTURE(call);
    CHECK(refusal_without(call, path) ==
          "Failed opening Unix socket " + path + ": Operation not permitted");
    CHECK_FALSE(std::filesystem::exists(path));
  }
  EventLoop loop;
  Listener listener(loop, [](Accepted) {});
  CHECK(listener.listen_unix(path, 0700, kBacklog) == "");
}

TEST_CASE("An address for which there is no socket is named, optional or not", "[listener]") {
  for (const bool is_optional : {false, true}) {
    EventLoop loop;
    Listener listener(loop, [](Accepted) {});
    std::string why;
    REQUIRE(run_without({SYS_socket}, [&] {
      why = listener.listen_tcp({{.host = "127.0.0.1", .is_optional = is_optional}}, 1, kBacklog);
    }));
    CHECK(why ==
          "Could not create server TCP listening socket 127.0.0.1:1: Operation not permitted");
    CHECK_FALSE(listener.has_tcp());
  }
}

}  // namespace weir::testing
