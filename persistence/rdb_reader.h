// An RDB file, read: opcode by opcode, each key handed to whoever wants it.
//
//   RdbInput ─► RdbReader ─► RdbSink: aux · database · stream · skipped …
//
// The reader knows the format and believes nothing; what a key means (whether its time is over, a
// name that is there twice, too many databases) is the sink's business, which may refuse.
//
// A stream is handed on when what follows it shows that nothing more belongs to it, since Weir adds
// fields behind a stream (rdb_extras.h).
//
// Memory: one stream at a time, and what a string takes; nothing is sized by what a number claims.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "persistence/rdb_format.h"
#include "persistence/rdb_input.h"
#include "streams/stream.h"

namespace weir {

/// A key as a file has it.
struct RdbKey {
  uint64_t db = 0;
  std::string name = {};
  std::optional<int64_t> deadline_ms = {};  // Unix time
  std::optional<uint64_t> idle_s = {};      // since its last use
  std::optional<uint8_t> frequency = {};    // of its use, on Redis's scale
};

class RdbSink {
 public:
  /// Why the sink will not have it, which ends the reading; nothing: go on.
  using Refusal = std::optional<std::string>;

  RdbSink() = default;
  RdbSink(const RdbSink&) = delete;
  RdbSink& operator=(const RdbSink&) = delete;
  virtual ~RdbSink() = default;

  /// A field about the file.
  virtual Refusal aux(std::string_view /*name*/, std::string_view /*value*/) { return {}; }
  /// What follows is of this database.
  virtual Refusal database(uint64_t /*number*/) { return {}; }
  /// How many keys it says it has: good for a guess, not for an allocation.
  virtual void announced(uint64_t /*keys*/, uint64_t /*with_ttl*/) {}
  virtual Refusal stream(RdbKey&& key, Stream&& stream) = 0;
  /// A key that is no stream was passed over.
  virtual void skipped(const RdbKey& /*key*/, uint8_t /*type*/) {}
};

/// What to do with what is neither a stream nor about the file: keys of other types, functions.
enum class RdbOtherTypes : uint8_t { kRefuse, kSkip };

struct RdbReadOptions {
  RdbOtherTypes other_types = RdbOtherTypes::kRefuse;
  /// Of remembered messages, for streams of which the file does not say it.
  IdempotenceLimits idempotence_limits;
  /// rdbchecksum
  bool checks_sum = true;
};

/// What was read.
struct RdbSummary {
  uint16_t version = 0;
  uint64_t streams = 0;
  uint64_t with_ttl = 0;  // of these
  uint64_t skipped = 0;   // keys of other types
  /// The file has a checksum, and it was looked at.
  bool sum_was_checked = false;
  /// Where in the file it ends, its checksum included.
  uint64_t end = 0;
};

class RdbReader {
 public:
  /// Both outlive it.
  RdbReader(RdbInput& in, RdbSink& sink, const RdbReadOptions& options);

  /// Reads up to the end of the file, or of the part of a file that is RDB: what lies behind is
  /// left to be taken from the input.
  tl::expected<RdbSummary, RdbError> run();

  // --- For whoever explains an error.

  const RdbSummary& summary() const { return summary_; }
  /// What is being read: "start", "read-type", …
  std::string_view doing() const { return doing_; }
  /// The last key that was begun, and its type; nothing before the first one.
  const std::optional<std::string>& last_key() const { return last_key_; }
  uint8_t last_type() const { return last_type_; }

 private:
  bool read_signature();
  /// False at the end.
  bool step();
  bool is_of_next_key(uint8_t opcode);
  void aux();
  void database();
  void functions(uint8_t opcode);
  void end();

  void key(uint8_t type);
  void other_value(const RdbKey& key, uint8_t type);
  void hand_on();
  void check(const RdbSink::Refusal& refusal);
  void refuse(std::string_view reason) { in_.fail(RdbError::Kind::kRefused, reason); }

  RdbInput& in_;
  RdbSink& sink_;
  RdbReadOptions options_;
  RdbSummary summary_;
  RdbKey next_;  // what was said of the next key
  // A stream that may still have fields behind it.
  RdbKey held_key_;
  std::optional<Stream> held_;
  std::string_view doing_ = "start";
  std::optional<std::string> last_key_;
  uint8_t last_type_ = 0;
};

}  // namespace weir
