// --check-aof beside a disk that fails: what cannot be read is named, and is no end to cut off at.
#include "server/offline/check_log.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include <catch2/catch.hpp>

#include "persistence/aof_file.h"
#include "persistence/file.h"
#include "tests/support/contains.h"
#include "tests/support/faulty_file.h"
#include "tests/support/temp_folder.h"
#include "tests/support/text_file.h"

namespace weir::testing {
namespace {

namespace fs = std::filesystem;

const std::string kFolder = "/appendonlydir/";

const std::string kCommand = "*5\r\n$4\r\nXADD\r\n$1\r\ns\r\n$1\r\n*\r\n$1\r\nf\r\n$1\r\nv\r\n";

/// A log of two increments: the first with these bytes, which by the second were `told` many.
void write_log(const std::string& folder, const std::string& first, uint64_t told) {
  const std::string log = folder + kFolder;
  fs::create_directory(log);
  write_text(log + "1", first);
  AofFile second = std::move(*AofFile::create(real_files(), log + "2"));
  REQUIRE(second.mark(told));
  write_text(log + "appendonly.aof.manifest", "file 1 seq 1 type i\nfile 2 seq 2 type i\n");
}

struct Checked {
  int exit_code;
  std::string said;
};

/// With --fix, and "y" to what is asked.
Checked fix(FileSystem& files, const std::string& folder) {
  char yes[] = "y\n";
  char* text = nullptr;
  size_t bytes = 0;
  std::FILE* const in = fmemopen(yes, 2, "r");
  std::FILE* const out = open_memstream(&text, &bytes);
  const LogCheck check{.path = folder + kFolder + "appendonly.aof.manifest", .is_fixing = true};
  Checked checked{.exit_code = answer_check_log(files, check, in, out), .said = {}};
  std::fclose(in);
  std::fclose(out);
  checked.said.assign(text, bytes);
  std::free(text);
  return checked;
}

}  // namespace

TEST_CASE("Every call that fails while a log is checked is told, and nothing is cut for it",
          "[check][aof][faults]") {
  struct Case {
    std::string name;
    std::string last;
    uintmax_t bytes_fixed;
  };
  for (const Case& known : {Case{"05-truncated-tail", "appendonly.aof.2.incr.aof", 767},
                            Case{"10-two-incr", "appendonly.aof.3.incr.aof", 0}}) {
    bool was_whole = false;
    bool was_told = false;
    for (int n = 1; n < 200 && !was_whole; ++n) {
      const TempFolder folder;
      fs::copy(WEIR_SOURCE_DIR "/tests/golden/aof/" + known.name, folder.path(),
               fs::copy_options::recursive);
      const std::string last = folder.path() + kFolder + known.last;
      const uintmax_t before = fs::file_size(last);
      const uintmax_t fixed = known.bytes_fixed > 0 ? known.bytes_fixed : before;
      FaultyFileSystem disk;
      disk.fail_call(n, EIO);
      const Checked checked = fix(disk, folder.path());
      was_whole = !disk.has_failed();
      CAPTURE(known.name, n, checked.said);
      const bool is_told = checked.said.find("Input/output error") != std::string::npos;
      was_told |= is_told;
      CHECK((checked.exit_code == 0 || is_told));
      if (checked.exit_code == 0) CHECK(fs::file_size(last) == fixed);
      CHECK((fs::file_size(last) == before || fs::file_size(last) == fixed));
    }
    CHECK(was_whole);
    CHECK(was_told);
  }
}

TEST_CASE("What is left behind the end that the next file tells is no damage", "[check][aof]") {
  const std::string rest = "*5\r\n$4\r\nXA";
  for (const bool is_known : {true, false}) {
    const TempFolder folder;
    const std::string first = kCommand + rest;
    write_log(folder.path(), first, is_known ? kCommand.size() : first.size() + 1);
    const Checked checked = fix(real_files(), folder.path());
    CAPTURE(is_known, checked.said);
    CHECK((checked.exit_code == 0) == is_known);
    CHECK(read_text(folder.path() + kFolder + "1") == first);
  }
}

TEST_CASE("A log that lacks an end is not valid since a call failed that would tell it",
          "[check][aof][faults]") {
  bool was_whole = false;
  for (int n = 1; n < 200 && !was_whole; ++n) {
    const TempFolder folder;
    write_log(folder.path(), kCommand, kCommand.size() + 1);
    FaultyFileSystem disk;
    disk.fail_call(n, EIO);
    const Checked checked = fix(disk, folder.path());
    was_whole = !disk.has_failed();
    CAPTURE(n, checked.said);
    CHECK(checked.exit_code != 0);
    CHECK(read_text(folder.path() + kFolder + "1") == kCommand);
  }
  CHECK(was_whole);
}

TEST_CASE("Damage is told where it is, although the next file cannot be read", "[check][aof]") {
  const TempFolder folder;
  const std::string first = kCommand + "nonsense\r\n";
  write_log(folder.path(), first, first.size());
  const std::string second = folder.path() + kFolder + "2";
  fs::remove(second);
  fs::create_directory(second);
  const Checked checked = fix(real_files(), folder.path());
  CAPTURE(checked.said);
  CHECK(checked.exit_code != 0);
  CHECK(contains(checked.said, "ok_up_to=" + std::to_string(kCommand.size())));
  CHECK_FALSE(contains(checked.said, "AOF 2:"));
  CHECK(read_text(folder.path() + kFolder + "1") == first);
}

}  // namespace weir::testing
