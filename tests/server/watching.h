// What the server tests look at from outside: the fields of INFO (`info_fields.h`) and CLIENT LIST,
// and the moments at which they change.
#pragma once

#include <stdexcept>
#include <string>

#include <sys/resource.h>

#include "tests/support/info_fields.h"

namespace weir::testing {

/// Waits until so many clients wait for an entry.
[[nodiscard]] inline bool blocked_become(Redis& redis, int64_t clients) {
  return info_becomes(redis, "blocked_clients", clients);
}

/// Waits until so many clients are connected.  Where a test counts clients it begins with this: who
/// started the server looked whether it answers, and that connection may not be gone yet.
[[nodiscard]] inline bool connected_become(Redis& redis, int64_t clients) {
  return info_becomes(redis, "connected_clients", clients);
}

/// The value of `name` in one line of CLIENT LIST.
inline std::string client_field(const std::string& line, const std::string& name) {
  const size_t at = (" " + line).find(" " + name + "=");
  if (at == std::string::npos) throw std::runtime_error("no " + name + "= in: " + line);
  const size_t value = at + name.size() + 1;
  return line.substr(value, line.find_first_of(" \n", value) - value);
}

/// Whether the server knows what it holds.
inline bool counts_memory(Redis& redis) {
  return info_number(redis, "used_memory") > 0;
}

/// Bytes of memory that may differ for good: tables that have grown, buffers kept for the next
/// client.
inline constexpr int64_t kKeptBytes = 4 << 20;

/// Waits until the server holds hardly more than it did.
[[nodiscard]] inline bool memory_returns_to(Redis& redis, int64_t baseline) {
  return wait_until([&] { return info_number(redis, "used_memory") <= baseline + kKeptBytes; });
}

/// Waits until the server holds so many bytes more; true where it does not know what it holds.
[[nodiscard]] inline bool memory_grows_by(Redis& redis, int64_t baseline, int64_t bytes) {
  if (!counts_memory(redis)) return true;
  return wait_until([&] { return info_number(redis, "used_memory") > baseline + bytes; });
}

/// As many open files as the system lets this process have; returns how many that are.
inline uint64_t raise_own_file_limit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

}  // namespace weir::testing
