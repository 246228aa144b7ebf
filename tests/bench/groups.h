// What the scenarios with consumer groups share: names, commands, and a group that has been given
// a whole stream.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "tests/bench/requests.h"
#include "tests/bench/server_process.h"

namespace weir::bench {

/// The group of the scenarios that have only one, on kStream.
inline constexpr const char* kGroup = "g00000";

/// 6 bytes each.
std::string group_name(size_t n);
std::string consumer_name(size_t n);

/// One XREADGROUP of new entries.  `options` stands before STREAMS as it is, such as "NOACK".
struct Xreadgroup {
  std::string key = kStream;
  std::string group = kGroup;
  std::string consumer = {};
  size_t count = 1;
  std::string options = {};
};
void append_xreadgroup(std::string& bytes, const Xreadgroup& what);

/// Makes kGroup anew: the whole of kStream is before it, nothing is pending.
void restart_group(ServerProcess& server);

/// Entries to hand out to the consumers of kGroup before anything is measured, 100 at a time.
struct Delivery {
  size_t entries = 0;
  size_t consumers = 10;
};
void deliver(const Endpoint& endpoint, const Delivery& what);

/// The number of entries that kGroup has pending.
uint64_t pending_count(ServerProcess& server);

/// Calls `each` with the ID of every entry in `replies`: those of XREADGROUP, and any before them.
void for_delivered_ids(std::string_view replies, const std::function<void(std::string_view)>& each);

}  // namespace weir::bench
