// Writing the log: a batch is in the file as a whole or not at all.
#include "persistence/aof_file.h"

#include <catch2/catch.hpp>

#include "persistence/sync_thread.h"
#include "tests/support/command_text.h"
#include "tests/support/faulty_file.h"
#include "tests/support/forbidden_calls.h"
#include "tests/support/temp_folder.h"

namespace weir::testing {

TEST_CASE("A batch that could not be written is not in the file, and can be written again",
          "[aof]") {
  for (const bool is_filling : {false, true}) {
    for (int n = 1; n < 8; ++n) {
      CAPTURE(n, is_filling);
      const TempFolder folder;
      FaultyFileSystem disk;
      AofFile file = std::move(*AofFile::create(disk, folder / "log"));
      file.set_filling(is_filling);
      resp::Buffer batch;
      batch.append(commands("XDEL s 1\n"));
      const std::string content(batch.view());
      disk.shorten_writes(10);
      disk.fail_call(n, ENOSPC);
      const bool was_written = file.append(batch, 0).has_value();
      CHECK(batch.view() == content);
      if (!was_written) {
        CHECK(file.size() == 0);
        CHECK(read_all(real_files(), folder / "log")->empty());
        REQUIRE(file.append(batch, 0));
      }
      REQUIRE(file.trim());
      const std::string text = *read_all(real_files(), folder / "log");
      CHECK(text.starts_with(content + "#XXH3:"));
      CHECK(text.size() == file.size());
    }
  }
}

TEST_CASE("What a failed write has left is cut off before the next", "[aof]") {
  const TempFolder folder;
  FaultyFileSystem disk;
  AofFile file = std::move(*AofFile::create(disk, folder / "log"));
  resp::Buffer batch;
  batch.append(commands("XADD s 1-0 field value\n"));
  disk.shorten_writes(20);
  disk.fail_from_call(2, EIO);
  CHECK_FALSE(file.append(batch, 0));
  CHECK_FALSE(read_all(real_files(), folder / "log")->empty());
  disk.fail_call(1000, EIO);
  batch.clear();
  batch.append("*");
  REQUIRE(file.append(batch, 0));
  CHECK(read_all(real_files(), folder / "log")->starts_with("*#XXH3:"));
}

TEST_CASE("A sync covers what was asked for before it began, in order", "[aof][sync]") {
  const TempFolder folder;
  SyncThread thread([] {});
  const auto file = std::make_shared<File>(std::move(*File::create(real_files(), folder / "log")));
  for (uint64_t offset = 1; offset <= 100; ++offset)
    thread.sync(file, offset * 2, offset);
  thread.wait();
  CHECK(thread.state().durable == 100);
  CHECK(thread.state().file_bytes == 200);
  CHECK_FALSE(thread.state().failure);
}

TEST_CASE("Where the system refuses a thread, who asks for a sync waits for it", "[aof][sync]") {
  const TempFolder folder;
  FaultyFileSystem disk;
  int done = 0;
  SyncThread thread([&] { ++done; });
  const auto file = std::make_shared<File>(std::move(*File::create(disk, folder / "log")));
  run_without({kThreadCall}, [&] {
    thread.sync(file, 2, 1);
    CHECK(thread.state().durable == 1);
    CHECK_FALSE(thread.state().is_busy);
    CHECK(done == 1);
    disk.fail_call(1, EIO);
    thread.sync(file, 4, 2);
    CHECK(thread.state().durable == 1);
    REQUIRE(thread.state().failure);
    CHECK(thread.state().failure->errno_value == EIO);
  });
  thread.restart(2);
  thread.sync(file, 6, 3);
  thread.wait();
  CHECK(thread.state().durable == 3);
}

TEST_CASE("After a sync that failed, nothing is durable because a later one succeeded",
          "[aof][sync]") {
  const TempFolder folder;
  FaultyFileSystem disk;
  SyncThread thread([] {});
  const auto file = std::make_shared<File>(std::move(*File::create(disk, folder / "log")));
  const auto sync = [&](uint64_t offset) {
    thread.sync(file, offset, offset);
    thread.wait();
  };
  sync(10);
  disk.fail_call(1, EIO);
  sync(20);
  sync(30);
  CHECK(thread.state().durable == 10);
  REQUIRE(thread.state().failure);
  CHECK(thread.state().failure->errno_value == EIO);
  thread.restart(25);
  CHECK(thread.state().durable == 25);
  sync(40);
  CHECK(thread.state().durable == 40);
}

}  // namespace weir::testing
