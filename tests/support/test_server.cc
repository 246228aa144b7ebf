#include "tests/support/test_server.h"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <utility>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

namespace weir::testing {
namespace {

/// How often another port is tried when somebody else took the one that was free a moment ago.
constexpr int kMaxStarts = 5;

int free_port() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  const bool found = bind(fd, generic, size) == 0 && getsockname(fd, generic, &size) == 0;
  close(fd);
  if (!found) throw std::runtime_error("no free port");
  return ntohs(address.sin_port);
}

}  // namespace

std::string server_binary(const std::string& built) {
  const char* other = std::getenv("WEIR_SERVER_BINARY");
  return other && *other ? other : built;
}

TestServer::TestServer(std::vector<std::string> options, std::string binary)
    : binary_(std::move(binary)), options_(std::move(options)) {
  for (int start = 0; start < kMaxStarts; ++start) {
    port_ = free_port();
    if (start_on_some_port()) return;
  }
  throw std::runtime_error(binary_ + " does not start:\n" + log());
}

RawClient TestServer::connect_resp3() const {
  RawClient client = connect_raw();
  client("HELLO", "3");
  return client;
}

std::string TestServer::log() const {
  std::ifstream in(folder_ / "server.log", std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void TestServer::launch() {
  std::vector<std::string> arguments = {"--port",       std::to_string(port_),
                                        "--bind",       "127.0.0.1",
                                        "--unixsocket", socket_path(),
                                        "--dir",        folder(),
                                        "--save",       "",
                                        "--logfile",    ""};
  arguments.insert(arguments.end(), options_.begin(), options_.end());
  const std::string file = folder_ / "server.log";
  const int out = open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  process_.emplace(binary_, arguments, out, out);
  close(out);
}

/// True once it answers; false when another port may help.
bool TestServer::start_on_some_port() {
  const size_t old_log = log().size();
  launch();
  if (!wait_until([this] { return !is_running() || answers(); })) {
    process_->send_signal(SIGKILL);
    throw std::runtime_error(binary_ + " does not answer:\n" + log().substr(old_log));
  }
  return is_running();
}

/// PING is answered, on the socket in our folder, since the port may be somebody else's.  A server
/// that wants a password is as ready as one that does not.
bool TestServer::answers() {
  try {
    const Shown reply = Redis(socket_path())("PING");
    return reply == "PONG" || reply.starts_with("NOAUTH");
  } catch (const std::runtime_error&) {
    return false;
  }
}

int TestServer::stop() {
  const Shown reply = connect()("SHUTDOWN");
  if (reply != "(closed)") throw std::runtime_error("SHUTDOWN: " + reply.text);
  return process_->wait();
}

int TestServer::terminate() {
  process_->send_signal(SIGTERM);
  return process_->wait();
}

void TestServer::crash_now() {
  process_->send_signal(SIGKILL);
  process_->wait();
}

void TestServer::start_again() {
  if (!start_on_some_port()) throw std::runtime_error(binary_ + " does not start:\n" + log());
}

void TestServer::start_again(std::vector<std::string> options) {
  options_ = std::move(options);
  start_again();
}

Finished run_server_to_end(const std::vector<std::string>& arguments, const std::string& binary) {
  return run_to_end(binary, arguments);
}

}  // namespace weir::testing
