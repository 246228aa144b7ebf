#include "tests/simulation/story.h"

namespace weir::simulation {

// --- Before --------------------------------------------------------------------------------------

Story::Story(uint64_t seed, const std::string& root)
    : world_(std::make_unique<World>(seed, root, 3)), states_(3) {
  draw_options();
  for (int i = 0; i < count(); ++i) {
    has_log_.push_back(i == 0 ? promise_ != Promise::kReplicas || one_in(2) : one_in(2));
    machine(i).disk().most_sync_ns = most_sync_ns_;
  }
}

Story::~Story() = default;

void Story::draw_options() {
  promise_ = static_cast<Promise>(draw(4));
  const auto choose = [this](const char* name, std::initializer_list<const char*> values) {
    options_.push_back(std::string(name) + " " + values.begin()[draw(values.size())]);
  };
  const auto fix = [this](const std::string& line) { options_.push_back(line); };
  if (promise_ == Promise::kAlways) fix("appendfsync always");
  if (promise_ == Promise::kEverySecond) fix("appendfsync everysec");
  // A snapshot is to show what is in it, see sightings.h.
  if (promise_ == Promise::kReplicas) fix("rdbcompression no");
  if (promise_ == Promise::kReplicas) fix("min-replicas-to-ack 1");
  if (promise_ == Promise::kReplicas) choose("min-replicas-ack-timeout", {"0", "500", "10000"});
  if (promise_ == Promise::kReplicas || promise_ == Promise::kNothing)
    choose("appendfsync", {"always", "everysec", "no"});
  choose("aof-use-rdb-preamble", {"yes", "no"});
  choose("repl-diskless-sync", {"yes", "no"});
  choose("repl-diskless-sync-delay", {"0", "1"});
  choose("repl-diskless-load", {"disabled", "swapdb"});
  // Some fall out of the smallest one at once; of the largest one nobody.
  choose("repl-backlog-size", {"16kb", "256kb", "1mb"});
  choose("repl-timeout", {"3", "10"});
  choose("repl-ping-replica-period", {"1", "3"});
  choose("auto-aof-rewrite-min-size", {"8kb", "64kb"});
  // With 50 a log may be rewritten every second, and each rewrite syncs it: what it owes its policy
  // is to be seen, too.
  choose("auto-aof-rewrite-percentage", {"50", "300", "0"});
  choose("stream-node-max-entries", {"4", "100"});
  choose("aof-timestamp-enabled", {"yes", "no"});
  most_sync_ns_ = (one_in(3) ? 300 : 10) * kNsPerMs;
  // What is lost only after a while needs a while without a strike.
  most_peace_ns_ = (one_in(2) ? 1500 : 8000) * kNsPerMs;
  world().network.most_latency_ns = (one_in(3) ? 40 : 2) * kNsPerMs;
  world().network.buffer_bytes = one_in(3) ? 2000 : 65536;
}

std::vector<std::string> Story::options_of(int number) const {
  std::vector<std::string> options = options_;
  options.push_back(has_log_[static_cast<size_t>(number)] ? "appendonly yes" : "appendonly no");
  if (number != primary_)
    options.push_back("replicaof 127.0.0.1 " +
                      std::to_string(world_->machines[static_cast<size_t>(primary_)]->port()));
  return options;
}

void Story::start(int number) {
  Machine& it = machine(number);
  if (!it.refusal().empty())
    find("machine " + std::to_string(number) + " refused: " + it.refusal());
  it.start(options_of(number));
}

Outcome Story::tell() {
  Scheduler& scheduler = world().scheduler;
  scheduler.note("promise", static_cast<uint64_t>(promise_));
  for (const std::string& option : options_)
    scheduler.note(option, 0);
  for (int i = 0; i < count(); ++i)
    start(i);
  add_clients();
  look_at_all();
  scheduler.after(kNsPerS, [this] { act(); });
  const auto never = [this] { return !findings_.texts.empty(); };
  scheduler.run(never, now() + 6 * kNsPerS + static_cast<int64_t>(draw(8)) * kNsPerS);
  is_over_ = true;
  // What was begun comes to its end.
  if (!scheduler.run([this] { return !is_promoting_; }, now() + 30 * kNsPerS))
    find("no new primary is found:" + states_text());
  mend();
  scheduler.run(never, now() + 2 * kNsPerS);
  tear_links();
  is_quiet_ = true;
  int64_t oldest_excused_ns = 0;
  if (findings_.texts.empty() && converge()) {
    compare_streams();
    const Promises::Found found = look_up();
    promises_.judge(found, promise_ != Promise::kNothing, findings_);
    oldest_excused_ns = promises_.oldest_excused_ns(found);
    audit();
    lose_all_power();
  }
  return {.findings = findings_.texts,
          .trace = scheduler.trace(),
          .promises = promises_.count(),
          .oldest_excused_ms = static_cast<uint64_t>(oldest_excused_ns / kNsPerMs),
          .steps = scheduler.steps()};
}

}  // namespace weir::simulation
