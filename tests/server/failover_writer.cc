#include "tests/server/failover_writer.h"

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <unordered_set>
#include <variant>

#include "tests/server/sentinel_group.h"

namespace weir::testing {
namespace {

/// So many entries are sent together, at most, and so much time lies between: the machine is not to
/// be busy with this alone, or the Sentinels take its slowness for death.
constexpr uint64_t kMostTogether = 8;
constexpr Milliseconds kPace{2};
/// A server that is silent for so long is given up when there is another primary.
constexpr Milliseconds kSilence{100};
/// Entries read at once when they are checked.
constexpr int kPage = 2000;

/// Whether this server takes no writes any more.
bool sends_away(std::string_view reply) {
  return reply.starts_with("-READONLY") || reply.starts_with("-LOADING") ||
         reply.starts_with("-MASTERDOWN");
}

/// The numbers of the entries in a shown reply of XRANGE: each stands as `"n-0",[`.
std::vector<uint64_t> ids_in(std::string_view shown) {
  constexpr std::string_view kBehind = "-0\",[";
  std::vector<uint64_t> ids;
  for (size_t at = shown.find(kBehind); at != std::string_view::npos;
       at = shown.find(kBehind, at + 1)) {
    const size_t begin = shown.rfind('"', at) + 1;
    uint64_t id = 0;
    std::from_chars(shown.data() + begin, shown.data() + at, id);
    ids.push_back(id);
  }
  return ids;
}

std::unordered_set<uint64_t> entries_of(Redis& server, const std::string& key, uint64_t from) {
  std::unordered_set<uint64_t> entries;
  for (;;) {
    const std::vector<uint64_t> page =
        ids_in(server("XRANGE", key, from, "+", "COUNT", kPage).text);
    entries.insert(page.begin(), page.end());
    if (page.size() < kPage) return entries;
    from = page.back() + 1;
  }
}

}  // namespace

// --- Writing -------------------------------------------------------------------------------------

void FailoverWriter::run(const std::atomic<bool>& ends) {
  while (!ends) {
    const int port = ask_for_primary();
    if (port != 0) write_to(port, ends);
    static_cast<void>(wait_until([&] { return ends.load(); }, Milliseconds(5)));
  }
}

int FailoverWriter::ask_for_primary() {
  try {
    Redis sentinel(sentinels_[random_() % sentinels_.size()]);
    return SentinelGroup::primary_port(sentinel);
  } catch (const std::runtime_error&) {
    return 0;
  }
}

void FailoverWriter::write_to(int port, const std::atomic<bool>& ends) {
  try {
    RawClient client(port);
    while (!ends && write_batch(client, port, ends))
      client.nothing_arrives(kPace);
  } catch (const std::runtime_error&) {  // nobody accepts there
  }
}

/// False when somebody else has to be found.
bool FailoverWriter::write_batch(RawClient& client, int port, const std::atomic<bool>& ends) {
  const uint64_t first = last_id_ + 1;
  last_id_ += 1 + random_() % kMostTogether;
  std::string batch;
  for (uint64_t id = first; id <= last_id_; ++id) {
    const std::vector<std::string> words = {"XADD", key_, std::to_string(id), "f", "v"};
    batch += encode_command(words);
  }
  const Clock::time_point sent = Clock::now();
  client.write(batch);
  for (uint64_t id = first; id <= last_id_;) {
    const Arrival arrival = client.await(kSilence);
    if (std::holds_alternative<NothingCame>(arrival)) {
      if (ends || ask_for_primary() != port) return false;
      continue;
    }
    const auto* const reply = std::get_if<resp::Reply>(&arrival);
    if (reply == nullptr) return false;
    const std::string text = resp::show(*reply);
    if (sends_away(text)) return false;
    if (text == "\"" + std::to_string(id) + "-0\"") {
      const std::lock_guard lock(mutex_);
      acknowledged_.push_back({.id = id, .sent = sent, .at = Clock::now()});
      count_.fetch_add(1, std::memory_order_relaxed);
    }
    ++id;
  }
  return true;
}

// --- Looking -------------------------------------------------------------------------------------

std::optional<Clock::time_point> FailoverWriter::first_acknowledged(Clock::time_point since) const {
  const std::lock_guard lock(mutex_);
  const auto found =
      std::partition_point(acknowledged_.begin(), acknowledged_.end(),
                           [since](const Acknowledged& entry) { return entry.sent <= since; });
  if (found == acknowledged_.end()) return std::nullopt;
  return found->at;
}

std::vector<FailoverWriter::Acknowledged> FailoverWriter::take_missing(Redis& server,
                                                                       bool only_new) {
  std::vector<Acknowledged> expected;
  {
    const std::lock_guard lock(mutex_);
    const size_t from = only_new ? checked_ : 0;
    expected.assign(acknowledged_.begin() + static_cast<ptrdiff_t>(from), acknowledged_.end());
    checked_ = acknowledged_.size();
  }
  if (expected.empty()) return {};
  const std::unordered_set<uint64_t> found = entries_of(server, key_, expected.front().id);
  std::erase_if(expected, [&](const Acknowledged& entry) { return found.count(entry.id) > 0; });
  if (expected.empty()) return {};
  const std::lock_guard lock(mutex_);
  std::erase_if(acknowledged_, [&](const Acknowledged& entry) {
    return std::binary_search(
        expected.begin(), expected.end(), entry,
        [](const Acknowledged& a, const Acknowledged& b) { return a.id < b.id; });
  });
  checked_ -= std::min(checked_, expected.size());
  return expected;
}

bool FailoverWriter::is_same_on(Redis& one, Redis& other) const {
  for (uint64_t from = 1;;) {
    const Shown page = one("XRANGE", key_, from, "+", "COUNT", kPage);
    if (other("XRANGE", key_, from, "+", "COUNT", kPage).text != page.text) return false;
    const std::vector<uint64_t> ids = ids_in(page.text);
    if (ids.size() < kPage)
      return one("XINFO", "STREAM", key_) == other("XINFO", "STREAM", key_).text;
    from = ids.back() + 1;
  }
}

}  // namespace weir::testing
