#include "server/commands/lookahead.h"

#include <array>
#include <optional>

#include "server/data/keyspace.h"
#include "streams/same_text.h"

namespace weir {
namespace {

// Each of these goes step by step for all requests: while the memory of a step comes for the last
// of them, that of the first is there for the next step.

/// Finds keys, which often are that of the request before.
class LastEntry {
 public:
  explicit LastEntry(const Database& db) : db_(db) {}

  const KeyEntry* find(std::string_view key) {
    if (entry_ == nullptr || !same_text(key, key_)) entry_ = db_.entry(key_ = key);
    return entry_;
  }

 private:
  const Database& db_;
  std::string_view key_;
  const KeyEntry* entry_ = nullptr;
};

// --- Reading -------------------------------------------------------------------------------------

/// Where a request will read.
struct Place {
  std::string_view key;
  std::string_view id;
};

template <class PlaceOf>
void fetch_entries(const Database& db, ExpectedRequests requests, PlaceOf place_of) {
  struct Wanted {
    const StreamNode* node;
    StreamId id;
  };
  std::array<Wanted, Database::kMostPrefetched> wanted;
  size_t count = 0;
  LastEntry entries(db);
  for (const auto& argv : requests) {
    const Place place = place_of(argv);
    const std::optional<StreamId> id = parse_stream_id(place.id, 0);
    const KeyEntry* const entry = id ? entries.find(place.key) : nullptr;
    const StreamNode* const node = entry != nullptr ? entry->stream.likely_node(*id) : nullptr;
    if (node == nullptr) continue;
    prefetch<2>(node);
    wanted[count++] = {node, *id};
    if (count == wanted.size()) break;
  }
  for (size_t i = 0; i < count; ++i)
    wanted[i].node->prefetch_index();
  for (size_t i = 0; i < count; ++i)
    wanted[i].node->prefetch_from(wanted[i].id);
}

// --- Claiming ------------------------------------------------------------------------------------

/// What claiming one entry looks at.
struct Claim {
  StreamId id;
  const StreamNode* node = nullptr;  // null: the last one, which is rarely far
  const PendingList* pending = nullptr;
  const NackBlock* block = nullptr;
  const Consumer* claimer = nullptr;  // null: a new one
};

std::optional<Claim> begin_claim(LastEntry& entries, std::span<const std::string_view> argv) {
  if (argv.size() < 6) return std::nullopt;
  const std::optional<StreamId> id = parse_stream_id(argv[5], 0);
  const KeyEntry* const entry = id ? entries.find(argv[1]) : nullptr;
  const ConsumerGroup* const group =
      entry != nullptr ? entry->stream.groups().find(argv[2]) : nullptr;
  if (group == nullptr || group->pending_count() == 0) return std::nullopt;
  const PendingList* const pending = group->pending_or_null();
  const Claim claim{.id = *id,
                    .node = entry->stream.likely_node(*id),
                    .pending = pending,
                    .block = pending->blocks().likely_floor(*id),
                    .claimer = group->find_consumer(argv[3])};
  if (claim.node != nullptr) prefetch<2>(claim.node);
  prefetch(claim.block);
  return claim;
}

void fetch_owners(const Claim& claim) {
  const NackBlock& block = *claim.block;
  const uint32_t i = block.lower_bound(claim.id);
  const ConsumerNumber owner = i < block.count() ? block.consumer_at(i) : kNoConsumer;
  if (owner != kNoConsumer) claim.pending->consumer(owner)->blocks().prefetch(block.key);
  if (claim.claimer != nullptr) claim.claimer->blocks().prefetch(block.key);
}

}  // namespace

void expect_ranges(const Database& db, ExpectedRequests requests) {
  fetch_entries(db, requests, [](std::span<const std::string_view> argv) -> Place {
    if (argv.size() < 4) return {};
    const bool is_exclusive = argv[2].starts_with('(');
    return {argv[1], argv[2].substr(is_exclusive ? 1 : 0)};
  });
}

void expect_reads(const Database& db, ExpectedRequests requests) {
  fetch_entries(db, requests, [](std::span<const std::string_view> argv) -> Place {
    if (argv.size() < 4) return {};
    return {argv[argv.size() - 2], argv.back()};
  });
}

void expect_claims(const Database& db, ExpectedRequests requests) {
  std::array<Claim, Database::kMostPrefetched> claims;
  size_t count = 0;
  LastEntry entries(db);
  for (const auto& argv : requests) {
    if (const std::optional<Claim> claim = begin_claim(entries, argv)) claims[count++] = *claim;
    if (count == claims.size()) break;
  }
  for (size_t i = 0; i < count; ++i) {
    if (claims[i].node != nullptr) claims[i].node->prefetch_index();
    claims[i].block->prefetch_records();
  }
  for (size_t i = 0; i < count; ++i) {
    if (claims[i].node != nullptr) claims[i].node->prefetch_from(claims[i].id);
    fetch_owners(claims[i]);
  }
}

}  // namespace weir
