#include "server/data/access_mark.h"

#include <random>

#include <catch2/catch.hpp>

namespace weir {
namespace {

constexpr uint32_t kNow = 1'700'000'000;  // a full minute and 20 s
constexpr FrequencyScale kScale{.log_factor = 10, .decay_minutes = 1};

/// The counter after so many uses within one minute.
uint32_t counter_after(int uses, const FrequencyScale& scale) {
  std::mt19937 random(3);
  uint32_t mark = FrequencyMark::make(FrequencyMark::kNewCounter, kNow);
  for (int i = 0; i < uses; ++i)
    mark = FrequencyMark::used(mark, kNow, scale, random);
  return FrequencyMark::counter(mark, kNow, scale);
}

TEST_CASE("The counter grows with the logarithm of the uses", "[lfu]") {
  CHECK(counter_after(0, kScale) == FrequencyMark::kNewCounter);
  CHECK(counter_after(1, kScale) == FrequencyMark::kNewCounter + 1);
  const uint32_t hundred = counter_after(100, kScale);
  CHECK(hundred > 7);
  CHECK(hundred < 16);
  const uint32_t hundred_thousand = counter_after(100'000, kScale);
  CHECK(hundred_thousand > 120);
  CHECK(hundred_thousand < 170);
  CHECK(counter_after(3'000'000, kScale) == FrequencyMark::kGreatest);
}

TEST_CASE("With the factor 0 every use counts", "[lfu]") {
  CHECK(counter_after(100, {.log_factor = 0}) == FrequencyMark::kNewCounter + 100);
  CHECK(counter_after(1000, {.log_factor = 0}) == FrequencyMark::kGreatest);
}

TEST_CASE("The counter falls by one for each decay time without a use", "[lfu]") {
  const uint32_t mark = FrequencyMark::make(100, kNow);
  CHECK(FrequencyMark::counter(mark, kNow + 39, kScale) == 100);
  CHECK(FrequencyMark::counter(mark, kNow + 40, kScale) == 99);
  CHECK(FrequencyMark::counter(mark, kNow + 10 * 60, kScale) == 90);
  CHECK(FrequencyMark::counter(mark, kNow + 200 * 60, kScale) == 0);
  CHECK(FrequencyMark::counter(mark, kNow + 10 * 60, {.decay_minutes = 5}) == 98);
  CHECK(FrequencyMark::counter(mark, kNow + 10 * 60, {.decay_minutes = 0}) == 100);
}

TEST_CASE("A use first takes off what time has taken", "[lfu]") {
  std::mt19937 random(3);
  const uint32_t mark = FrequencyMark::make(100, kNow);
  const uint32_t later = kNow + 98 * 60;
  const uint32_t used = FrequencyMark::used(mark, later, kScale, random);
  CHECK(FrequencyMark::counter(used, later, kScale) == 3);  // at 2 every use counts
}

TEST_CASE("Minutes may run over", "[lfu]") {
  constexpr uint32_t kLast = ((1U << 24) - 1) * 60;  // the last minute of 24 bits
  const uint32_t mark = FrequencyMark::make(50, kLast);
  CHECK(FrequencyMark::counter(mark, kLast + 3 * 60, kScale) == 47);
}

}  // namespace
}  // namespace weir
