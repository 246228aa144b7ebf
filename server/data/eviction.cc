#include "server/data/eviction.h"

#include <algorithm>
#include <utility>

namespace weir {
namespace {

/// Of few keys each is drawn about so often: more would find nothing new.
constexpr size_t kRepeats = 10;

}  // namespace

bool Eviction::evict_one(const EvictionRules& rules) {
  if (rules != rules_) pool_.clear();
  rules_ = rules;
  const std::optional<Victim> victim = choose();
  if (!victim) return false;
  victim->db->evict(*victim->entry);
  return true;
}

std::optional<Eviction::Victim> Eviction::choose() {
  if (rules_.keys == EvictionRules::Keys::kNone) return std::nullopt;
  if (rules_.order == EvictionRules::Order::kNextToExpire) return next_to_expire();
  if (rules_.order == EvictionRules::Order::kRandom) return any();
  return best();
}

std::optional<Eviction::Victim> Eviction::next_to_expire() {
  Database* first = nullptr;
  for (Database& db : keyspace_.databases()) {
    if (db.expiries().is_empty()) continue;
    if (first == nullptr ||
        db.expiries().first().deadline_ms < first->expiries().first().deadline_ms)
      first = &db;
  }
  if (first == nullptr) return std::nullopt;
  return Victim{first, first->expiries().first().entry};
}

/// From each database in turn.
std::optional<Eviction::Victim> Eviction::any() {
  std::vector<Database>& databases = keyspace_.databases();
  for (size_t looked = 0; looked < databases.size(); ++looked) {
    Database& db = databases[next_db_++ % databases.size()];
    if (KeyEntry* const entry = pick(db)) return Victim{&db, entry};
  }
  return std::nullopt;
}

// One pass is enough, unless all that was found in it is older than it was when it was found.
std::optional<Eviction::Victim> Eviction::best() {
  while (fill()) {
    while (!pool_.empty()) {
      const Candidate candidate = std::move(pool_.back());
      pool_.pop_back();
      Database& db = keyspace_.database(candidate.db);
      KeyEntry* const entry = db.keys().find(candidate.key, KeyTable::hash(candidate.key));
      if (entry == nullptr || score(*entry) < candidate.score) continue;
      if (rules_.keys == EvictionRules::Keys::kVolatile && entry->expiry_place == 0) continue;
      return Victim{&db, entry};
    }
  }
  return std::nullopt;
}

/// Looks at random keys; false if there are none.
bool Eviction::fill() {
  bool has_keys = false;
  for (Database& db : keyspace_.databases()) {
    const size_t samples = std::min(rules_.samples, kRepeats * count(db));
    for (size_t i = 0; i < samples; ++i)
      offer(db.index(), *pick(db));
    has_keys |= samples > 0;
  }
  return has_keys;
}

void Eviction::offer(uint32_t db, const KeyEntry& entry) {
  Candidate candidate{.score = score(entry), .db = db, .key = {}};
  if (pool_.size() == kPoolSize && candidate.score <= pool_.front().score) return;
  const auto is_same = [&](const Candidate& other) {
    return other.db == db && other.key == entry.key();
  };
  if (const auto known = std::find_if(pool_.begin(), pool_.end(), is_same); known != pool_.end())
    pool_.erase(known);
  if (pool_.size() == kPoolSize) pool_.erase(pool_.begin());
  candidate.key = entry.key();
  const auto place =
      std::upper_bound(pool_.begin(), pool_.end(), candidate,
                       [](const Candidate& a, const Candidate& b) { return a.score < b.score; });
  pool_.insert(place, std::move(candidate));
}

size_t Eviction::count(const Database& db) const {
  return rules_.keys == EvictionRules::Keys::kVolatile ? db.expiries().size() : db.size();
}

/// Some key that may go; null if the database has none.
KeyEntry* Eviction::pick(Database& db) {
  if (count(db) == 0) return nullptr;
  if (rules_.keys == EvictionRules::Keys::kVolatile) return db.expiries().random(random_).entry;
  return db.keys().random(random_);
}

/// The greater, the sooner it should go.  As long as a key is not used it does not become less.
uint64_t Eviction::score(const KeyEntry& entry) const {
  if (rules_.order == EvictionRules::Order::kRarestUse)
    return FrequencyMark::kGreatest - keyspace_.frequency(entry);
  return UINT32_MAX - entry.access_mark;
}

}  // namespace weir
