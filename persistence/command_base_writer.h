// The data at one moment as commands: a base of the log that any version of Redis can replay.
//
//   per database    SELECT n
//   per stream      XADD … for each entry (or one that is trimmed away at once) · XSETID
//     per group     XGROUP CREATE · CREATECONSUMER · XCLAIM per pending entry
//                   XNACK for those that were given back
//   XCFGSET · XIDMPRECORD · PEXPIREAT      where there is something to say
//
// What the oldest reader does not know is told otherwise, or left out (Dialect).
//
// What this form loses, in Redis as well: pending entries whose entry is gone, times of consumers,
// messages whose entry is gone. A base that is a snapshot (aof-use-rdb-preamble yes) loses nothing.
//
// Batches carry sums, as in increments (aof_marks.h).
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>

#include "persistence/file.h"
#include "persistence/replacing_file.h"
#include "resp/buffer.h"
#include "streams/frozen_stream.h"

namespace weir {

class CommandBaseWriter {
 public:
  /// What the oldest server that is to read the file knows.
  struct Dialect {
    bool has_messages = true;  // XCFGSET and XIDMPRECORD, of 8.6
    bool has_release = true;   // XNACK, of 8.8; without it, kReleasedConsumer
  };

  /// The file outlives it.  stamp_s: Unix time for a #TS line; nothing: none is written.
  CommandBaseWriter(ReplacingFile& file, IdempotenceLimits default_limits, Dialect dialect,
                    std::optional<int64_t> stamp_s);

  void begin_database(uint64_t number);
  void key(std::string_view name, std::optional<int64_t> deadline_ms, const StreamView& stream);
  /// The rest is given to the file; the first error there was.
  IoResult<void> end();
  bool failed() const { return !result_; }

 private:
  void command(std::initializer_list<std::string_view> words);
  void begin_command(size_t words);
  void word(std::string_view word);
  void id(const StreamId& id);
  void entries(std::string_view name, const StreamView& stream);
  void group(std::string_view name, const GroupView& group);
  void pending(std::string_view name, const GroupView& group, const ConsumerView& consumer);
  void released(std::string_view name, const GroupView& group);
  void messages(std::string_view name, const StreamView& stream);
  void hand_on_if_full();
  void hand_on();

  ReplacingFile& file_;
  IdempotenceLimits default_limits_;
  Dialect dialect_;
  resp::Buffer batch_;
  uint64_t offset_ = 0;
  IoResult<void> result_;
};

}  // namespace weir
