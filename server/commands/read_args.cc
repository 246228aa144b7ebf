#include "server/commands/read_args.h"

#include <algorithm>

#include "server/errors.h"

namespace weir {
namespace {

/// Takes an option that both commands have; false if the next word is none.
Parsed<bool> take_common(const Call& call, ArgCursor& args, ReadArgs& parsed) {
  if (args.take("COUNT", 1)) {
    const std::optional<int64_t> count = parse_canonical(args.next());
    if (!count) return refused(errors::kNotAnInteger);
    parsed.count = std::max<int64_t>(*count, 0);
  } else if (args.take("MAXCOUNT", 1)) {
    parsed.max_count = parse_canonical(args.next()).value_or(0);
    if (parsed.max_count <= 0) return refused(errors::kMaxCountNotPositive);
  } else if (args.take("MAXSIZE", 1)) {
    parsed.max_bytes = parse_canonical(args.next()).value_or(0);
    if (parsed.max_bytes <= 0) return refused(errors::kMaxSizeNotPositive);
  } else if (args.take("BLOCK", 1)) {
    Parsed<std::optional<int64_t>> deadline = read_deadline(call, args.next());
    if (!deadline) return tl::make_unexpected(std::move(deadline.error()));
    parsed.block = true;
    parsed.deadline_ms = *deadline;
  } else {
    return false;
  }
  return true;
}

/// Takes an option of XREADGROUP; to XREAD it says where it belongs.
Parsed<bool> take_of_group(ArgCursor& args, ReadKind kind, ReadArgs& parsed) {
  const bool is_plain = kind == ReadKind::kPlain;
  if (args.take("GROUP", 2)) {
    if (is_plain) return refused(errors::kGroupIsForXreadgroup);
    parsed.group = args.next();
    parsed.consumer = args.next();
  } else if (args.take("NOACK")) {
    if (is_plain) return refused(errors::kNoackIsForXreadgroup);
    parsed.no_ack = true;
  } else if (args.take("CLAIM", 1)) {
    if (is_plain) return refused(errors::kClaimIsForXreadgroup);
    const std::optional<int64_t> idle = parse_canonical(args.next());
    if (!idle) return refused(errors::kMinIdleNotAnInteger);
    if (*idle < 0) return refused(errors::kMinIdleNegative);
    parsed.claim_idle_ms = *idle;
  } else {
    return false;
  }
  return true;
}

}  // namespace

Parsed<ReadArgs> read_read_args(const Call& call, ReadKind kind) {
  Parsed<ReadArgs> result;
  ReadArgs& parsed = *result;
  ArgCursor args(call.args, 1);
  while (!args.take("STREAMS", 1)) {
    if (args.left() == 0) return refused(errors::kSyntax);
    Parsed<bool> taken = take_common(call, args, parsed);
    if (taken && !*taken) taken = take_of_group(args, kind, parsed);
    if (!taken) return tl::make_unexpected(std::move(taken.error()));
    if (!*taken) return refused(errors::kSyntax);
  }
  if (parsed.max_count > 0 && parsed.max_count < parsed.count)
    return refused(errors::kMaxCountBelowCount);
  const bool is_plain = kind == ReadKind::kPlain;
  if (args.left() % 2 != 0)
    return tl::make_unexpected(errors::unbalanced_streams(is_plain ? "xread" : "xreadgroup"));
  if (!is_plain && !parsed.group) return refused(errors::kMissingGroup);
  const size_t streams = args.left() / 2;
  parsed.first_id = args.position() + streams;
  parsed.keys = call.args.subspan(args.position(), streams);
  parsed.ids = call.args.subspan(parsed.first_id, streams);
  return result;
}

}  // namespace weir
