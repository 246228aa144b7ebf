// How deliveries and claims are told to the log and to replicas: one XCLAIM for a run of entries.
//
//   XCLAIM key group consumer 0 id id id … TIME t RETRYCOUNT n FORCE JUSTID LASTID last
//
// Redis tells one XCLAIM per entry.  Entries delivered together share consumer, time and count, and
// XCLAIM takes many IDs: the same effect at any receiver, in a fraction of the bytes.
#pragma once

#include <string_view>
#include <vector>

#include "server/command.h"
#include "streams/consumer_group.h"

namespace weir {

/// A form that names IDs is cut here, so that no receiver has to take one of boundless length.
inline constexpr size_t kMostIdsPerForm = 1000;

class ClaimForms {
 public:
  /// The views outlive it.
  ClaimForms(Call& call, std::string_view key, const ConsumerGroup& group,
             std::string_view consumer)
      : call_(call), key_(key), group_(group), consumer_(consumer) {}
  ClaimForms(const ClaimForms&) = delete;
  ClaimForms& operator=(const ClaimForms&) = delete;
  ~ClaimForms() { end_run(); }

  /// The entry is the consumer's now, as `nack` says.
  void add(const Nack& nack);
  bool has_any() const { return has_any_; }
  /// Names what was added so far.
  void end_run();

 private:
  Call& call_;
  std::string_view key_;
  const ConsumerGroup& group_;
  std::string_view consumer_;
  std::vector<StreamId> run_;
  Nack like_;  // its time and count are those of the run
  bool has_any_ = false;
};

/// "XGROUP SETID key group last ENTRIESREAD n"
void propagate_group_position(Call& call, std::string_view key, const ConsumerGroup& group);
/// "XGROUP CREATECONSUMER key group consumer"
void propagate_consumer(Call& call, std::string_view key, const ConsumerGroup& group,
                        std::string_view consumer);

/// The consumer of a command; one that is new is told of, and noted as seen.
struct FoundConsumer {
  Consumer& consumer;
  bool is_new;
};
FoundConsumer find_or_add_consumer(Call& call, std::string_view key, ConsumerGroup& group,
                                   std::string_view name);

}  // namespace weir
