#include "server/commands/claim_form.h"

#include "server/context.h"
#include "server/data/keyspace.h"

namespace weir {
namespace {

constexpr size_t kWordsAroundIds = 13;

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
  call_.propagate_nothing();  // but this
  Propagation& told = call_.context.propagation;
  told.begin_form(call_.db.index(), kWordsAroundIds + run_.size());
  for (const std::string_view word :
       {std::string_view("XCLAIM"), key_, group_.name(), consumer_, std::string_view("0")}) {
    told.add_word(word);
  }
  char text[kMaxStreamIdLength];
  for (const StreamId& id : run_)
    told.add_word({text, static_cast<size_t>(write_stream_id(text, id) - text)});
  told.add_word("TIME");
  told.add_word(std::to_string(like_.delivered_ms));
  told.add_word("RETRYCOUNT");
  told.add_word(std::to_string(like_.deliveries));
  told.add_word("FORCE");
  told.add_word("JUSTID");
  told.add_word("LASTID");
  told.add_word(to_string(group_.last_id));
  run_.clear();
}

void propagate_group_position(Call& call, std::string_view key, const ConsumerGroup& group) {
  call.propagate_nothing();
  if (!call.is_told()) return;
  call.propagate_as({"XGROUP", "SETID", key, group.name(), to_string(group.last_id), "ENTRIESREAD",
                     std::to_string(group.entries_read)});
}

void propagate_consumer(Call& call, std::string_view key, const ConsumerGroup& group,
                        std::string_view consumer) {
  call.propagate_nothing();
  if (!call.is_told()) return;
  call.propagate_as({"XGROUP", "CREATECONSUMER", key, group.name(), consumer});
}

FoundConsumer find_or_add_consumer(Call& call, std::string_view key, ConsumerGroup& group,
                                   std::string_view name) {
  if (Consumer* const known = group.find_consumer(name)) {
    known->set_seen_ms(call.now_ms);
    return {*known, false};
  }
  Consumer& added = group.add_consumer(name, call.now_ms);
  call.changed();
  call.notify(events::kXgroupCreateconsumer, key);
  propagate_consumer(call, key, group, name);
  return {added, true};
}

}  // namespace weir
