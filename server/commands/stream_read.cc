// XLEN, XRANGE, XREVRANGE, XREAD.
#include <algorithm>
#include <array>
#include <memory_resource>

#include "server/commands/args.h"
#include "server/commands/entry_reply.h"
#include "server/commands/handlers.h"
#include "server/data/keyspace.h"
#include "server/errors.h"

namespace weir {
namespace {

Outcome range(Call& call, Direction direction) {
  const bool up = direction == Direction::kUp;
  Parsed<IdRange> range = read_id_range(call.args[up ? 2 : 3], call.args[up ? 3 : 2]);
  if (!range) return std::move(range.error());
  int64_t count = INT64_MAX;
  ArgCursor args(call.args, 4);
  while (args.left() > 0) {
    if (!args.take("COUNT", 1)) return ReplyError(errors::kSyntax);
    Parsed<int64_t> value = args.next_integer(errors::kNotAnInteger);
    if (!value) return std::move(value.error());
    count = *value;
  }

  const Stream* const stream = call.db.find(call.args[1]);
  if (stream == nullptr) {
    call.reply.array(0);
    return Outcome::done();
  }
  if (count <= 0) {
    call.reply.null_array();
    return Outcome::done();
  }
  const uint64_t most = std::min(static_cast<uint64_t>(count), stream->length());
  const resp::LengthMark mark = call.reply.begin_array(most);
  StreamCursor at(*stream, range->from, range->to, direction);
  call.reply.patch_length(mark, EntryWriter(call.reply).write_all(at, most));
  return Outcome::done();
}

// --- XREAD ---------------------------------------------------------------------------------------

struct XreadArgs {
  int64_t count = 0;      // 0: no bound
  int64_t max_count = 0;  // over all streams; 0: no bound
  int64_t max_bytes = 0;  // of the reply; 0: no bound
  bool block = false;
  std::optional<int64_t> deadline_ms;
  std::span<const std::string_view> keys;
  std::span<const std::string_view> ids;
  size_t first_id = 0;  // number of the first ID among all words
};

Parsed<XreadArgs> read_xread(const Call& call) {
  XreadArgs parsed;
  std::optional<int64_t> count;
  ArgCursor args(call.args, 1);
  while (!args.take("STREAMS", 1)) {
    if (args.left() == 0) return refused(errors::kSyntax);
    if (args.take("COUNT", 1)) {
      count = parse_canonical(args.next());
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
    } else if (args.take("GROUP", 2)) {
      return refused(errors::kGroupIsForXreadgroup);
    } else if (args.take("NOACK")) {
      return refused(errors::kNoackIsForXreadgroup);
    } else if (args.take("CLAIM", 1)) {
      return refused(errors::kClaimIsForXreadgroup);
    } else {
      return refused(errors::kSyntax);
    }
  }
  if (parsed.max_count > 0 && parsed.max_count < parsed.count)
    return refused(errors::kMaxCountBelowCount);
  if (args.left() % 2 != 0) return tl::make_unexpected(errors::unbalanced_streams("xread"));
  const size_t streams = args.left() / 2;
  parsed.first_id = args.position() + streams;
  parsed.keys = call.args.subspan(args.position(), streams);
  parsed.ids = call.args.subspan(parsed.first_id, streams);
  return parsed;
}

/// One stream to read, from behind an ID.
struct Source {
  std::string_view key;
  const Stream* stream = nullptr;  // null without the key
  StreamId after;
  bool is_last_entry = false;  // "+": the last live entry itself

  bool has_entries() const {
    if (stream == nullptr || stream->length() == 0) return false;
    return is_last_entry || stream->has_entries_after(after);
  }
  StreamId from() const { return is_last_entry ? stream->top_id() : *successor(after); }
};

using Sources = std::pmr::vector<Source>;

Parsed<StreamId> read_after(std::string_view text, const Stream* stream) {
  if (text == "$") return stream != nullptr ? stream->last_id() : StreamId{};
  if (text == ">") return refused(errors::kNewIdIsForXreadgroup);
  return read_stream_id(text);
}

/// Looks up the streams and reads the IDs; the error of the first bad one, if any.
std::optional<ReplyError> find_sources(Call& call, const XreadArgs& args, Sources& sources) {
  sources.reserve(args.keys.size());
  for (size_t i = 0; i < args.keys.size(); ++i) {
    Source source;
    source.key = args.keys[i];
    source.stream = call.db.find(args.keys[i]);
    source.is_last_entry = args.ids[i] == "+";
    if (!source.is_last_entry) {
      Parsed<StreamId> after = read_after(args.ids[i], source.stream);
      if (!after) return std::move(after.error());
      source.after = *after;
    }
    sources.push_back(source);
  }
  return std::nullopt;
}

/// What is still allowed of a reply.
struct Budget {
  uint64_t entries;
  size_t bytes;
  size_t start;  // of the reply in its buffer
  bool is_first = true;

  bool allows_one(const resp::ReplyWriter& reply) const {
    return entries > 0 && (is_first || reply.bytes() - start < bytes);
  }
};

void write_source(Call& call, const Source& source, uint64_t count, Budget& budget) {
  const uint64_t most = std::min({count, budget.entries, source.stream->length()});
  call.reply.begin_pair();
  call.reply.bulk(source.key);
  const resp::LengthMark mark = call.reply.begin_array(most);
  EntryWriter writer(call.reply);
  uint64_t written = 0;
  StreamCursor at(*source.stream, source.from(), kMaxStreamId, Direction::kUp);
  while (written < most && at.is_valid() && budget.allows_one(call.reply)) {
    const uint8_t* const end = writer.write(at);
    budget.is_first = false;
    --budget.entries;
    if (++written < most) at.next(end);
  }
  call.reply.patch_length(mark, written);
}

/// Answers with the streams that have something; false if none has.
bool serve(Call& call, const XreadArgs& args, const Sources& sources) {
  const auto has_entries = [](const Source& source) { return source.has_entries(); };
  const size_t streams =
      static_cast<size_t>(std::count_if(sources.begin(), sources.end(), has_entries));
  if (streams == 0) return false;
  Budget budget{.entries = args.max_count > 0 ? static_cast<uint64_t>(args.max_count) : UINT64_MAX,
                .bytes = args.max_bytes > 0 ? static_cast<size_t>(args.max_bytes) : SIZE_MAX,
                .start = call.reply.bytes()};
  const uint64_t count = args.count > 0 ? static_cast<uint64_t>(args.count) : UINT64_MAX;
  const resp::LengthMark mark = call.reply.begin_pairs(streams);
  size_t served = 0;
  for (const Source& source : sources) {
    if (!budget.allows_one(call.reply)) break;
    if (!source.has_entries()) continue;
    write_source(call, source, count, budget);
    ++served;
  }
  call.reply.patch_length(mark, served);
  return true;
}

std::unique_ptr<Wait> wait_for_entries(const Call& call, const XreadArgs& args,
                                       const Sources& sources) {
  auto wait = std::make_unique<Wait>();
  if (call.is_retry) return wait;  // what is registered goes on waiting
  wait->keys.assign(args.keys.begin(), args.keys.end());
  wait->deadline_ms = args.deadline_ms;
  wait->argv.assign(call.args.begin(), call.args.end());
  for (size_t i = 0; i < sources.size(); ++i) {
    if (args.ids[i] == "$") wait->argv[args.first_id + i] = to_string(sources[i].after);
  }
  return wait;
}

}  // namespace

Outcome xlen(Call& call) {
  const Stream* const stream = call.db.find(call.args[1]);
  call.reply.integer(stream != nullptr ? static_cast<int64_t>(stream->length()) : 0);
  return Outcome::done();
}

Outcome xrange(Call& call) {
  return range(call, Direction::kUp);
}

Outcome xrevrange(Call& call) {
  return range(call, Direction::kDown);
}

Outcome xread(Call& call) {
  Parsed<XreadArgs> args = read_xread(call);
  if (!args) return std::move(args.error());
  std::array<std::byte, 1024> arena;  // enough for a dozen streams
  std::pmr::monotonic_buffer_resource memory(arena.data(), arena.size());
  Sources sources(&memory);
  if (std::optional<ReplyError> error = find_sources(call, *args, sources))
    return std::move(*error);
  if (serve(call, *args, sources)) return Outcome::done();
  if (args->block && call.may_wait) return wait_for_entries(call, *args, sources);
  call.reply.null_array();
  return Outcome::done();
}

}  // namespace weir
