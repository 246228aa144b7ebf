// What was refused lately, and to whom: the entries of ACL LOG, newest first.
//
// The same refusal again within a minute counts up the entry that is there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

namespace weir {

/// "auth", "command", "key", "channel", "tls-cert".
enum class DenialReason : uint8_t { kAuth, kCommand, kKey, kChannel, kCertificate };
std::string_view reason_name(DenialReason reason);

struct AclLogEntry {
  uint64_t id = 0;
  uint64_t count = 1;
  DenialReason reason = DenialReason::kCommand;
  bool in_transaction = false;
  std::string object;      // the command, key, channel, or the word that gave the password
  std::string username;    // of the user, or who a wrong password or a certificate was to be
  std::string client;      // as CLIENT LIST shows it
  int64_t created_ms = 0;  // Unix time
  int64_t updated_ms = 0;
};

/// Most bytes that are kept of an object, a name or a client's line: who may do nothing may still
/// send names of megabytes.
inline constexpr size_t kMaxAclLogText = 1024;

class AclLog {
 public:
  /// Adds a refusal: reason, in_transaction, object, username, client and updated_ms of `entry`.
  /// most: acllog-max-len.  Texts above kMaxAclLogText are cut.
  void add(AclLogEntry entry, size_t most);
  /// Forgets the oldest entries above `most`.
  void shorten(size_t most);
  void clear() { entries_.clear(); }

  const std::deque<AclLogEntry>& entries() const { return entries_; }

 private:
  std::deque<AclLogEntry> entries_;  // newest first
  uint64_t next_id_ = 0;
};

}  // namespace weir
