// Whole queue cycles: entries are added, delivered to consumers and acknowledged, all at once.
//
//   producers ─► stream 0 ─┬─► group 0 ─► its consumers: XREADGROUP, XACK (and XDEL)
//                ...       └─► ...
//
// A queue is one group of one stream.  Consumers ask when their queue holds a full batch, and
// producers wait while the slowest queue holds more than two batches per consumer: without that the
// batch sizes, and with them the result, would follow the pace of either server.
#include <algorithm>
#include <charconv>
#include <memory>

#include "tests/bench/failure.h"
#include "tests/bench/groups.h"
#include "tests/bench/scenario.h"

namespace weir::bench {
namespace {

constexpr uint64_t kSeed = 5;
constexpr size_t kAddRequests = 400;  // that repeat; a multiple of every number of streams

struct CycleRow {
  std::string name;
  Goal goal = {};
  size_t producers = 10;
  size_t adds_per_write = 10;
  size_t consumers = 4;  // over all queues
  size_t count = 100;    // entries per delivery
  size_t streams = 1;
  size_t groups = 1;
  std::string trim = "MAXLEN ~ 10000";
  bool deletes = false;
  bool blocks = false;  // no pipelining; a consumer waits in BLOCK

  size_t queues() const { return streams * groups; }
  size_t consumers_per_queue() const { return consumers / queues(); }
  std::string key(size_t stream) const { return streams == 1 ? kStream : stream_key(stream); }
};

/// Entry n goes to stream n % streams.
struct Stream {
  uint64_t sent = 0;
  uint64_t added = 0;
};

struct Queue {
  size_t stream = 0;
  std::string key;
  std::string group;
  uint64_t asked_for = 0;
  uint64_t acknowledged = 0;
};

/// What producers and consumers know of each other.
struct Flow {
  explicit Flow(const CycleRow& row)
      : streams(row.streams),
        // Blocked consumers mostly wait when there is one entry per consumer and no more.
        most_outstanding((row.blocks ? 1 : 2) * row.consumers_per_queue() * row.count) {
    for (size_t queue = 0; queue < row.queues(); ++queue) {
      const size_t stream = queue % row.streams;
      queues.push_back(
          {.stream = stream, .key = row.key(stream), .group = group_name(queue / row.streams)});
    }
  }

  bool is_full() const {
    return std::any_of(queues.begin(), queues.end(), [this](const Queue& queue) {
      return streams[queue.stream].sent - queue.acknowledged >= most_outstanding;
    });
  }

  std::vector<Stream> streams;
  std::vector<Queue> queues;
  uint64_t most_outstanding;
};

std::vector<Request> add_requests(const CycleRow& row) {
  RandomText random(kSeed);
  std::vector<Request> requests(kAddRequests);
  size_t entry = 0;
  for (Request& request : requests) {
    for (; request.replies < row.adds_per_write; ++request.replies) {
      append_xadd(request.bytes, {.key = row.key(entry++ % row.streams), .trim = row.trim}, random);
    }
  }
  return requests;
}

Role producers(const CycleRow& row, const std::shared_ptr<Flow>& flow) {
  const size_t adds = row.adds_per_write;
  const auto turns = std::make_shared<Source>(in_turn(add_requests(row)));
  const auto next_entry = std::make_shared<uint64_t>(0);
  std::vector<uint64_t> first_entry(row.producers);  // of each producer's last request
  const Script script = [=](size_t producer, std::string_view replies, Request& next) mutable {
    const auto stream_of = [&](uint64_t entry) -> Stream& {
      return flow->streams[entry % flow->streams.size()];
    };
    uint64_t& first = first_entry[producer];
    for (size_t i = 0; !replies.empty() && i < adds; ++i)
      ++stream_of(first + i).added;
    if (flow->is_full()) return 0;
    first = *next_entry;
    *next_entry += adds;
    for (size_t i = 0; i < adds; ++i)
      ++stream_of(first + i).sent;
    next = *(*turns)();
    return 0;
  };
  return {.connections = row.producers, .script = script, .counts = false, .pauses = true};
}

/// One consumer: what it was given and has not acknowledged yet, and what it waits for.
struct Consumer {
  std::vector<std::string> ids = {};
  bool acknowledges = false;
};

void append_with_ids(std::string& bytes, std::vector<std::string> words, const Consumer& consumer) {
  words.insert(words.end(), consumer.ids.begin(), consumer.ids.end());
  append_command(bytes, words);
}

/// Checks that the first of `replies` says that every entry was pending; the rest is a delivery.
uint64_t acknowledged(std::string_view replies, const Consumer& consumer) {
  uint64_t count = 0;
  std::from_chars(replies.data() + 1, replies.data() + replies.size(), count);
  if (replies[0] != ':' || count != consumer.ids.size()) {
    throw Failure("XACK of " + std::to_string(consumer.ids.size()) + " entries answered " +
                  std::string(replies.substr(0, replies.find('\r'))));
  }
  return count;
}

void take_delivery(std::string_view replies, Consumer& consumer) {
  consumer.ids.clear();
  for_delivered_ids(replies, [&](std::string_view id) { consumer.ids.emplace_back(id); });
}

/// Acknowledges a batch and asks for the next in one write.
Script batch_consumer(const CycleRow& row, const std::shared_ptr<Flow>& flow) {
  std::vector<Consumer> consumers(row.consumers);
  return [=](size_t index, std::string_view replies, Request& next) mutable {
    Consumer& consumer = consumers[index];
    Queue& queue = flow->queues[index % flow->queues.size()];
    uint64_t ops = 0;
    if (!replies.empty()) {
      if (consumer.acknowledges) ops = acknowledged(replies, consumer);
      queue.acknowledged += ops;
      take_delivery(replies, consumer);
      if (consumer.ids.size() != row.count) throw Failure("XREADGROUP gave less than a batch");
    }
    if (flow->streams[queue.stream].added - queue.asked_for < row.count) return ops;
    queue.asked_for += row.count;
    consumer.acknowledges = !consumer.ids.empty();
    if (consumer.acknowledges) {
      append_with_ids(next.bytes, {"XACK", queue.key, queue.group}, consumer);
      if (row.deletes) append_with_ids(next.bytes, {"XDEL", queue.key}, consumer);
      next.replies = row.deletes ? 2 : 1;
    }
    append_xreadgroup(next.bytes, {.key = queue.key,
                                   .group = queue.group,
                                   .consumer = consumer_name(index),
                                   .count = row.count});
    ++next.replies;
    return ops;
  };
}

/// Waits for a delivery, acknowledges it, waits again.
Script blocked_consumer(const CycleRow& row, const std::shared_ptr<Flow>& flow) {
  std::vector<Consumer> consumers(row.consumers);
  return [=](size_t index, std::string_view replies, Request& next) mutable {
    Consumer& consumer = consumers[index];
    Queue& queue = flow->queues[index % flow->queues.size()];
    next.replies = 1;
    if (!replies.empty() && !consumer.acknowledges) {
      take_delivery(replies, consumer);
      consumer.acknowledges = true;
      append_with_ids(next.bytes, {"XACK", queue.key, queue.group}, consumer);
      return uint64_t{0};
    }
    const uint64_t ops = replies.empty() ? 0 : acknowledged(replies, consumer);
    queue.acknowledged += ops;
    consumer.acknowledges = false;
    append_xreadgroup(next.bytes, {.key = queue.key,
                                   .group = queue.group,
                                   .consumer = consumer_name(index),
                                   .count = row.count,
                                   .options = "BLOCK 0"});
    return ops;
  };
}

void restart_cycle(const CycleRow& row, Trial& trial) {
  flush(trial);
  const auto flow = std::make_shared<Flow>(row);
  for (const Queue& queue : flow->queues)
    trial.server.command({"XGROUP", "CREATE", queue.key, queue.group, "$", "MKSTREAM"});
  const Script consumer = row.blocks ? blocked_consumer(row, flow) : batch_consumer(row, flow);
  trial.roles = {producers(row, flow),
                 {.connections = row.consumers,
                  .script = consumer,
                  .waits_forever = row.blocks,
                  .pauses = !row.blocks}};
}

Scenario cycle_scenario(const CycleRow& row) {
  const std::string deletes = row.deletes ? " and deleted" : "";
  return {.name = row.name,
          .op = row.groups == 1 ? "one entry added, delivered, acknowledged" + deletes
                                : "one delivery to one group, acknowledged",
          .metrics = load_metrics(row.goal),
          .refill = [row](Trial& trial) { restart_cycle(row, trial); },
          .measure = measure_load};
}

}  // namespace

std::vector<Scenario> cycle_scenarios() {
  const std::vector<CycleRow> rows = {
      {.name = "cycle-batch100-maxlen", .goal = {2.8, 3.3}, .consumers = 4, .count = 100},
      {.name = "cycle-batch10", .consumers = 10, .count = 10},
      {.name = "cycle-batch10-xdel",
       .goal = {3.2, 3.8},
       .consumers = 10,
       .count = 10,
       .trim = "",
       .deletes = true},
      {.name = "cycle-p1-blocked",
       .goal = {1.3, 1.5},
       .adds_per_write = 1,
       .consumers = 10,
       .count = 1,
       .blocks = true},
      {.name = "cycle-16streams", .consumers = 32, .count = 10, .streams = 16},
      {.name = "fanout-50groups",
       .goal = {2.8, 3.5},
       .producers = 2,
       .consumers = 50,
       .count = 20,
       .groups = 50},
  };
  std::vector<Scenario> scenarios;
  scenarios.reserve(rows.size());
  for (const CycleRow& row : rows)
    scenarios.push_back(cycle_scenario(row));
  return scenarios;
}

}  // namespace weir::bench
