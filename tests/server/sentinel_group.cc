#include "tests/server/sentinel_group.h"

#include <algorithm>
#include <stdexcept>

#include "tests/support/info_fields.h"
#include "tests/support/replication_stage.h"

namespace weir::testing {
namespace {

/// How often hurried Sentinels ask for INFO, talk to each other, tell of themselves, and ping.  One
/// that goes on calling itself a primary is taken for a stray one after four times the third, and
/// during a failover they ask for INFO every second: so that is not to be much less.
constexpr int kInfoMs = 200;
constexpr int kAskMs = 100;
constexpr int kPublishMs = 500;
constexpr int kPingMs = 300;

std::vector<std::string> sentinel_lines(int primary_port, const SentinelGroup::Options& options) {
  return {"sentinel monitor weir 127.0.0.1 " + std::to_string(primary_port) + " 2",
          "sentinel down-after-milliseconds weir " + std::to_string(options.down_after_ms),
          "sentinel failover-timeout weir " + std::to_string(options.failover_timeout_ms),
          "sentinel parallel-syncs weir 2"};
}

/// A field of what Sentinel says of an instance: ["name","weir","ip",…].
std::string value_behind(std::string_view shown, std::string_view name) {
  const std::string start = "\"" + std::string(name) + "\",\"";
  const size_t at = shown.find(start);
  if (at == std::string_view::npos) return {};
  const size_t from = at + start.size();
  return std::string(shown.substr(from, shown.find('"', from) - from));
}

/// How often `text` occurs.
size_t count(std::string_view shown, std::string_view text) {
  size_t found = 0;
  for (size_t at = shown.find(text); at != std::string_view::npos; at = shown.find(text, at + 1))
    ++found;
  return found;
}

}  // namespace

SentinelGroup::SentinelGroup(const Options& options) {
  std::vector<std::string> lines = {"save \"\"", "repl-diskless-sync-delay 0",
                                    "enable-debug-command yes"};
  lines.insert(lines.end(), options.server_lines.begin(), options.server_lines.end());
  for (size_t i = 0; i < kServers; ++i) {
    if (i == 1) lines.push_back("replicaof 127.0.0.1 " + std::to_string(servers_[0]->port()));
    servers_.push_back(std::make_unique<ConfiguredServer>(server_binary(), lines));
  }
  for (size_t i = 0; i < kSentinels; ++i) {
    sentinels_.push_back(
        std::make_unique<ConfiguredServer>(kRedis, sentinel_lines(servers_[0]->port(), options),
                                           std::vector<std::string>{"--sentinel"}));
    questions_.push_back(sentinels_[i]->connect());
    if (options.is_hurried)
      questions_[i]("SENTINEL", "DEBUG", "info-period", kInfoMs, "ask-period", kAskMs,
                    "publish-period", kPublishMs, "ping-period", kPingMs);
  }
}

std::optional<size_t> SentinelGroup::server_at(int port) const {
  for (size_t i = 0; i < kServers; ++i) {
    if (servers_[i]->port() == port) return i;
  }
  return std::nullopt;
}

int SentinelGroup::primary_port(Redis& sentinel) {
  const Shown address = sentinel("SENTINEL", "GET-MASTER-ADDR-BY-NAME", "weir");
  const size_t at = address.text.find(",\"");
  return at == std::string::npos ? 0 : std::stoi(address.text.substr(at + 2));
}

std::optional<size_t> SentinelGroup::primary() {
  const int port = primary_port(questions_[0]);
  for (Redis& sentinel : questions_) {
    if (primary_port(sentinel) != port) return std::nullopt;
  }
  return server_at(port);
}

bool SentinelGroup::sees_all_well(size_t sentinel) {
  Redis& redis = questions_[sentinel];
  const std::string primary = redis("SENTINEL", "MASTER", "weir").text;
  const std::string replicas = redis("SENTINEL", "REPLICAS", "weir").text;
  return value_behind(primary, "flags") == "master" &&
         value_behind(primary, "num-other-sentinels") == "2" &&
         count(replicas, R"("flags","slave")") == kServers - 1 &&
         count(replicas, R"("master-link-status","ok")") == kServers - 1 &&
         count(replicas, R"("master-port",")" + value_behind(primary, "port") + "\"") ==
             kServers - 1;
}

bool SentinelGroup::is_well() {
  const std::optional<size_t> found = primary();
  if (!found) return false;
  try {
    Redis redis = servers_[*found]->connect();
    const std::string info = redis("INFO", "replication").text;
    if (info.find("role:master") == std::string::npos ||
        count(info, "state=online") != kServers - 1)
      return false;
  } catch (const std::runtime_error&) {
    return false;
  }
  for (size_t i = 0; i < kSentinels; ++i) {
    if (!sees_all_well(i)) return false;
  }
  return true;
}

bool SentinelGroup::trust_their_clocks() {
  return std::all_of(questions_.begin(), questions_.end(),
                     [](Redis& redis) { return info_field(redis, "sentinel_tilt") == "0"; });
}

bool SentinelGroup::becomes_well(Milliseconds deadline) {
  constexpr Milliseconds kLongestTilt{40000};
  return wait_until([this] { return trust_their_clocks(); }, patient(kLongestTilt)) &&
         wait_until([this] { return is_well(); }, deadline);
}

void SentinelGroup::end_watching() {
  for (const auto& sentinel : sentinels_)
    sentinel->crash_now();
}

std::string SentinelGroup::logs() const {
  std::string logs;
  for (const auto& sentinel : sentinels_)
    logs += "--- sentinel " + std::to_string(sentinel->port()) + "\n" + sentinel->log();
  for (const auto& server : servers_)
    logs += "--- server " + std::to_string(server->port()) + "\n" + server->log();
  return logs;
}

}  // namespace weir::testing
