// The server's parts without its sockets: commands go in as words, replies come out as bytes, and
// what they tell (forms, events) is recorded.  For tests that must see inside.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "server/propagation.h"

namespace weir {

class Keyspace;
class Stream;

/// What was told, in order.
class Recorder : public WriteListener {
 public:
  void written(uint32_t db, std::span<const WriteForm> forms) override;
  void happened(uint32_t db, const KeyEvent& event, std::string_view key) override;

  std::vector<WriteForm> forms;
  std::vector<std::string> events;  // "xadd s"
};

class InProcess {
 public:
  InProcess();
  ~InProcess();

  /// Runs a command and returns its reply as RESP2; nothing if it waits.
  std::string run(const WriteForm& words);
  /// The words are separated by blanks.
  std::string operator()(std::string_view words);

  Recorder& recorder();
  /// The stream of a key in database 0, or null.
  const Stream* stream(std::string_view key);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

/// Everything that a stream holds and that is told to a replica, as text: entries, counters, groups
/// with their pending entries and consumers; no times of consumers.
std::string describe(const Stream& stream);

}  // namespace weir
