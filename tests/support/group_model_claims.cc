// XCLAIM and XAUTOCLAIM.
#include "tests/support/group_model.h"

namespace weir::testing {

/// What both do to an entry.
struct GroupModel::ClaimWords {
  std::string consumer;
  int64_t min_idle_ms = 0;
  int64_t delivered_ms = 0;
  std::optional<uint64_t> deliveries{};
  bool is_forced = false;
  bool just_id = false;
};

GroupModel::Claimed GroupModel::claim_one(const Place& place, const StreamId& id,
                                          const ClaimWords& options, Parts& claimed) {
  NaiveGroup& group = *place.group;
  const bool was_pending = group.pending.contains(id);
  if (!place.stream->has(id)) {
    group.pending.erase(id);
    return was_pending ? Claimed::kCleaned : Claimed::kSkipped;
  }
  if (!was_pending && !options.is_forced) return Claimed::kSkipped;
  if (was_pending && options.min_idle_ms > 0 &&
      !group.pending.at(id).is_idle(options.min_idle_ms, stage_.now_ms))
    return Claimed::kSkipped;
  const uint64_t before = was_pending ? group.pending.at(id).deliveries : 1;
  const uint64_t after = options.just_id ? before : NaiveNack::one_more(before);
  group.pending[id] = {.owner = options.consumer,
                       .delivered_ms = options.delivered_ms,
                       .deliveries = options.deliveries.value_or(after),
                       .delivered_as = ++group.deliveries};
  group.consumers[options.consumer].active_ms = stage_.now_ms;
  claimed.push_back(options.just_id ? ReplyText::id(id)
                                    : entry(id, place.stream->entries().at(id)));
  return Claimed::kClaimed;
}

/// Each option of XCLAIM, or not; the last IDLE or TIME counts.  Returns LASTID.
StreamId GroupModel::any_claim_options(Words& words, ClaimWords& options) {
  StreamId last_id;
  const auto set_time = [&](int64_t time_ms) {
    const bool can_be = time_ms >= 0 && time_ms <= stage_.now_ms;
    options.delivered_ms = can_be ? time_ms : stage_.now_ms;
  };
  for (uint64_t n = one_in(2) ? draw(5) : 0; n > 0; --n) {
    const std::string option =
        any_of({"IDLE", "TIME", "RETRYCOUNT", "FORCE", "FORCE", "JUSTID", "LASTID"});
    words.push_back(option);
    if (option == "IDLE") {
      const int64_t idle_ms = static_cast<int64_t>(draw(2000)) - 20;
      words.push_back(std::to_string(idle_ms));
      set_time(stage_.now_ms - idle_ms);
    } else if (option == "TIME") {
      const int64_t time_ms = stage_.now_ms + 20 - static_cast<int64_t>(draw(2000));
      words.push_back(std::to_string(time_ms));
      set_time(time_ms);
    } else if (option == "RETRYCOUNT") {
      const int64_t count = one_in(20) ? INT64_MAX : static_cast<int64_t>(draw(10)) - 1;
      words.push_back(std::to_string(count));
      options.deliveries.reset();
      if (count >= 0) options.deliveries = count;
    } else if (option == "LASTID") {
      last_id = any_id();
      words.push_back(to_string(last_id));
    }
    options.is_forced |= option == "FORCE";
    options.just_id |= option == "JUSTID";
  }
  return last_id;
}

void GroupModel::claim() {
  const Place place = any_place();
  ClaimWords options{.consumer = any_consumer(), .delivered_ms = stage_.now_ms};
  Words words{"XCLAIM", place.key, place.name, options.consumer, any_idle()};
  options.min_idle_ms = std::stoll(words.back());
  const Ids ids = any_ids(place.stream, place.group);
  for (const StreamId& id : ids)
    words.push_back(to_string(id));
  const StreamId last_id = any_claim_options(words, options);
  if (place.group == nullptr) return expect_no_group(words, place.key, place.name);

  place.group->last_id = std::max(place.group->last_id, last_id);
  place.group->see(options.consumer, stage_.now_ms);
  Parts claimed;
  for (const StreamId& id : ids)
    claim_one(place, id, options, claimed);
  expect(words, ReplyText::array(claimed));
}

void GroupModel::claim_by_range() {
  const Place place = any_place();
  ClaimWords options{.consumer = any_consumer(), .delivered_ms = stage_.now_ms};
  Words words{"XAUTOCLAIM", place.key, place.name, options.consumer, any_idle()};
  options.min_idle_ms = std::stoll(words.back());
  const StreamId from = any_end(words, true);
  uint64_t count = 100;
  if (!one_in(3)) {
    words.insert(words.end(), {"COUNT", any_count()});
    count = std::stoull(words.back());
  }
  options.just_id = one_in(3);
  if (options.just_id) words.push_back("JUSTID");
  if (place.group == nullptr) return expect_no_group(words, place.key, place.name);

  NaiveGroup& group = *place.group;
  group.see(options.consumer, stage_.now_ms);
  Parts claimed;
  Parts gone;
  uint64_t looks = 10 * count;
  auto at = group.pending.lower_bound(from);
  for (; at != group.pending.end() && looks > 0 && claimed.size() + gone.size() < count; --looks) {
    const StreamId id = at->first;
    if (claim_one(place, id, options, claimed) == Claimed::kCleaned)
      gone.push_back(ReplyText::id(id));
    at = group.pending.upper_bound(id);
  }
  const StreamId next = at != group.pending.end() ? at->first : StreamId{};
  expect(words, ReplyText::array(
                    {ReplyText::id(next), ReplyText::array(claimed), ReplyText::array(gone)}));
}

}  // namespace weir::testing
