#include "tests/wire/runner.h"

#include <algorithm>
#include <filesystem>
#include <stdexcept>
#include <utility>

namespace weir::wire {
namespace {

using resp::Reply;

/// How much of the log of a server that died is shown, in bytes.
constexpr size_t kMaxLastWords = 4000;

/// What was sent on the connection of a failed line before it.
const Step* request_before(const Case& recorded, int line) {
  int connection = 0;
  for (const Step& step : recorded.steps) {
    if (step.line == line) connection = step.connection;
  }
  const Step* request = nullptr;
  for (const Step& step : recorded.steps) {
    const bool sends = step.kind == Step::Kind::kSend || step.kind == Step::Kind::kBytes;
    if (step.line < line && step.connection == connection && sends) request = &step;
  }
  return request;
}

}  // namespace

Runner::Runner(Options options, std::ostream& out) : options_(std::move(options)), out_(out) {
  redis_commands_ = read_command_names(options_.redis_commands_file);
  if (!options_.left_out_file.empty()) list_ = read_left_out(options_.left_out_file);
  connect();
  ask_what_it_has();
}

/// A fresh server of our own, or a fresh connection to the one that was named.
void Runner::connect() {
  control_.reset();
  if (!options_.server.empty()) {
    const std::vector<std::string> settings = {"--enable-debug-command", "yes", "--save", "",
                                               "--appendonly",           "no"};
    server_.reset();
    server_ = std::make_unique<testing::TestServer>(settings, options_.server);
  }
  control_.emplace(server_ ? server_->port() : options_.port);
}

void Runner::ask_what_it_has() {
  const Reply reply = control_->ask({"COMMAND", "LIST"});
  if (reply.kind != Reply::Kind::kArray) {
    throw std::runtime_error("COMMAND LIST says " + show(reply) + ", and it must be a list");
  }
  for (const Reply& name : reply.elements)
    present_.insert(lower(name.text));
}

Tally Runner::run() {
  for (const std::string& file : options_.files)
    play(read_dialogue(file));
  for (const LeftOut& entry : list_) {
    const std::filesystem::path folder = std::filesystem::path(options_.files.at(0)).parent_path();
    if (!std::filesystem::exists(folder / (entry.file + ".txt"))) {
      report_stale(entry, "there is no such file", total_);
    }
  }
  return total_;
}

void Runner::play(const Dialogue& dialogue) {
  Tally tally;
  for (const Case& recorded : dialogue.cases) {
    if (is_chosen(recorded)) play_case(dialogue, recorded, tally);
  }
  check_list(dialogue, tally);
  out_ << dialogue.name << ": " << tally.passed << " passed, " << tally.failed << " failed, "
       << tally.left_out << " left out";
  const char* before = " (";
  for (const auto& [reason, count] : tally.reasons) {
    out_ << std::exchange(before, ", ") << count << ": " << reason;
  }
  out_ << (tally.reasons.empty() ? "" : ")") << std::endl;
  total_.passed += tally.passed;
  total_.failed += tally.failed;
  total_.left_out += tally.left_out;
}

void Runner::play_case(const Dialogue& dialogue, const Case& recorded, Tally& tally) {
  const std::string missing = missing_command(recorded);
  const LeftOut* entry = find_left_out(list_, dialogue.name, recorded.title);
  if (!missing.empty()) return leave_out(recorded, "no " + missing + " yet", tally);
  if (entry) return play_listed(dialogue, recorded, *entry, tally);

  if (const std::optional<Failure> failure = attempt(recorded)) {
    report(dialogue, recorded, *failure);
    ++tally.failed;
  } else {
    if (options_.verbose) out_ << "  passed: " << recorded.title << '\n';
    ++tally.passed;
  }
}

/// A case that is left out by name is played all the same, so that the list cannot rot.
void Runner::play_listed(const Dialogue& dialogue, const Case& recorded, const LeftOut& entry,
                         Tally& tally) {
  if (const std::optional<Failure> failure = attempt(recorded)) {
    leave_out(recorded, entry.reason, tally);
    if (options_.verbose) report(dialogue, recorded, *failure);
  } else {
    report_stale(entry, "it passes", tally);
  }
}

std::optional<Failure> Runner::attempt(const Case& recorded) {
  std::optional<Failure> failure;
  try {
    failure = run_case(recorded, *control_, options_.timing);
  } catch (const std::runtime_error& error) {
    failure = Failure{.line = recorded.line, .expected = "a server", .got = error.what()};
  }
  if (failure) revive_server(*failure);
  return failure;
}

/// A server that did not survive a case is replaced, and its last words are told.
void Runner::revive_server(Failure& failure) {
  try {
    control_->ask({"PING"});
  } catch (const std::runtime_error&) {
    failure.got += "\n    and the server is gone";
    if (server_ && testing::wait_until([this] { return !server_->is_running(); })) {
      const std::string log = server_->log();
      failure.got += ":\n" + log.substr(log.size() - std::min(log.size(), kMaxLastWords));
    }
    connect();
  }
}

std::string Runner::missing_command(const Case& recorded) const {
  for (const std::string& name : commands_used(recorded, redis_commands_)) {
    if (!present_.contains(name)) return name;
  }
  return "";
}

void Runner::leave_out(const Case& recorded, const std::string& reason, Tally& tally) {
  ++tally.left_out;
  ++tally.reasons[reason];
  if (options_.verbose) out_ << "  left out: " << recorded.title << " — " << reason << '\n';
}

void Runner::report(const Dialogue& dialogue, const Case& recorded, const Failure& failure) {
  out_ << dialogue.path << ':' << failure.line << ": FAILED " << recorded.title << '\n';
  if (const Step* request = request_before(recorded, failure.line)) {
    out_ << "    after     " << shortened(request->source) << '\n';
  }
  out_ << "    expected  " << shortened(failure.expected) << '\n'
       << "    got       " << failure.got << '\n';
  if (!failure.detail.empty()) out_ << "    at        " << shortened(failure.detail) << '\n';
}

void Runner::report_stale(const LeftOut& entry, const std::string& reason, Tally& tally) {
  out_ << options_.left_out_file << ':' << entry.line << ": FAILED `" << entry.file << ": "
       << entry.title << "` must leave the list: " << reason << '\n';
  ++tally.failed;
}

/// Every entry for this file names a case of it.
void Runner::check_list(const Dialogue& dialogue, Tally& tally) {
  for (const LeftOut& entry : list_) {
    if (entry.file != dialogue.name) continue;
    const bool exists =
        std::any_of(dialogue.cases.begin(), dialogue.cases.end(),
                    [&](const Case& recorded) { return recorded.title == entry.title; });
    if (!exists) report_stale(entry, "there is no such case", tally);
  }
}

bool Runner::is_chosen(const Case& recorded) const {
  return recorded.title.find(options_.case_filter) != std::string::npos;
}

}  // namespace weir::wire
