// weir-bench: measures Weir beside a peer, scenario by scenario.
#include <algorithm>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>

#include "tests/bench/failure.h"
#include "tests/bench/machine.h"
#include "tests/bench/report.h"
#include "tests/bench/runner.h"

namespace weir::bench {
namespace {

constexpr size_t kMostClients = 12'000;
constexpr size_t kServersOwnFiles = 100;

constexpr const char* kUsage =
    "usage: weir-bench --server PATH --peer PATH [--only NAME[,NAME...]] [--json FILE]\n"
    "                  [--rounds 7] [--seconds 0.4] [--warmup 0.15] [--mib 256] | --list\n";

struct CommandLine {
  std::string server;
  std::string peer;
  std::string only;
  std::string json;
  Timing timing;
  bool list = false;
};

double positive(const std::string& option, const std::string& text) {
  size_t used = 0;
  double value = 0;
  try {
    value = std::stod(text, &used);
  } catch (const std::logic_error&) {
    used = 0;
  }
  if (used == 0 || used != text.size() || value <= 0) {
    throw Failure(option + " wants a number above 0, not \"" + text + "\"");
  }
  return value;
}

CommandLine read_command_line(int argc, char** argv) {
  CommandLine line;
  for (int i = 1; i < argc; ++i) {
    const std::string option = argv[i];
    if (option == "--list") {
      line.list = true;
      continue;
    }
    if (i + 1 == argc) throw Failure(option + " wants a value\n" + kUsage);
    const std::string value = argv[++i];
    if (option == "--server") {
      line.server = value;
    } else if (option == "--peer") {
      line.peer = value;
    } else if (option == "--only") {
      line.only = value;
    } else if (option == "--json") {
      line.json = value;
    } else if (option == "--rounds") {
      line.timing.rounds = std::max<size_t>(1, static_cast<size_t>(positive(option, value)));
    } else if (option == "--seconds") {
      line.timing.seconds = positive(option, value);
    } else if (option == "--mib") {
      line.timing.megabytes = std::max<size_t>(1, static_cast<size_t>(positive(option, value)));
    } else if (option == "--warmup") {
      line.timing.warmup = positive(option, value);
    } else {
      throw Failure("unknown option " + option + "\n" + kUsage);
    }
  }
  if (!line.list && (line.server.empty() || line.peer.empty())) throw Failure(kUsage);
  for (const std::string& program : {line.server, line.peer}) {
    if (!line.list && !std::filesystem::exists(program)) {
      throw Failure("there is no server at " + program);
    }
  }
  return line;
}

/// Whether a name of the command line means the scenario; "log-costs" means all of "log-…".
bool is_meant(const std::string& name, const Scenario& scenario) {
  constexpr std::string_view kAll = "costs";
  if (name.ends_with("-costs") &&
      scenario.name.starts_with(name.substr(0, name.size() - kAll.size()))) {
    return true;
  }
  return scenario.name == name;
}

/// Those named in `only`, in the table's order; all when it is empty.
std::vector<Scenario> chosen_scenarios(const std::string& only) {
  std::vector<Scenario> all = all_scenarios();
  if (only.empty()) return all;
  std::vector<Scenario> chosen;
  std::string rest = only + ",";
  std::vector<std::string> names;
  for (size_t comma = 0; (comma = rest.find(',')) != std::string::npos; rest.erase(0, comma + 1)) {
    if (comma > 0) names.push_back(rest.substr(0, comma));
  }
  for (const std::string& name : names) {
    const auto is_it = [&](const Scenario& scenario) { return is_meant(name, scenario); };
    if (std::none_of(all.begin(), all.end(), is_it)) {
      throw Failure("unknown scenario " + name + "; --list names them all");
    }
  }
  std::copy_if(all.begin(), all.end(), std::back_inserter(chosen), [&](const Scenario& scenario) {
    return std::any_of(names.begin(), names.end(),
                       [&](const std::string& name) { return is_meant(name, scenario); });
  });
  return chosen;
}

std::string today() {
  const std::time_t now = std::time(nullptr);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M", std::localtime(&now));
  return text;
}

void run_all(const std::vector<Scenario>& scenarios,
             const std::array<ServerOptions, kSides>& options, Report& report) {
  for (const Scenario& scenario : scenarios) {
    std::cerr << "[" << report.scenarios.size() + 1 << "/" << scenarios.size() << "] "
              << scenario.name << " ..." << std::flush;
    const uint64_t started_ns = now_ns();
    report.scenarios.push_back(run_scenario(scenario, options, report.timing));
    const ScenarioResult& result = report.scenarios.back();
    std::cerr << " " << (now_ns() - started_ns) / 1'000'000 << " ms"
              << (result.error.empty() ? "" : ": " + result.error) << "\n";
  }
}

/// True when every scenario has its numbers, inside of their bounds.
bool run(const CommandLine& line) {
  const std::vector<Scenario> scenarios = chosen_scenarios(line.only);
  catch_signals();
  const size_t files = raise_file_limit();
  const Cores cores = take_cores();
  if (cores.server < 0) std::cerr << "one core only: nothing is pinned, the numbers are worse\n";

  Report report;
  report.programs = {line.server, line.peer};
  report.machine = describe_machine();
  report.date = today();
  report.timing = line.timing;
  std::array<ServerOptions, kSides> options;
  for (const Side side : {kWeir, kPeer}) {
    options[side] = {.program = std::filesystem::absolute(report.programs[side]),
                     .core = cores.server,
                     .max_clients = std::min(kMostClients, files - kServersOwnFiles),
                     .allows_debug = true};
    ServerProcess server(options[side]);
    report.versions[side] = version_of(server);
  }

  bool interrupted = false;
  try {
    run_all(scenarios, options, report);
  } catch (const Interrupted&) {
    std::cerr << "\ninterrupted: the table is not complete\n";
    interrupted = true;
  }
  print_table(report, std::cout);
  if (!line.json.empty()) {
    std::ofstream json(line.json);
    print_json(report, json);
    if (!json.flush()) throw Failure("could not write " + line.json);
  }
  return !interrupted && std::all_of(report.scenarios.begin(), report.scenarios.end(),
                                     [](const ScenarioResult& result) { return result.is_well(); });
}

}  // namespace
}  // namespace weir::bench

int main(int argc, char** argv) {
  using namespace weir::bench;
  try {
    const CommandLine line = read_command_line(argc, argv);
    if (!line.list) return run(line) ? 0 : 1;
    for (const Scenario& scenario : all_scenarios()) {
      std::cout << scenario.name << std::string(30 - scenario.name.size(), ' ') << scenario.op
                << "\n";
    }
    return 0;
  } catch (const std::runtime_error& error) {
    std::cerr << "weir-bench: " << error.what() << "\n";
    return 1;
  }
}
