// Starting on logs of other servers, whole and damaged: tests/golden/aof, whose README has the
// notation.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>

#include <catch2/catch.hpp>

#include "persistence/aof_marks.h"
#include "tests/support/temp_folder.h"
#include "tests/support/test_server.h"
#include "tests/support/text_file.h"

namespace weir::testing {
namespace {

namespace fs = std::filesystem;

/// What expected.txt says.
struct Expected {
  std::vector<std::string> options;
  bool starts = false;
  std::vector<std::string> log;
  std::map<std::string, std::string> files;  // path, bytes
  std::vector<std::string> dialogue;
};

Expected read_expected(const fs::path& path) {
  Expected expected;
  std::ifstream text(path);
  for (std::string line; std::getline(text, line);) {
    const std::string rest = line.substr(std::min(line.size(), line.find(' ') + 1));
    if (line.starts_with("option ")) {
      expected.options.push_back(rest.substr(0, rest.find(' ')));
      expected.options.push_back(rest.substr(rest.find(' ') + 1));
    } else if (line.starts_with("log ")) {
      expected.log.push_back(rest);
    } else if (line.starts_with("file ")) {
      expected.files[rest.substr(rest.find(' ') + 1)] = rest.substr(0, rest.find(' '));
    } else if (line == "starts") {
      expected.starts = true;
    } else if (line[0] == '?' || line[0] == '=' || line[0] == '~') {
      expected.dialogue.push_back(line);
    }
  }
  return expected;
}

void check_log(const std::string& log, const std::vector<std::string>& lines) {
  size_t from = 0;
  for (const std::string& line : lines) {
    CAPTURE(line, log);
    const size_t at = log.find(line, from);
    CHECK(at != std::string::npos);
    if (at != std::string::npos) from = at + line.size();
  }
}

/// Of what Redis would have in it: a new file of ours begins with our mark.
std::string size_without_mark(const fs::directory_entry& file) {
  constexpr uintmax_t kMostMarkBytes = 40;
  const bool is_mark =
      file.file_size() < kMostMarkBytes && read_text(file.path()).starts_with(aof::kOwnMark);
  return is_mark ? "0" : std::to_string(file.file_size());
}

void check_files(const fs::path& folder, const std::map<std::string, std::string>& expected) {
  std::map<std::string, std::string> found;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const std::string path = fs::relative(entry.path(), folder).string();
    if (entry.is_regular_file() && path.starts_with("appendonly"))
      found[path] = size_without_mark(entry);
  }
  CHECK(found == expected);
}

void check_dialogue(Redis& redis, const std::vector<std::string>& lines) {
  std::string reply;
  for (const std::string& line : lines) {
    CAPTURE(line, reply);
    const std::string text = line.substr(2);
    if (line[0] == '?') {
      std::istringstream words(text);
      redis.send_words({std::istream_iterator<std::string>(words), {}});
      reply = redis.read().text;
    } else if (line[0] == '=') {
      CHECK(reply == text);
    } else {
      CHECK(reply.find(text) != std::string::npos);
    }
  }
}

}  // namespace

TEST_CASE("Logs of Redis are loaded, cut or refused as Redis does it", "[aof][golden]") {
  size_t cases = 0;
  for (const auto& entry : fs::directory_iterator(WEIR_SOURCE_DIR "/tests/golden/aof")) {
    if (!entry.is_directory()) continue;
    ++cases;
    CAPTURE(entry.path().filename().string());
    const Expected expected = read_expected(entry.path() / "expected.txt");
    const TempFolder folder;
    fs::copy(entry.path(), folder.path(), fs::copy_options::recursive);
    fs::remove(folder / "expected.txt");
    std::vector<std::string> options{"--dir", folder.path(), "--appendonly", "yes"};
    options.insert(options.end(), expected.options.begin(), expected.options.end());
    if (expected.starts) {
      TestServer server(options);
      Redis redis = server.connect();
      check_dialogue(redis, expected.dialogue);
      check_log(server.log(), expected.log);
      check_files(folder.path(), expected.files);
    } else {
      options.insert(options.end(),
                     {"--port", "0", "--unixsocket", folder / "s.sock", "--save", ""});
      const Finished finished = run_server_to_end(options);
      CHECK(finished.exit_code == 1);
      check_log(finished.out + finished.err, expected.log);
      check_files(folder.path(), expected.files);
    }
  }
  CHECK(cases == 28);
}

TEST_CASE("A log with commands for other types is loaded without them when told so",
          "[aof][golden]") {
  TestServer server({"--appendonly", "yes", "--aof-load-other-types", "skip"});
  const std::string path = server.folder() + "/appendonlydir/appendonly.aof.1.incr.aof";
  server.crash_now();
  write_text(path,
             "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n"
             "*5\r\n$4\r\nXADD\r\n$1\r\ns\r\n$3\r\n1-0\r\n$1\r\nf\r\n$1\r\nv\r\n"
             "*1\r\n$5\r\nMULTI\r\n*3\r\n$8\r\nJSON.SET\r\n$1\r\nk\r\n$1\r\nv\r\n"
             "*1\r\n$4\r\nEXEC\r\n");
  server.start_again();
  CHECK(server.connect()("XLEN", "s") == 1);
  CHECK(server.has_logged("for other types than streams: 2\n"));
  server.crash_now();

  const Finished refused = run_server_to_end({"--dir", server.folder(), "--appendonly", "yes",
                                              "--port", "0", "--unixsocket", server.socket_path()});
  CHECK(refused.exit_code == 1);
  CHECK(refused.out.find("Unknown command 'SET' reading the append only file "
                         "appendonly.aof.1.incr.aof, offset 0 (Weir has streams only;") !=
        std::string::npos);
  write_text(path, "*2\r\n$4\r\nSETX\r\n$1\r\nk\r\n");
  const Finished unknown =
      run_server_to_end({"--dir", server.folder(), "--appendonly", "yes", "--port", "0",
                         "--unixsocket", server.socket_path(), "--aof-load-other-types", "skip"});
  CHECK(unknown.exit_code == 1);
}

TEST_CASE("A single file of an older server is taken over where no manifest names another log",
          "[aof]") {
  const std::string old_file = WEIR_SOURCE_DIR "/tests/golden/aof/23-oldstyle-plain/appendonly.aof";
  const struct {
    const char* manifest;  // null: there is none
    bool starts;
    bool is_taken;
  } cases[] = {
      {nullptr, true, true},
      {"", false, false},  // Redis stops at it, too: a manifest is never written empty
      {"# nothing\n", true, true},
      {"file appendonly.aof seq 1 type b\n", true, true},
      {"file appendonly.aof seq 1 type b\nfile x seq 1 type h\n", true, true},
      {"file x seq 1 type h\n", true, true},
      {"file other seq 1 type b\n", false, false},
      {"file appendonly.aof seq 1 type b\nfile appendonly.aof.1.incr.aof seq 1 type i\n", false,
       false},
  };
  for (const auto& one : cases) {
    const std::string manifest = one.manifest == nullptr ? "no manifest" : one.manifest;
    CAPTURE(manifest);
    const TempFolder folder;
    fs::create_directory(folder / "appendonlydir");
    fs::copy(old_file, folder / "appendonly.aof");
    if (one.manifest != nullptr)
      write_text(folder / "appendonlydir/appendonly.aof.manifest", one.manifest);
    const std::vector<std::string> options{"--dir", folder.path(), "--appendonly", "yes"};
    if (one.starts) {
      TestServer server(options);
      CHECK(server.connect()("XLEN", "s") == 2);
    } else {
      auto to_end = options;
      to_end.insert(to_end.end(), {"--port", "0", "--unixsocket", folder / "s.sock"});
      CHECK(run_server_to_end(to_end).exit_code == 1);
    }
    CHECK(fs::exists(folder / "appendonly.aof") != one.is_taken);
    CHECK(fs::exists(folder / "appendonlydir/appendonly.aof") == one.is_taken);
  }
}

}  // namespace weir::testing
