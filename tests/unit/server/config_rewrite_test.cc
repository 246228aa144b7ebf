#include "server/config_rewrite.h"

#include <cerrno>
#include <fstream>

#include <catch2/catch.hpp>
#include <sys/stat.h>

#include "server/config.h"
#include "server/config_options.h"
#include "tests/support/faulty_file.h"
#include "tests/support/temp_folder.h"

using namespace weir;
using weir::testing::FaultyFileSystem;
using weir::testing::TempFolder;

namespace {

// The text that CONFIG REWRITE makes of `file` when `changes`, configuration text too, came into
// force after it was read.
std::string rewritten(std::string_view file, std::string_view changes) {
  config::ConfigValues values;
  REQUIRE_FALSE(config::read_text(file, "file", real_files(), values));
  if (changes.find("save ") != changes.npos) values.settings.save.clear();
  REQUIRE_FALSE(config::read_text(changes, "changes", real_files(), values));
  return config::rewritten_text(file, values);
}

std::string mark() {
  return std::string(config::kGeneratedMark) + '\n';
}

struct Server {
  TempFolder folder;
  std::string path = folder / "redis.conf";
  FaultyFileSystem disk;

  Config start(std::string_view text) {
    std::ofstream(path) << text;
    return Config::from_command_line(std::vector{path}, nullptr, disk).value();
  }
  std::string text() const { return read_all(real_files(), path).value(); }
};

std::string dir_line() {
  return "dir \"" + absolute_path(".") + "\"\n";
}

}  // namespace

TEST_CASE("a file that says what is in force stays as it is, byte for byte", "[config_rewrite]") {
  const std::string file =
      "# mine\n\n  PORT   7 \n\tslave-priority 5\nmaxmemory 100mb\nsave 900 1 300 10\nsave 60 5\n"
      "client-output-buffer-limit pubsub 1mb 1mb 10\n\n# end\n";
  CHECK(rewritten(file, "") == file);
}

TEST_CASE("a changed option is changed in its line", "[config_rewrite]") {
  CHECK(rewritten("# a\nport 7\n# b\nhz 20\n", "port 8") == "# a\nport 8\n# b\nhz 20\n");
  CHECK(rewritten("slave-priority 5\n", "replica-priority 6") == "replica-priority 6\n");
}

TEST_CASE("an option that is back at its default says so in the line that its author wrote",
          "[config_rewrite]") {
  CHECK(rewritten("hz 20\n", "hz 10") == "hz 10\n");
}

TEST_CASE("an option without a line is added below the mark, unless it has its default",
          "[config_rewrite]") {
  CHECK(rewritten("port 7\n", "hz 20\ntimeout 0") == "port 7\n\n" + mark() + "hz 20\n");
  CHECK(rewritten("port 7\n\n" + mark() + "hz 20\n", "timeout 5") ==
        "port 7\n\n" + mark() + "hz 20\ntimeout 5\n");
}

TEST_CASE("a generated line goes when its option is back at its default", "[config_rewrite]") {
  CHECK(rewritten("port 7\n\n" + mark() + "hz 20\ntimeout 5\n", "hz 10") ==
        "port 7\n\n" + mark() + "timeout 5\n");
}

TEST_CASE("a generated line stays though it says the default, where every option has one",
          "[config_rewrite]") {
  const std::string all =
      config::rewritten_text(mark(), config::ConfigValues(), config::Rewrite::kAll);
  CHECK(all.find("\nport 6379\n") != std::string::npos);
  CHECK(config::rewritten_text(all, config::ConfigValues(), config::Rewrite::kAll) == all);
  CHECK(config::rewritten_text(all, config::ConfigValues()) == mark());
}

TEST_CASE("of several lines for one value, the first gets it", "[config_rewrite]") {
  CHECK(rewritten("port 7\nhz 20\nport 8\n", "port 9") == "port 9\nhz 20\n");
}

TEST_CASE("save points are written one in a line, where the first one stood", "[config_rewrite]") {
  CHECK(rewritten("save 900 1 300 10\nport 7\nsave 60 5\n", "save 1 2\nsave 3 4") ==
        "save 1 2\nsave 3 4\nport 7\n");
  CHECK(rewritten("save 900 1\n", "save \"\"") == "save \"\"\n");
}

TEST_CASE("buffer limits are written for all classes, in the largest unit", "[config_rewrite]") {
  CHECK(rewritten("client-output-buffer-limit pubsub 1mb 1mb 10\n",
                  "client-output-buffer-limit normal 3gb 1500 5") ==
        "client-output-buffer-limit normal 3gb 1500 5\n"
        "client-output-buffer-limit replica 256mb 64mb 60\n"
        "client-output-buffer-limit pubsub 1mb 1mb 10\n");
}

TEST_CASE("text is written in quotes, memory in the largest unit, the rest as CONFIG GET shows it",
          "[config_rewrite]") {
  CHECK(rewritten("", "requirepass 'a \"b\"'") == mark() + "requirepass \"a \\\"b\\\"\"\n");
  CHECK(rewritten("", "maxmemory 2147483648") == mark() + "maxmemory 2gb\n");
  CHECK(rewritten("", "bind ''") == mark() + "bind \"\"\n");
  CHECK(rewritten("", "bind 1.2.3.4 ::1") == mark() + "bind 1.2.3.4 ::1\n");
  CHECK(rewritten("", "maxmemory-clients 5%") == mark() + "maxmemory-clients 5%\n");
  CHECK(rewritten("", "unixsocketperm 700") == mark() + "unixsocketperm 700\n");
  CHECK(rewritten("", "shutdown-on-sigterm now save") == mark() + "shutdown-on-sigterm save now\n");
  CHECK(rewritten("", "oom-score-adj-values 1 2 3") == mark() + "oom-score-adj-values 1 2 3\n");
}

TEST_CASE("comments, includes and lines that CONFIG does not know are kept", "[config_rewrite]") {
  const std::string text = "include *.none\nlist-max-ziplist-entries 5\n#port 9\n";
  CHECK(rewritten(text + "port 7\n", "port 8") == text + "port 8\n");
  // A line that was broken after the start.
  CHECK(config::rewritten_text("port \"7\nnonsense\n", {}) == "port \"7\nnonsense\n");
}

TEST_CASE("a file without a newline at its end gets one", "[config_rewrite]") {
  CHECK(rewritten("port 7", "hz 20") == "port 7\n\n" + mark() + "hz 20\n");
}

TEST_CASE("what was written reads back as what was in force", "[config_rewrite]") {
  Config config;
  const std::string text =
      "port 7\nsave 900 1 300 10\nbind a -b\nrequirepass \"\\x00 \\\"\"\nhz 20\n"
      "client-output-buffer-limit replica 1000 2k 3\nmaxmemory-clients 7%\nlogfile ''\n"
      "replica-announce-ip '10.0.0.1'\nlatency-tracking-info-percentiles ''\n"
      "shutdown-on-sigint nosave force\nunixsocketperm 660\nmaxmemory 1000k\n";
  config::ConfigValues values;
  REQUIRE_FALSE(config::read_text(text, "text", real_files(), values));
  config::ConfigValues read_back;
  REQUIRE_FALSE(
      config::read_text(config::rewritten_text("", values), "rewritten", real_files(), read_back));
  for (const auto& [name, option] : config::option_names()) {
    INFO(name);
    CHECK(config::print_option(*option, read_back) == config::print_option(*option, values));
  }
}

TEST_CASE("rewriting brings the file up to date and keeps its permissions", "[config_rewrite]") {
  Server server;
  Config config = server.start("port 7\n");
  REQUIRE(::chmod(server.path.c_str(), 0600) == 0);
  REQUIRE_FALSE(config.set(std::vector<Config::Assignment>{{"hz", "20"}}, Caller::kRemote));
  CHECK_FALSE(config.rewrite());

  // The working folder is always written, as Redis does: the next start may be elsewhere.
  CHECK(server.text() == "port 7\n\n" + mark() + dir_line() + "hz 20\n");
  struct stat status = {};
  REQUIRE(::stat(server.path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
}

TEST_CASE("a file that was removed is written anew", "[config_rewrite]") {
  Server server;
  Config config = server.start("port 7\n");
  REQUIRE(::unlink(server.path.c_str()) == 0);
  CHECK_FALSE(config.rewrite());
  CHECK(server.text() == mark() + "port 7\n" + dir_line());
}

TEST_CASE("a disk that fails leaves the old file, and the error says why", "[config_rewrite]") {
  Server server;
  Config config = server.start("port 7\n");
  for (int call : {1, 2, 6, 8, 9, 11}) {  // open, read; open, write, fsync, rename
    CAPTURE(call);
    server.disk.fail_call(call, ENOSPC);
    CHECK(config.rewrite() == "Rewriting config file: No space left on device");
    CHECK(server.text() == "port 7\n");
    CHECK(server.folder.names() == std::vector<std::string>{"redis.conf"});
  }
}

TEST_CASE("without a file there is nothing to rewrite", "[config_rewrite]") {
  CHECK(Config().rewrite() == "The server is running without a config file");
}

TEST_CASE("the users' lines in the file become the users there are", "[config_rewrite]") {
  config::ConfigValues values;
  values.settings.users = {{"al", "on", "~\"a"}, {"bob", "off", "(~a", "+ping)"}};
  CHECK(config::rewritten_text("# people\nuser eve on\nport 6379\nuser bob on\n", values) ==
        "# people\nuser al on \"~\\\"a\"\nuser bob off (~a +ping)\nport 6379\n");
  CHECK(config::rewritten_text("port 6379\n", values) ==
        "port 6379\n\n" + mark() + "user al on \"~\\\"a\"\nuser bob off (~a +ping)\n");
  CHECK(config::rewritten_text("rename-command xadd put\n", config::ConfigValues()) ==
        "rename-command xadd put\n");
}
