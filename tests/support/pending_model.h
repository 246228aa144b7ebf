// Random operations on a PEL and on a plain map, compared after each of them.
//
//   ModelInput ─► PendingModel ─┬─► PendingList              the thing itself
//                               └─► std::map of the NACKs    what it should hold
#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "streams/pending_list.h"
#include "tests/support/model_input.h"

namespace weir {

class PendingModel {
 public:
  explicit PendingModel(std::span<const uint8_t> input) : input_(input) {
    for (uint64_t n = 1 + draw(12); n > 0; --n)
      add_consumer();
    range_ = 1 + (draw(2) == 0 ? draw(200) : draw(20'000));
    is_wide_ = draw(4) == 0;
    end_ = range_;
  }

  /// Until the input is used up.  Throws std::logic_error at the first difference; returns how many
  /// operations there were.
  uint64_t run() {
    while (!input_.is_used_up()) {
      edit();
      expect(list_.size() == model_.size(), "size");
      if (draw(3) == 0) check_walks();
      if (draw(8) == 0) list_.assert_consistent();
      if (draw(40) == 0) replace_consumer();
    }
    list_.assert_consistent();
    return operations_;
  }

 private:
  using Model = std::map<StreamId, Nack>;
  enum class Batch : uint8_t { kAppend, kPut, kEraseAny, kEraseFirst, kErasePresent };

  uint64_t draw(uint64_t n) { return input_.draw(n); }

  // --- Operations

  /// Many changes in one Edit.
  void edit() {
    static constexpr Batch kBatches[] = {Batch::kAppend,     Batch::kPut,
                                         Batch::kPut,        Batch::kEraseAny,
                                         Batch::kEraseFirst, Batch::kErasePresent};
    const Batch batch = kBatches[draw(std::size(kBatches))];
    PendingList::Edit edit(list_);
    for (uint64_t n = 1 + draw(200); n > 0; --n, ++operations_) {
      if (batch == Batch::kAppend || batch == Batch::kPut) {
        put(edit, batch == Batch::kAppend ? StreamId{++end_, 0} : any_id());
      } else {
        erase(edit, id_to_erase(batch), batch == Batch::kEraseAny && draw(4) == 0);
      }
    }
  }

  StreamId any_id() {
    StreamId id{draw(range_) / 3, draw(3)};
    if (is_wide_ && draw(50) == 0) id.seq = input_.draw_wide();
    if (is_wide_ && draw(200) == 0) id.ms = input_.draw_wide();
    return id;
  }

  StreamId id_to_erase(Batch batch) {
    const StreamId id = any_id();
    if (batch == Batch::kEraseAny || model_.empty()) return id;
    if (batch == Batch::kEraseFirst) return model_.begin()->first;
    const auto at = model_.lower_bound(id);
    return at == model_.end() ? id : at->first;
  }

  void put(PendingList::Edit& edit, const StreamId& id) {
    Nack nack{.id = id, .deliveries = draw(5)};
    if (draw(100) == 0) nack.deliveries = kMaxDeliveries;
    if (is_wide_ && draw(100) == 0) nack.deliveries = 65'000 + draw(1000);
    if (draw(8) == 0) {
      nack.release = list_.next_release();
    } else {
      nack.consumer = any_consumer();
      nack.delivered_ms = draw(250) == 0 ? draw(5) : now_ms_ + draw(1000);
    }
    now_ms_ += draw(3);
    edit.put(nack);
    model_[id] = nack;
  }

  void erase(PendingList::Edit& edit, const StreamId& id, bool only_look) {
    const std::optional<Nack> found = edit.find(id);
    const auto at = model_.find(id);
    expect(found.has_value() == (at != model_.end()), "whether there is", id);
    expect(!found || *found == at->second, "what is there", id);
    if (only_look) return;
    expect(edit.erase(id) == (model_.erase(id) == 1), "whether there was", id);
  }

  ConsumerNumber any_consumer() { return consumers_[draw(consumers_.size())]; }
  void add_consumer() { consumers_.push_back(list_.add_consumer("c").number()); }

  void replace_consumer() {
    const size_t i = draw(consumers_.size());
    const uint64_t owned = std::erase_if(
        model_, [&](const auto& entry) { return entry.second.consumer == consumers_[i]; });
    expect(list_.remove_consumer(consumers_[i]) == owned, "entries of a consumer");
    consumers_[i] = list_.add_consumer("another").number();
  }

  // --- Comparing

  void expect(bool is_so, const char* what, const StreamId& id = {}) const {
    if (is_so) return;
    throw std::logic_error(std::string(what) + " at " + to_string(id) + ", operation " +
                           std::to_string(operations_) + ", " + std::to_string(model_.size()) +
                           " entries");
  }

  void check_walks() {
    check_counts();
    check_cursor(any_id());
    const PendingList::Query query = any_query();
    check_selection(query);
    check_oldest(query.youngest);
    list_.assert_consistent();
  }

  void check_counts() const {
    uint64_t released = 0;
    std::map<ConsumerNumber, uint64_t> owned;
    for (const auto& [id, nack] : model_)
      ++(nack.is_released() ? released : owned[nack.consumer]);
    expect(list_.released_count() == released, "released");
    for (const ConsumerNumber number : consumers_)
      expect(list_.consumer(number)->pending_count() == owned[number], "entries of a consumer");
    expect(list_.first_id().has_value() == !model_.empty(), "whether there is a first");
    if (model_.empty()) return;
    expect(list_.first_id() == model_.begin()->first, "the first", model_.begin()->first);
    expect(list_.last_id() == model_.rbegin()->first, "the last", model_.rbegin()->first);
  }

  void check_cursor(const StreamId& from) const {
    PendingCursor cursor(list_, from);
    auto at = model_.lower_bound(from);
    for (int steps = 300; at != model_.end() && steps > 0; ++at, --steps, cursor.next())
      expect(cursor.is_valid() && cursor.nack() == at->second, "the cursor", at->first);
    if (at == model_.end()) expect(!cursor.is_valid(), "the cursor's end");
  }

  PendingList::Query any_query() {
    PendingList::Query query;
    query.from = any_id();
    query.to = {query.from.ms + draw(range_), 5};
    query.count = draw(2) == 0 ? 1 + draw(100) : UINT64_MAX;
    if (draw(2) == 0) query.youngest = Nack::oldest_owned(now_ms_ - draw(1500));
    if (draw(2) == 0) query.consumer = list_.consumer(any_consumer());
    return query;
  }

  void check_selection(const PendingList::Query& query) {
    std::vector<Nack> wanted;
    for (auto at = model_.lower_bound(query.from);
         at != model_.end() && at->first <= query.to && wanted.size() < query.count; ++at) {
      const Nack& nack = at->second;
      if (query.consumer != nullptr && nack.consumer != query.consumer->number()) continue;
      if (nack.order_key() <= query.youngest) wanted.push_back(nack);
    }
    expect(list_.select(query) == wanted, "a selection", query.from);
    std::vector<Nack> visited;
    list_.for_each(query, [&](const Nack& nack) { visited.push_back(nack); });
    expect(visited == wanted, "a walk in portions", query.from);
  }

  void check_oldest(uint64_t youngest) {
    std::vector<Nack> wanted;
    for (const auto& [id, nack] : model_) {
      if (nack.order_key() <= youngest) wanted.push_back(nack);
    }
    std::stable_sort(wanted.begin(), wanted.end(),
                     [](const Nack& a, const Nack& b) { return a.order_key() < b.order_key(); });
    const size_t steps = draw(2) == 0 ? std::min<size_t>(wanted.size(), 10) : wanted.size();
    OldestFirst walk(list_, youngest);
    std::set<StreamId> walked;  // those of one millisecond in any order: here it is not followed
    for (size_t i = 0; i < steps; ++i) {
      const std::optional<Nack> nack = walk.next();
      expect(nack && nack->order_key() == wanted[i].order_key(), "the oldest", wanted[i].id);
      expect(*nack == model_.at(nack->id) && walked.insert(nack->id).second, "one of the oldest",
             nack->id);
    }
    if (steps == wanted.size()) expect(!walk.next(), "the end of the oldest");
  }

  ModelInput input_;
  uint64_t range_ = 1;    // of the IDs drawn
  bool is_wide_ = false;  // some are far from the others
  uint64_t end_ = 0;      // behind the range, for appending
  uint64_t now_ms_ = 1'700'000'000'000;
  uint64_t operations_ = 0;
  PendingList list_;
  std::vector<ConsumerNumber> consumers_;
  Model model_;
};

}  // namespace weir
