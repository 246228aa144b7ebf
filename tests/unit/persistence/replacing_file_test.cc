// A file that is written for long takes the place of another one, or leaves no trace.
#include "persistence/replacing_file.h"

#include <filesystem>
#include <string>

#include <catch2/catch.hpp>
#include <unistd.h>

#include "tests/support/faulty_file.h"
#include "tests/support/temp_folder.h"
#include "tests/support/text_file.h"

namespace weir::testing {
namespace {

/// Of more than one buffer, and one that is longer than a buffer.
const std::string short_part(100'000, 's');
const std::string long_part(5'000'000, 'l');

std::string whole_text() {
  return short_part + short_part + short_part + long_part + short_part;
}

/// Writes whole_text() to "dump" of a folder.
IoResult<void> write_dump(FileSystem& files, const TempFolder& folder) {
  const std::string target = folder / "dump";
  IoResult<ReplacingFile> file =
      ReplacingFile::create(files, {.target = target, .temporary = temporary_name(target)});
  if (!file) return tl::unexpected(file.error());
  for (const std::string* text : {&short_part, &short_part, &short_part, &long_part, &short_part}) {
    if (IoResult<void> written = file->write(*text); !written) return written;
  }
  return file->commit();
}

bool is_there(const std::string& path) {
  return access(path.c_str(), F_OK) == 0;
}

TEST_CASE("The target has all that was written, and nothing else is left", "[replacing_file]") {
  const TempFolder folder;
  REQUIRE(write_dump(real_files(), folder));
  CHECK(read_text(folder / "dump") == whole_text());
  CHECK_FALSE(is_there(temporary_name(folder / "dump")));
}

TEST_CASE("Short writes are completed", "[replacing_file]") {
  const TempFolder folder;
  FaultyFileSystem disk;
  disk.shorten_writes(70'001);
  REQUIRE(write_dump(disk, folder));
  CHECK(read_text(folder / "dump") == whole_text());
}

TEST_CASE("A file that need not survive is put in place without a wait for the disk",
          "[replacing_file]") {
  const TempFolder folder;
  const std::string target = folder / "dump";
  FaultyFileSystem disk;
  IoResult<ReplacingFile> file = ReplacingFile::create(
      disk, {.target = target, .temporary = temporary_name(target), .is_durable = false});
  REQUIRE(file);
  REQUIRE(file->write(short_part));
  const int before = disk.calls();
  REQUIRE(file->commit());
  CHECK(disk.calls() - before == 3);  // write, close, rename
  CHECK(read_text(target) == short_part);
}

TEST_CASE("The temporary file of a crashed process with our ID makes way", "[replacing_file]") {
  const TempFolder folder;
  write_text(temporary_name(folder / "dump"), "half a du");
  REQUIRE(write_dump(real_files(), folder));
  CHECK(read_text(folder / "dump") == whole_text());
}

TEST_CASE("What is in the way of a temporary file and stays there is named", "[replacing_file]") {
  const TempFolder folder;
  const std::string temporary = temporary_name(folder / "dump");
  std::filesystem::create_directory(temporary);
  const IoResult<void> done = write_dump(real_files(), folder);
  REQUIRE_FALSE(done);
  CHECK(to_string(done.error()) == "unlink '" + temporary + "': Is a directory");
  CHECK_FALSE(is_there(folder / "dump"));
}

TEST_CASE("A file that is given up leaves the old one and no other", "[replacing_file]") {
  const TempFolder folder;
  const std::string target = folder / "dump";
  write_text(target, "old");
  {
    IoResult<ReplacingFile> file = ReplacingFile::create(
        real_files(), {.target = target, .temporary = temporary_name(target)});
    REQUIRE(file);
    REQUIRE(file->write(long_part));
  }
  CHECK(read_text(target) == "old");
  CHECK_FALSE(is_there(temporary_name(target)));
}

TEST_CASE("What a crash has left is removed, and nothing else", "[replacing_file]") {
  const TempFolder folder;
  const std::string own = temporary_name(folder / "dump");
  for (const std::string& path : {own, folder / "temp-999999999.rdb", folder / "temp-x1.rdb",
                                  folder / "temp-999999999.rdb.old", folder / "dump"})
    write_text(path, "x");
  CHECK(remove_stale_temporaries(real_files(), folder / "dump") ==
        std::vector<std::string>{folder / "temp-999999999.rdb"});
  CHECK(folder.names().size() == 4);
}

TEST_CASE("Whichever system call fails, the target is old or new and no other file is left",
          "[replacing_file]") {
  int calls = 0;
  {
    const TempFolder folder;
    FaultyFileSystem disk;
    REQUIRE(write_dump(disk, folder));
    calls = disk.calls();
  }
  REQUIRE(calls > 10);
  for (int n = 1; n <= calls; ++n) {
    CAPTURE(n);
    const TempFolder folder;
    write_text(folder / "dump", "old");
    FaultyFileSystem disk;
    disk.fail_call(n, EIO);
    const IoResult<void> result = write_dump(disk, folder);
    REQUIRE(disk.has_failed());
    const std::string text = read_text(folder / "dump");
    CHECK((result.has_value() ? text == whole_text() : (text == "old" || n > calls - 3)));
    if (n <= calls - 3) CHECK_FALSE(result);
    CHECK_FALSE(is_there(temporary_name(folder / "dump")));
  }
}

}  // namespace
}  // namespace weir::testing
