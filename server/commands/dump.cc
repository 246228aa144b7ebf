// A key as bytes, and back: DUMP RESTORE.
#include <algorithm>
#include <string>
#include <utility>

#include "persistence/rdb_payload.h"
#include "server/commands/args.h"
#include "server/commands/handlers.h"
#include "server/config.h"
#include "server/context.h"
#include "server/data/keyspace.h"
#include "server/data/waiters.h"
#include "server/errors.h"
#include "server/host/log.h"

namespace weir {
namespace {

constexpr size_t kTtlWord = 2;
constexpr size_t kPayloadWord = 3;

struct RestoreOptions {
  bool replace = false;
  bool is_absolute = false;
  std::optional<int64_t> idle_s = {};
  std::optional<int64_t> frequency = {};
};

Parsed<RestoreOptions> read_options(const Call& call) {
  RestoreOptions options;
  ArgCursor args(call.args, kPayloadWord + 1);
  while (args.left() > 0) {
    if (args.take("REPLACE")) {
      options.replace = true;
    } else if (args.take("ABSTTL")) {
      options.is_absolute = true;
    } else if (!options.frequency && args.take("IDLETIME", 1)) {
      const Parsed<int64_t> seconds = args.next_integer(errors::kNotAnInteger);
      if (!seconds) return tl::make_unexpected(ReplyError(errors::kNotAnInteger));
      if (*seconds < 0) return refused(errors::kInvalidIdleTime);
      options.idle_s = *seconds;
    } else if (!options.idle_s && args.take("FREQ", 1)) {
      const Parsed<int64_t> frequency = args.next_integer(errors::kNotAnInteger);
      if (!frequency) return tl::make_unexpected(ReplyError(errors::kNotAnInteger));
      if (*frequency < 0 || *frequency > FrequencyMark::kGreatest)
        return refused(errors::kInvalidFrequency);
      options.frequency = *frequency;
    } else {
      return refused(errors::kSyntax);
    }
  }
  return options;
}

/// Unix time in ms of the key's last moment; nothing without a TTL.
Parsed<std::optional<int64_t>> read_deadline_ms(const Call& call, bool is_absolute) {
  const std::optional<int64_t> ttl_ms = parse_canonical(call.args[kTtlWord]);
  if (!ttl_ms) return refused(errors::kNotAnInteger);
  if (*ttl_ms < 0) return refused(errors::kInvalidTtl);
  if (*ttl_ms == 0) return std::nullopt;
  if (is_absolute) return *ttl_ms;
  return *ttl_ms + std::min(call.now_ms, INT64_MAX - *ttl_ms);
}

Parsed<Stream> read_payload(Call& call) {
  auto stream = restore_payload(call.args[kPayloadWord], call.context.keyspace.new_stream_limits);
  if (stream) return std::move(*stream);
  if (stream.error().is_frame) return refused(errors::kWrongPayload);
  call.context.log.verbose("RESTORE refused at byte " +
                           std::to_string(stream.error().error.offset) + ": " +
                           stream.error().error.reason);
  return refused(errors::kBadPayload);
}

/// The words as they are, with a TTL that means the same later on.
void propagate(Call& call, const RestoreOptions& options, std::optional<int64_t> deadline_ms) {
  if (!deadline_ms || options.is_absolute || !call.is_told()) return;
  Propagation& propagation = call.context.propagation;
  propagation.begin_form(call.db.index(), call.args.size() + 1);
  for (size_t i = 0; i < call.args.size(); ++i)
    propagation.add_word(i == kTtlWord ? std::to_string(*deadline_ms) : call.args[i]);
  propagation.add_word("ABSTTL");
  call.propagate_nothing();
}

/// The time of the key is over before it begins: what it would replace goes.
void replace_with_nothing(Call& call, std::string_view key) {
  if (!call.db.erase(key)) return;
  call.propagate_as({call.settings.lazyfree_lazy_server_del ? "UNLINK" : "DEL", key});
  call.changed();
  call.notify(events::kDel, key);
  call.signal_gone(key);
}

void put(Call& call, Stream&& stream, const RestoreOptions& options,
         std::optional<int64_t> deadline_ms) {
  const std::string_view key = call.args[1];
  Keyspace& keyspace = call.context.keyspace;
  const bool overwritten = call.db.locate(key) != nullptr;
  KeyEntry& entry = call.db.replace(key, std::move(stream), deadline_ms);
  const bool by_frequency = keyspace.access_notes() == AccessNotes::kFrequency;
  const std::optional<int64_t> use = by_frequency ? options.frequency : options.idle_s;
  if (use) keyspace.set_use(entry, static_cast<uint32_t>(std::min<int64_t>(*use, UINT32_MAX)));
  call.changed();
  propagate(call, options, deadline_ms);
  call.notify(events::kNew, key);  // also in another one's place
  call.notify(events::kRestore, key);
  if (overwritten) call.notify(events::kOverwritten, key);
  call.signal(key);
}

}  // namespace

Outcome dump(Call& call) {
  const Stream* const stream = call.db.find(call.args[1]);
  if (stream == nullptr) {
    call.reply.null();
  } else {
    call.reply.bulk(dump_payload(StreamView(*stream),
                                 static_cast<uint16_t>(call.settings.rdb_version),
                                 call.context.keyspace.new_stream_limits));
  }
  return Outcome::done();
}

Outcome restore(Call& call) {
  const std::string_view key = call.args[1];
  Parsed<RestoreOptions> options = read_options(call);
  if (!options) return std::move(options.error());
  if (!options->replace && call.db.locate(key) != nullptr) return ReplyError(errors::kBusyKey);
  Parsed<std::optional<int64_t>> deadline_ms = read_deadline_ms(call, options->is_absolute);
  if (!deadline_ms) return std::move(deadline_ms.error());
  Parsed<Stream> stream = read_payload(call);
  if (!stream) return std::move(stream.error());

  const bool is_over = *deadline_ms && **deadline_ms <= call.now_ms && !call.is_replay;
  if (is_over) {
    replace_with_nothing(call, key);
  } else {
    put(call, std::move(*stream), *options, *deadline_ms);
  }
  call.reply.ok();
  return Outcome::done();
}

}  // namespace weir
