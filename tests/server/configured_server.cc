#include "tests/server/configured_server.h"

#include <csignal>
#include <stdexcept>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include "tests/server/address.h"
#include "tests/support/text_file.h"

namespace weir::testing {

ConfiguredServer::ConfiguredServer(std::string program, const std::vector<std::string>& lines,
                                   std::vector<std::string> behind)
    : program_(std::move(program)), behind_(std::move(behind)), port_(free_port()) {
  std::string text =
      "port " + std::to_string(port_) + "\nbind 127.0.0.1\ndir " + folder_.path() + "\n";
  for (const std::string& line : lines)
    text += line + "\n";
  write_text(file(), text);
  start();
}

std::string ConfiguredServer::configuration() const {
  return read_text(file());
}

std::string ConfiguredServer::log() const {
  return read_text(folder_ / "output");
}

void ConfiguredServer::start() {
  std::vector<std::string> arguments = {file()};
  arguments.insert(arguments.end(), behind_.begin(), behind_.end());
  const std::string output = folder_ / "output";
  const int out = open(output.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  process_.emplace(program_, arguments, out, out);
  close(out);
  if (!wait_until([this] { return !is_running() || answers(); }) || !is_running())
    throw std::runtime_error(program_ + " does not start:\n" + log());
}

/// A server that loads, or has lost its primary, has started all the same.
bool ConfiguredServer::answers() const {
  try {
    return connect()("PING") != "(closed)";
  } catch (const std::runtime_error&) {
    return false;
  }
}

void ConfiguredServer::crash_now() {
  process_->send_signal(SIGKILL);
  process_->wait();
}

void ConfiguredServer::freeze() {
  process_->send_signal(SIGSTOP);
}

void ConfiguredServer::thaw() {
  process_->send_signal(SIGCONT);
}

}  // namespace weir::testing
