// MEMORY USAGE: what one key costs.
#include <utility>

#include <malloc.h>

#include "server/commands/args.h"
#include "server/commands/handlers.h"
#include "server/context.h"
#include "server/data/keyspace.h"
#include "server/errors.h"

namespace weir {
namespace {

/// Of so many nodes all are judged by, unless the command says otherwise: a stream of 10,000
/// entries is looked at whole, and one of 100 million takes less than a millisecond.
constexpr size_t kDefaultSamples = 100;

Parsed<size_t> read_samples(const Call& call) {
  size_t samples = kDefaultSamples;
  ArgCursor args(call.args, 3);
  while (args.left() > 0) {
    if (!args.take("SAMPLES", 1)) return refused(errors::kSyntax);
    const std::optional<int64_t> count = parse_canonical(args.next());
    if (!count) return refused(errors::kNotAnInteger);
    if (*count < 0) return refused(errors::kSyntax);
    samples = static_cast<size_t>(*count);
  }
  return samples;
}

/// The entry's own allocation, and its slot in the table with the free ones that belong to it.
size_t entry_bytes(const Database& db, const KeyEntry& entry) {
  return malloc_usable_size(const_cast<KeyEntry*>(&entry)) + db.keys().memory_bytes() / db.size();
}

}  // namespace

Outcome memory_usage(Call& call) {
  Parsed<size_t> samples = read_samples(call);
  if (!samples) return std::move(samples.error());
  const KeyEntry* const entry = call.db.entry(call.args[2]);
  if (entry == nullptr) {
    call.reply.null();
  } else {
    call.reply.integer(
        static_cast<int64_t>(entry_bytes(call.db, *entry) + entry->stream.memory_bytes(*samples)));
  }
  return Outcome::done();
}

}  // namespace weir
