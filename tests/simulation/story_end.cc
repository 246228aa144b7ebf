// All is mended, and judged.
#include <algorithm>
#include <cstdlib>
#include <map>
#include <optional>
#include <set>

#include "tests/simulation/story.h"

namespace weir::simulation {
namespace {

/// How long mended machines may take to become equal.
constexpr int64_t kPatienceNs = 120 * kNsPerS;
constexpr int kDatabases = 16;

/// What is a machine's own affair: when it saw a consumer, and how nodes lie in its memory.
void blank_own(resp::Reply& reply) {
  static const std::set<std::string> kOwn = {"seen-time", "active-time", "radix-tree-keys",
                                             "radix-tree-nodes"};
  for (size_t i = 0; i < reply.elements.size(); ++i) {
    const bool is_own = i > 0 && kOwn.contains(reply.elements[i - 1].text);
    if (is_own) reply.elements[i] = resp::Reply();
    blank_own(reply.elements[i]);
  }
}

}  // namespace

void Story::mend() {
  is_over_ = true;
  world().network.heal();
  world().network.most_latency_ns = kNsPerMs;
  world().network.buffer_bytes = 65536;
  for (int i = 0; i < count(); ++i) {
    machine(i).disk().one_fails_in = 0;
    machine(i).disk().most_sync_ns = 5 * kNsPerMs;
    if (!machine(i).is_up()) start(i);
  }
}

/// Once more, when all follow: as clients write on, so that they go on from the backlog, or cannot.
void Story::tear_links() {
  const auto all_follow = [this] {
    for (int i = 0; i < count(); ++i) {
      const State& state = states_[static_cast<size_t>(i)];
      if (!state.is_known || !(i == primary_ ? state.is_primary : state.is_linked)) return false;
    }
    return true;
  };
  world().scheduler.run(all_follow, now() + 8 * kNsPerS);
  for (int i = 0; i < count(); ++i) {
    if (i != primary_) world().network.reset_links(i);
  }
  world().scheduler.run([] { return false; }, now() + 2 * kNsPerS);
}

std::string Story::states_text() const {
  std::string text;
  for (size_t i = 0; i < states_.size(); ++i) {
    const State& state = states_[i];
    text += "\n  machine " + std::to_string(i) + ": " +
            (world_->machines[i]->is_up() ? "up" : "down") +
            (state.is_primary  ? ", primary"
             : state.is_linked ? ", linked"
                               : ", not linked") +
            ", offset " + std::to_string(state.offset) + ", digest " + state.digest;
  }
  return text;
}

bool Story::converge() {
  const int64_t until = now() + kPatienceNs;
  const auto is_equal = [this] {
    const State& primary = states_[static_cast<size_t>(primary_)];
    return std::all_of(states_.begin(), states_.end(), [&](const State& state) {
      return state.is_known && (&state == &primary ? state.is_primary : state.is_linked) &&
             state.offset == primary.offset && state.digest == primary.digest &&
             !state.digest.empty();
    });
  };
  while (!is_equal() && now() < until) {
    for (int i = 0; i < count(); ++i) {
      states_[static_cast<size_t>(i)] = State();
      if (!machine(i).is_up()) start(i);
      if (i == primary_) ask(i, {"REPLICAOF", "NO", "ONE"});
      ask(i, {"INFO", "replication"}, [this, i](const resp::Reply& reply) {
        learn(i, reply);
        State& state = states_[static_cast<size_t>(i)];
        const bool is_lost = i == primary_ ? !state.is_primary : state.is_primary;
        if (is_lost && i != primary_)
          ask(i, {"REPLICAOF", "127.0.0.1", std::to_string(machine(primary_).port())});
      });
      ask(i, {"DEBUG", "DIGEST"}, [this, i](const resp::Reply& reply) {
        if (!reply.is_error()) states_[static_cast<size_t>(i)].digest = reply.text;
      });
    }
    const int64_t next = now() + 700 * kNsPerMs;
    world().scheduler.run([] { return false; }, next);
  }
  if (is_equal()) return true;
  find("the copies did not become equal:" + states_text());
  return false;
}

resp::Reply Story::answer_of(Client& client, const Words& words) {
  std::optional<resp::Reply> answer;
  if (client.is_open()) client.send(words, [&](const resp::Reply& reply) { answer = reply; });
  world().scheduler.run([&] { return answer || !client.is_open(); }, now() + 10 * kNsPerS);
  if (answer) return *answer;
  client.close();
  find("a machine does not answer " + words[0]);
  return {.kind = resp::Reply::Kind::kError, .text = "no answer"};
}

/// By database and key.
std::map<std::string, std::string> Story::streams_of(int number) {
  std::map<std::string, std::string> told;
  Client client(*world_, findings_);
  client.connect(number);
  for (int db = 0; db < kDatabases; ++db) {
    answer_of(client, {"SELECT", std::to_string(db)});
    for (const resp::Reply& key : answer_of(client, {"KEYS", "*"}).elements) {
      resp::Reply all = answer_of(client, {"XINFO", "STREAM", key.text, "FULL", "COUNT", "0"});
      blank_own(all);
      told[std::to_string(db) + " " + key.text] = show(all);
    }
    if (!client.is_open()) break;
  }
  return told;
}

/// Between a primary and its copies; empty: there is none.
std::string Story::difference() {
  const std::map<std::string, std::string> right = streams_of(primary_);
  for (int i = 0; i < count(); ++i) {
    if (i == primary_) continue;
    for (const auto& [key, told] : streams_of(i)) {
      const auto at = right.find(key);
      const std::string& expected = at == right.end() ? "nothing" : at->second;
      const auto differs =
          std::mismatch(told.begin(), told.end(), expected.begin(), expected.end());
      if (differs.first == told.end() && differs.second == expected.end()) continue;
      const auto from = std::max<int64_t>(0, differs.first - told.begin() - 100);
      return "machine " + std::to_string(i) + " has of stream " + key + "\n  " +
             told.substr(from, 300) + "\nand its primary\n  " + expected.substr(from, 300);
    }
  }
  return {};
}

/// A key may expire while they are asked; nothing else changes any more.
void Story::compare_streams() {
  std::string what = difference();
  for (int again = 0; again < 3 && !what.empty(); ++again) {
    world().scheduler.run([] { return false; }, now() + 3 * kNsPerS);
    what = difference();
  }
  if (!what.empty()) find(what);
}

Promises::Found Story::look_up() {
  Promises::Found found;
  Client client(*world_, findings_);
  client.connect(primary_);
  answer_of(client, {"SELECT", kLedgerDb});
  const auto id_of = [](const resp::Reply& text) {
    return parse_stream_id(text.text, 0).value_or(kMinStreamId);
  };
  for (const resp::Reply& entry : answer_of(client, {"XRANGE", "ledger", "-", "+"}).elements)
    found.ops[id_of(entry.elements[0])] =
        std::strtoull(entry.elements[1].elements[1].text.c_str(), nullptr, 10);
  for (const resp::Reply& group : answer_of(client, {"XINFO", "GROUPS", "ledger"}).elements) {
    found.has_group = true;
    for (size_t i = 0; i + 1 < group.elements.size(); i += 2) {
      if (group.elements[i].text == "last-delivered-id")
        found.last_delivered = id_of(group.elements[i + 1]);
    }
    for (const resp::Reply& pending :
         answer_of(client, {"XPENDING", "ledger", "group", "-", "+", "1000000"}).elements)
      found.pending.insert(id_of(pending.elements[0]));
  }
  return found;
}

/// A structure that is not sound ends the process, which is found there.
void Story::audit() {
  int sound = 0;
  for (int i = 0; i < count(); ++i)
    ask(i, {"DEBUG", "CHECK-STRUCTURES"},
        [&](const resp::Reply& reply) { sound += !reply.is_error(); });
  world().scheduler.run([&] { return sound == count(); }, now() + 10 * kNsPerS);
  if (sound != count()) find("not all machines say that their structures are sound");
}

/// Nobody has written for so long that all is on the disks which promise that.
void Story::lose_all_power() {
  if (promise_ != Promise::kAlways && promise_ != Promise::kEverySecond) return;
  if (!findings_.texts.empty()) return;
  world().scheduler.run([] { return false; }, now() + 2 * kNsPerS);
  for (int i = 0; i < count(); ++i) {
    machine(i).lose_power();
    start(i);
    states_[static_cast<size_t>(i)] = State();
  }
  if (converge()) promises_.judge(look_up(), true, findings_);
}

}  // namespace weir::simulation
