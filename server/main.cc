// Arguments, configuration file, then the server until it is asked to stop.
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include <sys/utsname.h>
#include <unistd.h>

#include "server/host/crash_report.h"
#include "server/host/memory.h"
#include "server/host/self_test.h"
#include "server/offline/check_log.h"
#include "server/offline/check_rdb.h"
#include "server/server.h"
#include "server/version.h"
#include "streams/decimal.h"

// One arena: one thread allocates.  Freed pages go back to the system after a second.
extern "C" {
extern const char* malloc_conf;
const char* malloc_conf =
    "narenas:1,tcache:true,max_background_threads:1,dirty_decay_ms:1000,muzzy_decay_ms:0";
}

namespace weir {
namespace {

constexpr std::string_view kUsage =
    "Usage: ./weir-server [/path/to/redis.conf] [options] [-]\n"
    "       ./weir-server - (read config from stdin)\n"
    "       ./weir-server -v or --version\n"
    "       ./weir-server -h or --help\n"
    "       ./weir-server --test-memory <megabytes>\n"
    "       ./weir-server --check-system\n"
    "       ./weir-server --check-rdb <rdb-file>\n"
    "       ./weir-server --check-aof [--fix|--truncate-to-timestamp $timestamp] "
    "<file.manifest|file.aof>\n\n"
    "Examples:\n"
    "       ./weir-server (run the server with default conf)\n"
    "       echo 'maxmemory 128mb' | ./weir-server -\n"
    "       ./weir-server /etc/weir/redis.conf\n"
    "       ./weir-server --port 7777\n"
    "       ./weir-server /etc/weir/redis.conf --loglevel verbose -\n";

std::string version_line() {
  return "Weir server v=" + Settings().compat_version + " weir=" + std::string(weir_version()) +
         " sha=00000000:0 malloc=" + std::string(allocator_name()) +
         " bits=64 build=0000000000000000";
}

int answer_memory_test(const std::vector<std::string>& arguments) {
  const long megabytes = arguments.size() == 2 ? std::strtol(arguments[1].c_str(), nullptr, 10) : 0;
  if (megabytes <= 0) {
    std::puts("Please specify the amount of memory to test in megabytes.");
    std::puts("Example: ./weir-server --test-memory 4096");
    return 1;
  }
  const bool passed = test_memory(static_cast<size_t>(megabytes));
  std::puts(passed ? "Your memory passed this test." : "Your memory failed this test.");
  return passed ? 0 : 1;
}

int answer_system_check() {
  const SystemReport report = check_system();
  std::fputs(report.text.c_str(), stdout);
  return report.is_fine ? 0 : 1;
}

constexpr int kBadUsage = 1;

int answer_snapshot_check(const std::vector<std::string>& arguments) {
  if (arguments.size() == 2) return answer_check_rdb(real_files(), arguments[1], stdout);
  std::puts("Usage: ./weir-server --check-rdb <rdb-file>");
  return kBadUsage;
}

int answer_log_check(const std::vector<std::string>& arguments) {
  LogCheck check{.path = arguments.back()};
  check.is_fixing = arguments.size() == 3 && arguments[1] == "--fix";
  const bool is_cutting = arguments.size() == 4 && arguments[1] == "--truncate-to-timestamp";
  if (!check.is_fixing && !is_cutting && arguments.size() != 2) {
    std::puts(
        "Usage: ./weir-server --check-aof [--fix|--truncate-to-timestamp $timestamp] "
        "<file.manifest|file.aof>");
    return kBadUsage;
  }
  if (is_cutting) {
    check.until_s = parse_canonical(arguments[2]);
    if (!check.until_s) {
      std::puts("Invalid timestamp, aborting...");
      return kBadUsage;
    }
    if (*check.until_s == 0) check.until_s.reset();  // as Redis has it: nothing is cut
  }
  return answer_check_log(real_files(), check, stdin, stdout);
}

/// Handles the arguments that are not configuration; -1 if there is none.
int answer_question(std::string_view program, const std::vector<std::string>& arguments) {
  // Redis looks for it everywhere, and the scripts that start a Sentinel put the file first.
  if (program.ends_with("-sentinel") ||
      std::find(arguments.begin(), arguments.end(), "--sentinel") != arguments.end()) {
    std::fputs("Weir is no Sentinel: use redis-sentinel to watch over it.\n", stderr);
    return 1;
  }
  if (arguments.empty()) return -1;
  const std::string& first = arguments.front();
  if (first == "-v" || first == "--version") {
    std::puts(version_line().c_str());
    return 0;
  }
  if (first == "-h" || first == "--help") {
    std::fputs(std::string(kUsage).c_str(), stderr);
    return 1;
  }
  if (first == "--test-memory") return answer_memory_test(arguments);
  if (first == "--check-system") return answer_system_check();
  if (first == "--check-rdb") return answer_snapshot_check(arguments);
  if (first == "--check-aof") return answer_log_check(arguments);
  return -1;
}

std::string read_stdin() {
  std::string text;
  char bytes[4096];
  while (const size_t got = std::fread(bytes, 1, sizeof(bytes), stdin))
    text.append(bytes, got);
  return text;
}

void log_banner(const Settings& settings, Log& log) {
  const std::string pid = std::to_string(getpid());
  const std::string port = std::to_string(settings.port != 0 ? settings.port : settings.tls_port);
  if (!settings.always_show_logo && !(settings.logfile.empty() && isatty(STDOUT_FILENO) != 0)) {
    log.notice("Running mode=standalone, port=" + port + ".");
    return;
  }
  log.notice(
      "\n"
      "        ~  ~~ ~   ~ ~~  ~  ~~ ~\n"
      "      ▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄     Weir " +
      std::string(weir_version()) + " (Redis " + settings.compat_version +
      " streams)\n"
      "      █  █  █  █  █  █  █  █  █ █     Running in standalone mode\n"
      "        ╲│  ╲│  ╲│  ╲│  ╲│  ╲│        Port: " +
      port +
      "\n"
      "      ───~────~────~────~───~────     PID: " +
      pid + "\n");
}

int fail(Log& log, const std::string& text) {
  log.warning(text);
  return 1;
}

/// Ends the process and leaves its memory to the system, which takes the pages back at once: to
/// free a large keyspace node by node takes seconds.  A sanitizer wants to see everything freed.
void exit_without_freeing() {
#ifndef WEIR_SANITIZE
  std::fflush(nullptr);
  _exit(0);
#endif
}

int serve(Config& config, int argument_count, char** arguments) {
  const Settings& settings = config.values();
  // First of all: a relative path of the log file, like every other, begins at `dir`.
  if (chdir(settings.dir.c_str()) != 0) {
    std::fprintf(stderr, "Can't chdir to '%s': %s\n", settings.dir.c_str(), std::strerror(errno));
    return 1;
  }
  Log log;
  const std::string log_error = log.configure(settings);
  if (!log_error.empty()) {
    std::fprintf(stderr, "%s\n", log_error.c_str());
    return 1;
  }
  if (settings.daemonize && !is_supervised_by_systemd(settings)) {
    if (const std::string why = go_to_background(); !why.empty()) log.warning(why);
  }
  log.notice("oO0OoO0OoO0Oo Weir is starting oO0OoO0OoO0Oo");
  log.notice("Redis version=" + settings.compat_version +
             ", bits=64, commit=00000000, modified=0, pid=" + std::to_string(getpid()) +
             ", just started");
  log.notice(config.file().empty() && config.arguments().empty()
                 ? "Warning: no config file specified, using the default config. In order to "
                   "specify a config file "
                   "use weir-server /path/to/redis.conf"
                 : "Configuration loaded");
  log.set_role(LogRole::kPrimary);
  const uint64_t possible_clients = raise_file_limit(settings.maxclients);
  if (possible_clients < settings.maxclients) {
    const std::string text = std::to_string(possible_clients);
    config.parse("maxclients " + text, "the limit of open files");
    log.warning("The limit of open files allows " + text +
                " clients; maxclients is lowered to that.");
  }
  set_process_title(argument_count, arguments, settings);
  log_banner(settings, log);

  Server server(config, log);
  install_signal_handlers(server.shutdown());
  if (settings.crash_log_enabled)
    install_crash_report(log, [&server] { return server.describe(); });
  const std::string why = server.open();
  if (why.empty()) server.run();
  remove_crash_report();
  if (!why.empty()) return fail(log, why);
  exit_without_freeing();
  return 0;
}

int run(int argument_count, char** arguments) {
  const std::vector<std::string> words(arguments + 1, arguments + argument_count);
  const int answer = answer_question(arguments[0], words);
  if (answer >= 0) return answer;
  tl::expected<Config, ConfigError> config = Config::from_command_line(words, read_stdin);
  if (!config) {
    std::fputs(fatal_config_text(config.error(), Settings().compat_version).c_str(), stderr);
    return 1;
  }
  return serve(*config, argument_count, arguments);
}

}  // namespace
}  // namespace weir

int main(int argument_count, char** arguments) {
  return weir::run(argument_count, arguments);
}
