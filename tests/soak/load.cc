#include "tests/soak/load.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/redis.h"

namespace weir::soak {
namespace {

using testing::let_pass;
using testing::Milliseconds;
using testing::Redis;
using testing::Shown;

constexpr int kQueues = 4;
constexpr int kProducers = 2;
constexpr int kConsumers = 4;
constexpr uint64_t kBatch = 16;
/// Entries that a queue keeps behind its consumers, and those that may be in front of them.
constexpr int kKept = 50'000;
constexpr uint64_t kMostBehind = 20'000;
/// One entry in so many is not acknowledged by who was given it.
constexpr uint64_t kForgottenShare = 20;
constexpr int kForgottenAfterMs = 500;
constexpr int kFeedEntries = 10'000;
constexpr int kSessions = 1000;
constexpr int kSessionMs = 3000;

std::string queue_name(int queue) {
  return "queue:" + std::to_string(queue);
}

/// Throws when a reply is not what it always should be.
const Shown& checked(const Shown& reply) {
  static constexpr std::array<std::string_view, 6> kErrors = {"ERR", "WRONG",   "NOGROUP",
                                                              "OOM", "MISCONF", "(closed)"};
  for (const std::string_view error : kErrors)
    if (reply.starts_with(error)) throw std::runtime_error(reply.text);
  return reply;
}

class Lots {
 public:
  explicit Lots(uint64_t seed) : random_(seed) {}
  int below(int bound) { return static_cast<int>(random_() % static_cast<uint64_t>(bound)); }
  std::string text(int most) { return std::string(static_cast<size_t>(below(most)), 'x'); }

 private:
  std::mt19937_64 random_;
};

struct Given {
  std::string id;
  uint64_t number;
};

/// The entries in a reply: ["ID",["n","NUMBER",...
std::vector<Given> entries_in(const std::string& reply) {
  static constexpr std::string_view kBefore = "\",[\"n\",\"";
  std::vector<Given> entries;
  for (size_t at = reply.find(kBefore); at != std::string::npos; at = reply.find(kBefore, at + 1)) {
    const size_t id = reply.rfind('"', at - 1) + 1;
    entries.push_back({reply.substr(id, at - id), std::stoull(reply.substr(at + kBefore.size()))});
  }
  return entries;
}

// --- Queues --------------------------------------------------------------------------------------

class Producer {
 public:
  Producer(Load& load, uint64_t seed) : load_(load), redis_(load.port), lots_(seed) {}

  void turn() {
    if (load_.ledger.behind() > kMostBehind) return let_pass(Milliseconds(1));
    const uint64_t first = load_.ledger.take(kBatch);
    for (uint64_t i = 0; i < kBatch; ++i)
      redis_.send("XADD", queue_name(lots_.below(kQueues)), "MAXLEN", "~", kKept, "*", "n",
                  first + i, "v", lots_.text(200));
    for (uint64_t i = 0; i < kBatch; ++i)
      checked(redis_.read());
    keep_pace();
  }

 private:
  void keep_pace() {
    const double per_batch_s = kBatch * kProducers / load_.entries_per_s;
    due_ += std::chrono::duration_cast<testing::Clock::duration>(
        std::chrono::duration<double>(per_batch_s));
    const auto now = testing::Clock::now();
    if (due_ > now) let_pass(std::chrono::ceil<Milliseconds>(due_ - now));
    due_ = std::max(due_, now - std::chrono::seconds(1));
  }

  Load& load_;
  Redis redis_;
  Lots lots_;
  testing::Clock::time_point due_ = testing::Clock::now();
};

/// Takes entries of one queue and acknowledges them.
class Consumer {
 public:
  Consumer(Load& load, int number)
      : load_(load), redis_(load.port), queue_(queue_name(number)), name_(std::to_string(number)) {}

  void turn() {
    const Shown reply = checked(redis_("XREADGROUP", "GROUP", "g", name_, "COUNT", 100, "BLOCK",
                                       100, "STREAMS", queue_, ">"));
    std::vector<std::string> words = {"XACK", queue_, "g"};
    for (const Given& given : entries_in(reply.text)) {
      load_.ledger.deliver(given.number);
      if (given.number % kForgottenShare != 0) words.push_back(given.id);
    }
    if (words.size() == 3) return;
    redis_.send_words(words);
    checked(redis_.read());
  }

 private:
  Load& load_;
  Redis redis_;
  std::string queue_;
  std::string name_;
};

/// Claims what was forgotten in one queue, and acknowledges it; how many entries.
size_t rescue(Load& load, Redis& redis, const std::string& queue, int idle_ms) {
  const Shown reply =
      checked(redis("XAUTOCLAIM", queue, "g", "rescuer", idle_ms, "0", "COUNT", 100));
  const std::vector<Given> entries = entries_in(reply.text);
  for (const Given& given : entries) {
    load.ledger.deliver(given.number);
    checked(redis("XACK", queue, "g", given.id));
  }
  return entries.size();
}

void rescue_somewhere(Load& load, Redis& redis, Lots& lots) {
  if (rescue(load, redis, queue_name(lots.below(kQueues)), kForgottenAfterMs) == 0)
    let_pass(Milliseconds(20));
}

// --- Other uses ----------------------------------------------------------------------------------

void report(Redis& redis, Lots& lots) {
  const std::string id = checked(redis("XADD", "feed", "MAXLEN", "=", kFeedEntries, "*", "what",
                                       lots.text(50), "of", lots.text(1000)))
                             .text;
  if (lots.below(10) == 0) checked(redis("XDEL", "feed", id));
  if (lots.below(1000) == 0) checked(redis("XTRIM", "feed", "MAXLEN", kFeedEntries / 2));
  let_pass(Milliseconds(1));
}

void read_feed(Redis& redis, Lots& lots) {
  switch (lots.below(4)) {
    case 0:
      checked(redis("XRANGE", "feed", "-", "+", "COUNT", 100));
      break;
    case 1:
      checked(redis("XREVRANGE", "feed", "+", "-", "COUNT", 100));
      break;
    case 2:
      checked(redis("XINFO", "STREAM", "feed", "FULL", "COUNT", 10));
      break;
    default:
      checked(redis("XREAD", "BLOCK", 50, "STREAMS", "feed", "$"));
  }
  let_pass(Milliseconds(5));
}

/// A session's stream has a group, is read, and expires; the next one has its name.
void hold_session(Redis& redis, Lots& lots) {
  const std::string key = "session:" + std::to_string(lots.below(kSessions));
  checked(redis("MULTI"));
  redis("XGROUP", "CREATE", key, "g", "0", "MKSTREAM");  // it may be there
  redis("XADD", key, "*", "event", lots.text(100));
  redis("XREADGROUP", "GROUP", "g", "c" + std::to_string(lots.below(20)), "COUNT", 5, "STREAMS",
        key, ">");
  redis("PEXPIRE", key, 1 + lots.below(kSessionMs));
  if (lots.below(20) == 0) redis("XGROUP", "DELCONSUMER", key, "g", "c1");
  const Shown reply = checked(redis("EXEC"));
  if (reply.contains("NOGROUP")) throw std::runtime_error(reply.text);
  let_pass(Milliseconds(1));
}

void probe(Load& load, Redis& redis) {
  const auto sent = testing::Clock::now();
  checked(redis("XADD", "probe", "MAXLEN", "~", 1000, "*", "f", "v"));
  const auto waited = testing::Clock::now() - sent;
  load.latencies.add(
      static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(waited).count()));
  let_pass(Milliseconds(1));
}

/// Somebody with a connection and lots of their own.
Crew::Turn with_lots(const Load& load, uint64_t seed, void (*work)(Redis&, Lots&)) {
  auto redis = std::make_shared<Redis>(load.port);
  return [redis, lots = Lots(seed), work]() mutable { work(*redis, lots); };
}

template <typename Worker>
Crew::Turn turns_of(std::shared_ptr<Worker> worker) {
  return [worker] { worker->turn(); };
}

}  // namespace

void begin(Crew& crew, Load& load) {
  Redis redis(load.port);
  for (int queue = 0; queue < kQueues; ++queue)
    checked(redis("XGROUP", "CREATE", queue_name(queue), "g", "0", "MKSTREAM"));
  for (int i = 0; i < kConsumers; ++i)
    crew.hire("consumer",
              [&load, i] { return turns_of(std::make_shared<Consumer>(load, i % kQueues)); });
  for (uint64_t i = 0; i < kProducers; ++i)
    crew.hire("producer", [&load, i] { return turns_of(std::make_shared<Producer>(load, i)); });
  crew.hire("rescuer", [&load] {
    auto own = std::make_shared<Redis>(load.port);
    return [&load, own, lots = Lots(10)]() mutable { rescue_somewhere(load, *own, lots); };
  });
  crew.hire("reporter", [&load] { return with_lots(load, 20, report); });
  crew.hire("reader", [&load] { return with_lots(load, 30, read_feed); });
  crew.hire("session", [&load] { return with_lots(load, 40, hold_session); });
  crew.hire("prober", [&load] {
    auto own = std::make_shared<Redis>(load.port);
    return [&load, own] { probe(load, *own); };
  });
}

void clear_queues(Load& load) {
  Redis redis(load.port);
  for (int queue = 0; queue < kQueues; ++queue) {
    while (rescue(load, redis, queue_name(queue), 0) > 0) {
    }
    Consumer last(load, queue);
    while (load.ledger.behind() > 0 &&
           checked(redis("XINFO", "GROUPS", queue_name(queue))).text.find("\"lag\",0]") ==
               std::string::npos)
      last.turn();
    while (rescue(load, redis, queue_name(queue), 0) > 0) {
    }
  }
}

}  // namespace weir::soak
