// XLEN, XRANGE, XREVRANGE, XREAD.
#include <algorithm>

#include "server/commands/args.h"
#include "server/commands/entry_reply.h"
#include "server/commands/handlers.h"
#include "server/commands/output_ceiling.h"
#include "server/commands/read_args.h"
#include "server/commands/short_list.h"
#include "server/context.h"
#include "server/data/keyspace.h"
#include "server/errors.h"

namespace weir {
namespace {

/// Entries after which a range looks how long its reply has become.
constexpr uint64_t kEntriesAtOnce = 64;

/// Writes `most` entries from the cursor's on, as far as there are so many and the connection will
/// live to be told; returns how many.
uint64_t write_range(Call& call, StreamCursor& at, uint64_t most) {
  const size_t ceiling = output_ceiling(call);
  EntryWriter writer(call.reply, call.context.ids);
  uint64_t written = 0;
  while (true) {
    const uint64_t part = std::min(most - written, kEntriesAtOnce);
    const uint64_t got = writer.write_all(at, part);
    written += got;
    if (got < part || written == most || call.reply.bytes() > ceiling) return written;
    at.next();
  }
}

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
  call.reply.patch_length(mark, write_range(call, at, most));
  return Outcome::done();
}

// --- XREAD ---------------------------------------------------------------------------------------

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

using Sources = ShortList<Source, 12>;

Parsed<StreamId> read_after(std::string_view text, const Stream* stream) {
  if (is_char(text, '$')) return stream != nullptr ? stream->last_id() : StreamId{};
  if (is_char(text, '>')) return refused(errors::kNewIdIsForXreadgroup);
  return read_stream_id(text);
}

/// Looks up the streams and reads the IDs; the error of the first bad one, if any.
std::optional<ReplyError> find_sources(Call& call, const ReadArgs& args, Sources& sources) {
  sources.reserve(args.keys.size());
  for (size_t i = 0; i < args.keys.size(); ++i) {
    Source source;
    source.key = args.keys[i];
    source.stream = call.db.find(args.keys[i]);
    source.is_last_entry = is_char(args.ids[i], '+');
    if (!source.is_last_entry) {
      Parsed<StreamId> after = read_after(args.ids[i], source.stream);
      if (!after) return std::move(after.error());
      source.after = *after;
    }
    sources.push_back(source);
  }
  return std::nullopt;
}

void write_source(Call& call, const Source& source, uint64_t count, ReadBudget& budget) {
  const uint64_t most = std::min({count, budget.entries(), source.stream->length()});
  call.reply.begin_pair();
  call.reply.bulk(source.key);
  const resp::LengthMark mark = call.reply.begin_array(most);
  EntryWriter writer(call.reply, call.context.ids);
  uint64_t written = 0;
  StreamCursor at(*source.stream, source.from(), kMaxStreamId, Direction::kUp);
  while (written < most && at.is_valid() && budget.allows_one(call.reply)) {
    const uint8_t* const end = writer.write(at);
    budget.take_one();
    if (++written < most) at.next(end);
  }
  call.reply.patch_length(mark, written);
}

/// Answers with the streams that have something; false if none has.
bool serve(Call& call, const ReadArgs& args, const Sources& sources) {
  const auto has_entries = [](const Source& source) { return source.has_entries(); };
  const size_t streams =
      static_cast<size_t>(std::count_if(sources.begin(), sources.end(), has_entries));
  if (streams == 0) return false;
  ReadBudget budget(args, call);
  const resp::LengthMark mark = call.reply.begin_pairs(streams);
  size_t served = 0;
  for (const Source& source : sources) {
    if (!budget.allows_one(call.reply)) break;
    if (!source.has_entries()) continue;
    write_source(call, source, args.most_per_stream(), budget);
    ++served;
  }
  call.reply.patch_length(mark, served);
  return true;
}

std::unique_ptr<Wait> wait_for_entries(const Call& call, const ReadArgs& args,
                                       const Sources& sources) {
  auto wait = std::make_unique<Wait>();
  if (call.is_retry) return wait;  // what is registered goes on waiting
  wait->keys.assign(args.keys.begin(), args.keys.end());
  wait->deadline_ms = args.deadline_ms;
  wait->argv.assign(call.args.begin(), call.args.end());
  for (size_t i = 0; i < sources.size(); ++i) {
    if (is_char(args.ids[i], '$')) wait->argv[args.first_id + i] = to_string(sources[i].after);
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
  Parsed<ReadArgs> args = read_read_args(call, ReadKind::kPlain);
  if (!args) return std::move(args.error());
  Sources sources;
  if (std::optional<ReplyError> error = find_sources(call, *args, sources))
    return std::move(*error);
  // Redis looks once for the words, and once more for the entries.
  for (const Source& source : sources)
    call.db.count_lookup(source.key, source.stream != nullptr);
  if (serve(call, *args, sources)) return Outcome::done();
  if (args->block && call.may_wait) return wait_for_entries(call, *args, sources);
  call.reply.null_array();
  return Outcome::done();
}

}  // namespace weir
