// Drawing, comparing, and the commands on entries.
#include "tests/support/group_model.h"

#include <stdexcept>

namespace weir::testing {
namespace {

constexpr std::string_view kTooSmall =
    "ERR The ID specified in XADD is equal or smaller than the target stream top item";
constexpr std::string_view kZeroId = "ERR The ID specified in XADD must be greater than 0-0";
constexpr std::string_view kExhausted =
    "ERR The stream has exhausted the last possible ID, unable to add more items";
constexpr std::string_view kBelowGivenDeleted =
    "ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id";
constexpr std::string_view kBelowDeleted =
    "ERR The ID specified in XSETID is smaller than current max_deleted_entry_id";
constexpr std::string_view kBelowTop =
    "ERR The ID specified in XSETID is smaller than the target stream top item";
constexpr std::string_view kAddedTooFew =
    "ERR The entries_added specified in XSETID is smaller than the target stream length";

}  // namespace

GroupModel::GroupModel(std::span<const uint8_t> input)
    : input_(input), protocol_(one_in(3) ? 3 : 2), reply_(protocol_) {
  stage_.set_protocol(protocol_);
  limits_.max_entries = one_in(4) ? draw(101) : 2 + draw(9);
  limits_.max_bytes = one_in(4) ? draw(400) : 4096;
  stage_.configure("stream-node-max-entries", std::to_string(limits_.max_entries));
  stage_.configure("stream-node-max-bytes", std::to_string(limits_.max_bytes));
  most_entries_ = one_in(8) ? 400 : 20 + draw(60);
  known_.resize(most_entries_ + 20);
}

uint64_t GroupModel::run() {
  while (!input_.is_used_up()) {
    move_clock();
    step();
    if (one_in(100)) expect_state();
  }
  expect_state();
  return commands_;
}

// --- Drawing -------------------------------------------------------------------------------------

std::string GroupModel::any_of(std::initializer_list<const char*> words) {
  return *(words.begin() + draw(words.size()));
}

std::string GroupModel::any_group() {
  return any_of({"g", "g", "g", "g", "h", "h", ""});
}

std::string GroupModel::any_consumer() {
  return any_of({"a", "a", "B", "b", "bb", "", "c\r\n"});
}

/// Mostly one that some stream has or had.
StreamId GroupModel::any_id() {
  const uint64_t choice = draw(16);
  if (choice == 0) return {draw(40), draw(3)};
  StreamId id = known_[draw(known_.size())];
  if (choice == 1) id.ms += draw(3);
  if (choice == 2) id.seq += draw(3);
  return id;
}

/// Mostly one that is pending, or one that is there.
StreamId GroupModel::any_id(const NaiveGroups* stream, const NaiveGroup* group) {
  const StreamId id = any_id();
  const uint64_t choice = draw(8);
  if (group != nullptr && choice < 5) {
    const auto at = group->pending.lower_bound(id);
    if (at != group->pending.end()) return at->first;
  }
  if (stream != nullptr && choice < 7) {
    const auto at = stream->entries().lower_bound(id);
    if (at != stream->entries().end()) return at->first;
  }
  return id;
}

GroupModel::Ids GroupModel::any_ids(const NaiveGroups* stream, const NaiveGroup* group) {
  Ids ids(one_in(8) ? 1 + draw(40) : 1 + draw(4));
  for (StreamId& id : ids)
    id = any_id(stream, group);
  if (ids.size() > 1 && one_in(8)) ids.back() = ids.front();
  return ids;
}

/// Up to a hundred, mostly few.
std::string GroupModel::any_count() {
  return std::to_string(one_in(6) ? 1 + draw(100) : 1 + draw(6));
}

/// A time that entries may or may not have been idle for.
std::string GroupModel::any_idle() {
  const uint64_t choice = draw(8);
  if (choice < 3) return "0";
  return std::to_string(choice == 7 ? draw(2'000'000) : draw(200));
}

/// A policy, or none; in any case.
References GroupModel::any_references(Words& words) {
  const uint64_t choice = draw(5);
  if (choice < 2) return References::kKeep;
  if (choice == 2) words.push_back(any_of({"KEEPREF", "keepref"}));
  if (choice == 3) words.push_back(any_of({"DELREF", "DelRef"}));
  if (choice == 4) words.push_back("ACKED");
  return choice == 3 ? References::kDelete : choice == 4 ? References::kAcked : References::kKeep;
}

/// An end of an interval, as words and as what it includes.
StreamId GroupModel::any_end(Words& words, bool is_start) {
  const uint64_t choice = draw(6);
  const StreamId id = any_id();
  if (choice == 0) {
    words.push_back(is_start ? "-" : "+");
    return is_start ? kMinStreamId : kMaxStreamId;
  }
  if (choice == 1) {
    words.push_back(std::to_string(id.ms));
    return {id.ms, is_start ? 0 : UINT64_MAX};
  }
  if (choice == 2 && !id.is_zero()) {
    words.push_back("(" + to_string(id));
    return is_start ? *successor(id) : *predecessor(id);
  }
  words.push_back(to_string(id));
  return id;
}

void GroupModel::move_clock() {
  const uint64_t choice = draw(64);
  if (choice < 16) stage_.now_ms += static_cast<int64_t>(draw(50));
  if (choice == 16) stage_.now_ms += static_cast<int64_t>(draw(100'000));
  if (choice == 17) stage_.now_ms -= static_cast<int64_t>(draw(20'000));
  if (stage_.now_ms < 0) stage_.now_ms = 0;
}

// --- Comparing -----------------------------------------------------------------------------------

void GroupModel::expect(const Words& words, const std::string& reply) {
  const std::string_view got =
      stage_.answer(std::vector<std::string_view>(words.begin(), words.end()));
  ++commands_;
  if (got == reply) return;
  std::string text;
  for (const std::string& word : words)
    text += (text.empty() ? "" : " ") + (word.empty() ? "''" : word);
  throw std::logic_error("command " + std::to_string(commands_) + " at " +
                         std::to_string(stage_.now_ms) + ": " + text + "\nexpected\n" + reply +
                         "got\n" + std::string(got));
}

void GroupModel::expect_state() {
  for (auto& [key, stream] : keys_) {
    full_info(key, one_in(4) ? 0 : 1 + draw(20));
    stream_info(key);
    group_info(key);
    for (auto& [name, group] : stream.groups) {
      consumer_info(key, name);
      pending_summary(key, name);
    }
    stage_.stream(key)->assert_consistent();
    for (size_t i = 0; i < stream.groups.size(); ++i)
      stage_.stream(key)->groups().at(i).pending().assert_consistent();
  }
}

NaiveGroups* GroupModel::find(const std::string& key) {
  const auto at = keys_.find(key);
  return at == keys_.end() ? nullptr : &at->second;
}

NaiveGroup* GroupModel::find(const std::string& key, const std::string& group) {
  NaiveGroups* const stream = find(key);
  return stream == nullptr ? nullptr : stream->find_group(group);
}

// --- Commands on entries -------------------------------------------------------------------------

/// One command, or a few of a kind.
void GroupModel::step() {
  struct Choice {
    uint64_t weight;
    void (GroupModel::*command)();
  };
  static constexpr Choice kChoices[] = {
      {30, &GroupModel::add},
      {2, &GroupModel::add_many},
      {5, &GroupModel::trim},
      {6, &GroupModel::erase},
      {6, &GroupModel::erase_by_references},
      {2, &GroupModel::set_id},
      {5, &GroupModel::range},
      {10, &GroupModel::create_group},
      {4, &GroupModel::set_group_id},
      {1, &GroupModel::destroy_group},
      {3, &GroupModel::create_consumer},
      {2, &GroupModel::delete_consumer},
      {60, &GroupModel::read},
      {20, &GroupModel::acknowledge},
      {12, &GroupModel::acknowledge_and_delete},
      {20, &GroupModel::release},
      {30, &GroupModel::claim},
      {20, &GroupModel::claim_by_range},
      {20, &GroupModel::pending},
  };
  if (draw(2000) == 0) return drop_key();
  uint64_t all = 0;
  for (const Choice& choice : kChoices)
    all += choice.weight;
  uint64_t at = draw(all);
  for (const Choice& choice : kChoices) {
    if (at < choice.weight) return (this->*choice.command)();
    at -= choice.weight;
  }
}

void GroupModel::add_many() {
  for (uint64_t n = draw(most_entries_ / 2); n > 0; --n)
    add();
}

/// The ID of a new entry, in one of its forms; one that is no greater than the last is refused.
StreamId GroupModel::any_new_id(Words& words, const StreamId& last) {
  const uint64_t form = draw(8);
  if (form == 0) {
    words.push_back("*");
    const auto now_ms = static_cast<uint64_t>(stage_.now_ms);
    return now_ms > last.ms ? StreamId{now_ms, 0} : successor(last).value_or(last);
  }
  StreamId id{last.ms + draw(3), draw(4)};
  if (form < 4) {
    words.push_back(std::to_string(id.ms) + "-*");
    if (id.ms != last.ms) return {id.ms, 0};
    return {id.ms, last.seq == UINT64_MAX ? last.seq : last.seq + 1};
  }
  words.push_back(to_string(id));
  return id;
}

void GroupModel::add() {
  const std::string key = any_key();
  NaiveGroups* stream = find(key);
  Words words{"XADD", key};
  const bool makes_key = !one_in(8);
  if (!makes_key) words.push_back("NOMKSTREAM");
  std::optional<Trim> trim;
  if ((stream != nullptr && stream->length() > most_entries_) || one_in(8))
    trim = any_trim(words, stream);
  const StreamId last = stream != nullptr ? stream->last_id() : StreamId{};
  const StreamId id = any_new_id(words, last);
  const bool is_zero = words.back() == "0-0";
  ModelFields fields;
  for (uint64_t pairs = one_in(8) ? 1 + draw(5) : 1; pairs > 0; --pairs) {
    fields.push_back(any_of({"f", "f", "f", "g"}));
    fields.push_back(std::to_string(draw(1000)));
  }
  words.insert(words.end(), fields.begin(), fields.end());

  if (is_zero) return expect_error(words, kZeroId);
  if (stream == nullptr && !makes_key) return expect(words, reply_.null());
  if (last == kMaxStreamId) return expect_error(words, kExhausted);
  if (id <= last) return expect_error(words, kTooSmall);
  if (stream == nullptr) stream = &keys_[key];
  stream->append(id, fields, limits_);
  known_[draw(known_.size())] = id;
  if (trim) stream->trim(*trim);
  expect(words, ReplyText::id(id));
}

Trim GroupModel::any_trim(Words& words, const NaiveGroups* stream) {
  Trim trim;
  trim.references = any_references(words);
  const bool by_length = one_in(2);
  trim.strategy = by_length ? Trim::Strategy::kMaxLength : Trim::Strategy::kMinId;
  words.push_back(by_length ? "MAXLEN" : "MINID");
  const uint64_t sign = draw(3);
  if (sign > 0) words.push_back(sign == 1 ? "=" : "~");
  trim.approximate = sign == 2;
  if (by_length) {
    const uint64_t length = stream != nullptr ? stream->length() : 0;
    trim.max_length =
        length > most_entries_ ? draw(most_entries_) : length - draw(8) % (length + 1);
    words.push_back(std::to_string(trim.max_length));
  } else {
    trim.min_id = any_id();
    words.push_back(to_string(trim.min_id));
  }
  // Without LIMIT: a hundred nodes' worth.
  trim.limit = limits_.max_entries == 0 ? 10'000 : 100 * limits_.max_entries;
  if (trim.approximate && one_in(2)) {
    trim.limit = draw(20);
    words.insert(words.end(), {"LIMIT", std::to_string(trim.limit)});
  }
  return trim;
}

void GroupModel::trim() {
  const std::string key = any_key();
  Words words{"XTRIM", key};
  NaiveGroups* const stream = find(key);
  const Trim trim = any_trim(words, stream);
  expect(words, ReplyText::integer(stream != nullptr ? stream->trim(trim) : 0));
}

void GroupModel::erase() {
  const std::string key = any_key();
  NaiveGroups* const stream = find(key);
  Words words{"XDEL", key};
  uint64_t erased = 0;
  for (const StreamId& id : any_ids(stream)) {
    words.push_back(to_string(id));
    if (stream != nullptr && stream->erase(id)) ++erased;
  }
  expect(words, ReplyText::integer(erased));
}

void GroupModel::erase_by_references() {
  const std::string key = any_key();
  NaiveGroups* const stream = find(key);
  Words words{"XDELEX", key};
  const References references = any_references(words);
  const Ids ids = any_ids(stream);
  words.insert(words.end(), {"IDS", std::to_string(ids.size())});
  Parts fates;
  for (const StreamId& id : ids) {
    words.push_back(to_string(id));
    int fate = -1;
    if (stream != nullptr && references == References::kAcked && stream->is_referenced(id)) {
      fate = 2;
    } else if (stream != nullptr) {
      if (references == References::kDelete) stream->drop_references(id);
      if (stream->erase(id)) fate = 1;
    }
    fates.push_back(ReplyText::integer(fate));
  }
  expect(words, ReplyText::array(fates));
}

void GroupModel::set_id() {
  const std::string key = any_key();
  NaiveGroups* const stream = find(key);
  StreamId last = any_id();
  if (stream != nullptr && !one_in(3)) last = {stream->last_id().ms + draw(3), draw(3)};
  if (draw(2000) == 0) last = one_in(2) ? kMaxStreamId : StreamId{last.ms, UINT64_MAX};
  Words words{"XSETID", key, to_string(last)};
  std::optional<uint64_t> added;
  std::optional<StreamId> deleted;
  if (one_in(3)) {
    added = draw(300);
    words.insert(words.end(), {"ENTRIESADDED", std::to_string(*added)});
  }
  if (one_in(3)) {
    deleted = one_in(4) ? StreamId{} : any_id();
    words.insert(words.end(), {"MAXDELETEDID", to_string(*deleted)});
    if (last < *deleted) return expect_error(words, kBelowGivenDeleted);
  }
  if (stream == nullptr) return expect_error(words, "ERR no such key");
  if (last < stream->max_deleted_id()) return expect_error(words, kBelowDeleted);
  if (!stream->is_empty() && last < stream->top_id()) return expect_error(words, kBelowTop);
  if (!stream->is_empty() && added.value_or(UINT64_MAX) < stream->length())
    return expect_error(words, kAddedTooFew);
  if (deleted && deleted->is_zero()) deleted.reset();
  stream->set_id(last, added, deleted);
  expect(words, ReplyText::ok());
}

void GroupModel::range() {
  const std::string key = any_key();
  NaiveGroups* const stream = find(key);
  const bool is_reverse = one_in(2);
  Words ends;
  const StreamId from = any_end(ends, true);
  const StreamId to = any_end(ends, false);
  if (is_reverse) std::swap(ends[0], ends[1]);
  Words words{is_reverse ? "XREVRANGE" : "XRANGE", key, ends[0], ends[1]};
  uint64_t count = UINT64_MAX;
  if (one_in(2)) {
    words.insert(words.end(), {"COUNT", any_count()});
    count = std::stoull(words.back());
  }
  Ids ids;
  if (stream != nullptr) {
    for (const auto& [id, fields] : stream->entries()) {
      if (id >= from && id <= to) ids.push_back(id);
    }
  }
  if (is_reverse) std::reverse(ids.begin(), ids.end());
  Parts entries;
  for (const StreamId& id : ids) {
    if (entries.size() < count) entries.push_back(entry(id, stream->entries().at(id)));
  }
  expect(words, ReplyText::array(entries));
  expect({"XLEN", key}, ReplyText::integer(stream != nullptr ? stream->length() : 0));
}

void GroupModel::drop_key() {
  const std::string key = any_key();
  expect({"DEL", key}, ReplyText::integer(keys_.erase(key)));
}

}  // namespace weir::testing
