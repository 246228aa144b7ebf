// Random changes of a stream that is frozen again and again: what another thread reads of the
// frozen view must be what a copy, made at the moment of freezing, says.
//
// With ThreadSanitizer it also shows that nothing is written that the other thread reads.
#include <algorithm>
#include <atomic>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "streams/frozen_stream.h"
#include "tests/support/describe_stream.h"
#include "tests/support/model_input.h"
#include "tests/support/seed.h"

namespace weir::testing {
namespace {

std::string full_text(const Stream& stream) {
  return describe(stream) + describe_times(stream);
}

class FrozenStreamModel {
 public:
  explicit FrozenStreamModel(std::span<const uint8_t> input) : input_(input) {}

  void run() {
    while (!input_.is_used_up()) {
      for (uint64_t changes = draw(60); changes > 0; --changes)
        change();
      check_freeze();
    }
  }

 private:
  static constexpr const char* kNames[] = {"a", "b", "a longer name than fits anywhere", "d"};

  uint64_t draw(uint64_t n) { return input_.draw(n); }
  StreamId some_id() { return {1 + draw(next_ms_ + 2), draw(3)}; }

  // --- Freezing

  void check_freeze() {
    const Stream copy = stream_->copy();
    FrozenStream frozen(*stream_);
    std::atomic<bool> reads = false;
    std::string read;
    std::thread reader([&] {
      reads = true;
      for (int round = 0; round < 3; ++round)
        read = describe(frozen.view());
    });
    while (!reads)
      std::this_thread::yield();
    for (uint64_t changes = draw(120); changes > 0; --changes)
      change();
    if (draw(12) == 0) stream_.emplace();
    if (draw(6) == 0) move();
    stream_->assert_consistent();
    reader.join();
    REQUIRE(read == full_text(copy));
    RetiredStream retired = frozen.end();
    if (draw(2) == 0) change();
    retired.clear();
    stream_->assert_consistent();
  }

  void move() {
    Stream moved = std::move(*stream_);
    stream_.emplace(std::move(moved));
  }

  // --- Changes

  void change() {
    switch (draw(16)) {
      case 0:
        return erase();
      case 1:
        return trim();
      case 2:
        return change_groups();
      case 3:
      case 4:
      case 5:
      case 6:
        return deliver();
      case 7:
      case 8:
        return acknowledge();
      case 9:
        return claim();
      case 10:
        return remember();
      case 11:
        return look();
      default:
        return append();
    }
  }

  void append() {
    const StreamId id{next_ms_, 0};
    next_ms_ += 1 + draw(2);
    const std::string value(draw(40), 'v');
    const std::string_view fields[] = {draw(4) == 0 ? "g" : "f", value};
    if (id > stream_->last_id())
      stream_->append(id, fields, {.max_bytes = 4096, .max_entries = 1 + draw(20)});
  }

  void erase() {
    std::vector<StreamId> ids;
    for (uint64_t i = draw(30); i > 0; --i)
      ids.push_back(some_id());
    stream_->erase(ids);
  }

  void trim() {
    Trim trim;
    trim.strategy = draw(2) == 0 ? Trim::Strategy::kMaxLength : Trim::Strategy::kMinId;
    trim.approximate = draw(2) == 0;
    trim.max_length = stream_->length() - std::min(stream_->length(), draw(40));
    trim.min_id = some_id();
    if (draw(4) == 0) trim.min_id.ms /= 2;
    trim.references = static_cast<References>(draw(3));
    stream_->trim(trim);
  }

  void change_groups() {
    const char* const name = kNames[draw(4)];
    ConsumerGroup* const group = stream_->find_group(name);
    if (group == nullptr) {
      stream_->groups().add(name, some_id(), -1);
    } else if (draw(6) == 0) {
      stream_->groups().erase(name);
    } else {
      group->last_id = some_id();
    }
  }

  ConsumerGroup* some_group() { return stream_->find_group(kNames[draw(4)]); }

  Consumer& consumer_of(ConsumerGroup& group) {
    const char* const name = kNames[draw(4)];
    Consumer* const consumer = group.find_consumer(name);
    return consumer != nullptr ? *consumer : group.add_consumer(name, 5);
  }

  void deliver() {
    ConsumerGroup* const group = some_group();
    if (group == nullptr) return;
    Consumer& consumer = consumer_of(*group);
    consumer.set_seen_ms(static_cast<int64_t>(++now_ms_ << (draw(20) == 0 ? 43 : 0)));
    PendingList::Edit pending(group->pending());
    StreamId id = some_id();
    for (uint64_t i = draw(40); i > 0; --i, ++id.ms) {
      pending.put({.id = id,
                   .consumer = consumer.number(),
                   .delivered_ms = draw(20) == 0 ? now_ms_ << 33 : now_ms_,
                   .deliveries = 1});
    }
    consumer.set_active_ms(consumer.seen_ms());
  }

  void acknowledge() {
    ConsumerGroup* const group = some_group();
    if (group == nullptr) return;
    if (draw(12) == 0) {
      group->remove_consumer(kNames[draw(4)]);
      return;
    }
    PendingList::Edit pending(group->pending());
    StreamId id = some_id();
    for (uint64_t i = draw(60); i > 0; --i, ++id.ms)
      pending.erase(id);
  }

  /// To another consumer, or to none.
  void claim() {
    ConsumerGroup* const group = some_group();
    if (group == nullptr) return;
    const ConsumerNumber consumer = consumer_of(*group).number();
    PendingList::Edit pending(group->pending());
    for (uint64_t i = draw(20); i > 0; --i) {
      std::optional<Nack> nack = pending.find(some_id());
      if (!nack) continue;
      const bool releases = draw(2) == 0;
      nack->consumer = releases ? kNoConsumer : consumer;
      nack->delivered_ms = releases ? 0 : ++now_ms_;
      nack->release = releases ? group->pending().next_release() : 0;
      ++nack->deliveries;
      pending.put(*nack);
    }
  }

  void remember() {
    Idempotence& messages = stream_->use_idempotence();
    if (draw(8) == 0) return messages.clear();
    messages.record(kNames[draw(4)], std::to_string(draw(200)), {next_ms_, draw(3)});
  }

  /// What only looks may still raise bounds.
  void look() {
    ConsumerGroup* const group = some_group();
    if (group == nullptr || group->pending_or_null() == nullptr) return;
    PendingList::Query query;
    query.youngest = Nack::oldest_owned(draw(now_ms_ + 1));
    if (draw(2) == 0 && group->consumer_count() > 0) query.consumer = &group->consumer_at(0);
    group->pending().select(query);
    if (draw(4) == 0) OldestFirst(group->pending(), query.youngest).next();
  }

  ModelInput input_;
  std::optional<Stream> stream_{std::in_place};
  uint64_t next_ms_ = 1;
  uint64_t now_ms_ = 1;
};

TEST_CASE("A frozen stream, read in another thread, is what it was, whatever changes", "[frozen]") {
  const uint64_t seed = first_seed();
  CAPTURE(seed);
  for (uint64_t life = 0; life < 60; ++life) {
    CAPTURE(life);
    const std::vector<uint8_t> input = random_input(seed + life, 20'000);
    FrozenStreamModel(input).run();
  }
}

}  // namespace
}  // namespace weir::testing
