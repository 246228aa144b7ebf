// What a view of a stream shows, and what a frozen one goes on showing.  Everything at once, with
// the view read in another thread: tests/model/frozen_stream_model_test.cc.
#include "streams/frozen_stream.h"

#include <optional>
#include <string>
#include <utility>

#include <catch2/catch.hpp>

#include "tests/support/describe_stream.h"
#include "tests/support/sample_stream.h"

namespace weir::testing {
namespace {

std::string full_text(const Stream& stream) {
  return describe(stream) + describe_times(stream);
}

/// 500 entries, a group with two consumers and a released entry, a message.
Stream rich_stream() {
  Stream stream = stream_of(500);
  ConsumerGroup& group = stream.groups().add("g", {300, 0}, 300);
  const ConsumerNumber ann = group.add_consumer("ann", 10).number();
  const ConsumerNumber bob = group.add_consumer("bob", 20).number();
  {
    PendingList::Edit pending(group.pending());
    for (uint64_t ms = 1; ms <= 300; ++ms) {
      const ConsumerNumber owner = ms % 2 == 0 ? ann : bob;
      pending.put({.id = {ms, 0}, .consumer = owner, .delivered_ms = 100 + ms, .deliveries = 1});
    }
    for (const uint64_t ms : {7, 5, 6})
      pending.put({.id = {ms, 0}, .deliveries = 2, .release = group.pending().next_release()});
  }
  stream.use_idempotence().record("producer", "message", {500, 0});
  return stream;
}

TEST_CASE("A view of a live stream shows all of it", "[frozen]") {
  const Stream stream = rich_stream();
  const StreamView view(stream);
  CHECK(describe(view) == full_text(stream));
  CHECK(view.first_id == StreamId{1, 0});
  CHECK(view.node_count == stream.node_count());
}

TEST_CASE("A view of an empty stream shows nothing", "[frozen]") {
  const Stream stream;
  const StreamView view(stream);
  CHECK(describe(view) == full_text(stream));
  CHECK(view.first_id == StreamId{});
  CHECK(view.groups.empty());
  CHECK_FALSE(view.has_idempotence);
}

TEST_CASE("A moved view still shows its names", "[frozen]") {
  const Stream stream = rich_stream();
  StreamView view(stream);
  const StreamView moved(std::move(view));
  CHECK(describe(moved) == full_text(stream));
}

TEST_CASE("A frozen stream shows the moment, whatever becomes of the stream", "[frozen]") {
  Stream stream = rich_stream();
  const std::string moment = full_text(stream);
  FrozenStream frozen(stream);

  stream.append({600, 0}, small_fields(), {});
  stream.erase({450, 0});
  stream.trim(max_length(100));
  ConsumerGroup& group = stream.groups().at(0);
  PendingList::Edit(group.pending()).erase({8, 0});
  group.remove_consumer("bob");
  group.find_consumer("ann")->set_seen_ms(99);
  stream.groups().add("h", {}, 0);
  stream.idempotence()->clear();
  CHECK(describe(frozen.view()) == moment);

  stream.groups().erase("g");
  stream.set_id({900, 0}, 1000, StreamId{800, 0});
  CHECK(describe(frozen.view()) == moment);
  stream.assert_consistent();
  frozen.end();
  stream.assert_consistent();
}

TEST_CASE("A frozen stream outlives the stream", "[frozen]") {
  std::optional<Stream> stream = rich_stream();
  const std::string moment = full_text(*stream);
  FrozenStream frozen(*stream);
  stream.reset();
  CHECK(describe(frozen.view()) == moment);
}

TEST_CASE("A stream that moves stays frozen, and writable again after the end", "[frozen]") {
  Stream stream = rich_stream();
  const std::string moment = full_text(stream);
  FrozenStream frozen(stream);
  Stream moved = std::move(stream);
  CHECK_FALSE(moved.tree().is_writable(*moved.first_node()));
  moved.erase({1, 0});
  CHECK(describe(frozen.view()) == moment);
  frozen.end();
  CHECK(moved.tree().is_writable(*moved.first_node()));
}

TEST_CASE("Freezing ends with what was changed, and nothing else, left over", "[frozen]") {
  Stream stream = rich_stream();
  CHECK(FrozenStream(stream).end().empty());
  FrozenStream frozen(stream);
  stream.erase({1, 0});
  const RetiredStream left = frozen.end();
  REQUIRE(left.size() == 1);
  CHECK(left[0].size() == 3);  // the first node of entries, and the two inner nodes above it
}

TEST_CASE("A tail shared with a frozen view is copied before it is appended to", "[frozen]") {
  Stream stream = stream_of(3);
  FrozenStream frozen(stream);
  const StreamNode* const tail = stream.last_node();
  stream.append({4, 0}, small_fields(), {});
  CHECK(stream.last_node() != tail);
  CHECK(tail->live() == 3);
}

TEST_CASE("Released entries come in the order of their release", "[frozen]") {
  const Stream stream = rich_stream();
  const StreamView view(stream);
  std::string order;
  for (const Nack& nack : released_in_order(view.groups[0]))
    order += to_string(nack.id) + " ";
  CHECK(order == "7-0 5-0 6-0 ");
}

}  // namespace
}  // namespace weir::testing
