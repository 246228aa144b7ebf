#include "server/config.h"

#include <catch2/catch.hpp>

#include "server/config_options.h"

using namespace weir;
using Pairs = std::vector<std::pair<std::string, std::string>>;

namespace {

Pairs get(const Config& config, std::vector<std::string_view> patterns) {
  return config.get(patterns);
}

std::string value_of(const Config& config, std::string_view option) {
  const Pairs found = get(config, {option});
  REQUIRE(found.size() == 1);
  return found[0].second;
}

// The error text of CONFIG SET; "OK" without one.
std::string set(Config& config, std::vector<Config::Assignment> assignments,
                Caller caller = Caller::kRemote) {
  return config.set(assignments, caller).value_or("OK");
}

// The reason why CONFIG SET of one option fails; "OK" if it does not.
std::string refusal(std::string_view option, std::string_view value) {
  Config config;
  const std::string text = set(config, {{option, value}});
  const std::string start =
      "CONFIG SET failed (possibly related to argument '" + std::string(option) + "') - ";
  return text.starts_with(start) ? text.substr(start.size()) : text;
}

// What CONFIG GET shows after CONFIG SET.
std::string after_set(std::string_view option, std::string_view value) {
  Config config;
  CHECK(set(config, {{option, value}}) == "OK");
  return value_of(config, option);
}

Config with(std::string_view text) {
  Config config;
  REQUIRE_FALSE(config.parse(text, "test"));
  return config;
}

}  // namespace

TEST_CASE("the defaults in the table are those of Settings", "[config]") {
  const config::ConfigValues fresh;
  for (const config::Option& option : config::effective_options()) {
    INFO(option.name);
    CHECK(config::print_option(option, fresh) == option.default_text);
    CHECK_FALSE(option.is_kept());
  }
}

TEST_CASE("every default is a value that its option accepts and shows the same way", "[config]") {
  for (const auto& [name, option] : config::option_names()) {
    if (option->has(config::kFileOnly) || name == "dir") continue;
    INFO(name);
    std::string line = std::string(name) + ' ';
    line += option->has(config::kManyWords) && !option->default_text.empty()
                ? std::string(option->default_text)
                : '"' + std::string(option->default_text) + '"';
    CHECK(value_of(with(line), name) == option->default_text);
  }
}

TEST_CASE("a name stands for one option only", "[config]") {
  size_t names = 0;
  for (const auto table : {config::effective_options(), config::kept_options()}) {
    for (const config::Option& option : table)
      names += option.alias.empty() ? 1 : 2;
  }
  CHECK(config::option_names().size() == names);
}

// --- CONFIG GET ---------------------------------------------------------------------------------

TEST_CASE("CONFIG GET of a name gives that option", "[config|get]") {
  CHECK(get(Config(), {"databases"}) == Pairs{{"databases", "16"}});
  CHECK(get(Config(), {"nosuch"}).empty());
}

TEST_CASE("CONFIG GET of a pattern gives what matches, sorted by name", "[config|get]") {
  CHECK(get(Config(), {"stream-*"}) == Pairs{{"stream-idmp-duration", "100"},
                                             {"stream-idmp-maxsize", "100"},
                                             {"stream-node-max-bytes", "4096"},
                                             {"stream-node-max-entries", "100"}});
  CHECK(get(Config(), {"maxmemor[xy]"}) == Pairs{{"maxmemory", "0"}});
  CHECK(get(Config(), {"*nosuch*"}).empty());
}

TEST_CASE("CONFIG GET shows an option under the name that was asked for", "[config|get]") {
  CHECK(get(Config(), {"slave-priority"}) == Pairs{{"slave-priority", "100"}});
  CHECK(get(Config(), {"TimeOut"}) == Pairs{{"TimeOut", "0"}});
  CHECK(get(Config(), {"*-priority"}) ==
        Pairs{{"replica-priority", "100"}, {"slave-priority", "100"}});
}

TEST_CASE("CONFIG GET gives each name once", "[config|get]") {
  CHECK(get(Config(), {"timeout", "TIMEOUT", "time*"}) == Pairs{{"timeout", "0"}});
}

TEST_CASE("CONFIG GET does not know lines that are no options", "[config|get]") {
  CHECK(get(Config(), {"user", "include", "rename-command", "loadmodule"}).empty());
}

TEST_CASE("CONFIG GET shows bytes as plain integers, and lists as one text", "[config|get]") {
  const Config config = with("maxmemory 1gb\nsave 900 1\nsave 60 5\nbind a -b\nhz 1000");
  CHECK(value_of(config, "maxmemory") == "1073741824");
  CHECK(value_of(config, "save") == "900 1 60 5");
  CHECK(value_of(config, "bind") == "a -b");
  CHECK(value_of(config, "hz") == "500");
  CHECK(value_of(config, "client-output-buffer-limit") ==
        "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60");
}

TEST_CASE("CONFIG GET dir gives an absolute path", "[config|get]") {
  CHECK(value_of(Config(), "dir") == absolute_path("."));
  CHECK(value_of(with("dir sub/../data"), "dir") == absolute_path("data"));
}

// --- CONFIG SET ---------------------------------------------------------------------------------

TEST_CASE("CONFIG SET changes the member that the server reads", "[config|set]") {
  Config config;
  const Settings& settings = config.values();
  CHECK(set(config, {{"stream-node-max-entries", "7"}, {"LOGLEVEL", "Debug"}}) == "OK");
  CHECK(settings.stream_node_max_entries == 7);
  CHECK(config->loglevel == LogLevel::kDebug);
}

TEST_CASE("CONFIG SET takes memory with units", "[config|set]") {
  CHECK(after_set("stream-node-max-bytes", "4kb") == "4096");
  CHECK(after_set("stream-node-max-bytes", "2k") == "2000");
  CHECK(after_set("maxmemory", "100MB") == "104857600");
  CHECK(after_set("maxmemory", "3b") == "3");
  CHECK(after_set("maxmemory", "1gb") == "1073741824");
  CHECK(after_set("maxmemory", "") == "0");
  CHECK(after_set("maxmemory", "kb") == "0");
  for (const char* bad : {"x", "-1", "5xb", "1.5gb", "+1", " 1"}) {
    INFO(bad);
    CHECK(refusal("maxmemory", bad) == "argument must be a memory value");
  }
}

TEST_CASE("CONFIG SET of more bytes than a number holds names what is allowed", "[config|set]") {
  for (const char* bad :
       {"9223372036854775808", "9999999999gb", "99999999999999999999", "17179869184gb"}) {
    INFO(bad);
    CHECK(refusal("repl-backlog-size", bad) ==
          "argument must be between 1 and 9223372036854775807 inclusive");
    CHECK(refusal("maxmemory", bad) ==
          "argument must be between 0 and 9223372036854775807 inclusive");
  }
  CHECK(after_set("repl-backlog-size", "9223372036854775807") == "9223372036854775807");
  CHECK(after_set("client-output-buffer-limit", "replica 99999999999999999999 0 0") ==
        "normal 0 0 0 slave 18446744073709551615 0 0 pubsub 33554432 8388608 60");
}

TEST_CASE("CONFIG SET takes integers as they would be printed", "[config|set]") {
  for (const char* bad : {"x", "1.5", "", " 5", "+5", "05", "0x10", "99999999999999999999"}) {
    INFO(bad);
    CHECK(refusal("timeout", bad) == "argument couldn't be parsed into an integer");
  }
}

TEST_CASE("CONFIG SET names the range that a value must have", "[config|set]") {
  CHECK(refusal("stream-node-max-entries", "-1") ==
        "argument must be between 0 and 9223372036854775807 inclusive");
  CHECK(refusal("stream-idmp-duration", "0") == "argument must be between 1 and 86400 inclusive");
  CHECK(refusal("stream-idmp-maxsize", "10001") ==
        "argument must be between 1 and 10000 inclusive");
  CHECK(refusal("client-query-buffer-limit", "10") ==
        "argument must be between 1048576 and 9223372036854775807 inclusive");
  CHECK(refusal("slowlog-log-slower-than", "-2") ==
        "argument must be between -1 and 9223372036854775807 inclusive");
}

TEST_CASE("CONFIG SET takes yes and no, and words of a list, in any case", "[config|set]") {
  CHECK(after_set("lazyfree-lazy-expire", "YES") == "yes");
  CHECK(refusal("lazyfree-lazy-expire", "maybe") == "argument must be 'yes' or 'no'");
  CHECK(after_set("maxmemory-policy", "ALLKEYS-LFU") == "allkeys-lfu");
  CHECK(refusal("maxmemory-policy", "foo") ==
        "argument(s) must be one of the following: volatile-lru, volatile-lfu, volatile-lrm, "
        "volatile-random, volatile-ttl, allkeys-lru, allkeys-lfu, allkeys-lrm, allkeys-random, "
        "noeviction");
}

TEST_CASE("A backlog is never smaller than 16 KiB", "[config|set]") {
  CHECK(after_set("repl-backlog-size", "1") == "16384");
  CHECK(after_set("repl-backlog-size", "20kb") == "20480");
}

TEST_CASE("CONFIG SET clamps hz", "[config|set]") {
  CHECK(after_set("hz", "1000") == "500");
  CHECK(after_set("hz", "0") == "1");
}

TEST_CASE("CONFIG SET save replaces all points", "[config|set]") {
  Config config = with("save 900 1");
  CHECK(set(config, {{"save", "300 10 60 5"}}) == "OK");
  CHECK(config->save == std::vector<SavePoint>{{300, 10}, {60, 5}});
  CHECK(set(config, {{"save", ""}}) == "OK");
  CHECK(config->save.empty());
  for (const char* bad : {"900", "900 x", "0 1", "900 -1"}) {
    INFO(bad);
    CHECK(refusal("save", bad) == "Invalid save parameters");
  }
}

TEST_CASE("CONFIG SET client-output-buffer-limit changes the classes that it names",
          "[config|set]") {
  constexpr const char* kName = "client-output-buffer-limit";
  CHECK(after_set(kName, "Replica 1mb 1 3 pubsub 1 2 3") ==
        "normal 0 0 0 slave 1048576 1 3 pubsub 1 2 3");
  CHECK(refusal(kName, "normal 1") == "Wrong number of arguments in buffer limit configuration.");
  CHECK(refusal(kName, "master 1 2 3") ==
        "Invalid client class specified in buffer limit configuration.");
  CHECK(refusal(kName, "normal 1mb 2kb -3") ==
        "Error in hard, soft or soft_seconds setting in buffer limit configuration.");
}

TEST_CASE("CONFIG SET maxmemory-clients takes bytes or a percentage", "[config|set]") {
  CHECK(after_set("maxmemory-clients", "5%") == "5%");
  CHECK(after_set("maxmemory-clients", "1mb") == "1048576");
  CHECK(after_set("maxmemory-clients", "9223372036854775807") == "9223372036854775807");
  CHECK(refusal("maxmemory-clients", "101%") == "percentage argument must be less or equal to 100");
  for (const char* bad : {"x", "%", "-5%", "-5", "9223372036854775808"}) {
    CHECK(refusal("maxmemory-clients", bad) == "argument must be a memory or percent value");
  }
}

TEST_CASE("CONFIG SET shutdown-on-sigterm takes words that go together", "[config|set]") {
  CHECK(after_set("shutdown-on-sigterm", "FORCE nosave now") == "nosave now force");
  CHECK(after_set("shutdown-on-sigterm", "default") == "default");
  CHECK(refusal("shutdown-on-sigterm", "save nosave") ==
        "shutdown options SAVE and NOSAVE can't be used simultaneously");
  for (const char* bad : {"", "save later"}) {
    CHECK(refusal("shutdown-on-sigterm", bad) ==
          "argument(s) must be one of the following: default, save, nosave, now, force");
  }
}

TEST_CASE("CONFIG SET checks what further rules a text has", "[config|set]") {
  CHECK(refusal("proc-title-template", "{title} {port}") == "OK");
  for (const char* bad : {"{foo}", "{title", "title}"}) {
    CHECK(refusal("proc-title-template", bad) ==
          "template format is invalid or contains unknown variables");
  }
  CHECK(refusal("oom-score-adj-values", "1 2") == "wrong number of arguments");
  CHECK(refusal("oom-score-adj-values", "1 2 3000") ==
        "Invalid oom-score-adj-values, elements must be between -2000 and 2000.");
  CHECK(after_set("latency-tracking-info-percentiles", "50.0 99.990") == "50 99.99");
  CHECK(after_set("latency-tracking-info-percentiles", "").empty());
  CHECK(refusal("latency-tracking-info-percentiles", "x") ==
        "Invalid latency-tracking-info-percentiles parameters");
  CHECK(refusal("latency-tracking-info-percentiles", "101") ==
        "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]");
}

TEST_CASE("CONFIG SET refuses what the server does not do", "[config|set]") {
  CHECK(refusal("cluster-enabled", "yes") == "can't set immutable config");
  CHECK(refusal("replicaof", "10.0.0.1 6379") == "can't set immutable config");
}

TEST_CASE("CONFIG SET of an option without effect is remembered", "[config|set]") {
  CHECK(after_set("slave-priority", "7") == "7");
  CHECK(after_set("activedefrag", "YES") == "yes");
  CHECK(after_set("hll-sparse-max-bytes", "4kb") == "4096");
  CHECK(refusal("active-defrag-cycle-min", "100") == "argument must be between 1 and 99 inclusive");
}

TEST_CASE("CONFIG SET of an unknown option", "[config|set]") {
  Config config;
  CHECK(set(config, {{"NoSuch", "1"}}) ==
        "Unknown option or number of arguments for CONFIG SET - 'NoSuch'");
  CHECK(set(config, {{"user", "alice on"}}) ==
        "Unknown option or number of arguments for CONFIG SET - 'user'");
}

TEST_CASE("CONFIG SET of an option that only a restart changes", "[config|set]") {
  Config config;
  CHECK(set(config, {{"DATABASES", "5"}}) ==
        "CONFIG SET failed (possibly related to argument 'DATABASES') - can't set immutable "
        "config");
}

TEST_CASE("CONFIG SET with the same option twice", "[config|set]") {
  Config config;
  CHECK(set(config, {{"timeout", "5"}, {"TIMEOUT", "6"}}) ==
        "CONFIG SET failed (possibly related to argument 'TIMEOUT') - duplicate parameter");
  CHECK(config->timeout_s == 0);
}

TEST_CASE("CONFIG SET reports the first option that cannot be set", "[config|set]") {
  Config config;
  CHECK(set(config, {{"port", "x"}, {"databases", "5"}, {"nosuch", "1"}}) ==
        "CONFIG SET failed (possibly related to argument 'databases') - can't set immutable "
        "config");
}

TEST_CASE("CONFIG SET is all or nothing", "[config|set]") {
  Config config;
  CHECK(set(config, {{"timeout", "8"}, {"STREAM-IDMP-MAXSIZE", "x"}}) ==
        "CONFIG SET failed (possibly related to argument 'stream-idmp-maxsize') - argument "
        "couldn't be parsed into an integer");
  CHECK(set(config, {{"timeout", "9"}, {"nosuch", "1"}}) ==
        "Unknown option or number of arguments for CONFIG SET - 'nosuch'");
  CHECK(config->timeout_s == 0);
}

TEST_CASE("CONFIG SET of a protected option depends on enable-protected-configs", "[config|set]") {
  const std::string refused =
      "CONFIG SET failed (possibly related to argument 'dbfilename') - can't set protected config";
  Config no;
  CHECK(set(no, {{"dbfilename", "x"}}, Caller::kLocal) == refused);
  Config yes = with("enable-protected-configs yes");
  CHECK(set(yes, {{"dbfilename", "x"}}, Caller::kRemote) == "OK");
  Config local = with("enable-protected-configs local");
  CHECK(set(local, {{"dbfilename", "x"}}, Caller::kRemote) == refused);
  CHECK(set(local, {{"dbfilename", "x"}}, Caller::kLocal) == "OK");
  CHECK(set(yes, {{"dbfilename", "a/b"}}) ==
        "CONFIG SET failed (possibly related to argument 'dbfilename') - dbfilename can't be a "
        "path, just a filename");
  CHECK(set(yes, {{"dir", ""}}) ==
        "CONFIG SET failed (possibly related to argument 'dir') - No such file or directory");
}

TEST_CASE("secrets are known by every name", "[config]") {
  CHECK(Config::is_secret("requirepass"));
  CHECK(Config::is_secret("MasterAuth"));
  CHECK_FALSE(Config::is_secret("port"));
  CHECK_FALSE(Config::is_secret("nosuch"));
}

// --- Appliers -----------------------------------------------------------------------------------

TEST_CASE("an applier sees the old and the new values", "[config|set]") {
  Config config;
  std::vector<std::pair<int, int>> ports;
  config.on_change({"port"}, [&](const Settings& before, Settings& after) {
    ports.emplace_back(before.port, after.port);
    CHECK(config->port == after.port);
    return std::nullopt;
  });
  CHECK(set(config, {{"port", "7"}, {"timeout", "1"}}) == "OK");
  CHECK(ports == std::vector<std::pair<int, int>>{{6379, 7}});
}

TEST_CASE("an applier is not called for a value that stays the same", "[config|set]") {
  Config config;
  config.on_change({"port"}, [](const Settings&, Settings&) -> std::optional<std::string> {
    FAIL("called");
    return std::nullopt;
  });
  CHECK(set(config, {{"port", "6379"}, {"timeout", "1"}}) == "OK");
}

TEST_CASE("an applier of several options is called once", "[config|set]") {
  Config config;
  int calls = 0;
  config.on_change({"bind", "port"}, [&](const Settings&, Settings&) {
    ++calls;
    return std::nullopt;
  });
  CHECK(set(config, {{"port", "7"}, {"bind", "::1"}}) == "OK");
  CHECK(calls == 1);
}

TEST_CASE("an applier may correct the new value", "[config|set]") {
  Config config;
  config.on_change({"maxclients"}, [](const Settings&, Settings& after) {
    after.maxclients = 100;
    return std::nullopt;
  });
  CHECK(set(config, {{"maxclients", "5000"}}) == "OK");
  CHECK(value_of(config, "maxclients") == "100");
}

TEST_CASE("when an applier refuses, everything is as it was", "[config|set]") {
  Config config;
  std::vector<int> timeouts;
  config.after_change({"timeout"}, [&](const Settings& now) { timeouts.push_back(now.timeout_s); });
  config.on_change({"bind", "port"}, [](const Settings&, Settings&) {
    return std::optional<std::string>("Failed to bind to specified addresses.");
  });
  CHECK(set(config, {{"timeout", "5"}, {"slave-priority", "1"}, {"PORT", "7"}}) ==
        "CONFIG SET failed (possibly related to argument 'port') - Failed to bind to specified "
        "addresses.");
  CHECK(timeouts == std::vector<int>{5, 0});
  CHECK(config->timeout_s == 0);
  CHECK(config->port == 6379);
  CHECK(value_of(config, "replica-priority") == "100");
}
