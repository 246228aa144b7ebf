#include "tests/support/restless_writer.h"

#include <algorithm>
#include <csignal>
#include <stdexcept>

namespace weir::testing {
namespace {

constexpr uint64_t kMostInFlight = 40;
constexpr size_t kRecentIds = 64;
/// An ID that a server has made of its clock is longer than one that a test has drawn.
constexpr size_t kShortestClockId = 15;
constexpr Milliseconds kPause{10};

bool is_error(const std::string& text) {
  return text.find(' ') != std::string::npos && text[0] >= 'A' && text[0] <= 'Z';
}

}  // namespace

std::string RestlessWriter::pick(std::initializer_list<const char*> words) {
  return words.begin()[commands_.draw(words.size())];
}

std::string RestlessWriter::recent_id() {
  return recent_.empty() ? "1-1" : recent_[commands_.draw(recent_.size())];
}

/// ... IDS n id ...
Words RestlessWriter::with_ids(Words words) {
  const uint64_t count = 1 + commands_.draw(4);
  words.insert(words.end(), {"IDS", std::to_string(count)});
  for (uint64_t i = 0; i < count; ++i)
    words.push_back(recent_id());
  return words;
}

Words RestlessWriter::reader(bool waits) {
  Words words = {"XREADGROUP", "GROUP",  pick({"g1", "g2"}), pick({"ann", "bob", "cid"}),
                 "COUNT",      number(6)};
  if (waits) words.insert(words.end(), {"BLOCK", std::to_string(1 + commands_.draw(15))});
  if (commands_.one_in(8)) words.emplace_back("NOACK");
  words.insert(words.end(), {"STREAMS", key(), key(), ">", ">"});
  return words;
}

Words RestlessWriter::of_time() {
  switch (commands_.draw(8)) {
    case 0:
    case 1:
      return {"XADD", key(), "*", "f", number(1000), "text", std::string(commands_.draw(200), 'x')};
    case 2:
      return {"XADD", key(), "MAXLEN", pick({"~", "="}), number(150), "*", "f", number(1000)};
    case 3:
      return {"XADD", key(), "MINID", "~", recent_id(), "*", "f", number(1000)};
    case 4:
      return {"PEXPIRE", key(), std::to_string(1 + commands_.draw(300))};
    case 5:
      return {"XACK", key(), pick({"g1", "g2"}), recent_id(), recent_id()};
    case 6:
      return {"XCLAIM", key(),       pick({"g1", "g2"}), pick({"ann", "bob"}),
              "0",      recent_id(), recent_id(),        recent_id()};
    default:
      return {"XDEL", key(), recent_id()};
  }
}

Words RestlessWriter::of_all_keys() {
  switch (commands_.draw(12)) {
    case 0:
      return {"PERSIST", key()};
    case 1:
      return commands_.one_in(20) ? Words{pick({"FLUSHALL", "FLUSHDB"})} : Words{"DEL", key()};
    case 2:
      return {"SWAPDB", number(4), number(4)};
    case 3:
    case 4:
      return {pick({"RENAME", "RENAMENX"}), key(), key()};
    case 5:
      return {"MOVE", key(), number(4)};
    case 6:
      return {"COPY", key(), key(), "DB", number(4), "REPLACE"};
    case 7:
      return {"PUBLISH", "channel", number(1000)};
    default:
      return {"SELECT", number(4)};
  }
}

Words RestlessWriter::newer() {
  switch (commands_.draw(8)) {
    case 0:
      return {"XADD", key(), "IDMP", pick({"p1", "p2"}), number(40), "*", "f", number(9)};
    case 1:
      return {"XADD", key(), "IDMPAUTO", pick({"p1", "p2"}), "*", "f", number(20)};
    case 2:
      return with_ids({"XACKDEL", key(), pick({"g1", "g2"}), pick({"KEEPREF", "DELREF", "ACKED"})});
    case 3:
      return with_ids({"XDELEX", key(), pick({"KEEPREF", "DELREF", "ACKED"})});
    case 4:
    case 5:
      return with_ids({"XNACK", key(), pick({"g1", "g2"}), pick({"SILENT", "FAIL", "FATAL"})});
    case 6:
      return {"XTRIM", key(), "MAXLEN", "~", number(100), pick({"DELREF", "ACKED"})};
    default:
      return commands_.one_in(4) ? Words{"XCFGSET", key(), "IDMP-MAXSIZE", number(200)}
                                 : reader(false);
  }
}

Words RestlessWriter::next() {
  switch (commands_.draw(16)) {
    case 0:
    case 1:
    case 2:
    case 3:
      return of_time();
    case 4:
      return of_all_keys();
    case 5:
    case 6:
      return is_redis_7_ ? of_time() : newer();
    case 7:
      return reader(commands_.one_in(3));
    case 8:
      return {"XGROUP", "CREATE", key(), pick({"g1", "g2"}), pick({"0", "$"}), "MKSTREAM"};
    default:
      return drawn();
  }
}

/// Redis counts beyond the greatest number, and its own replicas refuse what it tells of that.
Words RestlessWriter::drawn() {
  for (;;) {
    Words words = commands_.next();
    const bool is_too_much =
        is_redis_7_ && std::find(words.begin(), words.end(), "9223372036854775807") != words.end();
    if (!is_too_much) return words;
  }
}

void RestlessWriter::take(const Shown& reply) {
  ++answered_;
  if (is_error(reply.text)) return;
  ++accepted_;
  const bool is_id = reply.text.size() >= kShortestClockId &&
                     reply.text.size() < 2 * kShortestClockId &&
                     reply.text.find_first_not_of("0123456789-") == std::string::npos;
  if (!is_id) return;
  if (recent_.size() < kRecentIds) {
    recent_.push_back(reply.text);
  } else {
    recent_[commands_.draw(recent_.size())] = reply.text;
  }
}

void RestlessWriter::write_batches(Redis& redis, const std::atomic<int>& port,
                                   const std::atomic<bool>& stops) {
  const int here = port;
  while (!stops && port == here) {
    const uint64_t count = 1 + commands_.draw(kMostInFlight);
    for (uint64_t i = 0; i < count; ++i)
      redis.send_words(next());
    for (uint64_t i = 0; i < count; ++i) {
      const Shown reply = redis.read();
      if (reply == "(closed)") return;
      take(reply);
    }
  }
}

void RestlessWriter::run(const std::atomic<int>& port, const std::atomic<bool>& stops) {
  // Writing to a server that is gone is no reason to end: not in this thread.
  sigset_t broken_pipe;
  sigemptyset(&broken_pipe);
  sigaddset(&broken_pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);
  while (!stops) {
    try {
      Redis redis(port);
      write_batches(redis, port, stops);
    } catch (const std::runtime_error&) {
      // It is not there, or died before it answered.
    }
    let_pass(kPause);
  }
}

}  // namespace weir::testing
