// How one client fares while others mean harm, and what the server takes for them.
//
// An attack is a crowd of connections that each send the same bytes over and over, as fast as the
// server takes them, and come again when they are turned away.  Beside them one client that was
// there before appends entry after entry.  What stands in the table must stay inside of the bounds
// that stand beside it; they are for this server: the peer's figures are there to compare.
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <memory>
#include <thread>

#include <sys/socket.h>

#include "tests/bench/crowd.h"
#include "tests/bench/failure.h"
#include "tests/bench/machine.h"
#include "tests/bench/requests.h"
#include "tests/bench/scenario.h"

namespace weir::bench {
namespace {

using Settings = std::vector<std::pair<std::string, std::string>>;

constexpr double kMebibyte = 1 << 20;
constexpr size_t kMostRounds = 3;
constexpr double kMostP99Us = 10'000;        // two turns, with room for a machine that is shared
constexpr double kMostP99OfLongUs = 50'000;  // where a single request may take some milliseconds
constexpr size_t kKeys = 10'000;             // what KEYS and SCAN find
constexpr size_t kBigEntries = 100;          // what a bomb asks for: 100 KB
constexpr size_t kBigValueBytes = 1'000;
constexpr size_t kArguments = 100'000;  // of the requests that are sent whole
constexpr size_t kChannels = 20'000;    // before a subscriber begins anew
constexpr size_t kSlowSenders = 5'000;
constexpr size_t kBytesPerSlowStep = 5;  // of as many senders, each millisecond: one byte a second
constexpr size_t kPortionBytes =
    size_t{64} * 1024;  // of one connection, before the next one's turn
constexpr auto kNothingTakenPause = std::chrono::microseconds(100);

std::string repeated(const std::string& text, size_t times) {
  std::string all;
  all.reserve(text.size() * times);
  for (size_t i = 0; i < times; ++i)
    all += text;
  return all;
}

/// What one attacker sends.
struct Stuff {
  std::string first = {};  // once for each connection
  std::string again = {};  // then this, without end
  bool reads = false;      // replies are taken, and thrown away
};

/// One attacker: sends as much as the socket takes, connects anew when it is closed.
class Attacker {
 public:
  Attacker(const Endpoint& endpoint, const Stuff& stuff) : endpoint_(endpoint), stuff_(&stuff) {}

  /// Whether any bytes went either way.
  bool send_some() {
    if (!fd_.is_open()) come_again();
    if (!fd_.is_open()) return false;
    const bool has_first = at_ < stuff_->first.size();
    const std::string& bytes = has_first ? stuff_->first : stuff_->again;
    const size_t from = has_first ? at_ : (at_ - stuff_->first.size()) % bytes.size();
    const size_t size = std::min(kPortionBytes, bytes.size() - from);
    const ssize_t sent = ::send(fd_.get(), bytes.data() + from, size, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno != EAGAIN) fd_ = Fd();
    if (sent > 0) at_ += static_cast<size_t>(sent);
    return read_some() || sent > 0;
  }

 private:
  void come_again() {
    fd_ = try_connect(endpoint_);
    at_ = 0;
  }

  bool read_some() {
    if (!stuff_->reads || !fd_.is_open()) return false;
    const ssize_t got =  // the kernel drops them
        ::recv(fd_.get(), nullptr, kPortionBytes * 16, MSG_DONTWAIT | MSG_TRUNC);
    if (got == 0 || (got < 0 && errno != EAGAIN)) fd_ = Fd();
    return got > 0;
  }

  Endpoint endpoint_;
  const Stuff* stuff_;
  Fd fd_;
  size_t at_ = 0;  // bytes sent on this connection
};

/// A crowd of attackers, who send the kinds of stuff in turn.
Crowd attackers(Trial& trial, size_t count, std::vector<Stuff> kinds) {
  const auto stuff = std::make_shared<std::vector<Stuff>>(std::move(kinds));
  const auto all = std::make_shared<std::vector<Attacker>>();
  for (size_t i = 0; i < count; ++i)
    all->emplace_back(trial.server.tcp(), (*stuff)[i % stuff->size()]);
  Crowd crowd;
  crowd.step = [stuff, all](Trial&) {
    bool any = false;
    for (Attacker& one : *all)
      any = one.send_some() || any;
    if (!any) std::this_thread::sleep_for(kNothingTakenPause);
  };
  return crowd;
}

// --- The attacks ---------------------------------------------------------------------------------

/// So many connections, each of which sends one byte of a request each second.
Crowd slow_senders(Trial& trial) {
  const auto connections = std::make_shared<std::vector<Fd>>();
  for (size_t i = 0; i < kSlowSenders; ++i)
    connections->push_back(connect_and_ping(trial.server.tcp()));
  Crowd crowd;
  crowd.step = [connections, next = std::make_shared<size_t>(0)](Trial&) {
    static const std::string request = "*2\r\n$4\r\nECHO\r\n$100\r\n" + std::string(100, 'x');
    for (size_t i = 0; i < kBytesPerSlowStep; ++i, ++*next) {
      const Fd& fd = (*connections)[*next % kSlowSenders];
      const char byte = request[*next / kSlowSenders % request.size()];
      if (::send(fd.get(), &byte, 1, MSG_NOSIGNAL) != 1)
        throw Failure("a slow sender was disconnected");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  };
  return crowd;
}

/// Requests of 100,000 arguments, and ones that never end.
Crowd arguments(Trial& trial) {
  const std::string count = std::to_string(kArguments + 1);
  return attackers(
      trial, 20,
      {{.again = "*" + count + "\r\n$6\r\nEXISTS\r\n" + repeated("$1\r\nk\r\n", kArguments),
        .reads = true},
       {.first = "*2147483647\r\n$6\r\nEXISTS\r\n", .again = repeated("$1\r\nk\r\n", 10'000)}});
}

/// Pipelines without end, of which no reply is read.
Crowd pipelines(Trial& trial) {
  return attackers(trial, 50, {{.again = repeated("PING\r\n", 10'000)}});
}

/// Requests with answers of 100 KB, of which nothing is read.
Crowd output(Trial& trial) {
  const std::string value(kBigValueBytes, 'x');
  trial.server.command({"DEL", "big"});
  for (size_t i = 0; i < kBigEntries; ++i)
    trial.server.command({"XADD", "big", "*", "f", value});
  return attackers(trial, 50,
                   {{.again = repeated("XRANGE big - +\r\n", 1'000)},
                    {.again = repeated("COMMAND DOCS\r\n", 1'000)}});
}

Crowd passwords(Trial& trial) {
  return attackers(trial, 50,
                   {{.again = repeated("AUTH somebody " + std::string(50, 'p') + "\r\n", 1'000),
                     .reads = true}});
}

Crowd subscriptions(Trial& trial) {
  std::string channels, patterns;
  for (size_t i = 0; i < kChannels; ++i) {
    channels += "SUBSCRIBE channel:" + std::to_string(i) + "\r\n";
    patterns += "PSUBSCRIBE pattern:*:" + std::to_string(i) + "\r\n";
  }
  return attackers(trial, 50,
                   {{.again = channels, .reads = true}, {.again = patterns, .reads = true}});
}

void add_keys(Trial& trial) {
  trial.server.command({"FLUSHALL"});
  std::string requests;
  for (size_t i = 0; i < kKeys; ++i)
    requests += "XADD " + stream_key(i) + " 1-1 f v\r\n";
  run_requests(connect_and_ping(trial.server.tcp()), std::move(requests));
}

Crowd keys(Trial& trial) {
  add_keys(trial);
  return attackers(trial, 5, {{.again = repeated("KEYS *a*b*c*\r\n", 100), .reads = true}});
}

Crowd scans(Trial& trial) {
  add_keys(trial);
  return attackers(trial, 5, {{.again = repeated("SCAN 0 COUNT 1000\r\n", 100), .reads = true}});
}

/// Without the password: large arguments, arguments without end, refusals that nobody reads.
Crowd unauthenticated(Trial& trial) {
  trial.server.command({"CONFIG", "SET", "requirepass", "secret"});
  return attackers(trial, 500,
                   {{.first = "*2\r\n$4\r\nECHO\r\n$16384\r\n", .again = repeated("x", 10'000)},
                    {.first = "*10\r\n", .again = repeated("$0\r\n\r\n", 10'000)},
                    {.again = repeated("XADD s * f v\r\n", 10'000)}});
}

Crowd protocols(Trial& trial) {
  std::string hello("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11);
  return attackers(trial, 50,
                   {{.again = "GET / HTTP/1.1\r\nHost: weir\r\n\r\n", .reads = true},
                    {.again = "POST / HTTP/1.1\r\nHost: weir\r\n\r\nFLUSHALL\r\n", .reads = true},
                    {.again = hello + std::string(500, '\0'), .reads = true},
                    {.again = "SSH-2.0-OpenSSH_9.2\r\n", .reads = true},
                    {.again = "*-1\r\n$9999999999\r\n", .reads = true}});
}

// --- Their rows ----------------------------------------------------------------------------------

struct Attack {
  const char* name;
  const char* op;
  Crowd (*gather)(Trial&);
  Settings settings = {};
  double most_p99_us;
  double most_mib;  // resident, beyond what an empty server has
};

double peak_mib(const Trial& trial) {
  return static_cast<double>(trial.server.peak_bytes()) / kMebibyte;
}

Scenario hostile_scenario(const Attack& attack) {
  const auto prepare = [attack](Trial& trial) {
    for (const auto& [name, value] : attack.settings)
      trial.server.command({"CONFIG", "SET", name, value});
    trial.kept = std::make_shared<double>(peak_mib(trial));
  };
  const auto measure = [attack](Trial& trial) {
    Witness witness(trial, words_of("XADD witness MAXLEN ~ 1000 * field sixteen-bytes-xx"));
    trial.server.forget_peak();
    std::vector<double> values;
    {
      Crowd crowd = attack.gather(trial);
      const CrowdRunner runner(crowd, trial);
      values = percentiles_of(witness.waits_us());
    }
    values.push_back(peak_mib(trial) - *std::static_pointer_cast<double>(trial.kept));
    trial.server.command({"CONFIG", "SET", "requirepass", ""});
    return values;
  };
  return {.name = std::string("hostile-") + attack.name,
          .op = attack.op,
          .metrics = {{.suffix = "p50", .unit = "us"},
                      {.suffix = "p99", .unit = "us", .bound = attack.most_p99_us},
                      {.suffix = "p99.9", .unit = "us"},
                      {.suffix = "memory", .unit = "MiB", .bound = attack.most_mib}},
          .prepare = prepare,
          .refill = flush,
          .measure = measure,
          .max_rounds = kMostRounds};
}

}  // namespace

std::vector<Scenario> hostile_scenarios() {
  const Settings output_limit = {{"client-output-buffer-limit", "normal 1mb 0 0"}};
  const Settings query_limit = {{"client-query-buffer-limit", "16mb"}};
  const Settings memory_limit = {{"maxmemory-clients", "64mb"}};
  const std::vector<Attack> attacks = {
      {"nobody", "one XADD, alone", [](Trial&) { return Crowd{}; }, {}, kMostP99Us, 4},
      {"slow-senders",
       "beside 5,000 clients that send a byte a second",
       slow_senders,
       {},
       kMostP99Us,
       64},
      {"arguments", "beside 20 that send requests of 100,000 arguments, or of ever more", arguments,
       query_limit, kMostP99OfLongUs, 400},
      {"pipelines", "beside 50 that send without reading", pipelines, output_limit, kMostP99Us, 64},
      {"output", "beside 50 that ask for much and read nothing", output, output_limit, kMostP99Us,
       96},
      {"auth", "beside 50 that try passwords", passwords, {}, kMostP99Us, 16},
      {"subscriptions", "beside 50 that subscribe to all there is", subscriptions, memory_limit,
       kMostP99Us, 96},
      {"keys", "beside 5 that send KEYS, with 10,000 keys", keys, {}, kMostP99OfLongUs, 64},
      {"scan", "beside 5 that send SCAN COUNT 1000, with 10,000 keys", scans, output_limit,
       kMostP99Us, 64},
      {"no-password", "beside 500 that have no password", unauthenticated, {}, kMostP99Us, 64},
      {"protocols",
       "beside 50 that speak HTTP, TLS, SSH or nonsense",
       protocols,
       {},
       kMostP99Us,
       16},
  };
  std::vector<Scenario> scenarios;
  for (const Attack& attack : attacks)
    scenarios.push_back(hostile_scenario(attack));
  return scenarios;
}

}  // namespace weir::bench
