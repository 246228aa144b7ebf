#include "tests/simulation/promises.h"

namespace weir::simulation {
namespace {

constexpr size_t kMostFindings = 6;

bool is_there(const Promises::Found& found, StreamId id, uint64_t op) {
  const auto at = found.ops.find(id);
  return at != found.ops.end() && at->second == op;
}

}  // namespace

Promises::Reading& Promises::begin_reading(StreamId after) {
  readings_.push_back(std::make_unique<Reading>(Reading{.after = after, .ops = {}}));
  return *readings_.back();
}

void Promises::excuse(int64_t now_ns, int64_t ns) {
  for (Made& made : made_) {
    const int64_t age_ns = now_ns - made.at_ns;
    if (made.is_excused || age_ns >= ns) continue;
    made.is_excused = true;
    made.age_ns = age_ns;
  }
}

int64_t Promises::oldest_excused_ns(const Found& found) const {
  int64_t oldest_ns = 0;
  for (const Made& made : made_) {
    if (made.is_excused && made.age_ns > oldest_ns && !broken_by(made, found).empty())
      oldest_ns = made.age_ns;
  }
  return oldest_ns;
}

void Promises::judge_entries(const Found& found, Findings& findings) const {
  std::set<uint64_t> ops;
  for (const auto& [id, op] : found.ops) {
    if (op == 0 || op >= next_op_ || !ops.insert(op).second)
      findings.add("op " + std::to_string(op) + " is there twice, or was never sent");
  }
}

void Promises::judge_group(const Found& found, Findings& findings) const {
  if (!found.has_group) return;
  for (const auto& [id, op] : found.ops) {
    const bool is_past = id <= found.last_delivered;
    const bool is_pending = found.pending.contains(id);
    if (is_past && !is_pending && !acks_sent_.contains(id))
      findings.add("the group has lost " + to_string(id) + ": it is not pending");
    if (!is_past && is_pending)
      findings.add(to_string(id) + " is pending, and was not delivered yet");
  }
}

/// The last one that is there tells that what the reader was given before it is of this history.
void Promises::judge_readings(const Found& found, Findings& findings) const {
  for (const auto& reading : readings_) {
    auto last = reading->ops.rbegin();
    while (last != reading->ops.rend() && !is_there(found, last->first, last->second))
      ++last;
    if (last == reading->ops.rend()) continue;
    for (auto at = found.ops.upper_bound(reading->after); at->first < last->first; ++at) {
      if (!reading->ops.contains(at->first))
        findings.add("a reader was given " + to_string(last->first) + " and not " +
                     to_string(at->first));
    }
  }
}

/// Empty: it is kept.
std::string Promises::broken_by(const Made& made, const Found& found) const {
  switch (made.kind) {
    case Kind::kAdded:
    case Kind::kSeen:
      if (is_there(found, made.id, made.op)) return {};
      return made.kind == Kind::kAdded ? "was acknowledged and is lost" : "was seen and is lost";
    case Kind::kDelivered:
      if (found.pending.contains(made.id) || acks_sent_.contains(made.id)) return {};
      return "was delivered, is not pending, and nobody acknowledged it";
    case Kind::kAcknowledged:
      if (found.pending.contains(made.id)) return "was acknowledged by XACK and is pending again";
      if (!found.has_group || found.last_delivered < made.id)
        return "was acknowledged by XACK and will be delivered again";
      return {};
  }
  return {};
}

void Promises::judge(const Found& found, bool are_kept, Findings& findings) const {
  judge_entries(found, findings);
  judge_group(found, findings);
  judge_readings(found, findings);
  if (!are_kept) return;
  for (const Made& made : made_) {
    if (made.is_excused) continue;
    const std::string why = broken_by(made, found);
    if (why.empty()) continue;
    findings.add("entry " + to_string(made.id) + ", op " + std::to_string(made.op) + " " + why +
                 "; it was told at " + std::to_string(made.at_ns / kNsPerMs) + " ms");
    if (findings.texts.size() > kMostFindings) return;
  }
}

}  // namespace weir::simulation
