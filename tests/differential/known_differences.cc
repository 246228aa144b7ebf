#include "tests/differential/known_differences.h"

#include <algorithm>
#include <cstdlib>
#include <string>

namespace weir::testing {
namespace {

using resp::Reply;

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), ::tolower);
  return text;
}

bool is(const Words& command, std::string_view name) {
  return lower(command[0]) == name;
}

/// The place of an option (lower case) in a command, or its size.
size_t place_of(const Words& command, std::string_view option) {
  const auto found = std::find_if(command.begin(), command.end(),
                                  [option](const auto& word) { return lower(word) == option; });
  return static_cast<size_t>(found - command.begin());
}

bool has(const Words& command, std::string_view option) {
  return place_of(command, option) < command.size();
}

/// Calls `change(name, value)` for every named value of a reply of XINFO, at any depth, in RESP2
/// and RESP3 alike.
template <typename Change>
void for_named_values(Reply& reply, const Change& change) {
  std::vector<Reply>& parts = reply.elements;
  const bool is_map = reply.kind == Reply::Kind::kMap ||
                      (parts.size() >= 2 && parts.size() % 2 == 0 &&
                       parts[0].kind == Reply::Kind::kBulk && !parts[0].text.empty());
  for (size_t i = 0; is_map && i + 1 < parts.size(); i += 2)
    change(parts[i].text, parts[i + 1]);
  for (Reply& part : parts)
    for_named_values(part, change);
}

/// Removes names, and their values, from every map of a reply of XINFO.
void remove_named(Reply& reply, std::initializer_list<std::string_view> names) {
  std::vector<Reply>& parts = reply.elements;
  for (size_t i = 0; i + 1 < parts.size();) {
    const bool goes = parts[i].kind == Reply::Kind::kBulk &&
                      std::find(names.begin(), names.end(), parts[i].text) != names.end();
    const auto at = parts.begin() + static_cast<ptrdiff_t>(i);
    if (goes) {
      parts.erase(at, at + 2);
    } else {
      ++i;
    }
  }
  for (Reply& part : parts)
    remove_named(part, names);
}

void mask(Reply& value) {
  value = {.kind = Reply::Kind::kSimpleString, .text = "(masked)"};
}

/// An idle time: only whether it is short or one of the long ones.
void cut_idle(Reply& value) {
  constexpr int64_t kCut = kLongIdleMs / 2;
  if (value.kind == Reply::Kind::kInteger && value.integer > 0) value.integer /= kCut;
}

/// A point in time: only how long before the test's begin, roughly.
void cut_time(Reply& value, int64_t began_ms) {
  constexpr int64_t kCut = kLongIdleMs / 2;
  if (value.kind != Reply::Kind::kInteger || value.integer < 0) return;
  const int64_t before_ms = began_ms + kCut / 2 - value.integer;
  value.integer = before_ms < 0 ? 0 : (before_ms + kCut - 1) / kCut;
}

// ---- avoided ---------------------------------------------------------------------------------

void keep_append_only_keys_whole(Words& command, std::vector<Words>&) {
  for (std::string& word : command) {
    if (!is_append_only(word)) continue;
    const bool loses = is(command, "xdel") || is(command, "xtrim") ||
                       has(command, "maxdeletedid") || has(command, "entriesadded") ||
                       has(command, "maxlen") || has(command, "minid") ||
                       has(command, "entriesread");
    if (loses) word = "s1";
  }
}

/// Reads the options of XREADGROUP as a server does: a consumer may well be called STREAMS.
void create_consumers_of_read(const Words& command, std::vector<Words>& first) {
  Words group;
  size_t at = 1;
  while (at < command.size() && lower(command[at]) != "streams") {
    const std::string option = lower(command[at]);
    const bool is_group = option == "group" && at + 2 < command.size();
    if (is_group) group = {command[at + 1], command[at + 2]};
    at += is_group ? 3 : option == "count" || option == "block" ? 2 : 1;
  }
  if (group.empty() || at >= command.size()) return;
  const size_t keys = (command.size() - at - 1) / 2;
  for (size_t i = at + 1; i <= at + keys; ++i)
    first.push_back({"XGROUP", "CREATECONSUMER", command[i], group[0], group[1]});
}

void create_consumers_first(Words& command, std::vector<Words>& first) {
  if (is(command, "xreadgroup")) {
    create_consumers_of_read(command, first);
  } else if ((is(command, "xclaim") || is(command, "xautoclaim")) && command.size() > 3) {
    first.push_back({"XGROUP", "CREATECONSUMER", command[1], command[2], command[3]});
  }
}

void no_plus_in_xread(Words& command, std::vector<Words>&) {
  if (!is(command, "xread") && !is(command, "xreadgroup")) return;
  for (std::string& word : command) {
    if (word == "+") word = "$";
  }
}

/// Entries go from s3 by trimming only; from s1 and s2 by MINID in whole nodes only.
void part_xdel_and_exact_minid(Words& command, std::vector<Words>&) {
  if (is(command, "xdel")) {
    for (std::string& word : command) {
      if (word == "s3") word = "s2";
    }
  }
  const size_t threshold = place_of(command, "minid") + 1;
  const bool keeps = std::find(command.begin(), command.end(), "s3") == command.end();
  if (!keeps || threshold >= command.size() || command[threshold] == "~") return;
  if (command[threshold] == "=") {
    command[threshold] = "~";
  } else {
    command.insert(command.begin() + static_cast<ptrdiff_t>(threshold), "~");
  }
}

/// Lets XSETID meet a young stream, which no entry was deleted from, or no key at all: "text" and
/// "missing" may have become streams by a RENAME.
void make_new_for_xsetid(Words& command, std::vector<Words>& first) {
  if (!is(command, "xsetid") || command.size() < 3 || is_append_only(command[1])) return;
  if (command[1] == "text" || command[1] == "missing") {
    command[1] = "never";
    return;
  }
  const std::string ms = std::to_string(std::strtoull(command[2].c_str(), nullptr, 10));
  first.push_back({"DEL", command[1]});
  first.push_back({"XADD", command[1], "1-1", "field0", "a"});
  first.push_back({"XADD", command[1], ms + "-1", "field0", "b"});
}

void no_endless_block(Words& command, std::vector<Words>&) {
  const size_t value = place_of(command, "block") + 1;
  if (value < command.size() && command[value] == "9223372036854775807") command[value] = "1";
}

/// A least idle time of a few milliseconds: whether they have passed is a matter of luck.
void no_short_idle(Words& command, std::vector<Words>&) {
  const auto lengthen = [&command](size_t at) {
    if (at >= command.size()) return;
    const long long idle_ms = std::strtoll(command[at].c_str(), nullptr, 10);
    if (idle_ms > 0 && idle_ms < kLongIdleMs / 4) command[at] = "0";
  };
  constexpr size_t kMinIdle = 4;
  if (is(command, "xclaim") || is(command, "xautoclaim")) lengthen(kMinIdle);
  if (is(command, "xclaim") || is(command, "xpending")) lengthen(place_of(command, "idle") + 1);
}

void no_greatest_delivery_count(Words& command, std::vector<Words>&) {
  const size_t value = place_of(command, "retrycount") + 1;
  if (value < command.size() && command[value] == "9223372036854775807") command[value] = "9";
}

void no_negative_cursor(Words& command, std::vector<Words>&) {
  if (!is(command, "scan") || command.size() < 2) return;
  if (command[1] == "-1" || command[1].empty()) command[1] = "0";
}

/// Numbers stay as they are: only what may be read as an ID is changed.
void no_signs_in_ids(Words& command, std::vector<Words>&) {
  constexpr std::string_view kNumbered[] = {"count",       "limit",      "maxlen", "entriesadded",
                                            "entriesread", "retrycount", "~",      "="};
  for (size_t i = 1; i < command.size(); ++i) {
    if (command[i] != "+1" && command[i] != " 1") continue;
    const std::string before = lower(command[i - 1]);
    if (std::find(std::begin(kNumbered), std::end(kNumbered), before) == std::end(kNumbered))
      command[i] = "0x1";
  }
}

void no_lonely_getkeys(Words& command, std::vector<Words>&) {
  if (is(command, "command") && has(command, "getkeys") && command.size() == 3)
    command.emplace_back("s1");
}

// ---- normalised ------------------------------------------------------------------------------

void drop_new_fields(Reply& reply, const Asked& asked) {
  if (!is(asked.command, "xinfo")) return;
  remove_named(reply, {"idmp-duration", "idmp-maxsize", "pids-tracked", "iids-tracked",
                       "iids-added", "iids-duplicates", "nacked-count", "active-time", "inactive"});
}

void mask_inner_nodes(Reply& reply, const Asked& asked) {
  if (!is(asked.command, "xinfo")) return;
  for_named_values(reply, [](const std::string& name, Reply& value) {
    if (name == "radix-tree-nodes") mask(value);
  });
}

void mask_counters_after_losses(Reply& reply, const Asked& asked) {
  const Words& command = asked.command;
  if (!is(command, "xinfo") || command.size() < 3 || is_append_only(command[2])) return;
  for_named_values(reply, [](const std::string& name, Reply& value) {
    if (name == "entries-read" || name == "lag") mask(value);
  });
}

void cut_times_of_xinfo(Reply& reply, const Asked& asked) {
  if (!is(asked.command, "xinfo")) return;
  for_named_values(reply, [&asked](const std::string& name, Reply& value) {
    if (name == "idle") cut_idle(value);
    if (name == "seen-time") cut_time(value, asked.began_ms);
    if (name != "pending" && name != "pel") return;
    for (Reply& nack : value.elements) {  // id, (consumer,) time, count
      if (nack.elements.size() >= 3) cut_time(nack.elements.end()[-2], asked.began_ms);
    }
  });
}

void cut_idle_of_xpending(Reply& reply, const Asked& asked) {
  if (!is(asked.command, "xpending") || asked.command.size() < 6) return;
  for (Reply& nack : reply.elements) {  // id, consumer, idle, count
    if (nack.elements.size() == 4) cut_idle(nack.elements[2]);
  }
}

void sort_keys(Reply& reply, const Asked& asked) {
  const bool is_page = is(asked.command, "scan") && reply.elements.size() == 2;
  std::vector<Reply>& keys = is_page ? reply.elements[1].elements : reply.elements;
  if (!is_page && !is(asked.command, "keys")) return;
  std::sort(keys.begin(), keys.end(),
            [](const Reply& a, const Reply& b) { return a.text < b.text; });
}

void mask_random_key(Reply& reply, const Asked& asked) {
  if (is(asked.command, "randomkey") && reply.kind == Reply::Kind::kBulk) mask(reply);
}

/// How many times kLongTtl are left; of a time in the next century only that it is one.
void cut_ttl(Reply& reply, const Asked& asked) {
  const bool in_ms = is(asked.command, "pttl");
  if (reply.kind != Reply::Kind::kInteger || reply.integer < 0) return;
  if (!in_ms && !is(asked.command, "ttl")) return;
  constexpr auto kCut = static_cast<int64_t>(kLongTtl);
  const int64_t seconds = in_ms ? reply.integer / 1000 : reply.integer;
  reply.integer = seconds > 100 * kCut ? INT64_MAX : (seconds + kCut / 2) / kCut;
}

/// The same of a point in time; one in the next century is left as it is.
void cut_expire_time(Reply& reply, const Asked& asked) {
  const bool in_ms = is(asked.command, "pexpiretime");
  if (reply.kind != Reply::Kind::kInteger || reply.integer < 0) return;
  if (!in_ms && !is(asked.command, "expiretime")) return;
  constexpr auto kCut = static_cast<int64_t>(kLongTtl);
  const int64_t seconds = in_ms ? reply.integer / 1000 : reply.integer;
  if (seconds >= static_cast<int64_t>(kNextCentury)) return;
  reply.integer = (seconds - asked.began_ms / 1000 + kCut / 2) / kCut;
}

void mask_payload(Reply& reply, const Asked& asked) {
  if (is(asked.command, "dump") && reply.kind == Reply::Kind::kBulk) mask(reply);
}

void mask_id_of_now(Reply& reply, const Asked& asked) {
  const bool is_now =
      is(asked.command, "xadd") && has(asked.command, "*") && has(asked.command, "clock");
  if (is_now && reply.kind == Reply::Kind::kBulk) mask(reply);
}

void mask_idle_of_object(Reply& reply, const Asked& asked) {
  if (is(asked.command, "object") && has(asked.command, "idletime")) cut_idle(reply);
}

void word_unbalanced_alike(Reply& reply, const Asked&) {
  if (reply.is_error() && reply.text.starts_with("ERR Unbalanced ")) reply.text = "ERR Unbalanced";
}

void word_unknown_alike(Reply& reply, const Asked& asked) {
  constexpr std::string_view kNothing = ", with args beginning with: ";
  if (asked.command.size() == 1 && reply.is_error() && reply.text.ends_with(kNothing))
    reply.text.resize(reply.text.size() - kNothing.size());
}

/// Behind the greatest sequence of a millisecond.
void word_full_millisecond_alike(Reply& reply, const Asked& asked) {
  const Words& command = asked.command;
  if (!is(command, "xadd") || !reply.is_error()) return;
  const bool is_partial = std::any_of(command.begin(), command.end(),
                                      [](const auto& word) { return word.ends_with("-*"); });
  if (is_partial && reply.text == "ERR Elements are too large to be stored")
    reply.text = "ERR The ID specified in XADD is equal or smaller than the target stream top item";
}

constexpr KnownDifference kDifferences[] = {
    {.name = "lag",
     .reason =
         "8.0 and 8.2 changed how entries-read and lag follow deletions, trimming and a given "
         "ENTRIESREAD; 7.0 also stores an ENTRIESREAD beyond entries-added, and tells a negative "
         "lag where entries-added was lowered",
     .avoid = keep_append_only_keys_whole,
     .normalise = mask_counters_after_losses},
    {.name = "consumer creation",
     .reason = "since 7.2 a read or claim that finds nothing creates its consumer too",
     .avoid = create_consumers_first},
    {.name = "XREAD +",
     .reason = "the last entry as an ID of XREAD, and an error of its own in XREADGROUP, came with "
               "7.4",
     .avoid = no_plus_in_xread},
    {.name = "XSETID below a deleted ID",
     .reason = "7.0 compares the new last ID only with the last entry, not with max-deleted",
     .avoid = make_new_for_xsetid},
    {.name = "emptied node",
     .reason = "when MINID takes the last live entry of a node whose tombstones have greater IDs, "
               "Redis keeps the node without a live entry, and ours frees it; seen in "
               "radix-tree-keys and in what ~ trims later",
     .avoid = part_xdel_and_exact_minid},
    {.name = "endless BLOCK",
     .reason = "7.0 waits for ever where now + BLOCK overflows; later versions refuse it",
     .avoid = no_endless_block},
    {.name = "short idle", .reason = "the clock", .avoid = no_short_idle},
    {.name = "delivery count",
     .reason = "one more delivery than 2^63-1 turns over to a negative count in Redis, ours stays",
     .avoid = no_greatest_delivery_count},
    {.name = "SCAN -1",
     .reason = "7.0 takes it, and nothing, for a cursor",
     .avoid = no_negative_cursor},
    {.name = "signs and blanks in IDs",
     .reason = "Redis reads a plus or a blank before a number of an ID, and ours refuses it",
     .avoid = no_signs_in_ids},
    {.name = "COMMAND GETKEYS of one word",
     .reason = "7.0 counts the words and does not look at the command",
     .avoid = no_lonely_getkeys},
    {.name = "XINFO fields",
     .reason = "7.2 (active-time, inactive), 8.6 (idempotent production) and 8.8 (nacked-count) "
               "added fields; those of 7.0 keep their order",
     .normalise = drop_new_fields},
    {.name = "XINFO radix-tree-nodes",
     .reason = "counts inner nodes of the server's own tree",
     .normalise = mask_inner_nodes},
    {.name = "XINFO times",
     .reason = "the clock; since 7.2 seen-time also moves when nothing was found",
     .normalise = cut_times_of_xinfo},
    {.name = "XPENDING idle", .reason = "the clock", .normalise = cut_idle_of_xpending},
    {.name = "order of keys", .reason = "each server's own", .normalise = sort_keys},
    {.name = "RANDOMKEY", .reason = "chance", .normalise = mask_random_key},
    {.name = "time to live", .reason = "the clock", .normalise = cut_ttl},
    {.name = "time of expiry", .reason = "the clock", .normalise = cut_expire_time},
    {.name = "DUMP",
     .reason = "each server's own version and packing; what they make of each other's payloads is "
               "compared after RESTORE",
     .normalise = mask_payload},
    {.name = "XADD *", .reason = "the clock", .normalise = mask_id_of_now},
    {.name = "OBJECT IDLETIME", .reason = "the clock", .normalise = mask_idle_of_object},
    {.name = "unknown command",
     .reason = "8.8 says nothing of arguments that there are not",
     .normalise = word_unknown_alike},
    {.name = "XADD ms-* of a full millisecond",
     .reason = "which of two errors 7.0 gives is left to what happened before (a stale errno)",
     .normalise = word_full_millisecond_alike},
    {.name = "Unbalanced",
     .reason = "7.4 worded the error anew",
     .normalise = word_unbalanced_alike},
};

}  // namespace

std::span<const KnownDifference> known_differences() {
  return kDifferences;
}

}  // namespace weir::testing
