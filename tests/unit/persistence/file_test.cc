#include "persistence/file.h"

#include <cerrno>
#include <filesystem>

#include <catch2/catch.hpp>
#include <sys/stat.h>

#include "tests/support/faulty_file.h"
#include "tests/support/temp_folder.h"

using namespace weir;
using weir::testing::FaultyFileSystem;
using weir::testing::TempFolder;
using Names = std::vector<std::string>;

namespace {

void write_file(const std::string& path, std::string_view bytes) {
  IoResult<File> file = File::create(real_files(), path);
  REQUIRE(file);
  REQUIRE(file->write_all(bytes));
}

std::string content_of(const std::string& path) {
  return read_all(real_files(), path).value();
}

mode_t mode_of(const std::string& path) {
  struct stat status = {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  return status.st_mode & 0777;
}

}  // namespace

TEST_CASE("a created file is empty at first and then holds what was written", "[file]") {
  const TempFolder folder;
  write_file(folder / "a", "first");
  CHECK(content_of(folder / "a") == "first");
  write_file(folder / "a", "2nd");
  CHECK(content_of(folder / "a") == "2nd");
}

TEST_CASE("appending keeps what was there", "[file]") {
  const TempFolder folder;
  for (const char* part : {"one", "two"}) {
    IoResult<File> file = File::open_for_append(real_files(), folder / "log");
    REQUIRE(file);
    CHECK(file->write_all(part));
  }
  CHECK(content_of(folder / "log") == "onetwo");
}

TEST_CASE("short writes are continued until everything is written", "[file]") {
  const TempFolder folder;
  FaultyFileSystem disk;
  disk.shorten_writes(3);
  REQUIRE(replace_atomically(disk, folder / "a", "0123456789"));
  CHECK(content_of(folder / "a") == "0123456789");
}

TEST_CASE("an interrupted call is repeated", "[file]") {
  const TempFolder folder;
  FaultyFileSystem disk;
  for (int n = 1;; ++n) {
    disk.fail_call(n, EINTR);
    IoResult<File> file = File::create(disk, folder / "a");
    REQUIRE(file);
    CHECK(file->write_all("bytes"));
    CHECK(file->fsync());
    CHECK(file->close());
    CHECK(content_of(folder / "a") == "bytes");
    if (!disk.has_failed()) break;
  }
}

TEST_CASE("an error says which operation on which file failed and why", "[file]") {
  const IoResult<std::string> nothing = read_all(real_files(), "/nowhere/x");
  REQUIRE_FALSE(nothing);
  CHECK(nothing.error() ==
        IoError{.operation = "open", .path = "/nowhere/x", .errno_value = ENOENT});
  CHECK(to_string(nothing.error()) == "open '/nowhere/x': No such file or directory");
}

TEST_CASE("a file longer than the reader's limit is not read", "[file]") {
  const TempFolder folder;
  write_file(folder / "a", std::string(100'000, 'x'));
  CHECK(read_all(real_files(), folder / "a", 100'000)->size() == 100'000);
  CHECK(read_all(real_files(), folder / "a", 99'999).error().errno_value == EFBIG);
}

TEST_CASE("replacing a file makes it or exchanges its content", "[file]") {
  const TempFolder folder;
  REQUIRE(replace_atomically(real_files(), folder / "a", "old"));
  REQUIRE(replace_atomically(real_files(), folder / "a", "new"));
  CHECK(content_of(folder / "a") == "new");
  CHECK(folder.names() == Names{"a"});
}

TEST_CASE("replacing a file keeps its permissions", "[file]") {
  const TempFolder folder;
  write_file(folder / "secret", "old");
  REQUIRE(::chmod((folder / "secret").c_str(), 0600) == 0);
  REQUIRE(replace_atomically(real_files(), folder / "secret", "new"));
  CHECK(mode_of(folder / "secret") == 0600);
}

TEST_CASE("a temporary file that a crash left behind is no obstacle", "[file]") {
  const TempFolder folder;
  write_file(folder / "a.tmp-" + std::to_string(::getpid()), "torn");
  REQUIRE(replace_atomically(real_files(), folder / "a", "new"));
  CHECK(folder.names() == Names{"a"});
}

TEST_CASE("What is in the way of the temporary file and stays there is named", "[file]") {
  const TempFolder folder;
  const std::string temporary = folder / "a.tmp-" + std::to_string(::getpid());
  std::filesystem::create_directory(temporary);
  const IoResult<void> replaced = replace_atomically(real_files(), folder / "a", "new");
  REQUIRE_FALSE(replaced);
  CHECK(to_string(replaced.error()) == "unlink '" + temporary + "': Is a directory");
}

TEST_CASE("whichever call fails, a file is replaced whole or not at all", "[file]") {
  const TempFolder folder;
  FaultyFileSystem disk;
  disk.shorten_writes(2);
  for (int n = 1;; ++n) {
    CAPTURE(n);
    write_file(folder / "a", "old content");
    disk.fail_call(n, ENOSPC);
    const IoResult<void> replaced = replace_atomically(disk, folder / "a", "new content");

    if (!disk.has_failed()) break;
    CHECK(folder.names() == Names{"a"});
    if (replaced) {
      CHECK(content_of(folder / "a") == "new content");  // only closing the folder failed
    } else if (replaced.error().path == folder.path()) {
      CHECK(content_of(folder / "a") == "new content");  // in place, but not yet for certain
    } else {
      CHECK(content_of(folder / "a") == "old content");
      CHECK(replaced.error().errno_value == ENOSPC);
    }
  }
}

TEST_CASE("a temporary file that cannot be removed is named in the error", "[file]") {
  const TempFolder folder;
  FaultyFileSystem disk;
  for (int n = 1;; ++n) {
    CAPTURE(n);
    write_file(folder / "a", "old");
    disk.fail_from_call(n, EIO);
    const IoResult<void> replaced = replace_atomically(disk, folder / "a", "new");

    if (!disk.has_failed()) break;
    for (const std::string& name : folder.names()) {
      if (name == "a") continue;
      REQUIRE_FALSE(replaced);
      CHECK(replaced.error().left_behind == folder / name);
      CHECK(::unlink((folder / name).c_str()) == 0);
    }
  }
}

TEST_CASE("a file system need not know how to sync a part, but a disk that fails at it is told",
          "[file]") {
  const TempFolder folder;
  FaultyFileSystem disk;
  IoResult<File> file = File::create(disk, folder / "a");
  REQUIRE(file);
  for (const int unable : {EINVAL, ENOSYS, ESPIPE}) {
    disk.fail_call(1, unable);
    CHECK(file->sync_range(0, 4096));
    CHECK(disk.has_failed());
  }
  disk.fail_call(1, EIO);
  const IoResult<void> synced = file->sync_range(0, 4096);
  REQUIRE_FALSE(synced);
  CHECK(to_string(synced.error()) == "sync '" + (folder / "a") + "': Input/output error");
}

TEST_CASE("a pattern finds the names that match it, sorted", "[file]") {
  const TempFolder folder;
  for (const char* name : {"b.conf", "a.conf", "c.txt"})
    write_file(folder / name, "");
  CHECK(matching_paths(folder / "*.conf") == Names{folder / "a.conf", folder / "b.conf"});
  CHECK(matching_paths(folder / "*.none").empty());
}

TEST_CASE("a relative path is seen from the working directory", "[file]") {
  CHECK(absolute_path("/a/./b/../c") == "/a/c");
  CHECK(absolute_path("x.conf") == absolute_path(".") + "/x.conf");
  CHECK(absolute_path("/") == "/");
}
