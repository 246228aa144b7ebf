#include "server/commands/args.h"

#include <algorithm>

#include "server/clock.h"
#include "server/errors.h"

namespace weir {

Parsed<int64_t> ArgCursor::next_integer(std::string_view error) {
  return read_integer(next(), error);
}

Parsed<int64_t> read_integer(std::string_view text, std::string_view error) {
  const std::optional<int64_t> value = parse_canonical(text);
  if (!value) return refused(error);
  return *value;
}

Parsed<StreamId> read_stream_id(std::string_view text, uint64_t missing_seq) {
  const std::optional<StreamId> id = parse_stream_id(text, missing_seq);
  if (!id) return refused(errors::kInvalidStreamId);
  return *id;
}

Parsed<IdRange> read_id_range(std::string_view from, std::string_view to) {
  IdRange range{kMinStreamId, kMaxStreamId};
  if (is_char(from, '+')) range.from = kMaxStreamId;
  if (is_char(to, '-')) range.to = kMinStreamId;
  if (!is_char(from, '-') && !is_char(from, '+')) {
    const bool exclusive = from.starts_with('(');
    const Parsed<StreamId> id = read_stream_id(from.substr(exclusive ? 1 : 0), 0);
    if (!id) return refused(errors::kInvalidStreamId);
    const std::optional<StreamId> first = exclusive ? successor(*id) : *id;
    if (!first) return refused(errors::kInvalidStartId);
    range.from = *first;
  }
  if (!is_char(to, '-') && !is_char(to, '+')) {
    const bool exclusive = to.starts_with('(');
    const Parsed<StreamId> id = read_stream_id(to.substr(exclusive ? 1 : 0), UINT64_MAX);
    if (!id) return refused(errors::kInvalidStreamId);
    const std::optional<StreamId> last = exclusive ? predecessor(*id) : *id;
    if (!last) return refused(errors::kInvalidEndId);
    range.to = *last;
  }
  return range;
}

Parsed<std::optional<int64_t>> read_deadline(const Call& call, std::string_view timeout_ms) {
  const std::optional<int64_t> timeout = parse_canonical(timeout_ms);
  if (!timeout) return refused(errors::kTimeoutNotAnInteger);
  if (*timeout < 0) return refused(errors::kTimeoutNegative);
  // From now, not from the start of the batch, and rounded up: never early.
  const int64_t start_ms = (Clock::monotonic_us() + 999) / 1000;
  // Unix time is the greater one unless the clock is set wrong.
  if (*timeout > INT64_MAX - std::max(call.now_ms, start_ms))
    return refused(errors::kTimeoutOutOfRange);
  if (*timeout == 0) return std::optional<int64_t>();
  return std::optional<int64_t>(start_ms + *timeout);
}

}  // namespace weir
