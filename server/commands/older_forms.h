// What is told of newer commands where older servers read along (propagation-level): the same
// changes, in commands that they know.
//
//   XDELEX, XACKDEL          XACK in each group that had the entries pending, XDEL
//   XADD/XTRIM … DELREF      the same words with MAXLEN = <length after>; XACK in each group
//   XADD/XTRIM … ACKED       the same, where what went is the beginning of the stream;
//                            else XADD alone, XDEL, and XSETID that takes back what XDEL noted
//   XADD IDMP                without these words: it is a message like any other
//   XNACK                    XCLAIM key group (released) 0 id TIME 0 RETRYCOUNT n FORCE JUSTID
//
// Redis 7.0 has no pending entries without a consumer.  Those that were released have one of this
// name there, which nobody reads as, and are idle long enough for every XAUTOCLAIM.  A Weir that is
// told so releases them.
//
// Lost at an older level: the memory of messages (IDMP) below 8.6; that nothing was ever deleted
// (a max-deleted ID of 0-0), where ACKED made holes, below 8.2.
#pragma once

#include <span>
#include <string_view>

#include "server/command.h"
#include "server/settings.h"
#include "streams/pending_list.h"
#include "streams/stream.h"

namespace weir {

/// Whether the readers of what is told may not know what is new in `level`.
bool is_below(const Call& call, PropagationLevel level);

/// "XACK key group id …" for each group of the stream.
void propagate_acks(Call& call, std::string_view key, const Stream& stream,
                    std::span<const StreamId> ids);
/// "XACK key group id …"
void propagate_ack(Call& call, std::string_view key, std::string_view group,
                   std::span<const StreamId> ids);
/// "XDEL key id …"
void propagate_deletion(Call& call, std::string_view key, std::span<const StreamId> ids);
/// "XSETID key last ENTRIESADDED n MAXDELETEDID id", if it can say what is so.
void propagate_counters(Call& call, std::string_view key, const Stream& stream);
/// XCLAIM of an entry that has no consumer any more.
void propagate_release(Call& call, std::string_view key, std::string_view group, const Nack& nack);

}  // namespace weir
