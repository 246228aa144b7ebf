// DEBUG: what test suites need and nothing that a running service should use.
#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include <unistd.h>

#include "resp/real_text.h"
#include "server/commands/args.h"
#include "server/commands/handlers.h"
#include "server/commands/help_reply.h"
#include "server/config.h"
#include "server/context.h"
#include "server/data/keyspace.h"
#include "server/data/waiters.h"
#include "server/durability/append_log.h"
#include "server/durability/loader.h"
#include "server/durability/snapshots.h"
#include "server/errors.h"
#include "server/host/log.h"
#include "server/insight/data_digest.h"
#include "server/insight/sha1.h"
#include "server/log_replay.h"
#include "server/net/push.h"
#include "server/replication/stream.h"
#include "server/text.h"

namespace weir {
namespace {

Outcome ok(Call& call) {
  call.reply.ok();
  return Outcome::done();
}

/// DEBUG SLEEP stops the whole server; nobody means a longer one.
constexpr double kLongestSleepSeconds = 3600;

Outcome sleep_seconds(Call& call) {
  const std::optional<double> seconds = resp::parse_real(call.args[2]);
  if (!seconds || *seconds < 0 || *seconds > kLongestSleepSeconds) {
    return ReplyError("ERR value is not a valid float");
  }
  usleep(static_cast<useconds_t>(*seconds * 1e6));
  return ok(call);
}

Outcome object(Call& call) {
  const KeyEntry* const entry = call.db.entry(call.args[2]);
  if (entry == nullptr) return ReplyError(errors::kNoSuchKey);
  const uint32_t idle_s = call.context.keyspace.idle_s(*entry);
  std::array<char, 256> text{};
  std::snprintf(
      text.data(), text.size(),
      "Value at:%p refcount:1 encoding:stream serializedlength:%zu lru:%u lru_seconds_idle:%lld",
      static_cast<const void*>(entry), entry->stream.memory_bytes(), entry->access_mark & 0xffffffU,
      static_cast<long long>(idle_s));
  call.reply.simple(text.data());
  return Outcome::done();
}

/// A CONFIG REWRITE that leaves no option out.
Outcome rewrite_all(Call& call) {
  if (std::optional<std::string> error = call.context.config.rewrite(true))
    return ReplyError("ERR " + *error);
  return ok(call);
}

Outcome answer_with_error(Call& call) {
  std::string text(call.args[2]);
  return ReplyError(text.empty() ? std::string("ERR") : std::move(text));
}

Outcome log(Call& call) {
  call.context.log.warning("DEBUG LOG: " + std::string(call.args[2]));
  return ok(call);
}

// --- DEBUG PROTOCOL ------------------------------------------------------------------------------

void write_attribute(resp::ReplyWriter& reply) {
  reply.attribute(1);
  reply.bulk("key-popularity");
  reply.array(2);
  reply.bulk("key:123");
  reply.integer(90);
  reply.bulk("Some real reply following the attribute");
}

/// Behind the reply, also behind that of EXEC.
void push_sample(Client& client) {
  Push push(client);
  push->push(2);
  push->bulk("server-cpu-usage");
  push->integer(42);
}

struct ProtocolSample {
  std::string_view name;
  void (*write)(resp::ReplyWriter&);
  bool is_resp3_only = false;
  void (*push)(Client&) = nullptr;  // what comes behind it
};

constexpr ProtocolSample kProtocolSamples[] = {
    {"string", [](resp::ReplyWriter& reply) { reply.bulk("Hello World"); }},
    {"integer", [](resp::ReplyWriter& reply) { reply.integer(12345); }},
    {"double", [](resp::ReplyWriter& reply) { reply.real(3.141); }},
    {"null", [](resp::ReplyWriter& reply) { reply.null(); }},
    {"array",
     [](resp::ReplyWriter& reply) {
       reply.array(3);
       for (int i = 0; i < 3; ++i)
         reply.integer(i);
     }},
    {"set",
     [](resp::ReplyWriter& reply) {
       reply.set(3);
       for (int i = 0; i < 3; ++i)
         reply.integer(i);
     }},
    {"map",
     [](resp::ReplyWriter& reply) {
       reply.map(3);
       for (int i = 0; i < 3; ++i) {
         reply.integer(i);
         reply.boolean(i == 1);
       }
     }},
    {"bignum",
     [](resp::ReplyWriter& reply) { reply.big_number("1234567999999999999999999999999999999"); }},
    {"true", [](resp::ReplyWriter& reply) { reply.boolean(true); }},
    {"false", [](resp::ReplyWriter& reply) { reply.boolean(false); }},
    {"verbatim",
     [](resp::ReplyWriter& reply) { reply.verbatim("txt", "This is a verbatim\nstring"); }},
    {"push",
     [](resp::ReplyWriter& reply) { reply.bulk("Some real reply following the push reply"); }, true,
     push_sample},
    {"attrib", write_attribute, true},
};

Outcome protocol(Call& call) {
  for (const ProtocolSample& sample : kProtocolSamples) {
    if (!equals_ignoring_case(sample.name, call.args[2])) continue;
    if (sample.is_resp3_only && !call.reply.is_resp3())
      return ReplyError("ERR RESP2 is not supported by this command");
    sample.write(call.reply);
    if (sample.push != nullptr) sample.push(call.client);
    return Outcome::done();
  }
  return ReplyError(
      "ERR Wrong protocol type name. Please use one of the following: "
      "string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false");
}

/// Whether keys that nobody asks for expire.
Outcome set_active_expire(Call& call) {
  const std::string_view word = call.args[2];
  if (word != "0" && word != "1") return ReplyError(errors::kNotAnInteger);
  call.context.keyspace.active_expiry = word == "1";
  return ok(call);
}

// --- Data ----------------------------------------------------------------------------------------

Outcome digest(Call& call) {
  call.reply.simple(digest_of_data(call.context.keyspace));
  return Outcome::done();
}

Outcome digest_value(Call& call) {
  static const std::string of_nothing(2 * sizeof(Sha1), '0');
  const auto keys = call.args.subspan(2);
  call.reply.array(keys.size());
  for (const std::string_view key : keys) {
    const KeyEntry* const entry = call.db.entry(key);
    call.reply.simple(entry != nullptr ? digest_of_value(*entry) : of_nothing);
  }
  return Outcome::done();
}

/// One entry under a key that did not exist.
void populate_key(Call& call, std::string_view key, std::string_view value) {
  constexpr StreamId kId{1, 0};
  const std::string_view fields[] = {"field", value};
  call.db.find_or_create(key).append(kId, fields,
                                     {.max_bytes = call.settings.stream_node_max_bytes,
                                      .max_entries = call.settings.stream_node_max_entries});
  call.changed();
  call.notify(events::kNew, key);
  call.signal(key);
  if (call.is_told()) call.propagate_as({"XADD", key, to_string(kId), "field", value});
}

/// Looks at every key, stream and group: a damaged one stops the process.
Outcome check_structures(Call& call) {
  for (const Database& db : call.context.keyspace.databases())
    db.assert_consistent();
  return ok(call);
}

/// DEBUG LOADAOF.
Outcome load_log(Call& call) {
  AppendLog& append_log = call.context.append_log;
  if (!append_log.is_on() || append_log.is_aside())
    return ReplyError("ERR The append only file is not in use");
  if (!append_log.write_now()) return ReplyError(append_log.refusal());
  Propagation& propagation = call.context.propagation;
  for (Database& db : call.context.keyspace.databases())
    db.clear();
  // What is replayed is in the log already.
  propagation.set_listener(Propagation::Listener::kLog, false);
  const auto loaded = LogReplay(call.context, real_files()).run();
  propagation.set_listener(Propagation::Listener::kLog, true);
  if (!loaded) {
    call.context.log.warning(loaded.error());
    return ReplyError("ERR Error trying to load the AOF files, check server logs.");
  }
  call.reply.ok();
  return Outcome::done();
}

/// DEBUG POPULATE count [prefix] [bytes of the value].
Outcome populate(Call& call) {
  const std::span<const std::string_view> args = call.args;
  if (args.size() < 3 || args.size() > 5)
    return errors::unknown_subcommand_or_arguments("debug", args[1]);
  const std::optional<int64_t> count = parse_canonical(args[2]);
  const std::optional<int64_t> bytes = args.size() > 4 ? parse_canonical(args[4]) : 0;
  if (!count || !bytes || *count < 0 || *bytes < 0) return ReplyError(errors::kNotPositive);
  if (static_cast<uint64_t>(*bytes) > kMaxEntryBytes) return ReplyError(errors::kElementsTooLarge);
  const std::string prefix(args.size() > 3 ? args[3] : "key");
  for (int64_t i = 0; i < *count; ++i) {
    const std::string key = prefix + ":" + std::to_string(i);
    if (call.db.locate(key) != nullptr) continue;
    std::string value = "value:" + std::to_string(i);
    if (*bytes > 0) value.resize(static_cast<size_t>(*bytes));
    populate_key(call, key, value);
  }
  call.propagate_nothing();
  return ok(call);
}

// --- Snapshots -----------------------------------------------------------------------------------

struct ReloadArgs {
  bool saves = true;
  bool flushes = true;
  bool merges = false;
};

Parsed<ReloadArgs> read_reload_args(const Call& call) {
  ReloadArgs parsed;
  ArgCursor args(call.args, 2);
  while (args.left() > 0) {
    if (args.take("NOSAVE")) {
      parsed.saves = false;
    } else if (args.take("NOFLUSH")) {
      parsed.flushes = false;
    } else if (args.take("MERGE")) {
      parsed.merges = true;
    } else {
      return tl::make_unexpected(
          ReplyError("ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options."));
    }
  }
  return parsed;
}

/// Saves, forgets and loads all keys.
Outcome reload(Call& call) {
  Parsed<ReloadArgs> args = read_reload_args(call);
  if (!args) return std::move(args.error());
  Context& context = call.context;
  if (context.loader.progress().is_loading) return ReplyError(errors::kLoading);
  context.snapshots.kill();
  if (args->saves && !context.snapshots.save()) return ReplyError("ERR");
  for (Database& db : context.keyspace.databases()) {
    if (!args->flushes) break;
    context.keyspace.events.notify_flushing(db.index());
    db.clear();
    context.waiters.signal_all_gone(db.index());
  }
  const Loader::Merge merge = args->merges ? Loader::Merge::kYes : Loader::Merge::kNo;
  if (context.loader.load(call.settings.dbfilename, merge) != Loader::Result::kLoaded)
    return ReplyError(errors::kCannotLoad);
  context.keyspace.changes = 0;
  context.log.warning("DB reloaded by DEBUG RELOAD");
  return ok(call);
}

Outcome crash(Call&) {
  std::abort();
}

Outcome segfault(Call& call) {
  std::raise(SIGSEGV);
  return ok(call);
}

Outcome change_replication_id(Call& call) {
  call.context.log.warning("Changing replication IDs after receiving change-repl-id");
  call.context.replication.rename();
  return ok(call);
}

Outcome help(Call& call) {
  static constexpr std::string_view kLines[] = {
      "ASSERT | PANIC | SEGFAULT",
      "    Crash, with a report in the log.",
      "CHANGE-REPL-ID",
      "    Give the history of replication another name: replicas begin anew.",
      "CHECK-STRUCTURES",
      "    Look at everything that is kept of the keys; what is damaged is a crash, with a report.",
      "CONFIG-REWRITE-FORCE-ALL",
      "    Rewrite the configuration file with a line for every option.",
      "DIGEST",
      "    A hash of all keys, their entries and whether they have a TTL.",
      "DIGEST-VALUE <key> [<key> ...]",
      "    The same of what each key holds.",
      "ERROR <text>",
      "    Answer with this error.",
      "LOADAOF",
      "    Write the log, forget all keys and load it.",
      "LOG <text>",
      "    Write a line into the log.",
      "OBJECT <key>",
      "    How and where the value of <key> is kept.",
      "POPULATE <count> [<prefix>] [<size>]",
      "    Make the keys <prefix>:0 ... that do not exist, each with one entry.",
      "PROTOCOL <type>",
      "    Answer with a value of that type.",
      "RELOAD [NOSAVE] [NOFLUSH] [MERGE]",
      "    Write a snapshot, forget all keys and load it. NOSAVE: load the one that is there.",
      "    NOFLUSH: forget nothing. MERGE: keys that are there already are replaced.",
      "DICT-RESIZING | PAUSE-CRON | SET-DISABLE-DENY-SCRIPTS | SET-SKIP-CHECKSUM-VALIDATION (0|1)",
      "AOF-FLUSH-SLEEP <microseconds>",
      "QUICKLIST-PACKED-THRESHOLD <size>",
      "REPLYBUFFER <option> <value>",
      "STRINGMATCH-LEN <len> <pattern>",
      "    Accepted, so that test suites for Redis run: there is nothing to switch.",
      "SET-ACTIVE-EXPIRE (0|1)",
      "    Whether keys that nobody asks for expire.",
      "SLEEP <seconds>",
      "    Stop the whole server for a while.",
  };
  write_help(call.reply, "debug", kLines);
  return Outcome::done();
}

struct Subcommand {
  std::string_view name;
  size_t words;  // in all; 0: any number
  Outcome (*run)(Call&);
};

constexpr Subcommand kSubcommands[] = {
    {"aof-flush-sleep", 3, ok},
    {"assert", 2, crash},
    {"change-repl-id", 2, change_replication_id},
    {"check-structures", 2, check_structures},
    {"config-rewrite-force-all", 2, rewrite_all},
    {"dict-resizing", 3, ok},
    {"digest", 2, digest},
    {"digest-value", 0, digest_value},
    {"error", 3, answer_with_error},
    {"help", 2, help},
    {"loadaof", 2, load_log},
    {"log", 3, log},
    {"object", 3, object},
    {"panic", 2, crash},
    {"pause-cron", 3, ok},
    {"populate", 0, populate},
    {"protocol", 3, protocol},
    {"quicklist-packed-threshold", 3, ok},
    {"reload", 0, reload},
    {"replybuffer", 4, ok},
    {"segfault", 2, segfault},
    {"set-active-expire", 3, set_active_expire},
    {"set-disable-deny-scripts", 3, ok},
    {"set-skip-checksum-validation", 3, ok},
    {"sleep", 3, sleep_seconds},
    {"stringmatch-len", 0, ok},
};

}  // namespace

Outcome debug(Call& call) {
  for (const Subcommand& subcommand : kSubcommands) {
    if (!equals_ignoring_case(subcommand.name, call.args[1])) continue;
    if (subcommand.words == 0 || subcommand.words == call.args.size()) return subcommand.run(call);
  }
  return errors::unknown_subcommand_or_arguments("debug", call.args[1]);
}

}  // namespace weir
