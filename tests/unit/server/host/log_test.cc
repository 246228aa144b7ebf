// What a line of the log looks like, which lines come, and where they go.
#include "server/host/log.h"

#include <cstdarg>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <regex>
#include <string>

#include <catch2/catch.hpp>
#include <syslog.h>
#include <unistd.h>

#include "tests/support/temp_folder.h"
#include "tests/support/text_file.h"

// In the place of the system's own, of which a test would have to read the files.
namespace {
std::string system_log;
}

extern "C" void openlog(const char* ident, int, int facility) {
  system_log = ident + std::string(facility == LOG_LOCAL3 ? " on local3" : " elsewhere");
}

extern "C" void syslog(int priority, const char* format, ...) {
  char text[100];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(text, sizeof(text), format, arguments);
  va_end(arguments);
  system_log += ", " + std::to_string(priority) + " " + text;
}

namespace weir::testing {
namespace {

namespace fs = std::filesystem;

Settings logging_to(const std::string& file, LogLevel level = LogLevel::kDebug) {
  Settings settings;
  settings.logfile = file;
  settings.loglevel = level;
  return settings;
}

void write_one_of_each(Log& log) {
  log.debug("d");
  log.verbose("v");
  log.notice("n");
  log.warning("w");
}

/// Level signs and texts of all lines: ".d -v ".
std::string lines_of(const std::string& file) {
  std::string shown;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);)
    shown += line.substr(line.size() - 3, 1) + line.substr(line.size() - 1) + " ";
  return shown;
}

TEST_CASE("A line has PID, role, local time, level and text", "[log]") {
  const TempFolder folder;
  Log log;
  REQUIRE(log.configure(logging_to(folder / "log")).empty());
  log.set_role(LogRole::kPrimary);
  log.notice("Ready to accept connections tcp");
  const std::regex form(
      std::to_string(::getpid()) +
      R"(:M \d\d (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d\d:\d\d:\d\d\.\d{3})"
      R"( \* Ready to accept connections tcp\n)");
  const std::string text = read_text(folder / "log");
  CAPTURE(text);
  CHECK(std::regex_match(text, form));
}

TEST_CASE("With syslog-enabled the system's log has every line, too, and its level", "[log]") {
  const TempFolder folder;
  Settings settings = logging_to(folder / "log", LogLevel::kVerbose);
  settings.syslog_enabled = true;
  settings.syslog_ident = "weir-test";
  settings.syslog_facility = LOG_LOCAL3;
  Log log;
  REQUIRE(log.configure(settings).empty());
  write_one_of_each(log);
  log.notice("%");
  CHECK(system_log == "weir-test on local3, 6 v, 5 n, 4 w, 5 %");
  CHECK(lines_of(folder / "log") == "-v *n #w *% ");
}

TEST_CASE("A level leaves out what is below it", "[log]") {
  const TempFolder folder;
  const auto shown_at = [&](LogLevel level) {
    const std::string file = folder / std::to_string(static_cast<int>(level));
    Log log;
    REQUIRE(log.configure(logging_to(file, level)).empty());
    write_one_of_each(log);
    return lines_of(file);
  };
  CHECK(shown_at(LogLevel::kDebug) == ".d -v *n #w ");
  CHECK(shown_at(LogLevel::kVerbose) == "-v *n #w ");
  CHECK(shown_at(LogLevel::kNotice) == "*n #w ");
  CHECK(shown_at(LogLevel::kWarning) == "#w ");
  CHECK(shown_at(LogLevel::kNothing).empty());
}

TEST_CASE("The level may change while the log is open", "[log]") {
  const TempFolder folder;
  Log log;
  REQUIRE(log.configure(logging_to(folder / "log", LogLevel::kWarning)).empty());
  CHECK_FALSE(log.has_level(LogLevel::kNotice));
  log.set_level(LogLevel::kVerbose);
  CHECK(log.has_level(LogLevel::kVerbose));
  CHECK_FALSE(log.has_level(LogLevel::kDebug));
  write_one_of_each(log);
  CHECK(lines_of(folder / "log") == "-v *n #w ");
}

TEST_CASE("A log goes on behind what the file already holds", "[log]") {
  const TempFolder folder;
  write_text(folder / "log", "before\n");
  Log log;
  REQUIRE(log.configure(logging_to(folder / "log")).empty());
  log.notice("after");
  const std::string text = read_text(folder / "log");
  CHECK(text.starts_with("before\n"));
  CHECK(text.ends_with(" * after\n"));
}

TEST_CASE("The next line after the file was moved away begins a new file", "[log]") {
  const TempFolder folder;
  Log log;
  REQUIRE(log.configure(logging_to(folder / "log")).empty());
  log.notice("1");
  fs::rename(folder / "log", folder / "log.1");
  log.notice("2");
  CHECK(lines_of(folder / "log.1") == "*1 ");
  CHECK(lines_of(folder / "log") == "*2 ");
}

TEST_CASE("A file that cannot be opened is named as the reason", "[log]") {
  const TempFolder folder;
  Log log;
  CHECK(log.configure(logging_to(folder.path())) == "Can't open the log file: Is a directory");
  CHECK(log.configure(logging_to(folder / "none/log")) ==
        "Can't open the log file: No such file or directory");
}

TEST_CASE("While the file cannot be opened lines are lost, and only those", "[log]") {
  const TempFolder folder;
  fs::create_directory(folder / "logs");
  Log log;
  REQUIRE(log.configure(logging_to(folder / "logs/log")).empty());
  fs::rename(folder / "logs", folder / "away");
  log.notice("1");
  fs::create_directory(folder / "logs");
  log.notice("2");
  CHECK(read_text(folder / "away/log").empty());
  CHECK(lines_of(folder / "logs/log") == "*2 ");
}

TEST_CASE("A line for a full disk is lost without waiting for room", "[log]") {
  const TempFolder folder;
  fs::create_symlink("/dev/full", folder / "log");
  Log log;
  REQUIRE(log.configure(logging_to(folder / "log")).empty());
  log.notice("1");
  fs::remove(folder / "log");
  log.notice("2");
  CHECK(lines_of(folder / "log") == "*2 ");
}

TEST_CASE("A line of a megabyte is written whole", "[log]") {
  const TempFolder folder;
  const std::string large(1 << 20, 'x');
  Log log;
  REQUIRE(log.configure(logging_to(folder / "log")).empty());
  log.notice(large);
  CHECK(read_text(folder / "log").ends_with(" * " + large + "\n"));
}

}  // namespace
}  // namespace weir::testing
