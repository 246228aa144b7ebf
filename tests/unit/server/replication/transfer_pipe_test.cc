#include "server/replication/transfer_pipe.h"

#include <atomic>
#include <thread>

#include <catch2/catch.hpp>

#include "tests/support/patience.h"

namespace weir {
namespace {

bool never() {
  return false;
}

TEST_CASE("Readers of a pipe go at their own pace, and what all have is forgotten",
          "[transfer_pipe]") {
  TransferPipe pipe([] {});
  REQUIRE(pipe.write("abc", never));
  REQUIRE(pipe.write("defg", never));
  CHECK(pipe.at(0) == "abc");
  CHECK(pipe.at(1) == "bc");
  CHECK(pipe.at(3) == "defg");
  pipe.forget(4);
  CHECK(pipe.at(4) == "efg");
  CHECK(pipe.at(7).empty());
}

TEST_CASE("A pipe that is empty has not ended before it is said", "[transfer_pipe]") {
  TransferPipe pipe([] {});
  pipe.write("abc", never);
  CHECK_FALSE(pipe.ends_at(3));
  pipe.end("mark");
  CHECK_FALSE(pipe.ends_at(3));
  CHECK(pipe.at(3) == "mark");
  CHECK(pipe.ends_at(7));
}

/// Writes until nobody wants more; how much it could.
class Writer {
 public:
  explicit Writer(TransferPipe& pipe)
      : thread_([this, &pipe] {
          const std::string chunk(TransferPipe::kMostBytes / 4, 'x');
          while (pipe.write(chunk, [this] { return is_cancelled.load(); }))
            written += chunk.size();
          has_ended = true;
        }) {}
  ~Writer() { thread_.join(); }

  std::atomic<bool> is_cancelled = false;
  std::atomic<size_t> written = 0;
  std::atomic<bool> has_ended = false;

 private:
  std::thread thread_;
};

TEST_CASE("A writer waits for its readers, and goes on when they have read", "[transfer_pipe]") {
  TransferPipe pipe([] {});
  Writer writer(pipe);
  CHECK(testing::wait_until([&] { return writer.written == TransferPipe::kMostBytes; }));
  pipe.forget(TransferPipe::kMostBytes / 2);
  CHECK(testing::wait_until([&] { return writer.written == TransferPipe::kMostBytes * 3 / 2; }));
  pipe.abort();
  CHECK(testing::wait_until([&] { return writer.has_ended.load(); }));
}

TEST_CASE("A writer that waits for room notices that it is not wanted", "[transfer_pipe]") {
  TransferPipe pipe([] {});
  Writer writer(pipe);
  CHECK(testing::wait_until([&] { return writer.written == TransferPipe::kMostBytes; }));
  writer.is_cancelled = true;
  CHECK(testing::wait_until([&] { return writer.has_ended.load(); }));
}

}  // namespace
}  // namespace weir
