// Who looks after the machines, and what befalls them.
#include <algorithm>
#include <cstdlib>
#include <utility>

#include "tests/simulation/story.h"

namespace weir::simulation {
namespace {

/// Until the main thread has done something about a sync that has ended.
constexpr int64_t kTurnNs = 20 * kNsPerMs;
/// How often it looks whether a write has waited for long enough.
constexpr int64_t kLookNs = 120 * kNsPerMs;

std::string field_of(const std::string& info, const std::string& name) {
  const size_t at = info.find(name + ":");
  if (at == std::string::npos) return {};
  const size_t begin = at + name.size() + 1;
  return info.substr(begin, info.find('\r', begin) - begin);
}

}  // namespace

void Story::ask(int number, const Words& words, Client::OnReply on_reply) {
  // Not at once: one of them may be the caller.
  world().scheduler.after(0, [this] {
    std::erase_if(asking_,
                  [](const auto& client) { return !client->is_open() || client->waiting() == 0; });
  });
  auto client = std::make_unique<Client>(*world_, findings_);
  if (!client->connect(number)) return;
  client->send(words, std::move(on_reply));
  asking_.push_back(std::move(client));
}

void Story::learn(int number, const resp::Reply& info) {
  if (info.is_error()) return;
  State& state = states_[static_cast<size_t>(number)];
  state.is_known = true;
  state.is_primary = field_of(info.text, "role") == "master";
  state.is_linked = field_of(info.text, "master_link_status") == "up";
  state.is_failing_over = field_of(info.text, "master_failover_state") != "no-failover";
  state.offset = std::atoll(field_of(info.text, "master_repl_offset").c_str());
}

void Story::look_at_all() {
  if (is_quiet_) return;
  world().scheduler.after(200 * kNsPerMs, [this] { look_at_all(); });
  judge_whole();
  judge_unsynced();
  for (int i = 0; i < count(); ++i) {
    states_[static_cast<size_t>(i)] = State();
    ask(i, {"INFO", "replication"}, [this, i](const resp::Reply& reply) { learn(i, reply); });
  }
}

/// Every replica has what the primary had when it was asked, or more; asked after the last strike.
void Story::judge_whole() {
  if (is_whole_ || is_promoting_ || now() - struck_ns_ < kNsPerS) return;
  const auto is_fine = [this](int i) {
    const State& state = states_[static_cast<size_t>(i)];
    if (!machine(i).is_up() || !state.is_known) return false;
    if (i == primary_) return state.is_primary;
    const State& primary = states_[static_cast<size_t>(primary_)];
    return !state.is_primary && state.is_linked && state.offset >= primary.offset;
  };
  for (int i = 0; i < count(); ++i) {
    if (!is_fine(i)) return;
  }
  is_whole_ = true;
}

/// Power failure or the end of a process.
void Story::strike(int number) {
  Machine& it = machine(number);
  if (!it.is_up()) return;
  if (promise_ == Promise::kReplicas && !is_whole_) return;
  is_whole_ = false;
  struck_ns_ = now();
  const bool is_power = one_in(2);
  if (number == primary_) excuse(is_power);
  if (is_power) {
    it.lose_power();
  } else {
    it.kill();
  }
  come_back(number);
  if (number == primary_ && promise_ == Promise::kReplicas) {
    is_promoting_ = true;
    world().scheduler.after(world().scheduler.draw_time(kNsPerS), [this] { promote_best(); });
  }
}

/// As soon as one runs: what it is to cover must not be promised yet.  looks: for so long.
void Story::strike_in_sync(int number, int looks) {
  if (is_over_) return;
  if (looks == 0 || machine(number).disk().log_syncs().is_running()) return strike(number);
  world().scheduler.after(kNsPerMs / 4,
                          [this, number, looks] { strike_in_sync(number, looks - 1); });
}

/// When it has been talking to itself for a moment: what it said then must not be promised.
void Story::strike_cut_off(int number) {
  for (int i = 0; i < count(); ++i) {
    if (i != number) world().network.part(number, i);
  }
  world().scheduler.after(world().scheduler.draw_time(400 * kNsPerMs), [this, number] {
    if (!is_over_) strike(number);
    world().network.heal();
  });
}

void Story::come_back(int number) {
  const int64_t pause = world().scheduler.draw_time(4 * kNsPerS) + 700 * kNsPerMs;
  world().scheduler.after(pause, [this, number] {
    if (machine(number).is_up()) return;
    if (is_promoting_ && number == primary_) return come_back(number);
    start(number);
  });
}

/// What everysec does not promise if power fails now, see story.h.
int64_t Story::most_lost_ns() const {
  const Disk::LogSyncs& syncs = world_->machines[static_cast<size_t>(primary_)]->disk().log_syncs();
  const int64_t busy_ns = syncs.is_running() ? now() - syncs.began_ns : 0;
  const int64_t longest_ns = std::max(syncs.longest_ns, busy_ns);
  return std::max(kNsPerS, longest_ns) + longest_ns + kTurnNs;
}

/// What power could take now, though it was told longer ago than that.
void Story::judge_unsynced() {
  const Sightings& synced = machine(primary_).disk().synced();
  std::erase_if(unsynced_, [&](const auto& made) { return synced.has_op(made.op); });
  if (unsynced_.empty() || now() - unsynced_.front().at_ns <= most_lost_ns()) return;
  const Promises::Made& oldest = unsynced_.front();
  find("op " + std::to_string(oldest.op) + ", told at " + std::to_string(oldest.at_ns / kNsPerMs) +
       " ms, is not synced at " + std::to_string(now() / kNsPerMs) + " ms");
}

/// What everysec did not promise, see story.h.
void Story::excuse(bool is_power) {
  ++lives_;
  unsynced_.clear();
  are_late_excused_ = false;
  if (promise_ != Promise::kEverySecond) return;
  // What a killed process left is synced before the next one says a word, and no sooner.
  const int64_t kept_until_ns = has_told_ ? now() - most_lost_ns() : kept_until_ns_;
  kept_until_ns_ = is_power ? now() : kept_until_ns;
  has_told_ = false;
  const Disk::LogSyncs& syncs = machine(primary_).disk().log_syncs();
  int64_t lost_ns = 0;
  if (is_power) {
    lost_ns = now() - kept_until_ns;
  } else if (syncs.is_running() || now() - syncs.ended_ns < kTurnNs) {
    lost_ns = std::min(now() - syncs.began_ns + kTurnNs, 2 * kNsPerS + kLookNs);
  }
  are_late_excused_ = lost_ns > 0;
  promises_.excuse(now(), lost_ns);
}

/// The replica that says that it has most: of those who answer in time.
void Story::promote_best() {
  for (State& state : states_)
    state = State();
  for (int i = 0; i < count(); ++i) {
    if (i != primary_)
      ask(i, {"INFO", "replication"}, [this, i](const resp::Reply& reply) { learn(i, reply); });
  }
  // Not in step with look_at_all(), which forgets what it knew.
  world().scheduler.after(kNsPerS + world().scheduler.draw_time(400 * kNsPerMs), [this] {
    int best = -1;
    for (int i = 0; i < count(); ++i) {
      const State& state = states_[static_cast<size_t>(i)];
      if (i == primary_) continue;
      if (!state.is_known) return promote_best();  // it may be the one
      if (best < 0 || state.offset > states_[static_cast<size_t>(best)].offset) best = i;
    }
    promote(best);
    is_promoting_ = false;
  });
}

void Story::promote(int number) {
  world().scheduler.note("promoted", static_cast<uint64_t>(number));
  primary_ = number;
  ++lives_;
  struck_ns_ = now();
  ask(number, {"REPLICAOF", "NO", "ONE"});
  point_others();
}

void Story::point_others() {
  for (int i = 0; i < count(); ++i) {
    if (i != primary_) ask(i, {"REPLICAOF", "127.0.0.1", std::to_string(machine(primary_).port())});
  }
}

/// Primary and replica change places; whatever befalls them, nothing may be lost.
void Story::fail_over() {
  if (is_promoting_ || !is_whole_ || promise_ != Promise::kReplicas) return;
  is_promoting_ = true;
  is_whole_ = false;
  world().scheduler.note("failover", static_cast<uint64_t>(primary_));
  Words words = {"FAILOVER"};
  const int to = static_cast<int>((static_cast<uint64_t>(primary_) + 1 + draw(2)) % 3);
  if (one_in(2)) words.insert(words.end(), {"TO", "127.0.0.1", std::to_string(machine(to).port())});
  words.insert(words.end(), {"TIMEOUT", std::to_string(1 + draw(5000))});
  ask(primary_, words);
  world().scheduler.after(3 * kNsPerS, [this] { see_failover(); });
}

/// Until there is one primary again, and it knows that it is.
void Story::see_failover() {
  world().scheduler.after(kNsPerS + world().scheduler.draw_time(400 * kNsPerMs), [this] {
    int head = -1;
    int heads = 0;
    for (int i = 0; i < count(); ++i) {
      const State& state = states_[static_cast<size_t>(i)];
      if (!state.is_known || state.is_failing_over) return see_failover();
      heads += state.is_primary ? 1 : 0;
      if (state.is_primary) head = i;
    }
    if (heads != 1) return see_failover();
    is_promoting_ = false;
    promote(head);
  });
}

void Story::draw_partition() {
  const int one = static_cast<int>(draw(3));
  const int other = static_cast<int>((one + 1 + draw(2)) % 3);
  world().network.part(one, other);
  if (!one_in(3)) world().network.part(other, one);  // else their connection is half open
  if (one_in(3)) world().network.part(one, 3 - one - other);
  world().scheduler.after(world().scheduler.draw_time(8 * kNsPerS),
                          [this] { world().network.heal(); });
}

void Story::slow_disk() {
  const int number = static_cast<int>(draw(3));
  Disk& disk = machine(number).disk();
  // Where a sync has failed, everysec promises nothing of what it should have covered.
  const bool may_fail = promise_ == Promise::kNothing || promise_ == Promise::kAlways;
  if (may_fail && one_in(2)) disk.one_fails_in = 1 + draw(40);
  if (promise_ != Promise::kReplicas) disk.most_sync_ns = (one_in(4) ? 3000 : 300) * kNsPerMs;
  world().scheduler.after(world().scheduler.draw_time(3 * kNsPerS), [this, number] {
    machine(number).disk().one_fails_in = 0;
    machine(number).disk().most_sync_ns = most_sync_ns_;
  });
}

void Story::act() {
  if (is_over_) return;
  world().scheduler.after(world().scheduler.draw_time(most_peace_ns_), [this] { act(); });
  for (int i = 0; i < count(); ++i) {
    if (!machine(i).is_up() && machine(i).exit_code() >= 0 && one_in(2) && !is_promoting_) start(i);
  }
  disturb();
}

void Story::disturb() {
  const int any = static_cast<int>(draw(3));
  switch (draw(15)) {
    case 0:
      return strike_in_sync(primary_, promise_ == Promise::kAlways ? 800 : 0);
    case 1:
      return promise_ == Promise::kReplicas ? strike_cut_off(primary_) : strike(primary_);
    case 2:
      return strike(any);
    case 3:
    case 4:
      return draw_partition();
    case 5:
      return world().network.reset_some(any);
    case 6:
      return ask(any, {"BGSAVE"});
    case 7:
      return ask(any, {"BGREWRITEAOF"});
    case 8:
      return slow_disk();
    case 9:
      if (promise_ == Promise::kNothing && !is_promoting_) promote(any);
      return;
    case 10:
      if (promise_ != Promise::kNothing) return;
      return ask(any, {"CONFIG", "SET", "appendonly", one_in(2) ? "yes" : "no"});
    case 11:
      world().ahead_ns[static_cast<size_t>(any)] +=
          (static_cast<int64_t>(draw(4000)) - 2000) * kNsPerMs;
      return;
    case 12:
      if (promise_ == Promise::kNothing) ask(primary_, {"DEBUG", "RELOAD"});
      return;
    case 13:
      return fail_over();
    default:
      return ask(any, {"CLIENT", "KILL", "TYPE", one_in(2) ? "replica" : "normal"});
  }
}

}  // namespace weir::simulation
