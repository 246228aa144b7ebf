// --check-aof --truncate-to-timestamp: what was written later is cut off, as redis-check-aof does.
#include <filesystem>
#include <map>
#include <sstream>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/support/child_process.h"
#include "tests/support/command_text.h"
#include "tests/support/info_fields.h"
#include "tests/support/temp_folder.h"
#include "tests/support/test_server.h"
#include "tests/support/text_file.h"

namespace weir::testing {
namespace {

namespace fs = std::filesystem;

constexpr const char* kCheckLog = "/usr/bin/redis-check-aof";
constexpr const char* kOption = "--truncate-to-timestamp";

using Files = std::map<std::string, std::string>;

/// A file of a log: "@100" is a line with the time, other words are commands; "|" separates.
std::string file_of(const std::string& text) {
  std::string bytes;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('|', at), text.size());
    const std::string part = text.substr(at, end - at);
    if (part.starts_with('@')) {
      bytes += "#TS:" + part.substr(1) + "\r\n";
    } else if (part.starts_with('~')) {
      bytes += part.substr(1);  // as it is
    } else {
      bytes += commands(part);
    }
    at = end + 1;
  }
  return bytes;
}

Files with_manifest(Files files) {
  std::string manifest = "file base seq 1 type b\n";
  for (int i = 1; files.contains("incr" + std::to_string(i)); ++i)
    manifest += "file incr" + std::to_string(i) + " seq " + std::to_string(i) + " type i\n";
  files["log"] = manifest;
  return files;
}

/// What a check says, and what it leaves.
struct Outcome {
  int exit_code = 0;
  std::string out;
  Files left;
};

/// Without what redis-check-aof tells of the place of an error, and how it counts lines: not those
/// that begin with '#'.
std::string comparable(const std::string& out) {
  std::string text;
  std::istringstream lines(out);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("0x")) continue;
    if (line.find(" Then re-run") != std::string::npos) line.resize(line.find(" Then re-run"));
    const size_t from = line.find("ok_up_to_line=");
    if (from != std::string::npos) line.erase(from, line.find(',', from) - from);
    text += line + "\n";
  }
  return text;
}

/// ours: or theirs.
Outcome outcome(bool is_ours, const Files& files, const std::vector<std::string>& options) {
  const TempFolder folder;
  for (const auto& [name, bytes] : files)
    write_text(folder / name, bytes);
  std::vector<std::string> arguments = options;
  if (is_ours) arguments.insert(arguments.begin(), "--check-aof");
  arguments.push_back(folder / "log");
  Finished finished = run_to_end(is_ours ? server_binary() : kCheckLog, arguments);
  const std::string where = folder.path();
  for (size_t at = 0; (at = finished.out.find(where)) != std::string::npos;)
    finished.out.replace(at, where.size(), "");
  Outcome outcome{finished.exit_code, finished.out, {}};
  for (const auto& [name, bytes] : files)
    outcome.left[name] = read_text(folder / name);
  return outcome;
}

void check_same(const Files& files, const std::vector<std::string>& options) {
  const Outcome ours = outcome(true, files, options);
  const Outcome theirs = outcome(false, files, options);
  CHECK(ours.exit_code == theirs.exit_code);
  CHECK(comparable(ours.out) == comparable(theirs.out));
  CHECK(ours.left == theirs.left);
}

const std::string kPlain =
    "SELECT 0|@100|XADD s 1-0 f v|XADD s 2-0 f v|@101|XADD s 3-0 f v|@105|XADD s 4-0 f v";

}  // namespace

TEST_CASE("A file of commands is cut where the time is over, as redis-check-aof cuts it",
          "[check][aof]") {
  for (const std::string& text :
       {kPlain, kPlain + "|~*3\r\n$4\r\nXA", std::string("SELECT 0|XADD s 1-0 f v"),
        std::string("@100|SELECT 0|XADD s 1-0 f v|@101|@105|XADD s 2-0 f v"),
        std::string("XADD s 1-0 f v|@105|XADD s 2-0 f v|@101|XADD s 3-0 f v"),
        std::string("@100|XADD s 1-0 f v|@105"), std::string("~#hello\r\n|@105|XADD s 1-0 f v"),
        std::string("XADD s 1-0 f v|~#hello\r\n|@105|XADD s 2-0 f v"),
        std::string("@100|XADD s 1-0 f v|~garbage\r\n|@105|XADD s 2-0 f v"),
        std::string("@100|XADD s 1-0 f v|@105|XADD s 2-0 f v|~garbage\r\n"),
        std::string("@100|XADD s 1-0 f v|@10x|XADD s 2-0 f v"),
        std::string("@100|XADD s 1-0 f v|~#TS:102\n|XADD s 2-0 f v"), std::string()}) {
    for (const char* const second : {"-1", "0", "99", "100", "101", "104", "105", "106"}) {
      CAPTURE(text, second);
      check_same({{"log", file_of(text)}}, {kOption, second});
    }
  }
}

TEST_CASE("Of a log of several files the last one alone is cut, as redis-check-aof does",
          "[check][aof]") {
  const std::string base = file_of("@90|SELECT 0|XADD s 1-0 f v");
  const std::string first = file_of("SELECT 0|@100|XADD s 2-0 f v|@102|XADD s 3-0 f v");
  const std::string second = file_of("@104|SELECT 0|XADD s 4-0 f v|@106|XADD s 5-0 f v");
  for (const Files& files :
       {Files{{"base", base}}, Files{{"base", base}, {"incr1", first}},
        Files{{"base", base}, {"incr1", first}, {"incr2", second}},
        Files{{"base", base}, {"incr1", first}, {"incr2", ""}},
        Files{{"base", base}, {"incr1", first + "*3\r\n"}, {"incr2", second}},
        Files{{"base", base}, {"incr1", first}, {"incr2", second + "*3\r\n"}}}) {
    for (const char* const moment : {"80", "91", "101", "103", "105", "107"}) {
      CAPTURE(files, moment);
      check_same(with_manifest(files), {kOption, moment});
    }
  }
}

TEST_CASE("A transaction that lasts beyond the moment is cut off as a whole", "[check][aof]") {
  const std::string before = file_of("@100|XADD s 1-0 f v");
  const std::string text =
      before + file_of("MULTI|XADD s 2-0 f v|@103|XADD s 3-0 f v|EXEC|@104|XADD s 4-0 f v");
  const Outcome cut = outcome(true, {{"log", text}}, {kOption, "102"});
  CHECK(cut.exit_code == 0);
  CHECK(cut.left.at("log") == before);
  CHECK(outcome(true, cut.left, {}).exit_code == 0);
  const Outcome later = outcome(true, {{"log", text}}, {kOption, "103"});
  CHECK(text.starts_with(later.left.at("log")));
  CHECK(later.left.at("log").ends_with("EXEC\r\n"));
}

TEST_CASE("A moment is a number, and nothing is repaired with it", "[check][aof]") {
  const Files files{{"log", file_of(kPlain)}};
  for (const char* const second : {"abc", "101x", "99999999999999999999", ""}) {
    CAPTURE(second);
    const Outcome wrong = outcome(true, files, {kOption, second});
    CHECK(wrong.exit_code == 1);
    CHECK(wrong.out == "Invalid timestamp, aborting...\n");
    CHECK(wrong.left == files);
  }
  for (const std::vector<std::string>& options :
       {std::vector<std::string>{kOption}, {"--fix", kOption, "101"}, {kOption, "101", "--fix"}}) {
    const Outcome wrong = outcome(true, files, options);
    CHECK(wrong.exit_code == 1);
    CHECK(wrong.out.starts_with("Usage: "));
    CHECK(wrong.left == files);
  }
}

TEST_CASE("A log of ours goes back to what it was at a moment, and is whole", "[check][aof]") {
  const char* const policy = GENERATE("everysec", "always");  // with filler
  TestServer server(
      {"--appendonly", "yes", "--aof-timestamp-enabled", "yes", "--appendfsync", policy});
  Redis redis = server.connect();
  const auto second_of = [&] { return std::stoll(redis("TIME").text.substr(2, 10)); };
  redis("XADD", "s", "1-0", "f", "v");
  const int64_t moment = second_of();
  REQUIRE(wait_until([&] { return second_of() > moment; }));
  redis("XADD", "s", "2-0", "f", "v");
  redis("MULTI");
  redis("XADD", "s", "3-0", "f", "v");
  redis("XADD", "s", "4-0", "f", "v");
  redis("EXEC");
  REQUIRE(becomes(redis, "aof_buffer_length", "0"));
  server.crash_now();
  const std::string manifest = server.folder() + "/appendonlydir/appendonly.aof.manifest";
  const auto check = [&](const std::vector<std::string>& options) {
    std::vector<std::string> arguments{"--check-aof"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    arguments.push_back(manifest);
    return run_to_end(server_binary(), arguments);
  };
  const Finished cut = check({kOption, std::to_string(moment)});
  CAPTURE(cut.out);
  CHECK(cut.exit_code == 0);
  CHECK(cut.out.find("Successfully truncated AOF appendonly.aof.1.incr.aof to timestamp ") !=
        std::string::npos);
  CHECK(check({}).exit_code == 0);
  CHECK(run_to_end(kCheckLog, {manifest}).exit_code == 0);
  server.start_again();
  Redis again = server.connect();
  CHECK(again("XRANGE", "s", "-", "+") == R"([["1-0",["f","v"]]])");
}

}  // namespace weir::testing
