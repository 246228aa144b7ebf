#include "server/commands/trim_args.h"

#include <algorithm>

#include "server/errors.h"

namespace weir {
namespace {

/// Without LIMIT, "~" removes at most this many nodes' worth of entries, and never more than this
/// many entries.
constexpr uint64_t kDefaultLimitNodes = 100;
constexpr uint64_t kMaxDefaultLimit = 1'000'000;
constexpr uint64_t kLimitOfBoundlessNodes = 10'000;

}  // namespace

Parsed<bool> TrimArgs::take(ArgCursor& args) {
  if (args.take("MAXLEN", 1)) return take_strategy(args, Trim::Strategy::kMaxLength);
  if (args.take("MINID", 1)) return take_strategy(args, Trim::Strategy::kMinId);
  if (!args.take("LIMIT", 1)) return false;
  const std::optional<int64_t> limit = parse_canonical(args.next());
  if (!limit) return refused(errors::kNotAnInteger);
  if (*limit < 0) return refused(errors::kNegativeLimit);
  limit_ = *limit;
  return true;
}

Parsed<bool> TrimArgs::take_strategy(ArgCursor& args, Trim::Strategy strategy) {
  if (given_) return refused(errors::kTwoTrimStrategies);
  given_ = true;
  trim_.strategy = strategy;
  // A sign is one only if a threshold follows it.
  if (args.left() >= 2 && (args.peek() == "~" || args.peek() == "=")) {
    trim_.approximate = args.next() == "~";
  }
  if (strategy == Trim::Strategy::kMinId) {
    const Parsed<StreamId> id = read_stream_id(args.next());
    if (!id) return refused(errors::kInvalidStreamId);
    trim_.min_id = *id;
    return true;
  }
  const std::optional<int64_t> length = parse_canonical(args.next());
  if (!length) return refused(errors::kNotAnInteger);
  if (*length < 0) return refused(errors::kNegativeMaxLen);
  trim_.max_length = static_cast<uint64_t>(*length);
  return true;
}

std::optional<std::string_view> TrimArgs::conflict(bool needs_strategy) const {
  if (!given_ && limit_.value_or(0) != 0) return errors::kLimitWithoutStrategy;
  if (!given_ && needs_strategy) return errors::kTrimWithoutStrategy;
  if (limit_ && !trim_.approximate) return errors::kLimitWithoutTilde;
  return std::nullopt;
}

Trim TrimArgs::trim(const Settings& settings) const {
  Trim trim = trim_;
  if (!trim.approximate) return trim;
  if (limit_) {
    trim.limit = static_cast<uint64_t>(*limit_);
  } else if (settings.stream_node_max_entries == 0) {
    trim.limit = kLimitOfBoundlessNodes;
  } else {
    const uint64_t nodes_worth = kMaxDefaultLimit / kDefaultLimitNodes;
    trim.limit = std::min(settings.stream_node_max_entries, nodes_worth) * kDefaultLimitNodes;
  }
  return trim;
}

}  // namespace weir
