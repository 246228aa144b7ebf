#include "tests/bench/crowd.h"

#include <algorithm>
#include <utility>

#include <sched.h>

#include "tests/bench/machine.h"
#include "tests/bench/percentile.h"

namespace weir::bench {
namespace {

constexpr double kWindowsPerRound = 2;  // a percentile wants more samples than a mean

/// The calling thread runs when nobody else wants the core: a reply that the witness waits for
/// finds it awake at once.
void make_way() {
  const sched_param none{};
  sched_setscheduler(0, SCHED_IDLE, &none);
}

}  // namespace

CrowdRunner::CrowdRunner(Crowd& crowd, Trial& trial) {
  if (!crowd.step) return;
  thread_ = std::thread([this, &crowd, &trial] {
    make_way();
    while (!stopped_)
      crowd.step(trial);
  });
}

CrowdRunner::~CrowdRunner() {
  stopped_ = true;
  if (thread_.joinable()) thread_.join();
}

Witness::Witness(Trial& trial, std::vector<std::string> words)
    : timing_(trial.timing),
      words_(std::move(words)),
      load_(trial.server.tcp(),
            {{.connections = 1, .script = [this](size_t, std::string_view replies, Request& made) {
                return next(replies, made);
              }}}) {}

uint64_t Witness::next(std::string_view replies, Request& made) {
  const uint64_t now = now_ns();
  if (!replies.empty()) took_us_.push_back(static_cast<double>(now - sent_at_ns_) / 1e3);
  append_command(made.bytes, words_);
  made.replies = 1;
  sent_at_ns_ = now_ns();
  return replies.empty() ? 0 : 1;
}

std::vector<double> Witness::waits_us() {
  load_.run_for(timing_.warmup);
  took_us_.clear();
  load_.run_for(timing_.seconds * kWindowsPerRound);
  // Who was not answered at all has waited at least as long as that.
  if (took_us_.empty()) took_us_.push_back(static_cast<double>(now_ns() - sent_at_ns_) / 1e3);
  std::sort(took_us_.begin(), took_us_.end());
  return took_us_;
}

std::vector<double> percentiles_of(const std::vector<double>& waits_us) {
  return {percentile(waits_us, 0.5), percentile(waits_us, 0.99), percentile(waits_us, 0.999)};
}

}  // namespace weir::bench
