// A run of pending entries: what it keeps, in which form, and what it knows of the oldest.
#include "streams/nack_block.h"

#include <memory>
#include <vector>

#include <catch2/catch.hpp>

namespace weir {
namespace {

constexpr uint64_t kNowMs = 1'700'000'000'000;

struct Destroy {
  void operator()(NackBlock* block) const { NackBlock::destroy(block); }
};
using BlockPtr = std::unique_ptr<NackBlock, Destroy>;

Nack owned(uint64_t ms, ConsumerNumber consumer = 0, uint64_t delivered_ms = kNowMs) {
  return {.id = {ms, 0}, .consumer = consumer, .delivered_ms = delivered_ms, .deliveries = 1};
}

Nack released(uint64_t ms, uint64_t number) {
  return {.id = {ms, 0}, .release = number};
}

BlockPtr block_of(const std::vector<Nack>& nacks) {
  return BlockPtr(NackBlock::create(nacks.front().id, nacks, static_cast<uint32_t>(nacks.size())));
}

/// insert and set may give another block.
void take_place(BlockPtr& block, NackBlock* moved) {
  if (moved == block.get()) return;
  block.reset(moved);
}

void insert(BlockPtr& block, const Nack& nack) {
  NackBlock* const old = block.get();
  take_place(block, old->insert(old->lower_bound(nack.id), nack));
}

std::vector<Nack> all(const BlockPtr& block) {
  std::vector<Nack> nacks;
  for (uint32_t i = 0; i < block->count(); ++i)
    nacks.push_back(block->at(i));
  return nacks;
}

}  // namespace

TEST_CASE("A block gives back what was put in, in the order of IDs", "[nack_block]") {
  BlockPtr block = block_of({owned(10)});
  const Nack later{.id = {12, 7}, .consumer = 3, .delivered_ms = kNowMs + 5, .deliveries = 9};
  insert(block, later);
  insert(block, released(11, 4));
  CHECK(all(block) == std::vector<Nack>{owned(10), released(11, 4), later});
  CHECK(block->last_id() == StreamId{12, 7});
  CHECK(block->lower_bound({11, 1}) == 2);
  CHECK(block->lower_bound({99, 0}) == 3);
  CHECK(block->is_consistent());
}

TEST_CASE("What fits no narrow record makes the block wide, and nothing is lost", "[nack_block]") {
  const Nack far_id{.id = {UINT64_MAX, UINT64_MAX}, .consumer = 1, .delivered_ms = kNowMs};
  const Nack old_time = owned(11, 1, 1);
  const Nack often{.id = {11, 0}, .consumer = 1, .delivered_ms = kNowMs, .deliveries = 70'000};
  const Nack many_consumers = owned(11, 70'000);
  const Nack late_release = released(11, uint64_t{1} << 40);
  for (const Nack& odd : {far_id, old_time, often, many_consumers, late_release}) {
    CAPTURE(to_string(odd.id));
    BlockPtr block = block_of({owned(10), owned(10'000)});
    const size_t before = block->memory_bytes();
    insert(block, odd);
    CHECK(block->at(block->lower_bound(odd.id)) == odd);
    CHECK(block->at(0) == owned(10));
    CHECK(block->memory_bytes() > before);
    CHECK(block->is_consistent());
  }
}

TEST_CASE("The greatest number of deliveries is kept without a wide block", "[nack_block]") {
  BlockPtr block = block_of({owned(10), owned(11), owned(12), owned(13)});
  const size_t before = block->memory_bytes();
  Nack fatal = released(11, 1);
  fatal.deliveries = kMaxDeliveries;
  take_place(block, block->set(1, fatal));
  CHECK(block->at(1) == fatal);
  CHECK(block->memory_bytes() == before);
}

TEST_CASE("Released NACKs are older than owned ones, whatever their times", "[nack_block]") {
  CHECK(released(1, 1).order_key() < released(2, 2).order_key());
  CHECK(released(1, uint64_t{1} << 62).order_key() < owned(1, 0, 0).order_key());
  CHECK(owned(9, 0, kNowMs).order_key() < owned(1, 0, kNowMs + 1).order_key());
}

TEST_CASE("The bound of the oldest falls at once and rises when it is tightened", "[nack_block]") {
  BlockPtr block = block_of({owned(10, 0, kNowMs), owned(11, 0, kNowMs + 10)});
  CHECK(block->least() == Nack::oldest_owned(kNowMs));
  insert(block, owned(12, 0, kNowMs - 1));
  CHECK(block->least() == Nack::oldest_owned(kNowMs - 1));
  block->erase(2);
  block->erase(0);
  CHECK(block->least() <= Nack::oldest_owned(kNowMs + 10));
  block->tighten();
  CHECK(block->least() == Nack::oldest_owned(kNowMs + 10));
  take_place(block, block->set(0, released(11, 3)));
  CHECK(block->least() == 3);
}

TEST_CASE("A full block takes 128, and gives memory back when few are left", "[nack_block]") {
  BlockPtr block = block_of({owned(1)});
  for (uint64_t ms = 2; ms <= NackBlock::kMaxNacks; ++ms)
    insert(block, owned(ms));
  CHECK(block->is_full());
  const size_t full = block->memory_bytes();
  while (block->count() > 3)
    block->erase(0);
  CHECK(block->at(0) == owned(126));
  take_place(block, block->shrunk());
  CHECK(block->memory_bytes() < full / 4);
  CHECK(all(block) == std::vector<Nack>{owned(126), owned(127), owned(128)});
}

TEST_CASE("Room in front is used again for what comes in front", "[nack_block]") {
  BlockPtr block = block_of({owned(1), owned(5), owned(6), owned(7)});
  block->erase(1);
  block->erase(0);
  const NackBlock* const same = block.get();
  insert(block, owned(2));
  insert(block, owned(3));
  CHECK(block.get() == same);
  CHECK(all(block) == std::vector<Nack>{owned(2), owned(3), owned(6), owned(7)});
  CHECK(block->is_consistent());
}

TEST_CASE("Appending is refused where the block would have to move", "[nack_block]") {
  BlockPtr block = block_of({owned(1), owned(2), owned(3), owned(4)});
  CHECK_FALSE(block->try_append(owned(5)));
  block->erase(3);
  CHECK_FALSE(block->try_append(owned(5, 0, 1)));
  CHECK(block->try_append(owned(5, 0, kNowMs - 7)));
  CHECK(block->least() == Nack::oldest_owned(kNowMs - 7));
  CHECK(block->last_id() == StreamId{5, 0});
}

TEST_CASE("One like the last is appended with its own ID", "[nack_block]") {
  BlockPtr block = block_of({owned(1), owned(2), owned(3), owned(4)});
  CHECK_FALSE(block->try_append_like_last({5, 0}));  // no room
  block->erase(3);
  CHECK_FALSE(block->try_append_like_last({uint64_t{1} << 40, 0}));
  CHECK_FALSE(block->try_append_like_last({5, uint64_t{1} << 40}));
  CHECK(block->try_append_like_last({5, 7}));
  Nack expected = block->at(2);
  expected.id = {5, 7};
  CHECK(block->at(3) == expected);
  CHECK(block->is_consistent());
}

TEST_CASE("A copy of a block goes its own way", "[nack_block]") {
  BlockPtr block = block_of({owned(1), released(2, 1)});
  const BlockPtr copy(NackBlock::clone(*block));
  block->erase(0);
  CHECK(all(copy) == std::vector<Nack>{owned(1), released(2, 1)});
  CHECK(all(block) == std::vector<Nack>{released(2, 1)});
}

}  // namespace weir
