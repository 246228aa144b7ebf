// Words in which the rows of the command table are written.
#pragma once

#include <cstdint>
#include <string_view>

#include "server/command.h"

namespace weir {

/// One key, at word `first`.
constexpr KeySpec key_at(uint8_t first, std::string_view flags, std::string_view notes = {}) {
  return {.kind = KeySpec::Kind::kIndex, .first = first, .flags = flags, .notes = notes};
}
/// Two keys, at word 1 and 2.
constexpr KeySpec two_keys(std::string_view first_flags, std::string_view second_flags) {
  return {.kind = KeySpec::Kind::kIndex,
          .first = 1,
          .last = 1,
          .flags = first_flags,
          .second_flags = second_flags};
}
/// Keys from word `first` to the last.
constexpr KeySpec keys_from(uint8_t first, std::string_view flags) {
  return {.kind = KeySpec::Kind::kIndex, .first = first, .last = -1, .flags = flags};
}
/// The first half of the words behind STREAMS.
constexpr KeySpec keys_after_streams(uint8_t start_from, std::string_view flags) {
  return {.kind = KeySpec::Kind::kStreams, .first = start_from, .last = -1, .flags = flags};
}

inline constexpr uint32_t kAnytime =
    kLoading | kStale;  // also while loading, and as a stale replica
inline constexpr uint32_t kHandshake = kAnytime | kNoScript | kFast | kNoAuth | kAllowBusy;
inline constexpr uint32_t kSession = kAnytime | kNoScript;
/// Runs at once where others are queued.
inline constexpr uint32_t kTransaction = kSession | kAllowBusy | kNotQueued;
inline constexpr uint32_t kOperator = kAdmin | kNoScript | kAnytime;
inline constexpr std::string_view kUnsure = "nondeterministic_output";
inline constexpr std::string_view kUnordered = "nondeterministic_output_order";

// Which servers of a cluster a client asks, and what it makes of their answers.
inline constexpr std::string_view kToAllNodes =
    "request_policy:all_nodes response_policy:all_succeeded";
inline constexpr std::string_view kToAllShards =
    "request_policy:all_shards response_policy:all_succeeded";
inline constexpr std::string_view kOfOneShard =
    "request_policy:all_shards response_policy:one_succeeded";
inline constexpr std::string_view kSumOfShards =
    "request_policy:all_shards response_policy:agg_sum";
inline constexpr std::string_view kLeastOfShards =
    "request_policy:all_shards response_policy:agg_min";
inline constexpr std::string_view kSumOverKeys =
    "request_policy:multi_shard response_policy:agg_sum";
inline constexpr std::string_view kUnsureOfAllShards =
    "nondeterministic_output request_policy:all_shards response_policy:special";
inline constexpr std::string_view kUnsureOfAllNodes =
    "nondeterministic_output request_policy:all_nodes response_policy:special";

}  // namespace weir
