#include "tests/support/replication_family.h"

#include <algorithm>
#include <csignal>
#include <regex>
#include <sstream>
#include <stdexcept>

#include "resp/reply.h"

namespace weir::testing {
namespace {

constexpr int kDatabases = 4;
constexpr Milliseconds kAgreement{30'000};
/// Every look describes the data of all servers.
constexpr Milliseconds kBetweenLooks{50};
constexpr const char* kHost = "127.0.0.1";

/// How it is stored, and when clients came, are a server's own; and how often a message came again.
const std::regex& own_fields() {
  static const std::regex fields(
      R"re(("seen-time"|"active-time"|"radix-tree-keys"|"radix-tree-nodes"|"iids-duplicates"),-?\d+,?)re");
  return fields;
}

/// What Redis 7.0 does not have, or counts otherwise.
const std::regex& newer_fields() {
  static const std::regex fields(
      R"re(("idmp-duration"|"idmp-maxsize"|"pids-tracked"|"iids-tracked"|"iids-added"|"nacked-count"|"entries-read"|"lag"),(-?\d+|nil),?)re");
  return fields;
}

/// Redis 7.0 does not tell of a reader that found nothing ...
const std::regex& idle_consumers() {
  static const std::regex consumers(
      R"re(\["name","\w+","pel-count",0,"pending",\[\]\],|,?\["name","\w+","pel-count",0,"pending",\[\]\])re");
  return consumers;
}

/// ... nor that what is pending was read once more: when, and how often, its replicas do not know.
const std::regex& deliveries() {
  static const std::regex numbers(R"re((\["\d+-\d+"(?:,"\w+")?),\d+,\d+\])re");
  return numbers;
}

/// What all servers agree on.
std::string comparable(const std::string& info, bool is_mixed) {
  std::string text = std::regex_replace(info, own_fields(), "");
  if (!is_mixed) return text;
  text = std::regex_replace(text, newer_fields(), "");
  text = std::regex_replace(text, idle_consumers(), "");
  return std::regex_replace(text, deliveries(), "$1]");
}

uint64_t number_in(Redis& redis, std::string_view field) {
  const std::string text = info_field(redis, field);
  return text.empty() ? 0 : std::stoull(text);
}

/// The first line in which they differ.
std::string difference(const std::string& a, const std::string& b) {
  std::istringstream one(a);
  std::istringstream other(b);
  std::string line_a;
  std::string line_b;
  while (std::getline(one, line_a) && std::getline(other, line_b) && line_a == line_b) {
  }
  const auto at = static_cast<size_t>(
      std::mismatch(line_a.begin(), line_a.end(), line_b.begin(), line_b.end()).first -
      line_a.begin());
  constexpr size_t kBefore = 300;
  constexpr size_t kShown = 500;
  const size_t from = at > kBefore ? at - kBefore : 0;
  return line_a.substr(0, 20) + ": ..." + line_a.substr(from, kShown) + "\n   and ..." +
         line_b.substr(std::min(from, line_b.size()), kShown);
}

}  // namespace

ReplicationFamily::ReplicationFamily(const std::vector<Member>& members, uint64_t seed,
                                     bool is_mixed)
    : random_(seed), is_mixed_(is_mixed) {
  for (const Member& member : members) {
    Node& node = nodes_.emplace_back();
    node.member = member;
    node.parent = member.parent;
    node.server = std::make_unique<TestServer>(primary_options(member.options), member.binary);
    node.links = std::make_unique<TornLinks>(node.server->port(), random_());
  }
  primary_port_ = nodes_[0].server->port();
  for (size_t i = 1; i < nodes_.size(); ++i)
    follow(i);
}

// --- Links ---------------------------------------------------------------------------------------

void ReplicationFamily::set_torn(bool is_torn) {
  for (const Node& node : nodes_)
    node.links->set_torn(is_torn);
  cut_all();
}

void ReplicationFamily::cut_all() {
  for (const Node& node : nodes_)
    node.links->cut_all();
}

int ReplicationFamily::port_to(const Node& node) const {
  const Node& parent = nodes_[node.parent];
  return node.goes_straight ? parent.server->port() : parent.links->port();
}

void ReplicationFamily::follow(size_t node) {
  nodes_[node].goes_straight = false;
  connect(node)("REPLICAOF", kHost, port_to(nodes_[node]));
}

// --- What happens --------------------------------------------------------------------------------

size_t ReplicationFamily::some_replica() {
  const size_t drawn = below(nodes_.size() - 1);
  return drawn < primary_ ? drawn : drawn + 1;
}

bool ReplicationFamily::is_above(size_t node, size_t other) const {
  for (; other != primary_; other = nodes_[other].parent) {
    if (other == node) return true;
  }
  return node == primary_;
}

void ReplicationFamily::mishap() {
  switch (below(14)) {
    case 0:
    case 1:
      return kill(some_replica());
    case 2:
      return kill(primary_);
    case 3:
    case 4:
      return move(some_replica());
    case 5:
      return promote(some_replica());
    case 6:
      return hand_over();
    case 7:
    case 8:
      return save(below(nodes_.size()));
    case 9:
    case 10:
      return stop_for_a_while(below(nodes_.size()));
    case 11:
      return kill_links(below(nodes_.size()));
    default:
      return configure(below(nodes_.size()));
  }
}

void ReplicationFamily::kill(size_t node) {
  Node& killed = nodes_[node];
  const Syncs so_far = syncs_of(node);
  earlier_.full += so_far.full;
  earlier_.partial += so_far.partial;
  earlier_.refused += so_far.refused;
  killed.server->crash_now();
  std::vector<std::string> options = primary_options(killed.member.options);
  if (node != primary_) {
    options.insert(options.end(),
                   {"--replicaof", std::string(kHost) + " " + std::to_string(port_to(killed))});
  }
  killed.server->start_again(options);
  ++events_[node == primary_ ? kPrimaryKilled : kKilled];
}

/// It follows somebody who is not below it.
void ReplicationFamily::move(size_t node) {
  size_t parent = below(nodes_.size());
  while (is_above(node, parent))
    parent = below(nodes_.size());
  nodes_[node].parent = parent;
  follow(node);
  ++events_[kMoved];
}

/// What is written to the former primary meanwhile is lost.
void ReplicationFamily::promote(size_t node) {
  connect(node)("REPLICAOF", "NO", "ONE");
  const size_t former = primary_;
  primary_ = node;
  nodes_[node].parent = node;
  primary_port_ = nodes_[node].server->port();
  nodes_[former].parent = node;
  follow(former);
  ++events_[kPromoted];
}

void ReplicationFamily::hand_over() {
  size_t target = some_replica();
  if (nodes_[target].parent != primary_) return;
  Redis redis = connect(primary_);
  const Shown reply =
      redis("FAILOVER", "TO", kHost, nodes_[target].server->port(), "TIMEOUT", 1000);
  if (reply != "OK") return;  // it is not connected now
  if (!becomes(redis, "master_failover_state", "no-failover"))
    throw std::runtime_error("a failover does not end");
  if (info_field(redis, "role") != "slave") return;
  nodes_[primary_].parent = target;
  nodes_[primary_].goes_straight = true;
  primary_ = nodes_[target].parent = target;
  primary_port_ = nodes_[target].server->port();
  ++events_[kHandedOver];
}

void ReplicationFamily::save(size_t node) {
  connect(node)(below(2) == 0 ? "BGSAVE" : "BGREWRITEAOF");
  ++events_[kSaved];
}

void ReplicationFamily::stop_for_a_while(size_t node) {
  ::kill(nodes_[node].server->pid(), SIGSTOP);
  let_pass(Milliseconds(20 + below(300)));
  ::kill(nodes_[node].server->pid(), SIGCONT);
  ++events_[kStopped];
}

void ReplicationFamily::kill_links(size_t node) {
  connect(node)("CLIENT", "KILL", "TYPE", below(2) == 0 ? "replica" : "master");
  ++events_[kLinkKilled];
}

void ReplicationFamily::configure(size_t node) {
  static constexpr std::array<std::pair<const char*, const char*>, 8> kSettings = {{
      {"repl-backlog-size", "16384"},
      {"repl-backlog-size", "1048576"},
      {"repl-backlog-size", "67108864"},
      {"repl-diskless-sync", "yes"},
      {"repl-diskless-sync", "no"},
      {"repl-diskless-load", "disabled"},
      {"repl-diskless-load", "swapdb"},
      {"repl-diskless-load", "on-empty-db"},
  }};
  const auto& [name, value] = kSettings[below(kSettings.size())];
  connect(node)("CONFIG", "SET", name, value);
  ++events_[kConfigured];
}

// --- What is there in the end --------------------------------------------------------------------

std::string ReplicationFamily::describe(size_t node) const {
  RawClient client = nodes_[node].server->connect_raw();
  Redis redis = connect(node);
  std::string text;
  for (int db = 0; db < kDatabases; ++db) {
    client("SELECT", std::to_string(db));
    redis("SELECT", db);
    std::vector<std::string> keys;
    for (const resp::Reply& key : client("KEYS", "*").elements)
      keys.push_back(key.text);
    std::sort(keys.begin(), keys.end());
    for (const std::string& key : keys) {
      const std::string info =
          comparable(redis("XINFO", "STREAM", key, "FULL", "COUNT", 0).text, is_mixed_);
      text.append(std::to_string(db)).append(" ").append(key).append(" ");
      text.append(redis("PEXPIRETIME", key).text).append(" ").append(info).append("\n");
    }
    text += std::to_string(db) + " has " + redis("DBSIZE").text + "\n";
  }
  return text + redis("DEBUG", "DIGEST").text + "\n";
}

std::string ReplicationFamily::disagreement() const {
  Redis primary = connect(primary_);
  const std::string offset = info_field(primary, "master_repl_offset");
  for (size_t i = 0; i < nodes_.size(); ++i) {
    if (i == primary_) continue;
    Redis replica = connect(i);
    const std::string name = "server " + std::to_string(i) + " ";
    if (info_field(replica, "master_link_status") != "up") return name + "has no link";
    if (info_field(replica, "master_replid") != info_field(primary, "master_replid"))
      return name + "has another history";
    const std::string its_offset = info_field(replica, "master_repl_offset");
    if (its_offset != offset)
      return std::string(name).append("is at ").append(its_offset).append(" and not at ") + offset;
  }
  const std::string wanted = describe(primary_);
  for (size_t i = 0; i < nodes_.size(); ++i) {
    if (i == primary_) continue;
    const std::string found = describe(i);
    if (found != wanted)
      return "server " + std::to_string(i) + " has\n" + difference(found, wanted);
  }
  return {};
}

std::string ReplicationFamily::await_agreement() {
  std::string differs;
  const bool agrees = wait_until(
      [&] {
        differs = disagreement();
        return differs.empty();
      },
      patient(kAgreement), kBetweenLooks);
  return agrees ? std::string() : differs;
}

std::string ReplicationFamily::complaints() const {
  std::string all;
  for (size_t i = 0; i < nodes_.size(); ++i) {
    std::istringstream log(nodes_[i].server->log());
    for (std::string line; std::getline(log, line);) {
      const bool is_one = line.find("CRITICAL") != std::string::npos ||
                          line.find("Assertion") != std::string::npos ||
                          line.find("Sanitizer") != std::string::npos;
      if (is_one && all.size() < 4000) all += std::to_string(i) + ": " + line + "\n";
    }
  }
  return all;
}

ReplicationFamily::Syncs ReplicationFamily::syncs_of(size_t node) const {
  Redis redis = connect(node);
  return {.full = number_in(redis, "sync_full"),
          .partial = number_in(redis, "sync_partial_ok"),
          .refused = number_in(redis, "sync_partial_err")};
}

ReplicationFamily::Syncs ReplicationFamily::syncs() const {
  Syncs sum = earlier_;
  for (size_t i = 0; i < nodes_.size(); ++i) {
    const Syncs one = syncs_of(i);
    sum.full += one.full;
    sum.partial += one.partial;
    sum.refused += one.refused;
  }
  return sum;
}

void ReplicationFamily::report(std::ostream& out) const {
  uint64_t links = 0, cuts = 0, halves = 0, stalls = 0, drips = 0, bytes = 0;
  for (const Node& node : nodes_) {
    const TornLinks::Counts& counts = node.links->counts();
    links += counts.links;
    cuts += counts.cuts;
    halves += counts.halves;
    stalls += counts.stalls;
    drips += counts.drips;
    bytes += counts.bytes;
  }
  const Syncs done = syncs();
  out << links << " links, " << cuts << " cut, " << halves << " cut in one direction, " << stalls
      << " stalled, " << drips << " dripping, " << bytes << " bytes; replicas killed "
      << events_[kKilled] << ", primaries killed " << events_[kPrimaryKilled] << ", moved "
      << events_[kMoved] << ", promoted " << events_[kPromoted] << ", failovers "
      << events_[kHandedOver] << ", saved " << events_[kSaved] << ", stopped " << events_[kStopped]
      << ", links killed " << events_[kLinkKilled] << ", configured " << events_[kConfigured]
      << "; full resyncs " << done.full << ", partial " << done.partial << ", refused "
      << done.refused << "\n";
}

}  // namespace weir::testing
