#include "server/commands/claim_form.h"

namespace weir {
namespace {

/// A form is cut here, so that no receiver has to take one of boundless length.
constexpr size_t kMostIdsPerForm = 1000;

}  // namespace

void ClaimForms::add(const Nack& nack) {
  has_any_ = true;
  if (!call_.is_told()) return;
  const bool continues = nack.delivered_ms == like_.delivered_ms &&
                         nack.deliveries == like_.deliveries && run_.size() < kMostIdsPerForm;
  if (!continues) end_run();
  like_ = nack;
  run_.push_back(nack.id);
}

void ClaimForms::end_run() {
  if (run_.empty()) return;
  WriteForm form{"XCLAIM", std::string(key_), std::string(group_.name()), std::string(consumer_),
                 "0"};
  for (const StreamId& id : run_)
    form.push_back(to_string(id));
  for (const std::string& word :
       {std::string("TIME"), std::to_string(like_.delivered_ms), std::string("RETRYCOUNT"),
        std::to_string(like_.deliveries), std::string("FORCE"), std::string("JUSTID"),
        std::string("LASTID"), to_string(group_.last_id)}) {
    form.push_back(word);
  }
  run_.clear();
  call_.propagate_as(std::move(form));
}

void propagate_group_position(Call& call, std::string_view key, const ConsumerGroup& group) {
  call.propagate_nothing();
  if (!call.is_told()) return;
  call.propagate_as({"XGROUP", "SETID", std::string(key), std::string(group.name()),
                     to_string(group.last_id), "ENTRIESREAD", std::to_string(group.entries_read)});
}

void propagate_consumer(Call& call, std::string_view key, const ConsumerGroup& group,
                        std::string_view consumer) {
  call.propagate_nothing();
  if (!call.is_told()) return;
  call.propagate_as({"XGROUP", "CREATECONSUMER", std::string(key), std::string(group.name()),
                     std::string(consumer)});
}

FoundConsumer find_or_add_consumer(Call& call, std::string_view key, ConsumerGroup& group,
                                   std::string_view name) {
  if (Consumer* const known = group.find_consumer(name)) {
    known->seen_ms = call.now_ms;
    return {*known, false};
  }
  Consumer& added = group.add_consumer(name, call.now_ms);
  call.changed();
  call.notify(events::kXgroupCreateconsumer, key);
  propagate_consumer(call, key, group, name);
  return {added, true};
}

}  // namespace weir
