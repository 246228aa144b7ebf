#include "server/access/audit_log.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>

#include <catch2/catch.hpp>

#include "tests/support/faulty_file.h"
#include "tests/support/temp_folder.h"
#include "tests/support/text_file.h"

using namespace weir;
using weir::testing::FaultyFileSystem;
using weir::testing::read_text;
using weir::testing::TempFolder;

namespace {

constexpr int64_t kTime = 1'795'855'238'007;  // 2026-11-28T08:40:38.007Z

AuditRecord record(std::string user, int64_t unix_ms = kTime) {
  return {.unix_ms = unix_ms,
          .event = "auth",
          .client_id = 7,
          .address = "10.0.0.5:4711",
          .user = std::move(user),
          .command = "auth",
          .outcome = "ok"};
}

size_t lines_in(const std::string& path) {
  const std::string text = read_text(path);
  return static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

TEST_CASE("An audit line is one JSON object with the time in UTC", "[audit]") {
  AuditRecord denied = record("bob");
  denied.event = "denied";
  denied.command = "xdel";
  denied.keys = {"a", "b"};
  denied.arguments = {"x"};
  denied.outcome = "denied: key";
  denied.object = "b";
  CHECK(audit_line(denied) ==
        R"({"time":"2026-11-28T08:40:38.007Z","event":"denied","client":7,)"
        R"("addr":"10.0.0.5:4711","user":"bob","command":"xdel","args":["x"],"keys":["a","b"],)"
        R"("outcome":"denied: key","object":"b"})"
        "\n");
}

TEST_CASE("Bytes that JSON cannot hold are escaped, UTF-8 stays", "[audit]") {
  CHECK(json_string("a\"b\\c") == R"("a\"b\\c")");
  CHECK(json_string(std::string_view("\n\0\x7f", 3)) == R"("\u000a\u0000\u007f")");
  CHECK(json_string("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80") ==
        "\"gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80\"");
  CHECK(json_string("\xff\xc3") == R"("\u00ff\u00c3")");
  CHECK(json_string("\xc0\x80") == R"("\u00c0\u0080")");                      // overlong
  CHECK(json_string("\xed\xa0\x80") == R"("\u00ed\u00a0\u0080")");            // half of a pair
  CHECK(json_string("\xf4\x90\x80\x80") == R"("\u00f4\u0090\u0080\u0080")");  // above U+10FFFF
}

TEST_CASE("The audit log appends to a file that only its owner reads", "[audit]") {
  const TempFolder folder;
  const std::string path = folder / "audit.log";
  std::ofstream(path) << "before\n";
  std::filesystem::remove(path);
  AuditLog log;
  CHECK_FALSE(log.is_on());
  REQUIRE_FALSE(log.configure(path));
  REQUIRE_FALSE(log.write(record("bob")));
  REQUIRE_FALSE(log.configure(""));
  REQUIRE_FALSE(log.configure(path));
  REQUIRE_FALSE(log.write(record("al")));
  CHECK(read_text(path) == audit_line(record("bob")) + audit_line(record("al")));
  CHECK(std::filesystem::status(path).permissions() ==
        (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
}

TEST_CASE("A file that was rotated away is opened anew", "[audit]") {
  const TempFolder folder;
  const std::string path = folder / "audit.log";
  AuditLog log;
  REQUIRE_FALSE(log.configure(path));
  REQUIRE_FALSE(log.write(record("one")));
  std::filesystem::rename(path, path + ".1");
  REQUIRE_FALSE(log.write(record("two")));
  CHECK(read_text(path + ".1") == audit_line(record("one")));
  CHECK(read_text(path) == audit_line(record("two")));
}

TEST_CASE("A path that cannot be opened leaves the audit log as it was", "[audit]") {
  const TempFolder folder;
  AuditLog log;
  REQUIRE_FALSE(log.configure(folder / "audit.log"));
  CHECK(log.configure(folder / "missing/audit.log")->starts_with("Can't open the audit log: "));
  REQUIRE_FALSE(log.write(record("bob")));
  CHECK(lines_in(folder / "audit.log") == 1);
}

TEST_CASE("A full disk is told once a minute, and ends a torn line before the next", "[audit]") {
  const TempFolder folder;
  const std::string path = folder / "audit.log";
  FaultyFileSystem disk;
  AuditLog log(disk);
  REQUIRE_FALSE(log.configure(path));
  disk.shorten_writes(5);
  disk.fail_from_call(3, ENOSPC);  // stat, the first five bytes, and no more
  CHECK(log.write(record("a"))->find("No space left on device") != std::string::npos);
  CHECK_FALSE(log.write(record("b", kTime + 59'999)));
  CHECK(log.write(record("c", kTime + 60'000)));
  disk.fail_call(1000, ENOSPC);  // far away: the disk has room again
  disk.shorten_writes(0);
  CHECK_FALSE(log.write(record("d")));
  CHECK(read_text(path).ends_with("\n" + audit_line(record("d"))));
}

TEST_CASE("No fault of the disk makes the audit log stop for good", "[audit]") {
  for (int call = 1; call <= 6; ++call) {
    const TempFolder folder;
    FaultyFileSystem disk;
    AuditLog log(disk);
    REQUIRE_FALSE(log.configure(folder / "audit.log"));
    std::filesystem::remove(folder / "audit.log");
    disk.fail_call(call, EIO);
    static_cast<void>(log.write(record("lost")));
    REQUIRE_FALSE(log.write(record("kept")));
    CHECK(read_text(folder / "audit.log").ends_with(audit_line(record("kept"))));
  }
}
