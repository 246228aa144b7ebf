// How long one client waits for its replies while others misbehave: a storm of new connections,
// readers that do not read, subscribers that do not read.
//
// One connection sends a PING as soon as the last one was answered, and notes how long each took.
// The crowd works at a bounded rate, and is the same for both servers.
#include <chrono>
#include <memory>
#include <thread>

#include <sys/socket.h>

#include "tests/bench/crowd.h"
#include "tests/bench/failure.h"
#include "tests/bench/requests.h"
#include "tests/bench/scenario.h"

namespace weir::bench {
namespace {

constexpr size_t kSlowReaders = 200;
constexpr size_t kRepliesUnread = 20;
constexpr size_t kBigEntries = 100;
constexpr size_t kBigValueBytes = 1'000;
constexpr size_t kSilentSubscribers = 100;
constexpr size_t kMessageBytes = 1'000;
constexpr auto kStormPause = std::chrono::milliseconds(1);
constexpr size_t kStormBurst = 5;  // connections in each pause: 5,000 a second at most
constexpr auto kPublishPause = std::chrono::microseconds(500);

std::vector<double> measure_pings(Trial& trial) {
  return percentiles_of(Witness(trial, {"PING"}).waits_us());
}

Crowd connection_storm(Trial&) {
  return {.connections = {}, .step = [](Trial& trial) {
            for (size_t i = 0; i < kStormBurst; ++i)
              static_cast<void>(connect_and_ping(trial.server.tcp()));
            std::this_thread::sleep_for(kStormPause);
          }};
}

void send_all(const Fd& fd, const std::string& bytes) {
  for (size_t sent = 0; sent < bytes.size();) {
    const ssize_t taken = ::send(fd.get(), bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (taken <= 0) throw Failure("a client of the crowd was disconnected");
    sent += static_cast<size_t>(taken);
  }
}

/// Each asked for two megabytes and reads nothing: the server holds them.
Crowd slow_readers(Trial& trial) {
  const std::string value(kBigValueBytes, 'x');
  for (size_t i = 0; i < kBigEntries; ++i)
    trial.server.command({"XADD", "big", "*", "f", value});
  std::string requests;
  for (size_t i = 0; i < kRepliesUnread; ++i)
    append_command(requests, {"XRANGE", "big", "-", "+"});
  Crowd crowd;
  for (size_t i = 0; i < kSlowReaders; ++i) {
    crowd.connections.push_back(connect_and_ping(trial.server.tcp()));
    send_all(crowd.connections.back(), requests);
  }
  return crowd;
}

/// They listen to one channel and read nothing; the server drops them at its limit for them.
Crowd silent_subscribers(Trial& trial) {
  std::string subscribe;
  append_command(subscribe, {"SUBSCRIBE", "news"});
  Crowd crowd;
  for (size_t i = 0; i < kSilentSubscribers; ++i) {
    crowd.connections.push_back(connect_and_ping(trial.server.tcp()));
    send_all(crowd.connections.back(), subscribe);
  }
  const auto publisher = std::make_shared<Fd>(connect_and_ping(trial.server.tcp()));
  crowd.step = [publisher, message = std::string(kMessageBytes, 'x')](Trial&) {
    ask(*publisher, {"PUBLISH", "news", message});
    std::this_thread::sleep_for(kPublishPause);
  };
  return crowd;
}

Scenario crowd_scenario(const std::string& name, const std::string& op, Crowd (*gather)(Trial&)) {
  constexpr Goal kNotWorse = {1, 0};
  return {.name = name,
          .op = op,
          .metrics = {{.suffix = "alone p50", .unit = "us", .shown = Shown::kJsonOnly},
                      {.suffix = "alone p99", .unit = "us"},
                      {.suffix = "alone p99.9", .unit = "us", .shown = Shown::kJsonOnly},
                      {.suffix = "beside p50", .unit = "us"},
                      {.suffix = "beside p99", .unit = "us", .goal = kNotWorse},
                      {.suffix = "beside p99.9", .unit = "us"}},
          .refill = flush,
          .measure = [gather](Trial& trial) {
            std::vector<double> values = measure_pings(trial);
            Crowd crowd = gather(trial);
            const CrowdRunner runner(crowd, trial);
            const std::vector<double> beside = measure_pings(trial);
            values.insert(values.end(), beside.begin(), beside.end());
            return values;
          }};
}

}  // namespace

std::vector<Scenario> crowd_scenarios() {
  return {
      crowd_scenario("crowd-storm", "one PING beside a storm of new connections", connection_storm),
      crowd_scenario("crowd-slow-readers", "one PING beside 200 clients that do not read",
                     slow_readers),
      crowd_scenario("crowd-subscribers", "one PING beside 100 subscribers that do not read",
                     silent_subscribers)};
}

}  // namespace weir::bench
