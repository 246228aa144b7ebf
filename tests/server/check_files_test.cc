// --check-rdb and --check-aof: verdicts on the files of tests/golden, and what --fix does.
#include <filesystem>
#include <fstream>
#include <map>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/support/child_process.h"
#include "tests/support/temp_folder.h"
#include "tests/support/test_server.h"
#include "tests/support/text_file.h"

namespace weir::testing {
namespace {

namespace fs = std::filesystem;

const std::string kGolden = WEIR_SOURCE_DIR "/tests/golden/";
const std::string kManifest = "/appendonlydir/appendonly.aof.manifest";
const std::string kIncrement = "/appendonlydir/appendonly.aof.2.incr.aof";

Finished check(const std::string& what, const std::string& path) {
  return run_to_end(server_binary(), {what, path});
}

/// With an answer to what it asks.
Finished fix(const std::string& path, const std::string& answer) {
  return run_to_end("/bin/sh",
                    {"-c", "printf '" + answer + "\\n' | \"$0\" --check-aof --fix \"$1\"",
                     server_binary(), path});
}

/// A copy of a case, to be changed.
std::string copy_of(const std::string& name, const TempFolder& folder) {
  fs::copy(kGolden + "aof/" + name, folder.path(), fs::copy_options::recursive);
  return folder.path();
}

void check_says(const Finished& finished, int exit_code, const std::string& line) {
  CAPTURE(finished.out, finished.err, line);
  CHECK(finished.exit_code == exit_code);
  CHECK(finished.out.find(line) != std::string::npos);
}

}  // namespace

TEST_CASE("A snapshot passes --check-rdb where redis-check-rdb passes it", "[check][rdb]") {
  for (const auto& entry : fs::directory_iterator(kGolden + "rdb")) {
    if (entry.path().extension() != ".rdb") continue;
    CAPTURE(entry.path());
    const auto known =
        nlohmann::json::parse(read_text(fs::path(entry.path()).replace_extension("json").string()));
    const auto verdict = known.value("redis-7.0.15", nlohmann::json::object());
    const bool is_broken = verdict.contains("check-rdb") && verdict["check-rdb"]["exit"] != 0;
    check_says(check("--check-rdb", entry.path()), is_broken ? 1 : 0,
               is_broken ? "--- RDB ERROR DETECTED ---" : "\\o/ RDB looks OK! \\o/");
  }
}

TEST_CASE("What redis-check-rdb finds damaged does --check-rdb, with its place and its key",
          "[check][rdb]") {
  size_t broken = 0;
  for (const auto& entry : fs::directory_iterator(kGolden + "rdb/corrupt")) {
    if (entry.path().extension() != ".rdb") continue;
    CAPTURE(entry.path());
    const auto known =
        nlohmann::json::parse(read_text(fs::path(entry.path()).replace_extension("json").string()));
    const Finished finished = check("--check-rdb", entry.path());
    if (known.value("7.0.15 redis-check-rdb exit", 0) == 0) continue;  // Weir looks more closely
    ++broken;
    check_says(finished, 1, "[additional info] While doing: ");
    check_says(finished, 1, "[offset ");
  }
  CHECK(broken > 20);
}

TEST_CASE("Keys of other types are whole to --check-rdb, and counted", "[check][rdb]") {
  const Finished finished = check("--check-rdb", kGolden + "rdb/10-othertypes.rdb");
  check_says(finished, 0, "[info] 15 keys read\n[info] 3 expires\n");
  check_says(finished, 0,
             "keys are no streams: Weir loads the file with rdb-load-other-types skip");
}

TEST_CASE("A log passes --check-aof where redis-check-aof passes it, or says why not",
          "[check][aof]") {
  const std::map<std::string, std::string> broken{
      {"05-truncated-tail", "size=780, ok_up_to=767, ok_up_to_line=164, diff=13"},
      {"06-truncated-tail-refused", "size=780, ok_up_to=767, ok_up_to_line=164, diff=13"},
      {"07-truncated-in-multi", "Reached EOF before reading EXEC for MULTI"},
      {"08-multi-without-exec", "size=399, ok_up_to=266, "},
      {"09-bad-format", "AOF appendonly.aof.2.incr.aof format error"},
      {"11-truncated-not-last", "AOF appendonly.aof.2.incr.aof is not valid. Use the --fix option"},
      {"13-missing-incr", "No such file or directory, aborting..."},
      {"16-manifest-path", "File can't be a path, just a filename"},
      {"17-manifest-nonmono", "Found a non-monotonic sequence number"},
      {"18-manifest-nonl", "The AOF manifest file contains too long line"},
      {"19-manifest-type", ">>> 'file appendonly.aof.2.base.rdb seq 2 type z'"},
      {"20-manifest-dupbase", "Found duplicate base file information"}};
  size_t cases = 0;
  for (const auto& entry : fs::directory_iterator(kGolden + "aof")) {
    if (!entry.is_directory()) continue;
    ++cases;
    const std::string name = entry.path().filename();
    CAPTURE(name);
    const bool is_old = !fs::exists(entry.path().string() + kManifest);
    const Finished finished =
        check("--check-aof", entry.path().string() + (is_old ? "/appendonly.aof" : kManifest));
    const auto why = broken.find(name);
    if (why != broken.end()) {
      check_says(finished, 1, why->second);
    } else {
      CAPTURE(finished.out);
      CHECK(finished.exit_code == 0);
    }
  }
  CHECK(cases == 28);
}

TEST_CASE("A torn end is cut off by --fix when told so, and then the log is valid",
          "[check][aof]") {
  for (const char* const name : {"05-truncated-tail", "07-truncated-in-multi", "09-bad-format"}) {
    CAPTURE(name);
    const TempFolder folder;
    const std::string manifest = copy_of(name, folder) + kManifest;
    const auto before = fs::file_size(folder.path() + kIncrement);
    check_says(fix(manifest, "n"), 1, "Aborting...");
    CHECK(fs::file_size(folder.path() + kIncrement) == before);
    check_says(fix(manifest, "y"), 0, "Successfully truncated AOF appendonly.aof.2.incr.aof");
    CHECK(fs::file_size(folder.path() + kIncrement) < before);
    check_says(check("--check-aof", manifest), 0, "All AOF files and manifest are valid");
  }
}

TEST_CASE("What is no file at all is named by --check-aof", "[check][aof]") {
  const TempFolder folder;
  const std::string manifest = copy_of("02-base-incr", folder) + kManifest;
  std::string increment;
  for (const auto& entry : fs::directory_iterator(folder.path() + "/appendonlydir")) {
    const std::string path = entry.path();
    if (path.ends_with(".incr.aof")) increment = path;
  }
  fs::remove(increment);
  fs::create_directory(increment);
  check_says(check("--check-aof", manifest), 1, "Is a directory");
  check_says(check("--check-aof", folder.path()), 1, "Is a directory");
}

TEST_CASE("No file that another one follows is cut by --fix", "[check][aof]") {
  const TempFolder folder;
  const std::string manifest = copy_of("11-truncated-not-last", folder) + kManifest;
  check_says(fix(manifest, "y"), 1,
             "Failed to truncate AOF appendonly.aof.2.incr.aof because it is not the last file");
  CHECK(fs::file_size(folder.path() + kIncrement) == 780);
}

TEST_CASE("Damage to what had been on disk is named with its place, and --fix leaves it alone",
          "[check][aof]") {
  TestServer server({"--appendonly", "yes", "--appendfsync", "always"});
  Redis redis = server.connect();
  for (int i = 1; i <= 100; ++i)
    redis("XADD", "s", std::to_string(i) + "-0", "field", "a value to be damaged");
  server.crash_now();
  const std::string manifest = server.folder() + kManifest;
  const std::string path = server.folder() + "/appendonlydir/appendonly.aof.1.incr.aof";
  check_says(check("--check-aof", manifest), 0, "All AOF files and manifest are valid");

  const size_t at = read_text(path).find("to be damaged", 3000);
  std::fstream(path, std::ios::in | std::ios::out).seekp(static_cast<std::streamoff>(at)) << 'X';
  const auto before = fs::file_size(path);
  check_says(fix(manifest, "y"), 1, "AOF appendonly.aof.1.incr.aof is damaged at offset ");
  CHECK(fs::file_size(path) == before);
}

TEST_CASE("A transaction in a transaction, and an end without one, are named", "[check][aof]") {
  const std::string multi = "*1\r\n$5\r\nMULTI\r\n";
  const std::string exec = "*1\r\n$4\r\nexec\r\n";
  const TempFolder folder;
  const std::string path = folder.path() + "/log.aof";
  for (const auto& [text, why] : {std::pair{multi + multi, "Unexpected MULTI"},
                                  std::pair{multi + exec + exec, "Unexpected EXEC"}}) {
    write_text(path, text);
    check_says(check("--check-aof", path), 1, why);
  }
}

TEST_CASE("Checking what is not there, or nothing, is an error", "[check]") {
  check_says(check("--check-rdb", "/nonexistent"), 1, "Cannot open file /nonexistent");
  check_says(check("--check-aof", "/nonexistent"), 1, "Cannot open file /nonexistent");
  check_says(run_to_end(server_binary(), {"--check-aof"}), 1, "Usage:");
  check_says(run_to_end(server_binary(), {"--check-rdb"}), 1, "Usage:");
}

}  // namespace weir::testing
