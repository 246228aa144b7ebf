#include "tests/support/crash_writer.h"

#include <algorithm>
#include <csignal>
#include <iterator>
#include <stdexcept>
#include <string_view>

namespace weir::testing {
namespace {

constexpr uint64_t kMostInFlight = 8;
/// In front of the keys' names: as they were after the last check.
constexpr const char* kKept = "kept:";
constexpr const char* kGroups[] = {"g", "h"};
constexpr const char* kConsumers[] = {"ann", "bob", "cid"};

/// Behind the word that begins at `at`, quotes and all.
size_t end_of_word(const std::string& text, size_t at) {
  for (++at; text[at] != '"'; ++at)
    at += text[at] == '\\' ? 1 : 0;
  return at + 1;
}

/// What XINFO says, without times and without how entries are stored.
std::string without_times(const std::string& info) {
  static constexpr std::string_view kLeftOut[] = {"\"active-time\"", "\"seen-time\"",
                                                  "\"radix-tree-keys\"", "\"radix-tree-nodes\""};
  constexpr size_t kDigitsOfTime = 13;
  std::string text;
  size_t end = 0;
  for (size_t at = 0; at < info.size(); at = end) {
    if (info[at] == '"') {
      end = end_of_word(info, at);
      const std::string_view word = std::string_view(info).substr(at, end - at);
      text += word;
      if (std::find(std::begin(kLeftOut), std::end(kLeftOut), word) != std::end(kLeftOut))
        end = info.find_first_not_of("-0123456789", end + 1);
    } else {
      end = std::min(info.find_first_not_of("0123456789", at), info.size());
      if (end == at) ++end;
      if (end - at < kDigitsOfTime) text += info.substr(at, end - at);
    }
  }
  return text;
}

}  // namespace

CrashWriter::CrashWriter(size_t number, uint64_t seed) : random_(seed + number) {
  for (const char* const name : {"a", "b", "c"})
    keys_.push_back("w" + std::to_string(number) + ":" + name);
}

std::string CrashWriter::key() {
  return keys_[below(keys_.size())];
}

std::string CrashWriter::some_id() {
  const uint64_t back = below(30);
  return std::to_string(last_id_ > back ? last_id_ - back : 1) + "-1";
}

// Now and then with a value of more than a page.
CrashWriter::Words CrashWriter::xadd() {
  Words words{"XADD", key()};
  if (below(4) == 0) {
    words.insert(words.end(), {"MAXLEN", below(2) == 0 ? "~" : "=", std::to_string(below(200))});
  }
  words.insert(words.end(), {std::to_string(++last_id_) + "-1", "n", std::to_string(last_id_)});
  if (below(20) == 0) words.insert(words.end(), {"long", std::string(below(20'000), 'x')});
  return words;
}

CrashWriter::Words CrashWriter::group_command() {
  const std::string name = key();
  const std::string group = kGroups[below(std::size(kGroups))];
  const std::string consumer = kConsumers[below(std::size(kConsumers))];
  switch (below(9)) {
    case 0:
      return {"XGROUP", "CREATE", name, group, below(2) == 0 ? "0" : "$", "MKSTREAM"};
    case 1:
      return {"XGROUP", "SETID", name, group, some_id()};
    case 2:
      return {"XGROUP", below(2) == 0 ? "CREATECONSUMER" : "DELCONSUMER", name, group, consumer};
    case 3:
      return {"XACK", name, group, some_id(), some_id(), some_id()};
    case 4:
      return {"XCLAIM", name, group, consumer, "0", some_id(), some_id(), "JUSTID"};
    case 5:
      return {"XAUTOCLAIM", name, group, consumer, "0", "0", "COUNT", std::to_string(1 + below(9))};
    default:
      return {"XREADGROUP", "GROUP", group, consumer, "COUNT", std::to_string(1 + below(9)),
              "STREAMS",    name,    ">"};
  }
}

CrashWriter::Words CrashWriter::command() {
  switch (below(20)) {
    case 0:
      return {"XDEL", key(), some_id(), some_id()};
    case 1:
      return {"XTRIM", key(), "MINID", some_id()};
    case 2:
      return below(10) == 0 ? Words{"DEL", key()} : Words{"COPY", key(), key(), "REPLACE"};
    case 3:
      return {"PEXPIREAT", key(), std::to_string(4'102'444'800'000 + below(1000))};
    case 4:
      return below(10) == 0 ? Words{"RENAME", key(), key()} : xadd();
    default:
      return below(2) == 0 ? xadd() : group_command();
  }
}

CrashWriter::Unit CrashWriter::next_unit() {
  Unit unit;
  if (below(8) != 0) {
    unit.commands.push_back(command());
    return unit;
  }
  unit.commands.push_back({"MULTI"});
  for (uint64_t left = 1 + below(6); left > 0; --left)
    unit.commands.push_back(command());
  unit.commands.push_back({"EXEC"});
  return unit;
}

void CrashWriter::write_until_closed(const std::string& socket_path,
                                     std::atomic<uint64_t>& progress) {
  // Writing to a server that is gone is no reason to end: not in this thread.
  sigset_t broken_pipe;
  sigemptyset(&broken_pipe);
  sigaddset(&broken_pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);
  try {
    Redis redis(socket_path);
    for (;;) {
      const size_t first = units_.size();
      for (uint64_t left = 1 + below(kMostInFlight); left > 0; --left) {
        units_.push_back(next_unit());
        for (const Words& words : units_.back().commands)
          redis.send_words(words);
      }
      for (size_t i = first; i < units_.size(); ++i) {
        for (size_t left = units_[i].commands.size(); left > 0; --left) {
          if (redis.read() == "(closed)") return;
        }
        units_[i].acknowledged = Clock::now();
        progress.fetch_add(1, std::memory_order_relaxed);
      }
    }
  } catch (const std::runtime_error&) {
    // It died before it answered.
  }
}

std::string CrashWriter::describe(Redis& redis) const {
  std::string text;
  for (const std::string& key : keys_) {
    text += key + " " + redis("PEXPIRETIME", key).text + " " +
            without_times(redis("XINFO", "STREAM", key, "FULL", "COUNT", 0).text) + "\n";
  }
  return text;
}

void CrashWriter::apply(Redis& reference, size_t from, size_t to) const {
  size_t replies = 0;
  for (size_t i = from; i < to; ++i) {
    for (const Words& words : units_[i].commands)
      reference.send_words(words);
    replies += units_[i].commands.size();
  }
  for (; replies > 0; --replies)
    reference.read();
}

/// Goes on with units of the range until the reference is as `wanted`; how many it has then, or
/// nothing.
std::optional<size_t> CrashWriter::approach(Redis& reference, const std::string& wanted,
                                            size_t from, size_t to) const {
  for (size_t done = from;; ++done) {
    if (describe(reference) == wanted) return done;
    if (done == to) return std::nullopt;
    apply(reference, done, done + 1);
  }
}

void CrashWriter::copy_keys(Redis& reference, const std::string& from,
                            const std::string& to) const {
  for (const std::string& key : keys_) {
    reference("DEL", to + key);
    reference("COPY", from + key, to + key);
  }
}

std::string CrashWriter::check(Redis& found, Redis& reference,
                               std::optional<Clock::time_point> young) {
  size_t promised = 0;
  size_t acknowledged = 0;
  for (size_t i = 0; i < units_.size() && units_[i].acknowledged; ++i) {
    acknowledged = i + 1;
    if (!young || *units_[i].acknowledged < *young) promised = acknowledged;
  }
  const std::string wanted = describe(found);
  apply(reference, 0, acknowledged);
  std::optional<size_t> survived = approach(reference, wanted, acknowledged, units_.size());
  if (!survived && promised < acknowledged) {
    copy_keys(reference, kKept, "");
    apply(reference, 0, promised);
    survived = approach(reference, wanted, promised, acknowledged);
  }
  if (!survived) {
    return "promised: " + std::to_string(promised) + " of " + std::to_string(units_.size()) +
           " units, found:\n" + wanted;
  }
  copy_keys(reference, "", kKept);
  acknowledged_ += acknowledged;
  if (*survived < acknowledged) lost_ += acknowledged - *survived;
  units_.clear();
  return {};
}

}  // namespace weir::testing
