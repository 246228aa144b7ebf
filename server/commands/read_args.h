// The words of XREAD and XREADGROUP, and what both may still put into a reply.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "resp/reply_writer.h"
#include "server/commands/args.h"
#include "server/commands/output_ceiling.h"

namespace weir {

struct ReadArgs {
  int64_t count = 0;      // 0: no bound
  int64_t max_count = 0;  // over all streams; 0: no bound
  int64_t max_bytes = 0;  // of the reply; 0: no bound
  bool block = false;
  std::optional<int64_t> deadline_ms;
  std::span<const std::string_view> keys;
  std::span<const std::string_view> ids;
  size_t first_id = 0;  // number of the first ID among all words

  // XREADGROUP
  std::optional<std::string_view> group;
  std::string_view consumer;
  bool no_ack = false;
  std::optional<int64_t> claim_idle_ms;

  uint64_t most_per_stream() const { return count > 0 ? static_cast<uint64_t>(count) : UINT64_MAX; }
};

enum class ReadKind : uint8_t { kPlain, kGroup };
Parsed<ReadArgs> read_read_args(const Call& call, ReadKind kind);

/// What MAXCOUNT, MAXSIZE and the output limit of the connection still allow of a reply.
class ReadBudget {
 public:
  ReadBudget(const ReadArgs& args, const Call& call)
      : entries_(args.max_count > 0 ? static_cast<uint64_t>(args.max_count) : UINT64_MAX),
        bytes_(args.max_bytes > 0 ? static_cast<size_t>(args.max_bytes) : SIZE_MAX),
        start_(call.reply.bytes()) {
    const size_t ceiling = output_ceiling(call);
    if (ceiling == SIZE_MAX) return;
    bytes_ = std::min(bytes_, ceiling - std::min(ceiling, start_) + 1);
  }

  uint64_t entries() const { return entries_; }
  bool allows_one(const resp::ReplyWriter& reply) const {
    return entries_ > 0 && (is_first_ || reply.bytes() - start_ < bytes_);
  }
  void take_one() {
    is_first_ = false;
    --entries_;
  }

 private:
  uint64_t entries_;
  size_t bytes_;
  size_t start_;  // of the reply in its buffer
  bool is_first_ = true;
};

}  // namespace weir
