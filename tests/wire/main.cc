// Plays recorded dialogues against a server and compares what it says.
//
// usage: wire_tests (--server PATH | --port N) [--case TEXT] [--verbose]
//                   [--left-out FILE | --left-out none] FILE...
//
//   --server PATH   starts this server on a free port, with an empty data set
//   --port N        uses the server that runs on this port of 127.0.0.1, and flushes it
//   --case TEXT     plays only cases whose title contains TEXT
//   --verbose       names every case, and why it was left out
//   --left-out      another list of cases to leave out than tests/wire/left_out.txt
//
// WEIR_WIRE_QUIET_MS (60): how long nothing must come before "(blocked)" is believed.
// The exit code is 0 when nothing failed.
#include <cstdlib>
#include <iostream>
#include <stdexcept>
#include <string>

#include "tests/wire/runner.h"

namespace {

using weir::wire::Options;

constexpr char kFolder[] = WEIR_SOURCE_DIR "/tests/wire/";

Options read_options(int argc, char** argv) {
  Options options;
  options.left_out_file = std::string(kFolder) + "left_out.txt";
  options.redis_commands_file = std::string(kFolder) + "redis_commands.txt";
  options.timing.reply = weir::testing::reply_patience();
  if (const char* quiet = std::getenv("WEIR_WIRE_QUIET_MS")) {
    options.timing.quiet = weir::testing::Milliseconds(std::stoi(quiet));
  }
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    const auto value = [&]() -> std::string {
      if (++i >= argc) throw std::runtime_error(argument + " needs a value");
      return argv[i];
    };
    if (argument == "--server") {
      options.server = value();
    } else if (argument == "--port") {
      options.port = std::stoi(value());
    } else if (argument == "--case") {
      options.case_filter = value();
    } else if (argument == "--verbose") {
      options.verbose = true;
    } else if (argument == "--left-out") {
      options.left_out_file = value();
      if (options.left_out_file == "none") options.left_out_file.clear();
    } else if (argument.starts_with("--")) {
      throw std::runtime_error("unknown option " + argument);
    } else {
      options.files.push_back(argument);
    }
  }
  if (options.server.empty() == (options.port == 0)) {
    throw std::runtime_error("either --server PATH or --port N");
  }
  if (options.files.empty()) throw std::runtime_error("no file to play");
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const weir::wire::Tally tally = weir::wire::Runner(read_options(argc, argv), std::cout).run();
    std::cout << "wire: " << tally.passed << " passed, " << tally.failed << " failed, "
              << tally.left_out << " left out\n";
    return tally.failed == 0 ? 0 : 1;
  } catch (const std::exception& error) {
    std::cerr << "wire_tests: " << error.what() << '\n';
    return 2;
  }
}
