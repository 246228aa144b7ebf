#include "server/commands/trim_args.h"

#include <algorithm>

#include "server/commands/reference_args.h"
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
  if (!args.take("LIMIT", 1)) return take_policy(args);
  limit_word_ = args.position() - 1;
  const std::optional<int64_t> limit = parse_canonical(args.next());
  if (!limit) return refused(errors::kNotAnInteger);
  if (*limit < 0) return refused(errors::kNegativeLimit);
  limit_ = *limit;
  return true;
}

/// A second policy is no option any more.
bool TrimArgs::take_policy(ArgCursor& args) {
  if (references_given_) return false;
  references_word_ = args.position();
  const std::optional<References> references = take_references(args);
  references_given_ = references.has_value();
  trim_.references = references.value_or(References::kKeep);
  return references_given_;
}

Parsed<bool> TrimArgs::take_strategy(ArgCursor& args, Trim::Strategy strategy) {
  if (given_) return refused(errors::kTwoTrimStrategies);
  given_ = true;
  trim_.strategy = strategy;
  strategy_word_ = args.position() - 1;
  // A sign is one only if a threshold follows it.
  if (args.left() >= 2 && (args.peek() == "~" || args.peek() == "=")) {
    operator_word_ = args.position();
    trim_.approximate = args.next() == "~";
  }
  threshold_word_ = args.position();
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

std::optional<std::string_view> TrimArgs::conflict(bool needs_strategy, bool is_replay) const {
  if (!given_ && limit_.value_or(0) != 0) return errors::kLimitWithoutStrategy;
  if (!given_ && needs_strategy) return errors::kTrimWithoutStrategy;
  if (limit_ && !trim_.approximate && !is_replay) return errors::kLimitWithoutTilde;
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

std::vector<WordEdit> TrimArgs::settle_without_references(const Stream& trimmed_stream,
                                                          bool has_holes) const {
  std::vector<WordEdit> edits{{.word = references_word_, .is_left_out = true}};
  if (limit_) {
    edits.push_back({.word = limit_word_, .is_left_out = true});
    edits.push_back({.word = limit_word_ + 1, .is_left_out = true});
  }
  if (!given_) return edits;
  edits.push_back({.word = strategy_word_, .text = "MAXLEN", .is_left_out = has_holes});
  if (operator_word_ != 0)
    edits.push_back({.word = operator_word_, .text = "=", .is_left_out = has_holes});
  edits.push_back({.word = threshold_word_,
                   .text = std::to_string(trimmed_stream.length()),
                   .is_left_out = has_holes});
  return edits;
}

// With "=" the length that is left says the same as the old threshold with "~".  Not with ACKED:
// what stays in between makes the walk stop at the end of a node, so there it is told up to where
// the entries went.  LIMIT stays among the words and means nothing without "~".
std::vector<WordEdit> TrimArgs::settle(const Stream& trimmed_stream, const Trimmed& trimmed) const {
  std::vector<WordEdit> edits;
  std::string threshold;
  if (trim_.references == References::kAcked) {
    edits.push_back({strategy_word_, trimmed.below ? "MINID" : "MAXLEN"});
    threshold = trimmed.below ? to_string(*trimmed.below) : "0";
  } else if (trim_.strategy == Trim::Strategy::kMaxLength) {
    threshold = std::to_string(trimmed_stream.length());
  } else {
    const bool is_empty = trimmed_stream.length() == 0;
    threshold = to_string(is_empty ? kMaxStreamId : trimmed_stream.first_id());
  }
  if (operator_word_ != 0) edits.push_back({operator_word_, "="});
  edits.push_back({threshold_word_, std::move(threshold)});
  return edits;
}

}  // namespace weir
