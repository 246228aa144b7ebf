// What libevent has to say beside what is asked of it.
#include "server/net/event_loop.h"

#include <cstdio>
#include <string>

#include <catch2/catch.hpp>
#include <unistd.h>

#include "persistence/file.h"
#include "tests/support/temp_folder.h"
#include "tests/support/text_file.h"

namespace weir::testing {
namespace {

/// What this process writes to its standard error goes to a file, until the object goes.
class ErrorsInFile {
 public:
  explicit ErrorsInFile(const std::string& path) : former_(dup(STDERR_FILENO)) {
    REQUIRE(former_ >= 0);
    REQUIRE(std::freopen(path.c_str(), "w", stderr) != nullptr);
  }
  ~ErrorsInFile() {
    std::fflush(stderr);
    dup2(former_, STDERR_FILENO);
    ::close(former_);
  }
  ErrorsInFile(const ErrorsInFile&) = delete;
  ErrorsInFile& operator=(const ErrorsInFile&) = delete;

 private:
  int former_;
};

}  // namespace

TEST_CASE("A warning of libevent's own is on standard error", "[event_loop]") {
  const TempFolder folder;
  const std::string path = folder / "errors";
  EventLoop loop;
  bool is_done = false;
  Timer timer(loop, [&] {
    event_base_loop(loop.base(), EVLOOP_NONBLOCK);  // inside of itself: it refuses that
    is_done = true;
  });
  timer.set_ms(0);
  {
    const ErrorsInFile errors(path);
    while (!is_done)
      loop.wait([] { return false; });
  }
  const auto text = read_all(real_files(), path);
  REQUIRE(text);
  CHECK(text->starts_with("libevent: event_base_loop: reentrant invocation."));
}

}  // namespace weir::testing
