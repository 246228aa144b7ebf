#include "server/access/acl_log.h"

#include <algorithm>
#include <utility>

#include "server/text.h"

namespace weir {
namespace {

/// Entries of that age get no more company.
constexpr int64_t kMergeMs = 60'000;
/// How many of the newest entries are looked at for the same refusal.
constexpr size_t kLookedAt = 10;

bool is_same(const AclLogEntry& a, const AclLogEntry& b) {
  return a.reason == b.reason && a.in_transaction == b.in_transaction && a.object == b.object &&
         a.username == b.username;
}

}  // namespace

std::string_view reason_name(DenialReason reason) {
  switch (reason) {
    case DenialReason::kAuth:
      return "auth";
    case DenialReason::kCommand:
      return "command";
    case DenialReason::kKey:
      return "key";
    case DenialReason::kCertificate:
      return "tls-cert";
    case DenialReason::kChannel:
      break;
  }
  return "channel";
}

void AclLog::add(AclLogEntry entry, size_t most) {
  for (std::string* const text : {&entry.object, &entry.username, &entry.client}) {
    if (text->size() > kMaxAclLogText) *text = cut_text(*text, kMaxAclLogText);
  }
  const auto end =
      entries_.begin() + static_cast<std::ptrdiff_t>(std::min(kLookedAt, entries_.size()));
  const auto same = std::find_if(entries_.begin(), end, [&entry](const AclLogEntry& known) {
    return is_same(known, entry) && entry.updated_ms - known.updated_ms <= kMergeMs;
  });
  if (same != end) {
    entry.id = same->id;
    entry.count = same->count + 1;
    entry.created_ms = same->created_ms;
    entries_.erase(same);
  } else {
    entry.id = next_id_++;
    entry.created_ms = entry.updated_ms;
  }
  entries_.push_front(std::move(entry));
  shorten(most);
}

void AclLog::shorten(size_t most) {
  if (entries_.size() > most) entries_.resize(most);
}

}  // namespace weir
