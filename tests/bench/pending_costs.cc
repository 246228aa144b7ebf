// pending-costs: what each thing that the commands need of a PEL costs, by its size and consumers.
//
// Measured is the PendingList itself (streams/), not a server, with 1 k, 1 M and 20 M pending
// entries of 1, 10 and 10,000 consumers; pending_needs.h says how.  A need is measured on the three
// sizes one right after the other, since the machine may have changed its pace later.
//
// The program fails if something grows nearly as fast as the list: see kSizes.
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "tests/bench/machine.h"
#include "tests/bench/pending_needs.h"

namespace weir::bench {
namespace {

struct Size {
  uint64_t entries;
  const char* name;
  double most_growth;  // of any cost, from the size before; far more than caches explain
};
constexpr Size kSizes[] = {{1'000, "1 k", 0}, {1'000'000, "1 M", 100}, {20'000'000, "20 M", 10}};
constexpr size_t kQuickSizes = 2;
constexpr uint32_t kConsumers[] = {1, 10, 10'000};

constexpr const char* kPromises[] = {"O(1)", "O(log n)", "O(log n + k)"};

std::string with_decimals(double value) {
  char text[32];
  std::snprintf(text, sizeof text, value < 99.95 ? "%.1f" : "%.0f", value);
  return text;
}

void print_head(uint32_t consumers, size_t sizes) {
  std::printf("\n%6u %-27s ", consumers, consumers == 1 ? "consumer" : "consumers");
  for (size_t i = 0; i < sizes; ++i)
    std::printf("%9s", kSizes[i].name);
  std::printf("   growth  promised\n");
}

void print_row(const Need& need, const std::vector<double>& values) {
  std::printf("%-31s %-3s", need.name, need.unit);
  for (const double value : values)
    std::printf("%9s", with_decimals(value).c_str());
  const double growth = values.back() / values[values.size() - 2];
  std::printf("%8.1fx  %s\n", growth, kPromises[static_cast<size_t>(need.promise)]);
  std::fflush(stdout);
}

/// True if nothing grows more than it may; says what does.
bool keeps_promise(const std::vector<double>& values) {
  bool is_kept = true;
  for (size_t i = 1; i < values.size(); ++i) {
    if (values[i] <= kSizes[i].most_growth * values[i - 1]) continue;
    is_kept = false;
    std::printf("^ grows too much from %s to %s\n", kSizes[i - 1].name, kSizes[i].name);
  }
  return is_kept;
}

bool measure_all(uint32_t consumers, size_t sizes) {
  std::vector<std::unique_ptr<PendingQueue>> queues;
  for (size_t i = 0; i < sizes; ++i)
    queues.push_back(std::make_unique<PendingQueue>(
        PendingQueue::Shape{.entries = kSizes[i].entries, .consumers = consumers}));
  print_head(consumers, sizes);
  bool is_good = true;
  for (const Need& need : pending_needs()) {
    std::vector<double> values;
    for (const auto& queue : queues)
      values.push_back(need.measure(*queue) / (std::strcmp(need.unit, "us") == 0 ? 1000 : 1));
    print_row(need, values);
    is_good = keeps_promise(values) && is_good;
  }
  return is_good;
}

}  // namespace
}  // namespace weir::bench

int main(int argc, char** argv) {
  using namespace weir::bench;
  const bool is_quick = argc == 2 && std::strcmp(argv[1], "--quick") == 0;
  if (argc > 1 && !is_quick) {
    std::fputs("usage: pending-costs [--quick]     quick: without 20 M entries\n", stderr);
    return 2;
  }
  std::printf("machine: %s\n", describe_machine().c_str());
  const PendingQueue first({.entries = 1'000, .consumers = 1});  // what is allocated but once
  bool is_good = true;
  for (const uint32_t consumers : kConsumers)
    is_good = measure_all(consumers, is_quick ? kQuickSizes : std::size(kSizes)) && is_good;
  return is_good ? 0 : 1;
}
