// The commands on groups.
#include <algorithm>

#include "tests/support/group_model.h"

namespace weir::testing {
namespace {

constexpr std::string_view kNeedsKey =
    "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use "
    "the MKSTREAM option to create an empty stream automatically.";

std::string no_such_group(const std::string& key, const std::string& group) {
  return ReplyText::error("NOGROUP No such consumer group '" + group + "' for key name '" + key +
                          "'");
}

}  // namespace

GroupModel::Place GroupModel::any_place() {
  Place place{.key = any_key(), .name = any_group()};
  place.stream = find(place.key);
  place.group = find(place.key, place.name);
  return place;
}

// --- XGROUP --------------------------------------------------------------------------------------

/// Where a group begins or is set to; "$" is the last ID.
StreamId GroupModel::any_position(Words& words, const NaiveGroups* stream) {
  const uint64_t choice = draw(4);
  if (choice == 0) {
    words.push_back("$");
    return stream != nullptr ? stream->last_id() : StreamId{};
  }
  const StreamId id = choice == 1 ? StreamId{} : any_id();
  words.push_back(to_string(id));
  return id;
}

/// ENTRIESREAD, or not.  No group has read more than was added.
int64_t GroupModel::any_entries_read(Words& words, const NaiveGroups* stream) {
  if (!one_in(3)) return -1;
  const int64_t read = static_cast<int64_t>(draw(60)) - 1;
  words.insert(words.end(), {"ENTRIESREAD", std::to_string(read)});
  return stream != nullptr ? std::min(read, static_cast<int64_t>(stream->entries_added()))
                           : std::min<int64_t>(read, 0);
}

void GroupModel::create_group() {
  const Place place = any_place();
  Words words{"XGROUP", "CREATE", place.key, place.name};
  const StreamId id = any_position(words, place.stream);
  const int64_t entries_read = any_entries_read(words, place.stream);
  const bool makes_key = one_in(2);
  if (makes_key) words.push_back("MKSTREAM");
  if (place.stream == nullptr && !makes_key) return expect_error(words, kNeedsKey);
  if (place.group != nullptr)
    return expect_error(words, "BUSYGROUP Consumer Group name already exists");
  NaiveGroup& group = keys_[place.key].groups[place.name];
  group.last_id = id;
  group.entries_read = entries_read;
  expect(words, ReplyText::ok());
}

/// The error of a subcommand that needs key and group, if there is one.
std::optional<std::string> GroupModel::missing(const Place& place) const {
  if (place.stream == nullptr) return ReplyText::error(kNeedsKey);
  if (place.group == nullptr) return no_such_group(place.key, place.name);
  return std::nullopt;
}

void GroupModel::set_group_id() {
  const Place place = any_place();
  Words words{"XGROUP", "SETID", place.key, place.name};
  const StreamId id = any_position(words, place.stream);
  const int64_t entries_read = any_entries_read(words, place.stream);
  if (const auto error = missing(place)) return expect(words, *error);
  place.group->last_id = id;
  place.group->entries_read = entries_read;
  expect(words, ReplyText::ok());
}

void GroupModel::destroy_group() {
  const Place place = any_place();
  const Words words{"XGROUP", "DESTROY", place.key, place.name};
  if (place.stream == nullptr) return expect_error(words, kNeedsKey);
  expect(words, ReplyText::integer(place.stream->groups.erase(place.name)));
}

void GroupModel::create_consumer() {
  const Place place = any_place();
  const std::string consumer = any_consumer();
  const Words words{"XGROUP", "CREATECONSUMER", place.key, place.name, consumer};
  if (const auto error = missing(place)) return expect(words, *error);
  const bool is_new = !place.group->consumers.contains(consumer);
  if (is_new) place.group->see(consumer, stage_.now_ms);
  expect(words, ReplyText::integer(is_new ? 1 : 0));
}

void GroupModel::delete_consumer() {
  const Place place = any_place();
  const std::string consumer = any_consumer();
  const Words words{"XGROUP", "DELCONSUMER", place.key, place.name, consumer};
  if (const auto error = missing(place)) return expect(words, *error);
  const size_t owned = std::erase_if(
      place.group->pending, [&](const auto& entry) { return entry.second.owner == consumer; });
  place.group->consumers.erase(consumer);
  expect(words, ReplyText::integer(owned));
}

// --- XREADGROUP ----------------------------------------------------------------------------------

/// The options of one command, and what they still allow.
struct GroupModel::Reading {
  std::string consumer;
  uint64_t count = UINT64_MAX;
  uint64_t budget = UINT64_MAX;  // over all streams
  bool no_ack = false;
  std::optional<int64_t> claim_idle_ms;
};

GroupModel::Reading GroupModel::any_reading(Words& words) {
  Reading reading;
  if (!one_in(4)) {
    words.insert(words.end(), {"COUNT", any_count()});
    reading.count = std::stoull(words.back());
  }
  if (one_in(16)) {
    words.insert(words.end(), {"MAXCOUNT", any_count()});
    reading.budget = std::stoull(words.back());
  }
  if (one_in(8)) words.insert(words.end(), {"BLOCK", "0"});
  if (one_in(6)) {
    words.push_back("NOACK");
    reading.no_ack = true;
  }
  if (one_in(3)) {
    words.insert(words.end(), {"CLAIM", any_idle()});
    reading.claim_idle_ms = std::stoll(words.back());
  }
  return reading;
}

void GroupModel::read() {
  Words words{"XREADGROUP"};
  Reading reading = any_reading(words);
  reading.consumer = any_consumer();
  const std::string name = any_group();
  words.insert(words.end(), {"GROUP", name, reading.consumer, "STREAMS"});
  const bool may_wait = std::find(words.begin(), words.end(), "BLOCK") != words.end();
  Words keys;
  for (uint64_t n = one_in(6) ? 2 : 1; n > 0; --n)
    keys.push_back(any_key());
  words.insert(words.end(), keys.begin(), keys.end());
  std::vector<std::optional<StreamId>> after;  // none: ">"
  for (size_t i = 0; i < keys.size(); ++i) {
    after.push_back(one_in(5) ? std::optional(any_id()) : std::nullopt);
    if (after.back() && one_in(2)) after.back() = StreamId{};
    words.push_back(after.back() ? to_string(*after.back()) : ">");
  }
  if (reading.count != UINT64_MAX && reading.budget < reading.count)
    return expect_error(words, "ERR MAXCOUNT must be greater than or equal to COUNT");
  for (const std::string& key : keys) {
    if (find(key, name) == nullptr)
      return expect_error(words, "NOGROUP No such key '" + key + "' or consumer group '" + name +
                                     "' in XREADGROUP with GROUP option");
  }

  Parts served;
  for (size_t i = 0; i < keys.size(); ++i) {
    NaiveGroups& stream = *find(keys[i]);
    NaiveGroup& group = *stream.find_group(name);
    group.see(reading.consumer, stage_.now_ms);
    if (reading.budget == 0) continue;
    const std::optional<Parts> entries =
        after[i] ? history(reading, stream, group, *after[i]) : news(reading, stream, group);
    if (!entries) continue;
    served.push_back(ReplyText::bulk(keys[i]));
    served.push_back(ReplyText::array(*entries));
    if (reading.budget != UINT64_MAX) reading.budget -= entries->size();
  }
  if (!served.empty()) return expect(words, reply_.streams(served));
  expect(words, may_wait ? std::string() : reply_.null_array());
}

/// What the consumer has pending behind an ID.
GroupModel::Parts GroupModel::history(const Reading& reading, const NaiveGroups& stream,
                                      NaiveGroup& group, const StreamId& after) {
  Parts entries;
  for (auto& [id, nack] : group.pending) {
    if (nack.owner != reading.consumer || id <= after) continue;
    if (entries.size() == std::min(reading.count, reading.budget)) break;
    if (!stream.has(id)) {
      entries.push_back(ReplyText::array({ReplyText::id(id), reply_.null_array()}));
      continue;
    }
    nack.deliveries = NaiveNack::one_more(nack.deliveries);
    nack.delivered_ms = stage_.now_ms;
    nack.delivered_as = ++group.deliveries;
    entries.push_back(entry(id, stream.entries().at(id)));
  }
  return entries;
}

/// What CLAIM takes over, then new entries; nothing if there is neither.
std::optional<GroupModel::Parts> GroupModel::news(const Reading& reading, const NaiveGroups& stream,
                                                  NaiveGroup& group) {
  const uint64_t most = std::min(reading.count, reading.budget);
  Parts entries;
  const Ids taken = take_over(reading, most, stream, group, entries);
  bool is_active = !taken.empty();
  const StreamId read_up_to = group.last_id;
  for (const auto& [id, fields] : stream.entries()) {
    if (id <= read_up_to) continue;
    if (entries.size() == most) break;
    stream.count_delivery(group, id);
    if (std::find(taken.begin(), taken.end(), id) != taken.end()) continue;
    Parts behind;
    if (reading.claim_idle_ms) behind = {ReplyText::integer(0), ReplyText::integer(0)};
    entries.push_back(entry(id, fields, behind));
    if (reading.no_ack) continue;
    group.pending[id] = {.owner = reading.consumer,
                         .delivered_ms = stage_.now_ms,
                         .deliveries = 1,
                         .delivered_as = ++group.deliveries};
    is_active = true;
  }
  if (is_active) group.consumers[reading.consumer].active_ms = stage_.now_ms;
  if (entries.empty()) return std::nullopt;
  return entries;
}

/// CLAIM: the oldest deliveries, up to the first that is not idle long enough.
GroupModel::Ids GroupModel::take_over(const Reading& reading, uint64_t most,
                                      const NaiveGroups& stream, NaiveGroup& group,
                                      Parts& entries) {
  Ids taken;
  if (!reading.claim_idle_ms) return taken;
  for (const StreamId& id : group.oldest_first()) {
    NaiveNack& nack = group.pending.at(id);
    if (taken.size() == most || !nack.is_idle(*reading.claim_idle_ms, stage_.now_ms)) break;
    if (!stream.has(id)) continue;
    entries.push_back(entry(id, stream.entries().at(id),
                            {ReplyText::integer(stage_.now_ms - nack.delivered_ms),
                             ReplyText::integer(nack.deliveries)}));
    nack = {.owner = reading.consumer,
            .delivered_ms = stage_.now_ms,
            .deliveries = NaiveNack::one_more(nack.deliveries),
            .delivered_as = ++group.deliveries};
    taken.push_back(id);
  }
  return taken;
}

// --- XACK, XACKDEL, XNACK ------------------------------------------------------------------------

void GroupModel::acknowledge() {
  const Place place = any_place();
  Words words{"XACK", place.key, place.name};
  uint64_t acknowledged = 0;
  for (const StreamId& id : any_ids(place.stream, place.group)) {
    words.push_back(to_string(id));
    if (place.group != nullptr) acknowledged += place.group->pending.erase(id);
  }
  expect(words, ReplyText::integer(acknowledged));
}

void GroupModel::acknowledge_and_delete() {
  const Place place = any_place();
  Words words{"XACKDEL", place.key, place.name};
  const References references = any_references(words);
  const Ids ids = any_ids(place.stream, place.group);
  words.insert(words.end(), {"IDS", std::to_string(ids.size())});
  Parts fates;
  for (const StreamId& id : ids) {
    words.push_back(to_string(id));
    int fate = -1;
    if (place.group != nullptr && place.group->pending.erase(id) > 0) {
      const bool stays = references == References::kAcked && place.stream->is_referenced(id);
      if (references == References::kDelete) place.stream->drop_references(id);
      if (!stays) place.stream->erase(id);
      fate = stays ? 2 : 1;
    }
    fates.push_back(ReplyText::integer(fate));
  }
  expect(words, ReplyText::array(fates));
}

void GroupModel::release() {
  const Place place = any_place();
  const std::string mode = any_of({"SILENT", "FAIL", "fail", "FATAL"});
  Words words{"XNACK", place.key, place.name, mode};
  const Ids ids = any_ids(place.stream, place.group);
  std::optional<uint64_t> retry_count;
  if (one_in(4)) {
    retry_count = draw(9);
    words.insert(words.end(), {"RETRYCOUNT", std::to_string(*retry_count)});
  }
  words.insert(words.end(), {"IDS", std::to_string(ids.size())});
  for (const StreamId& id : ids)
    words.push_back(to_string(id));
  const bool is_forced = one_in(3);
  if (is_forced) words.push_back("FORCE");
  if (place.group == nullptr) return expect_no_group(words, place.key, place.name);

  uint64_t released = 0;
  for (const StreamId& id : ids) {
    NaiveGroup& group = *place.group;
    if (!group.pending.contains(id) && !(is_forced && place.stream->has(id))) continue;
    NaiveNack& nack = group.pending[id];
    if (mode == "SILENT" && nack.deliveries > 0) --nack.deliveries;
    if (mode == "FATAL") nack.deliveries = NaiveNack::kMostDeliveries;
    nack = {.owner = std::nullopt,
            .delivered_ms = 0,
            .deliveries = retry_count.value_or(nack.deliveries),
            .released_as = ++group.releases};
    ++released;
  }
  expect(words, ReplyText::integer(released));
}

}  // namespace weir::testing
