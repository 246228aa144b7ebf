// What MEMORY USAGE says of a stream: judged by samples, and counted whole.
#include <array>
#include <cstdint>
#include <string>

#include <catch2/catch.hpp>

#include "streams/stream.h"

namespace weir::testing {
namespace {

constexpr uint64_t kEntries = 300'000;
constexpr uint64_t kConsumers = 20;

/// Values of all lengths; all entries pending, in runs of 50 per consumer.
void fill(Stream& stream) {
  ConsumerGroup& group = stream.groups().add("g", {}, 0);
  for (uint64_t i = 0; i < kConsumers; ++i)
    group.add_consumer("c" + std::to_string(i), 0);
  PendingList::Edit edit(group.pending());
  const std::string value(200, 'x');
  for (uint64_t i = 1; i <= kEntries; ++i) {
    const std::array<std::string_view, 2> fields = {"f",
                                                    std::string_view(value).substr(0, i % 200)};
    stream.append({i * 1000, 0}, fields, {});
    edit.put({.id = {i * 1000, 0},
              .consumer = static_cast<ConsumerNumber>(i / 50 % kConsumers),
              .delivered_ms = i,
              .deliveries = 1});
  }
}

TEST_CASE("Samples of a large stream tell its memory nearly as a count of all does", "[memory]") {
  Stream stream;
  fill(stream);
  const auto whole = static_cast<double>(stream.memory_bytes(0));
  for (const size_t samples : {250, 1000})
    CHECK(static_cast<double>(stream.memory_bytes(samples)) == Approx(whole).epsilon(0.03));
}

}  // namespace
}  // namespace weir::testing
