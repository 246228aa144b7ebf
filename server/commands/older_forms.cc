#include "server/commands/older_forms.h"

#include <algorithm>
#include <initializer_list>
#include <string>

#include "persistence/aof_marks.h"
#include "server/commands/claim_form.h"
#include "server/context.h"
#include "server/data/keyspace.h"

namespace weir {
namespace {

void propagate_ids(Call& call, std::initializer_list<std::string_view> words,
                   std::span<const StreamId> ids) {
  call.propagate_nothing();  // but this
  if (!call.is_told()) return;
  Propagation& told = call.context.propagation;
  char text[kMaxStreamIdLength];
  while (!ids.empty()) {
    const auto some = ids.first(std::min(ids.size(), kMostIdsPerForm));
    told.begin_form(call.db.index(), words.size() + some.size());
    for (const std::string_view word : words)
      told.add_word(word);
    for (const StreamId& id : some)
      told.add_word({text, static_cast<size_t>(write_stream_id(text, id) - text)});
    ids = ids.subspan(some.size());
  }
}

}  // namespace

bool is_below(const Call& call, PropagationLevel level) {
  return call.settings.propagation_level < level;
}

void propagate_acks(Call& call, std::string_view key, const Stream& stream,
                    std::span<const StreamId> ids) {
  const ConsumerGroups& groups = stream.groups();
  for (size_t i = 0; i < groups.size(); ++i)
    propagate_ack(call, key, groups.at(i).name(), ids);
}

void propagate_ack(Call& call, std::string_view key, std::string_view group,
                   std::span<const StreamId> ids) {
  propagate_ids(call, {"XACK", key, group}, ids);
}

void propagate_deletion(Call& call, std::string_view key, std::span<const StreamId> ids) {
  propagate_ids(call, {"XDEL", key}, ids);
}

void propagate_counters(Call& call, std::string_view key, const Stream& stream) {
  if (stream.max_deleted_id().is_zero()) return;
  call.propagate_as({"XSETID", key, to_string(stream.last_id()), "ENTRIESADDED",
                     std::to_string(stream.entries_added()), "MAXDELETEDID",
                     to_string(stream.max_deleted_id())});
}

void propagate_release(Call& call, std::string_view key, std::string_view group, const Nack& nack) {
  call.propagate_as({"XCLAIM", key, group, aof::kReleasedConsumer, "0", to_string(nack.id), "TIME",
                     "0", "RETRYCOUNT", std::to_string(nack.deliveries), "FORCE", "JUSTID"});
}

}  // namespace weir
