// What the process is refused by the system, and whether that is told.
#include "server/host/process.h"

#include <filesystem>

#include <catch2/catch.hpp>
#include <sys/syscall.h>

#include "tests/support/forbidden_calls.h"
#include "tests/support/temp_folder.h"

namespace weir::testing {

TEST_CASE("A process that cannot go to the background stays where it is, and says why",
          "[process]") {
  std::string why;
  REQUIRE(run_without({SYS_clone}, [&why] { why = go_to_background(); }));
  CHECK(why == "Can't go to the background: fork: Operation not permitted");
}

TEST_CASE("A pid file for which there is no room is told, and not left empty", "[process]") {
  const TempFolder folder;
  std::filesystem::create_symlink("/dev/full", folder / "pid");
  PidFile file;
  CHECK(file.write(folder / "pid") == "Failed to write PID file: No space left on device");
  CHECK(folder.names().empty());
}

TEST_CASE("Where the limit of files is not told, as many clients as wished are believed in",
          "[process]") {
  uint64_t clients = 0;
  REQUIRE(run_without({SYS_prlimit64}, [&clients] { clients = raise_file_limit(77); }));
  CHECK(clients == 77);
}

TEST_CASE("What cannot be told to systemd is said, with the place", "[process]") {
  const auto fault = [](const std::string& path) {
    setenv("NOTIFY_SOCKET", path.c_str(), 1);
    std::string why = notify_systemd("READY=1\n");
    unsetenv("NOTIFY_SOCKET");
    return why;
  };
  for (const std::string& path : {std::string(), std::string("/"), std::string(200, 'x')})
    CHECK(fault(path) == "Can't tell systemd at '" + path + "': that is no path of a socket");
  CHECK(fault("/absent/notify") ==
        "Can't tell systemd at '/absent/notify': No such file or directory");
  std::string why;
  REQUIRE(run_without({SYS_socket}, [&] { why = fault("/absent/notify"); }));
  CHECK(why == "Can't tell systemd at '/absent/notify': Operation not permitted");
}

}  // namespace weir::testing
