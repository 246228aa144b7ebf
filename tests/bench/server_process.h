// One server under test: a child process with its own folder, port and unix socket.
//
// Always: when the object goes the process has been killed and reaped and its folder is gone; and
// should the benchmark itself be killed, the kernel kills the server with it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <string>
#include <string_view>

#include <sys/types.h>

#include "tests/bench/client_socket.h"

namespace weir::bench {

struct ServerOptions {
  std::filesystem::path program;
  int core = -1;           // to run on; -1: any
  size_t max_clients = 0;  // what the file limit allows
  bool allows_debug = false;
};

class ServerProcess {
 public:
  /// Starts the program and waits until PING is answered on the unix socket.
  explicit ServerProcess(const ServerOptions& options);
  ~ServerProcess();
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  Endpoint tcp() const { return {.port = port_}; }
  Endpoint unix_socket() const { return {.unix_path = folder_ / "s"}; }
  Endpoint tls() const { return {.port = tls_port_, .is_tls = true}; }
  /// Begins to serve TLS too, with a certificate made for it.
  void serve_tls();

  /// Where the server writes; it goes with the object.
  const std::filesystem::path& folder() const { return folder_; }

  /// Sends one command on a connection of its own that stays open; see ask().
  std::string command(std::initializer_list<std::string_view> words) {
    return ask(control_, words);
  }

  /// The value of `field` in INFO `section`; empty when it is not there.
  std::string info(std::string_view section, std::string_view field);

  /// used_memory, bytes, once the server has noticed that there are so many other connections.
  uint64_t used_memory_with(size_t others);
  uint64_t used_memory_alone() { return used_memory_with(0); }
  /// used_memory, bytes, now.
  uint64_t used_memory() { return std::stoull(info("memory", "used_memory")); }

  /// Run time of all threads so far.
  uint64_t cpu_ns() const;
  /// Of threads that have ended and of children, too; in steps of 10 ms.
  double whole_cpu_s() const;
  uint64_t rss_bytes() const;
  /// The greatest that rss_bytes() was since forget_peak(), or the start.
  uint64_t peak_bytes() const;
  void forget_peak() const;
  /// From exec to the first PONG.
  uint64_t start_ns() const { return start_ns_; }

 private:
  uint64_t status_bytes(std::string_view field) const;
  void spawn(const ServerOptions& options);
  void wait_for_pong();
  void stop();
  bool has_exited();
  std::string last_log_lines() const;

  std::filesystem::path folder_;
  uint16_t port_ = 0;
  uint16_t tls_port_ = 0;
  pid_t pid_ = -1;
  uint64_t exec_at_ns_ = 0;
  uint64_t start_ns_ = 0;
  Fd control_;
};

/// Name and version as the server tells them, such as "redis 7.0.15".
std::string version_of(ServerProcess& server);

}  // namespace weir::bench
