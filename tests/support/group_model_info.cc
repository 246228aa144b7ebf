// What XINFO and XPENDING show.
#include <algorithm>

#include "tests/support/group_model.h"

namespace weir::testing {
namespace {

using Parts = ReplyText::Parts;

void number(Parts& pairs, std::string_view name, uint64_t value) {
  pairs.push_back(ReplyText::bulk(name));
  pairs.push_back(ReplyText::integer(value));
}

void text(Parts& pairs, std::string_view name, std::string_view value) {
  pairs.push_back(ReplyText::bulk(name));
  pairs.push_back(ReplyText::bulk(value));
}

void part(Parts& pairs, std::string_view name, std::string reply) {
  pairs.push_back(ReplyText::bulk(name));
  pairs.push_back(std::move(reply));
}

}  // namespace

std::string GroupModel::entry(const StreamId& id, const ModelFields& fields, const Parts& behind) {
  Parts words;
  for (const std::string& field : fields)
    words.push_back(ReplyText::bulk(field));
  Parts parts{ReplyText::id(id), ReplyText::array(words)};
  parts.insert(parts.end(), behind.begin(), behind.end());
  return ReplyText::array(parts);
}

/// The pairs that both forms of XINFO STREAM begin with; there are no producers.
GroupModel::Parts GroupModel::counters(const NaiveGroups& stream) {
  Parts pairs;
  number(pairs, "length", stream.length());
  number(pairs, "radix-tree-keys", stream.nodes().size());
  number(pairs, "radix-tree-nodes", stream.nodes().size() + 1);
  text(pairs, "last-generated-id", to_string(stream.last_id()));
  text(pairs, "max-deleted-entry-id", to_string(stream.max_deleted_id()));
  number(pairs, "entries-added", stream.entries_added());
  text(pairs, "recorded-first-entry-id", to_string(stream.first_id()));
  number(pairs, "idmp-duration", 100);
  number(pairs, "idmp-maxsize", 100);
  for (const char* const name : {"pids-tracked", "iids-tracked", "iids-added", "iids-duplicates"})
    number(pairs, name, 0);
  return pairs;
}

void GroupModel::progress(Parts& pairs, const NaiveGroups& stream, const NaiveGroup& group) const {
  text(pairs, "last-delivered-id", to_string(group.last_id));
  part(pairs, "entries-read",
       group.entries_read >= 0 ? ReplyText::integer(group.entries_read) : reply_.null());
  const std::optional<int64_t> lag = stream.lag(group);
  part(pairs, "lag", lag ? ReplyText::integer(*lag) : reply_.null());
}

void GroupModel::stream_info(const std::string& key) {
  const NaiveGroups& stream = keys_.at(key);
  Parts pairs = counters(stream);
  number(pairs, "groups", stream.groups.size());
  const NaiveStream::Entries& entries = stream.entries();
  const auto shown = [&](NaiveStream::Entries::const_iterator at) {
    return entries.empty() ? reply_.null() : entry(at->first, at->second);
  };
  part(pairs, "first-entry", shown(entries.begin()));
  part(pairs, "last-entry", shown(entries.empty() ? entries.end() : std::prev(entries.end())));
  expect({"XINFO", "STREAM", key}, reply_.map(pairs));
}

void GroupModel::full_info(const std::string& key, uint64_t count) {
  const NaiveGroups& stream = keys_.at(key);
  const uint64_t most = count == 0 ? UINT64_MAX : count;
  Parts entries;
  for (const auto& [id, fields] : stream.entries()) {
    if (entries.size() < most) entries.push_back(entry(id, fields));
  }
  Parts groups;
  for (const auto& [name, group] : stream.groups) {
    Parts pairs;
    text(pairs, "name", name);
    progress(pairs, stream, group);
    number(pairs, "pel-count", group.pending.size());
    number(pairs, "nacked-count", group.released());
    part(pairs, "pending", full_pending(group.pending, most, true));
    part(pairs, "consumers", full_consumers(group, most));
    groups.push_back(reply_.map(pairs));
  }
  Parts pairs = counters(stream);
  part(pairs, "entries", ReplyText::array(entries));
  part(pairs, "groups", ReplyText::array(groups));
  expect({"XINFO", "STREAM", key, "FULL", "COUNT", std::to_string(count)}, reply_.map(pairs));
}

std::string GroupModel::full_pending(const NaiveGroup::Pending& pending, uint64_t most,
                                     bool with_owner) {
  Parts shown;
  for (const auto& [id, nack] : pending) {
    if (shown.size() == most) break;
    Parts parts{ReplyText::id(id)};
    if (with_owner) parts.push_back(ReplyText::bulk(nack.owner.value_or("")));
    parts.push_back(ReplyText::integer(nack.delivered_ms));
    parts.push_back(ReplyText::integer(nack.deliveries));
    shown.push_back(ReplyText::array(parts));
  }
  return ReplyText::array(shown);
}

std::string GroupModel::full_consumers(const NaiveGroup& group, uint64_t most) const {
  Parts consumers;
  for (const auto& [name, consumer] : group.consumers) {
    const NaiveGroup::Pending owned = group.owned_by(name);
    Parts pairs;
    text(pairs, "name", name);
    part(pairs, "seen-time", ReplyText::integer(consumer.seen_ms));
    part(pairs, "active-time", ReplyText::integer(consumer.active_ms));
    number(pairs, "pel-count", owned.size());
    part(pairs, "pending", full_pending(owned, most, false));
    consumers.push_back(reply_.map(pairs));
  }
  return ReplyText::array(consumers);
}

void GroupModel::group_info(const std::string& key) {
  const NaiveGroups& stream = keys_.at(key);
  Parts groups;
  for (const auto& [name, group] : stream.groups) {
    Parts pairs;
    text(pairs, "name", name);
    number(pairs, "consumers", group.consumers.size());
    number(pairs, "pending", group.pending.size());
    progress(pairs, stream, group);
    groups.push_back(reply_.map(pairs));
  }
  expect({"XINFO", "GROUPS", key}, ReplyText::array(groups));
}

void GroupModel::consumer_info(const std::string& key, const std::string& group) {
  const auto since = [this](int64_t ms) { return std::max<int64_t>(stage_.now_ms - ms, 0); };
  Parts consumers;
  for (const auto& [name, consumer] : keys_.at(key).groups.at(group).consumers) {
    Parts pairs;
    text(pairs, "name", name);
    number(pairs, "pending", keys_.at(key).groups.at(group).owned_by(name).size());
    part(pairs, "idle", ReplyText::integer(since(consumer.seen_ms)));
    part(pairs, "inactive",
         ReplyText::integer(consumer.active_ms < 0 ? -1 : since(consumer.active_ms)));
    consumers.push_back(reply_.map(pairs));
  }
  expect({"XINFO", "CONSUMERS", key, group}, ReplyText::array(consumers));
}

// --- XPENDING ------------------------------------------------------------------------------------

void GroupModel::pending_summary(const std::string& key, const std::string& name) {
  const Words words{"XPENDING", key, name};
  const NaiveGroup* const group = find(key, name);
  if (group == nullptr) return expect_no_group(words, key, name);
  const NaiveGroup::Pending& pending = group->pending;
  if (pending.empty())
    return expect(words, ReplyText::array({ReplyText::integer(0), reply_.null(), reply_.null(),
                                           reply_.null_array()}));
  Parts owners;
  for (const auto& [consumer, times] : group->consumers) {
    const size_t owned = group->owned_by(consumer).size();
    if (owned > 0)
      owners.push_back(
          ReplyText::array({ReplyText::bulk(consumer), ReplyText::bulk(std::to_string(owned))}));
  }
  expect(words, ReplyText::array(
                    {ReplyText::integer(pending.size()), ReplyText::id(pending.begin()->first),
                     ReplyText::id(pending.rbegin()->first), ReplyText::array(owners)}));
}

void GroupModel::pending() {
  const Place place = any_place();
  if (one_in(3)) return pending_summary(place.key, place.name);
  Words words{"XPENDING", place.key, place.name};
  int64_t min_idle_ms = 0;
  if (one_in(2)) {
    words.insert(words.end(), {"IDLE", any_idle()});
    min_idle_ms = std::stoll(words.back());
  }
  const StreamId from = any_end(words, true);
  const StreamId to = any_end(words, false);
  words.push_back(one_in(20) ? any_of({"0", "-1"}) : any_count());
  const int64_t count = std::stoll(words.back());
  std::optional<std::string> consumer;
  if (one_in(2)) {
    consumer = any_consumer();
    words.push_back(*consumer);
  }
  if (place.group == nullptr) return expect_no_group(words, place.key, place.name);

  Parts found;
  for (const auto& [id, nack] : place.group->pending) {
    if (id < from || id > to || static_cast<int64_t>(found.size()) >= count) continue;
    if (consumer && nack.owner != *consumer) continue;
    const int64_t idle_ms = std::max<int64_t>(stage_.now_ms - nack.delivered_ms, 0);
    if (nack.owner && idle_ms < min_idle_ms) continue;
    found.push_back(ReplyText::array({ReplyText::id(id), ReplyText::bulk(nack.owner.value_or("")),
                                      ReplyText::integer(nack.owner ? idle_ms : -1),
                                      ReplyText::integer(nack.deliveries)}));
  }
  expect(words, ReplyText::array(found));
}

}  // namespace weir::testing
