// What a seed tells: a primary, replicas, clients who write and remember what they were promised,
// and an operator whose machines, cables and disks fail.
//
//   producers ─ XADD ledger * op n ─► primary ─► replicas         every reply: the one expected?
//   workers   ─ XREADGROUP, XACK ───►    ▲                        every promise: written down
//   readers   ─ XREAD BLOCK ────────►    │                          (promises.h)
//   stirrers  ─ random commands ────►    │
//   operator  ─ power, whole and half partitions, resets, rewrites, disks that are slow or fail,
//               clocks, FAILOVER, new roles, …
//      then all is mended ─► as clients write, links of replicas are torn once more ─► offsets,
//      digests and groups are equal ─► promises are judged ─► audit
//
// What is promised is drawn, and what may befall the machines follows from it:
//
//   kAlways       appendfsync always; the primary comes back from its disk: all is there
//   kEverySecond  the same, less what may be gone: see below
//   kReplicas     min-replicas-to-ack: when the primary dies, the replica with the highest offset
//                 is promoted: all is there.  No second machine dies before all have everything
//   kNothing      anything may happen to any machine: only order, copies and structures are judged
//
// Under everysec a write is written when it comes, or when the log's syncs that run then are done,
// after two seconds at the latest; it is synced a second after it came, or as soon as those before
// it are done.  So, where the longest sync took d, what was acknowledged
//
//   before the syncs that run when the process is killed, or two seconds before   is there
//   max(1 s, d) + d before the power fails: one second, two when the disk is slow  is there
//
// and nothing else is excused, but what a killed process had left and the next one, struck before
// it said a word, had not synced yet.  With `always` or `everysec`, power also fails when all is
// done, on all machines: what was promised must be there, whatever befell them before.
//
// Nothing has to befall anybody where a reply leaves too early: what the disk and the other
// machines have then is known (sightings.h).
//
// What it finds was tried with faults put into the server, one at a time: in so many of 30 seeds,
// of which 8 promise kAlways, 6 kEverySecond and 5 kReplicas.
//
//   everysec never asks for a sync 6, its helper says that it has synced and has not 6
//   one XACK in 20 is told to nobody 23, not to the log 12, not to the replicas 23
//   one delivered entry in 30 is not told 27
//   always: replies do not wait for the sync 9, one in 20 does not 9
//   min-replicas-to-ack: replies do not wait for replicas 5, one in 20 does not 5
//   a partial resync begins a command late 26, or passes over one 24
//   one reply in 20 is given before the one that is held in front of it 17
#pragma once

#include <cstdint>
#include <deque>
#include <initializer_list>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/simulation/client.h"
#include "tests/simulation/promises.h"
#include "tests/simulation/world.h"
#include "tests/support/random_commands.h"

namespace weir::simulation {

inline constexpr int64_t kNsPerS = 1000 * kNsPerMs;
/// The database of the ledger, where random commands do not come.
inline constexpr const char* kLedgerDb = "9";

enum class Promise : uint8_t { kAlways, kEverySecond, kReplicas, kNothing };

struct Outcome {
  std::vector<std::string> findings;
  uint64_t trace = 0;
  uint64_t promises = 0;
  uint64_t oldest_excused_ms = 0;  // of what everysec may lose, and has lost
  uint64_t steps = 0;
};

class Story {
 public:
  Story(uint64_t seed, const std::string& root);
  ~Story();
  Story(const Story&) = delete;
  Story& operator=(const Story&) = delete;

  Outcome tell();

 private:
  /// Whoever is told of the ledger.
  struct Talker {
    explicit Talker(Story& story);
    Client client;
    size_t depth;
    int64_t pause_ns;
    uint64_t life = 0;  // which of a primary's lives it talks to
    bool is_new = true;
    StreamId last{};  // that it was given on this connection; a reader: on any
  };
  struct Worker : Talker {
    Worker(Story& story, std::string its_name) : Talker(story), name(std::move(its_name)) {}
    std::string name;
    std::set<StreamId> held;
  };
  struct Reader : Talker {
    using Talker::Talker;
    Promises::Reading* reading = nullptr;
  };
  struct Stirrer {
    Client client;
    testing::RandomCommands commands;
    int64_t pause_ns = 0;
    int64_t since_ns = 0;
  };

  /// What a machine says of itself.
  struct State {
    bool is_known = false;
    bool is_primary = false;
    bool is_linked = false;
    bool is_failing_over = false;
    int64_t offset = -1;
    std::string digest{};
  };

  World& world() { return *world_; }
  uint64_t draw(uint64_t bound) { return world_->scheduler.draw(bound); }
  bool one_in(uint64_t n) { return world_->scheduler.one_in(n); }
  int64_t now() const { return world_->scheduler.now_ns(); }
  Machine& machine(int number) { return *world_->machines[static_cast<size_t>(number)]; }
  int count() const { return static_cast<int>(world_->machines.size()); }

  // Before.
  void draw_options();
  std::vector<std::string> options_of(int number) const;
  void start(int number);

  // Clients.
  void add_clients();
  bool may_send(Talker& talker);
  void produce(Talker& producer);
  void read(Reader& reader);
  void work(Worker& worker);
  void acknowledge(Worker& worker);
  void take(Worker& worker, const resp::Reply& entries, bool are_new);
  bool is_answer(const resp::Reply& reply, const char* command,
                 std::initializer_list<resp::Reply::Kind> kinds);
  void added(Talker& producer, StreamId id, uint64_t op);
  void promised(const Talker& talker, Promises::Made made);
  void leaves(const Talker& talker, Promises::Made made);
  bool is_elsewhere(int number, uint64_t op) const;
  void stir(Stirrer& stirrer);

  // The operator.
  void ask(int number, const Words& words, Client::OnReply on_reply = nullptr);
  void look_at_all();
  void learn(int number, const resp::Reply& info);
  void judge_whole();
  void act();
  void strike(int number);
  void strike_in_sync(int number, int looks);
  void strike_cut_off(int number);
  void come_back(int number);
  int64_t most_lost_ns() const;
  void judge_unsynced();
  void excuse(bool is_power);
  void promote_best();
  void promote(int number);
  void point_others();
  void fail_over();
  void see_failover();
  void disturb();
  void draw_partition();
  void slow_disk();

  // The end.
  void mend();
  void tear_links();
  bool converge();
  resp::Reply answer_of(Client& client, const Words& words);
  std::map<std::string, std::string> streams_of(int number);
  std::string difference();
  void compare_streams();
  Promises::Found look_up();
  void audit();
  void lose_all_power();
  void find(const std::string& what) { findings_.add(what); }
  std::string states_text() const;

  std::unique_ptr<World> world_;
  Findings findings_;
  Promise promise_ = Promise::kNothing;
  std::vector<std::string> options_;
  std::vector<bool> has_log_;
  int primary_ = 0;
  bool is_over_ = false;   // nothing is disturbed any more
  bool is_quiet_ = false;  // nobody writes any more
  bool is_whole_ = false;  // every machine has all that was acknowledged
  int64_t struck_ns_ = 0;  // the last time that one was not whole any more
  bool is_promoting_ = false;
  bool has_told_ = false;      // the primary, since it was struck last
  int64_t kept_until_ns_ = 0;  // everysec: what was told before has survived that strike
  int64_t most_sync_ns_ = 0;
  int64_t most_peace_ns_ = 0;      // between two things that the operator does
  uint64_t lives_ = 0;             // how often a primary was struck, or another became it
  bool are_late_excused_ = false;  // what it had said, and arrives after the last time
  Promises promises_;
  std::deque<Promises::Made> unsynced_;  // everysec: what has left and was not synced when looked
  std::vector<State> states_;
  std::vector<std::unique_ptr<Client>> asking_;
  std::vector<std::unique_ptr<Talker>> producers_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<std::unique_ptr<Reader>> readers_;
  std::vector<std::unique_ptr<Stirrer>> stirrers_;
};

}  // namespace weir::simulation
