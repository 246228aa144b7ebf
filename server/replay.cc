#include "server/replay.h"

#include <algorithm>
#include <utility>

#include "server/access/absent_commands.h"
#include "server/command.h"
#include "server/data/keyspace.h"
#include "server/dispatcher.h"
#include "server/text.h"

namespace weir {
namespace {

constexpr int kNoSocket = -1;

/// Redis logs an error without the word that it begins with if it has no code of its own.
std::string as_logged(std::string_view error) {
  constexpr std::string_view kPlain = "ERR ";
  if (error.starts_with(kPlain)) return std::string(error.substr(kPlain.size()));
  return "-" + std::string(error);
}

}  // namespace

Replay::Replay(Context& context, Owner owner)
    : context_(context), owner_(std::move(owner)), client_(0, kNoSocket, true, 0) {}

bool Replay::is_for_other_types(std::string_view name) {
  const std::span<const std::string_view> absent = absent_commands();
  return name.find('.') != std::string_view::npos ||
         std::binary_search(absent.begin(), absent.end(), to_lower(name));
}

void Replay::forget_transaction() {
  in_transaction_ = false;
  queue_.clear();
}

Replay::Step Replay::take(std::span<const std::string_view> argv, uint64_t place) {
  if (in_transaction_) {
    if (equals_ignoring_case(argv[0], "exec")) return take_queued();
    queue_.push_back({{argv.begin(), argv.end()}, place});
    return {.status = Status::kQueued};
  }
  if (argv.size() == 1 && equals_ignoring_case(argv[0], "multi")) {
    in_transaction_ = true;
    return {.status = Status::kQueued};
  }
  Step step;
  if (may_run(argv, place, step)) run(argv, step);
  return step;
}

Replay::Step Replay::take_queued() {
  in_transaction_ = false;
  const std::vector<Queued> queue = std::exchange(queue_, {});
  const auto words_of = [](const Queued& queued) {
    return std::vector<std::string_view>(queued.argv.begin(), queued.argv.end());
  };
  Step step;
  for (const Queued& queued : queue) {
    if (!may_run(words_of(queued), queued.place, step)) return step;
  }
  for (const Queued& queued : queue)
    run(words_of(queued), step);
  return step;
}

/// If not, why is in the step.
bool Replay::may_run(std::span<const std::string_view> argv, uint64_t place, Step& step) const {
  if (context_.dispatcher.find_row(argv) != nullptr) return true;
  if (is_for_other_types(argv[0]) && owner_.passes_over()) return true;
  step.status = Status::kForeign;
  step.foreign = argv[0];
  step.foreign_place = place;
  return false;
}

void Replay::run(std::span<const std::string_view> argv, Step& step) {
  const CommandSpec* const row = context_.dispatcher.find_row(argv);
  if (row == nullptr) {
    ++step.passed_over;
    return;
  }
  const ExpiredAreSeen expired_are_seen(context_.keyspace);
  const std::string error = context_.dispatcher.replay(client_, *row, argv);
  if (!error.empty()) owner_.failed(as_logged(error), row->name);
  step.has_written |= row->has(kWrite);
}

}  // namespace weir
