// Those who write and read, and remember what they were told.
#include <algorithm>
#include <cstdlib>
#include <utility>

#include "tests/simulation/story.h"

namespace weir::simulation {
namespace {

using Kind = Promises::Kind;
using ReplyKind = resp::Reply::Kind;

constexpr const char* kLedger = "ledger";
constexpr const char* kGroup = "group";
constexpr auto kEntriesOrNone = {ReplyKind::kArray, ReplyKind::kNullArray};

struct Entry {
  StreamId id;
  uint64_t op = 0;
};

Entry entry_in(const resp::Reply& entry) {
  return {.id = parse_stream_id(entry.elements[0].text, 0).value_or(kMinStreamId),
          .op = std::strtoull(entry.elements[1].elements[1].text.c_str(), nullptr, 10)};
}

/// Of the one stream in a reply of XREAD; empty where there is none.
resp::Reply entries_in(const resp::Reply& reply) {
  if (reply.elements.empty()) return {};
  return reply.elements[0].elements[1];
}

}  // namespace

Story::Talker::Talker(Story& story)
    : client(*story.world_, story.findings_),
      depth(1 + story.draw(6)),
      pause_ns((story.one_in(2) ? 20 : 200) * kNsPerMs) {}

void Story::add_clients() {
  for (uint64_t i = 2 + draw(3); i > 0; --i)
    produce(*producers_.emplace_back(std::make_unique<Talker>(*this)));
  for (uint64_t i = draw(4); i > 0; --i)
    work(*workers_.emplace_back(std::make_unique<Worker>(*this, "w" + std::to_string(i))));
  for (uint64_t i = draw(3); i > 0; --i) {
    readers_.push_back(std::make_unique<Reader>(*this));
    readers_.back()->depth = 1;
    read(*readers_.back());
  }
  for (uint64_t i = draw(3); i > 0; --i) {
    stirrers_.push_back(std::unique_ptr<Stirrer>(
        new Stirrer{{*world_, findings_},
                    testing::RandomCommands(draw(1U << 31), 1'796'000'000'000),
                    30 * kNsPerMs}));
    stir(*stirrers_.back());
  }
}

/// Connects to the primary where it is not connected.
bool Story::may_send(Talker& talker) {
  Client& client = talker.client;
  if (client.is_open() && (is_quiet_ || client.machine() != primary_)) client.close();
  if (is_quiet_) return false;
  if (!client.is_open()) {
    talker.life = lives_;
    talker.is_new = true;
    if (client.connect(primary_)) client.send({"SELECT", kLedgerDb}, nullptr);
    return false;
  }
  if (client.waiting() < talker.depth) return true;
  if (one_in(400)) client.close();  // it has waited for long
  return false;
}

void Story::promised(const Talker& talker, Promises::Made made) {
  made.at_ns = now();
  // It was under way when the primary was struck: as late as what excuse() saw.
  made.is_excused = are_late_excused_ && talker.life != lives_;
  promises_.make(made);
  world().scheduler.note("promised", made.op);
}

/// Its reply leaves the server at this moment, which is the earliest that anybody can know of it.
void Story::leaves(const Talker& talker, Promises::Made made) {
  if (talker.life == lives_) has_told_ = true;
  const int number = talker.client.machine();
  const Sightings& synced = machine(number).disk().synced();
  const bool is_added = made.kind == Kind::kAdded;
  bool is_kept = true;
  if (promise_ == Promise::kAlways) {
    is_kept = is_added                        ? synced.has_op(made.op)
              : made.kind == Kind::kDelivered ? synced.has_delivery(made.id)
                                              : synced.has_ack(made.id);
  } else if (promise_ == Promise::kReplicas && is_added) {
    is_kept = is_elsewhere(number, made.op);
  } else if (promise_ == Promise::kEverySecond && is_added && talker.life == lives_) {
    made.at_ns = now();
    unsynced_.push_back(made);
  }
  if (!is_kept)
    find("the reply about entry " + to_string(made.id) + ", op " + std::to_string(made.op) +
         ", leaves before anybody else has it, at " + std::to_string(now() / kNsPerMs) + " ms");
}

bool Story::is_elsewhere(int number, uint64_t op) const {
  return std::any_of(world_->machines.begin(), world_->machines.end(), [&](const auto& it) {
    return it->number() != number && it->received().has_op(op);
  });
}

/// Whether it is no error; what cannot be the answer to the command was another's.
bool Story::is_answer(const resp::Reply& reply, const char* command,
                      std::initializer_list<ReplyKind> kinds) {
  if (reply.is_error()) return false;
  if (std::find(kinds.begin(), kinds.end(), reply.kind) != kinds.end()) return true;
  find(std::string(command) + " was answered with " + show(reply));
  return false;
}

void Story::added(Talker& producer, StreamId id, uint64_t op) {
  if (producer.life == lives_ && id <= producer.last)
    find("XADD was answered with " + to_string(id) + " after " + to_string(producer.last));
  producer.last = id;
  promised(producer, {.kind = Kind::kAdded, .id = id, .op = op});
}

void Story::produce(Talker& producer) {
  world().scheduler.after(world().scheduler.draw_time(producer.pause_ns),
                          [this, &producer] { produce(producer); });
  if (!may_send(producer)) return;
  if (std::exchange(producer.is_new, false)) producer.last = kMinStreamId;
  const uint64_t op = promises_.next_op();
  if (one_in(5)) {
    const std::string token = "token-" + std::to_string(op);
    return producer.client.send({"PING", token}, [this, token](const resp::Reply& reply) {
      if (is_answer(reply, "PING", {ReplyKind::kBulk}) && reply.text != token)
        find("PING " + token + " was answered with " + show(reply));
    });
  }
  const std::string pad =
      Sightings::word_of(op) + std::string(one_in(10) ? draw(3000) : draw(20), 'x');
  producer.client.send(
      {"XADD", kLedger, "*", "op", std::to_string(op), "pad", pad},
      [this, &producer, op](const resp::Reply& reply) {
        if (!is_answer(reply, "XADD", {ReplyKind::kBulk})) return;
        const auto id = parse_stream_id(reply.text, 0);
        if (!id) return find("XADD was answered with " + show(reply));
        added(producer, *id, op);
      },
      [this, &producer, op](const resp::Reply& reply) {
        const auto id = parse_stream_id(reply.text, 0);
        if (!reply.is_error() && id) leaves(producer, {.kind = Kind::kAdded, .id = *id, .op = op});
      });
}

void Story::read(Reader& reader) {
  world().scheduler.after(world().scheduler.draw_time(reader.pause_ns),
                          [this, &reader] { read(reader); });
  if (!may_send(reader)) return;
  if (std::exchange(reader.is_new, false)) reader.reading = &promises_.begin_reading(reader.last);
  reader.client.send({"XREAD", "COUNT", std::to_string(1 + draw(20)), "BLOCK", "400", "STREAMS",
                      kLedger, to_string(reader.last)},
                     [this, &reader](const resp::Reply& reply) {
                       if (!is_answer(reply, "XREAD", kEntriesOrNone)) return;
                       for (const resp::Reply& element : entries_in(reply).elements) {
                         const auto [id, op] = entry_in(element);
                         if (id <= reader.last)
                           find("XREAD gave " + to_string(id) + " after " + to_string(reader.last));
                         reader.last = id;
                         reader.reading->ops[id] = op;
                         // The others may show what is not acknowledged yet.
                         if (promise_ == Promise::kEverySecond)
                           promised(reader, {.kind = Kind::kSeen, .id = id, .op = op});
                       }
                     });
}

void Story::take(Worker& worker, const resp::Reply& entries, bool are_new) {
  for (const resp::Reply& element : entries.elements) {
    const auto [id, op] = entry_in(element);
    if (are_new && id <= worker.last)
      find("XREADGROUP gave " + to_string(id) + " after " + to_string(worker.last));
    if (are_new) worker.last = id;
    // Some are never acknowledged, so that at the end there are pending ones to look for.
    if (op % 8 != 0) worker.held.insert(id);
    promised(worker, {.kind = Kind::kDelivered, .id = id, .op = op});
  }
}

void Story::work(Worker& worker) {
  world().scheduler.after(world().scheduler.draw_time(worker.pause_ns),
                          [this, &worker] { work(worker); });
  if (!may_send(worker)) return;
  if (std::exchange(worker.is_new, false)) {
    worker.last = kMinStreamId;
    return worker.client.send({"XGROUP", "CREATE", kLedger, kGroup, "0", "MKSTREAM"}, nullptr);
  }
  if (!worker.held.empty() && one_in(2)) return acknowledge(worker);
  const std::string count = std::to_string(1 + draw(8));
  if (one_in(12)) {
    return worker.client.send(
        {"XAUTOCLAIM", kLedger, kGroup, worker.name, "0", "0-0", "COUNT", count},
        [this, &worker](const resp::Reply& reply) {
          if (is_answer(reply, "XAUTOCLAIM", {ReplyKind::kArray}) && reply.elements.size() == 3)
            take(worker, reply.elements[1], false);
        });
  }
  const bool is_history = one_in(6);
  Words words = {"XREADGROUP", "GROUP", kGroup, worker.name, "COUNT", count};
  if (one_in(2)) words.insert(words.end(), {"BLOCK", "300"});
  words.insert(words.end(), {"STREAMS", kLedger, is_history ? "0" : ">"});
  worker.client.send(
      words,
      [this, &worker, is_history](const resp::Reply& reply) {
        if (is_answer(reply, "XREADGROUP", kEntriesOrNone))
          take(worker, entries_in(reply), !is_history);
      },
      [this, &worker, is_history](const resp::Reply& reply) {
        if (is_history || reply.is_error()) return;
        for (const resp::Reply& element : entries_in(reply).elements)
          leaves(worker, {.kind = Kind::kDelivered, .id = entry_in(element).id});
      });
}

void Story::acknowledge(Worker& worker) {
  Words words = {"XACK", kLedger, kGroup};
  std::vector<StreamId> ids;
  const uint64_t most = 1 + draw(12);
  for (auto at = worker.held.begin(); at != worker.held.end() && ids.size() < most;) {
    if (one_in(4)) {
      ++at;
      continue;
    }
    ids.push_back(*at);
    words.push_back(to_string(*at));
    promises_.ack_is_sent(*at);
    at = worker.held.erase(at);
  }
  if (ids.empty()) return;
  const auto are_all = [ids](const resp::Reply& reply) {
    return reply.integer == static_cast<int64_t>(ids.size());
  };
  worker.client.send(
      words,
      [this, &worker, ids, are_all](const resp::Reply& reply) {
        if (!is_answer(reply, "XACK", {ReplyKind::kInteger}) || !are_all(reply)) return;
        for (const StreamId id : ids)
          promised(worker, {.kind = Kind::kAcknowledged, .id = id});
      },
      [this, &worker, ids, are_all](const resp::Reply& reply) {
        if (reply.is_error() || !are_all(reply)) return;
        for (const StreamId id : ids)
          leaves(worker, {.kind = Kind::kAcknowledged, .id = id});
      });
}

void Story::stir(Stirrer& stirrer) {
  world().scheduler.after(world().scheduler.draw_time(stirrer.pause_ns),
                          [this, &stirrer] { stir(stirrer); });
  Client& client = stirrer.client;
  if (is_quiet_) return client.close();
  if (client.is_open() && client.machine() != primary_ && one_in(4)) client.close();
  if (!client.is_open()) {
    stirrer.since_ns = now();
    client.connect(primary_);
    return;
  }
  if (client.waiting() == 0) stirrer.since_ns = now();
  if (now() - stirrer.since_ns > 2 * kNsPerS) return client.close();
  if (client.waiting() >= 4) return;
  Words words = stirrer.commands.next();
  if (words[0] == "FLUSHALL" || words[0] == "SWAPDB") return;
  if (one_in(50)) words = {"PEXPIRE", one_in(2) ? "s1" : "s2", std::to_string(draw(800))};
  client.send(words, nullptr);
}

}  // namespace weir::simulation
