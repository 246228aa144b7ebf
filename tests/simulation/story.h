// What a seed tells: a primary, replicas, clients who write and remember what they were promised,
// and an operator whose machines, cables and disks fail.
//
//   producers ─ XADD ledger * op n ─► primary ─► replicas         every reply: the one expected?
//   workers   ─ XREADGROUP, XACK ───►    ▲                        every promise: written down
//   readers   ─ XREAD BLOCK ────────►    │                          (promises.h)
//   stirrers  ─ random commands ────►    │
//   operator  ─ power, whole and half partitions, resets, rewrites, disks that are slow or fail,
//               clocks, FAILOVER, new roles, …
//      then all is mended ─► offsets, digests and groups are equal ─► promises are judged ─► audit
//
// What is promised is drawn, and what may befall the machines follows from it:
//
//   kAlways       appendfsync always; the primary comes back from its disk: all is there
//   kEverySecond  the same; what was acknowledged a while before the power went is there
//   kReplicas     min-replicas-to-ack: when the primary dies, the replica with the highest offset
//                 is promoted: all is there.  No second machine dies before all have everything
//   kNothing      anything may happen to any machine: only order, copies and structures are judged
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
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
  void promised(const Talker& talker, Promises::Made made);
  void stir(Stirrer& stirrer);

  // The operator.
  void ask(int number, const Words& words, Client::OnReply on_reply = nullptr);
  void look_at_all();
  void learn(int number, const resp::Reply& info);
  void judge_whole();
  void act();
  void strike(int number);
  void come_back(int number);
  void excuse();
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
  bool converge();
  resp::Reply answer_of(Client& client, const Words& words);
  std::map<std::string, std::string> streams_of(int number);
  std::string difference();
  void compare_streams();
  Promises::Found look_up();
  void audit();
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
  int64_t most_sync_ns_ = 0;
  int64_t most_peace_ns_ = 0;  // between two things that the operator does
  uint64_t lives_ = 0;         // how often a primary was struck
  Promises promises_;
  std::vector<State> states_;
  std::vector<std::unique_ptr<Client>> asking_;
  std::vector<std::unique_ptr<Talker>> producers_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<std::unique_ptr<Reader>> readers_;
  std::vector<std::unique_ptr<Stirrer>> stirrers_;
};

}  // namespace weir::simulation
