#include "server/config_file.h"

#include <array>
#include <fstream>
#include <map>
#include <set>

#include <catch2/catch.hpp>

#include "resp/inline_words.h"
#include "server/config.h"
#include "server/config_options.h"
#include "tests/support/temp_folder.h"

using namespace weir;
using weir::testing::TempFolder;

namespace {

// What reading the text as a configuration file complains about; "" if nothing.
std::string complaint(std::string_view text) {
  Config config;
  const auto error = config.parse(text, "test.conf");
  return error ? error->reason : "";
}

std::string value_after(std::string_view text, std::string_view option) {
  Config config;
  REQUIRE_FALSE(config.parse(text, "test.conf"));
  const auto found = config.get(std::array{option});
  REQUIRE(found.size() == 1);
  return found[0].second;
}

void write_file(const std::string& path, std::string_view text) {
  std::ofstream(path) << text;
}

std::string source_file(const std::string& name) {
  return std::string(WEIR_SOURCE_DIR) + '/' + name;
}

// The lines of the shipped file that set an option, or would without their "# ", by its name.
std::multimap<std::string_view, std::string> shown_lines() {
  std::multimap<std::string_view, std::string> shown;
  std::ifstream file(source_file("redis.conf"));
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("# ")) line.erase(0, 2);
    const auto words = resp::split_words(line);
    if (!words || words->empty() || !complaint(line).empty()) continue;
    const config::Option* option = config::find_option(words->front());
    if (option != nullptr) shown.emplace(option->name, line);
  }
  return shown;
}

tl::expected<Config, ConfigError> start(std::vector<std::string> arguments,
                                        const std::string& standard_input = "") {
  return Config::from_command_line(arguments, [&] { return standard_input; });
}

std::string command_line(std::vector<std::string> arguments) {
  return config::read_command_line(arguments).options;
}

}  // namespace

TEST_CASE("comments, blank lines and blanks around a line mean nothing", "[config_file]") {
  CHECK(value_after("# port 1\n\n \t port 7 \r\n  # port 2", "port") == "7");
  CHECK(value_after("", "port") == "6379");
}

TEST_CASE("the last line wins, whatever the case of the name", "[config_file]") {
  CHECK(value_after("port 1\nPORT 2\nPort 3", "port") == "3");
}

TEST_CASE("a value may be quoted", "[config_file]") {
  CHECK(value_after(R"(requirepass "two words\x21")", "requirepass") == "two words!");
  CHECK(value_after("logfile ''", "logfile").empty());
}

TEST_CASE("an old name is the same option", "[config_file]") {
  CHECK(value_after("slave-priority 7", "replica-priority") == "7");
  CHECK(value_after("hash-max-ziplist-value 1kb", "hash-max-listpack-value") == "1024");
}

TEST_CASE("save lines add up, and an empty one forgets those before it", "[config_file]") {
  CHECK(value_after("save 900 1\nsave 300 10 60 5", "save") == "900 1 300 10 60 5");
  CHECK(value_after("save 900 1\nsave \"\"\nsave 60 5", "save") == "60 5");
  CHECK(value_after("save \"900 1 300 10\"", "save") == "900 1 300 10");
}

TEST_CASE("a buffer limit line changes the classes that it names", "[config_file]") {
  CHECK(value_after("client-output-buffer-limit pubsub 1mb 2kb 3\n"
                    "client-output-buffer-limit replica 5 6 7",
                    "client-output-buffer-limit") ==
        "normal 0 0 0 slave 5 6 7 pubsub 1048576 2048 3");
}

TEST_CASE("a line that cannot be read is named with its number and reason", "[config_file]") {
  Config config;
  const auto error = config.parse("\n# fine\n  PORT   x y  \nhz 5", "a.conf");
  CHECK(error == ConfigError{.origin = "a.conf",
                             .line = 3,
                             .line_text = "PORT   x y",
                             .reason = "wrong number of arguments"});
  CHECK(fatal_config_text(*error, "8.8.0") ==
        "\n*** FATAL CONFIG FILE ERROR (Redis 8.8.0) ***\n"
        "Reading the configuration file, at line 3\n"
        ">>> 'PORT   x y'\n"
        "wrong number of arguments\n");
}

TEST_CASE("every kind of bad line has its reason", "[config_file]") {
  CHECK(complaint("nosuch 1") == "Bad directive or wrong number of arguments");
  CHECK(complaint("include") == "Bad directive or wrong number of arguments");
  CHECK(complaint("user") == "Bad directive or wrong number of arguments");
  CHECK(complaint("port") == "wrong number of arguments");
  CHECK(complaint("port 1 # one") == "wrong number of arguments");
  CHECK(complaint("save") == "wrong number of arguments");
  CHECK(complaint("port \"1") == "Unbalanced quotes in configuration line");
  CHECK(complaint("save '\"1 2'") == "Unbalanced quotes in configuration line");
  CHECK(complaint("port x") == "argument couldn't be parsed into an integer");
  CHECK(complaint("port 65536") == "argument must be between 0 and 65535 inclusive");
  CHECK(complaint("maxmemory 1tb") == "argument must be a memory value");
  CHECK(complaint("daemonize maybe") == "argument must be 'yes' or 'no'");
  CHECK(complaint("loglevel loud") ==
        "argument(s) must be one of the following: debug, verbose, notice, warning, nothing");
  CHECK(complaint("save 900") == "Invalid save parameters");
  CHECK(complaint("unixsocketperm 8") == "argument couldn't be parsed as an octal number");
  CHECK(complaint("unixsocketperm 1000") == "argument must be between 0 and 777 inclusive");
  CHECK(complaint("bind 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17") ==
        "Too many bind addresses specified.");
  for (const char* const line : {"bind 1 ''", "bind 1 '2 3'", R"(bind 1 "it's")"})
    CHECK(complaint(line) == "bind addresses can't be empty, or have blanks or quotes");
  CHECK(complaint("appendfilename ''") == "appendfilename can't be empty");
  CHECK(complaint("appendfilename a/b") == "appendfilename can't be a path, just a filename");
  CHECK(complaint("appenddirname ''") == "appenddirname can't be empty");
  CHECK(complaint("appenddirname a/b") == "appenddirname can't be a path, just a dirname");
  CHECK(complaint("compat-version 8.8") ==
        "compat-version must be three numbers with dots between, like 8.8.0");
}

TEST_CASE("what the server does not do is refused at the start, and off is accepted",
          "[config_file]") {
  CHECK(complaint("cluster-enabled yes") == "this server has no cluster mode");
  CHECK(complaint("loadmodule x.so") == "this server has no modules");
  CHECK(complaint("cluster-enabled no\nreplicaof no one\naclfile \"\"").empty());
}

TEST_CASE("a primary is named by host and port", "[config_file]") {
  CHECK(value_after("replicaof 10.0.0.1 6379", "replicaof") == "10.0.0.1 6379");
  CHECK(value_after("slaveof 10.0.0.1 6379", "replicaof") == "10.0.0.1 6379");
  CHECK(value_after("replicaof 10.0.0.1 6379\nreplicaof no one", "replicaof").empty());
  CHECK(complaint("replicaof 10.0.0.1 x") == "Invalid master port");
  CHECK(complaint("replicaof 10.0.0.1 65536") == "Invalid master port");
  CHECK(complaint("replicaof 10.0.0.1") == "wrong number of arguments");
}

TEST_CASE("the rules of a user are tried when their line is read", "[config_file]") {
  CHECK(complaint("user alice on >x ~* +@stream (~a +ping)\nuser bob off").empty());
  CHECK(complaint("user alice +nosuch") ==
        "Error in user declaration 'alice': Unknown command or category name in ACL ('+nosuch')");
  CHECK(complaint("user alice on\nuser alice off") ==
        "Error in user declaration 'alice': Duplicate user found. A user can only be defined once "
        "in config files");
  CHECK(complaint("user 'a b' on") ==
        "Error in user declaration 'a b': Usernames can't contain spaces or null characters");
  CHECK(complaint("user alice (~a").starts_with("Error in user declaration 'alice': Unmatched"));
}

TEST_CASE("rename-command takes a name that is there and gives one that is free", "[config_file]") {
  CHECK(complaint("rename-command FLUSHALL \"\"\nrename-command xadd put").empty());
  CHECK(
      complaint("rename-command xadd t\nrename-command xdel xadd\nrename-command t xdel").empty());
  CHECK(complaint("rename-command get x") == "No such command in rename-command");
  CHECK(complaint("rename-command xinfo|stream x") == "No such command in rename-command");
  CHECK(complaint("rename-command xadd XLEN") == "Target command name already exists");
  CHECK(complaint("rename-command xadd") == "Bad directive or wrong number of arguments");
}

TEST_CASE("an include is read in its place, a pattern stands for what it matches",
          "[config_file]") {
  const TempFolder folder;
  write_file(folder / "a.conf", "port 1\nhz 20\n");
  write_file(folder / "b.conf", "port 2\n");
  CHECK(value_after("port 9\ninclude " + (folder / "a.conf") + "\nhz 30", "port") == "1");
  CHECK(value_after("include " + (folder / "a.conf") + "\nhz 30", "hz") == "30");
  CHECK(value_after("include " + (folder / "*.conf"), "port") == "2");
  CHECK(value_after("include " + (folder / "*.none"), "port") == "6379");
}

TEST_CASE("an error in an included file has that file's line", "[config_file]") {
  const TempFolder folder;
  write_file(folder / "a.conf", "port 1\nnonsense\n");
  Config config;
  const auto error = config.parse("hz 1\nhz 2\ninclude " + (folder / "a.conf"), "main.conf");
  REQUIRE(error);
  CHECK(error->origin == folder / "a.conf");
  CHECK(error->line == 2);
}

TEST_CASE("a missing include is fatal", "[config_file]") {
  CHECK(complaint("include /nowhere/x.conf") ==
        "Fatal error, can't open config file '/nowhere/x.conf': No such file or directory");
}

TEST_CASE("a file that includes itself is refused", "[config_file]") {
  const TempFolder folder;
  write_file(folder / "a.conf", "include " + (folder / "a.conf") + "\n");
  CHECK(complaint("include " + (folder / "a.conf")) == "includes are nested too deeply");
}

TEST_CASE("includes go sixteen files deep and no deeper", "[config_file]") {
  const TempFolder folder;
  const auto path = [&](int number) { return folder / (std::to_string(number) + ".conf"); };
  for (int i = 1; i < config::kMaxIncludeDepth; ++i)
    write_file(path(i), "include " + path(i + 1) + "\n");
  write_file(path(config::kMaxIncludeDepth), "port 7\n");
  CHECK(value_after("include " + path(1), "port") == "7");
  write_file(path(config::kMaxIncludeDepth), "include " + path(config::kMaxIncludeDepth + 1));
  write_file(path(config::kMaxIncludeDepth + 1), "port 8\n");
  CHECK(complaint("include " + path(1)) == "includes are nested too deeply");
}

TEST_CASE("a file of more than 16 MiB keeps the server from starting", "[config_file]") {
  const TempFolder folder;
  const std::string path = folder / "a.conf";
  const std::string line = "port 7\n";
  write_file(path, std::string(config::kMaxFileBytes - line.size(), '\n') + line);
  REQUIRE(start({path}));
  CHECK(start({path})->values().port == 7);
  write_file(path, std::string(config::kMaxFileBytes - line.size() + 1, '\n') + line);
  REQUIRE_FALSE(start({path}));
  CHECK(fatal_config_text(start({path}).error(), "8.8.0") ==
        "Fatal error, can't open config file '" + path + "': File too large\n");
}

TEST_CASE("options of the command line become lines", "[config_file]") {
  CHECK(command_line({"--port", "7"}) == "port \"7\" ");
  CHECK(command_line({"--port 7"}) == "port 7 ");
  CHECK(command_line({"--bind", "a", "b", "--hz", "5"}) == "bind \"a\" \"b\" \nhz \"5\" ");
  CHECK(command_line({"--logfile", "a \"b\""}) == "logfile \"a \\\"b\\\"\" ");
}

TEST_CASE("two dashes begin an option only behind one that has a value", "[config_file]") {
  CHECK(command_line({"--requirepass", "--secret", "--hz", "5"}) ==
        "requirepass \"--secret\" \nhz \"5\" ");
}

TEST_CASE("The option --save without a value means no save points", "[config_file]") {
  CHECK(command_line({"--save"}) == "save \"\"");
  CHECK(command_line({"--save", "--port", "7"}) == "save \"\"\nport \"7\" ");
  CHECK(command_line({"--save", "900 1"}) == "save \"900 1\" ");
}

TEST_CASE("the first argument without a dash is the file", "[config_file]") {
  const auto line = config::read_command_line(std::vector<std::string>{"a.conf", "--hz", "5"});
  CHECK(line.file == "a.conf");
  CHECK_FALSE(line.reads_stdin);
}

TEST_CASE("a dash as first or last argument reads standard input", "[config_file]") {
  CHECK(start({"-"}, "port 7")->values().port == 7);
  CHECK(start({"-", "--hz", "20"}, "port 7\nhz 9")->values().hz == 20);
  CHECK(start({"--hz", "20", "-"}, "port 7")->values().port == 7);
}

TEST_CASE("options win over standard input, and that over the file", "[config_file]") {
  const TempFolder folder;
  write_file(folder / "a.conf", "port 1\nhz 1\ntimeout 1");
  const auto config = start({folder / "a.conf", "--port", "3", "-"}, "port 2\nhz 2");
  REQUIRE(config);
  CHECK(config->values().port == 3);
  CHECK(config->values().hz == 2);
  CHECK(config->values().timeout_s == 1);
  CHECK(config->file() == folder / "a.conf");
  CHECK(config->arguments() == std::vector<std::string>{folder / "a.conf", "--port", "3", "-"});
}

TEST_CASE("without arguments there are the defaults and no file", "[config_file]") {
  const auto config = start({});
  REQUIRE(config);
  CHECK(config->values().port == 6379);
  CHECK(config->file().empty());
}

TEST_CASE("a missing file is reported with its absolute path", "[config_file]") {
  const auto config = start({"nowhere/x.conf"});
  REQUIRE_FALSE(config);
  CHECK(fatal_config_text(config.error(), "8.8.0") == "Fatal error, can't open config file '" +
                                                          absolute_path("nowhere/x.conf") +
                                                          "': No such file or directory\n");
}

TEST_CASE("a bad option on the command line is a bad line", "[config_file]") {
  const auto config = start({"--hz", "5", "--loglevel", "loud"});
  REQUIRE_FALSE(config);
  CHECK(config.error().line == 2);
  CHECK(config.error().line_text == "loglevel \"loud\"");
}

TEST_CASE("a file with every kind of line loads", "[config_file]") {
  const auto config = start({source_file("tests/golden/config/mixed.conf")});
  REQUIRE(config);
  const Settings& settings = config->values();
  CHECK(settings.bind == std::vector<std::string>{"127.0.0.1", "-::1"});
  CHECK(settings.timeout_s == 30);
  CHECK(settings.maxmemory == 100U << 20);
  CHECK(settings.maxmemory_policy == MaxmemoryPolicy::kAllkeysLru);
  CHECK(settings.requirepass == "two words!");
  CHECK(settings.save == std::vector<SavePoint>{{900, 1}, {300, 10}, {60, 10000}});
  CHECK(settings.client_output_buffer_limit.pubsub == OutputLimit{1 << 20, 512 << 10, 30});
  CHECK(settings.client_output_buffer_limit.replica == OutputLimit{2UL << 30, 1UL << 30, 5});
  CHECK(settings.shutdown_on_sigterm == SignalShutdown{.nosave = true, .now = true});
  CHECK(settings.logfile == "it's.log");
}

TEST_CASE("the shipped file loads, and its values are the defaults except for bind and the log",
          "[config_file]") {
  const auto shipped = start({source_file("redis.conf")});
  REQUIRE(shipped);
  const Config defaults;
  for (const config::Option& option : config::effective_options()) {
    INFO(option.name);
    const std::array name{option.name};
    if (option.name == "bind") {
      CHECK(shipped->get(name)[0].second == "127.0.0.1 -::1");
    } else if (option.name == "appendonly") {
      CHECK(shipped->get(name)[0].second == "yes");
    } else {
      CHECK(shipped->get(name) == defaults.get(name));
    }
  }
}

TEST_CASE("the shipped file shows every option that has an effect, with its default",
          "[config_file]") {
  const auto shown = shown_lines();
  const std::set<std::string_view> examples = {"bind", "unixsocket", "pidfile", "aclfile",
                                               "appendonly"};
  for (const config::Option& option : config::effective_options()) {
    INFO(option.name);
    const auto [first, last] = shown.equal_range(option.name);
    CHECK(first != last);
    if (option.has(config::kFileOnly)) continue;  // a line has no default
    const std::string default_value = Config().get(std::array{option.name})[0].second;
    bool shows_default = examples.count(option.name) == 1;
    for (auto line = first; line != last; ++line) {
      shows_default = shows_default || value_after(line->second, option.name) == default_value;
    }
    CHECK(shows_default);
  }
}

TEST_CASE("the configuration file of a Debian package loads", "[config_file]") {
  const std::string path = "/etc/redis/redis.conf";
  if (!std::ifstream(path)) return;  // not installed, or not ours to read
  const auto config = start({path});
  CHECK((config ? "" : config.error().reason) == "");
}
