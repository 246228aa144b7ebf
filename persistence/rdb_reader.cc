#include "persistence/rdb_reader.h"

#include <cinttypes>
#include <cstdio>
#include <utility>

#include "persistence/rdb_extras.h"
#include "persistence/rdb_other_types.h"
#include "persistence/rdb_stream_reader.h"

namespace weir {
namespace {

constexpr int64_t kMillisecondsPerSecond = 1000;
constexpr int64_t kNoDeadline = -1;

/// A name for a message: what is not printable as \xHH, and not more than a line of it.
std::string shown(std::string_view name) {
  constexpr size_t kMostShown = 128;
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text = "'";
  for (const char c : name.substr(0, kMostShown)) {
    const auto byte = static_cast<uint8_t>(c);
    if (byte >= ' ' && byte < 0x7f) {
      text += c;
    } else {
      text += {'\\', 'x', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return text + (name.size() > kMostShown ? "…'" : "'");
}

/// The number that the text begins with; 0 without one.
int leading_number(std::string_view text) {
  int number = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') break;
    number = 10 * number + (c - '0');
  }
  return number;
}

std::string wrong_sum(uint64_t expected, uint64_t got) {
  char text[128];
  std::snprintf(text, sizeof(text),
                "Wrong RDB checksum expected: (%" PRIx64 ") but got (%" PRIx64 "). Aborting now.",
                expected, got);
  return text;
}

}  // namespace

RdbReader::RdbReader(RdbInput& in, RdbSink& sink, const RdbReadOptions& options)
    : in_(in), sink_(sink), options_(options) {}

tl::expected<RdbSummary, RdbError> RdbReader::run() {
  if (read_signature()) {
    while (step()) {
    }
  }
  if (in_.failed()) return tl::unexpected(in_.error());
  summary_.end = in_.offset();
  return summary_;
}

bool RdbReader::read_signature() {
  const std::string_view signature = in_.bytes(rdb::kMagic.size() + rdb::kVersionDigits);
  if (in_.failed()) return false;
  if (!signature.starts_with(rdb::kMagic)) {
    refuse("Wrong signature trying to load DB from file");
    return false;
  }
  const int version = leading_number(signature.substr(rdb::kMagic.size()));
  if (version < rdb::kOldestVersion || version > rdb::kNewestVersion) {
    refuse("Can't handle RDB format version " + std::to_string(version));
    return false;
  }
  summary_.version = static_cast<uint16_t>(version);
  if (!options_.checks_sum || version < rdb::kFirstWithChecksum) in_.leave_checksum_out();
  return true;
}

void RdbReader::check(const RdbSink::Refusal& refusal) {
  if (refusal) refuse(*refusal);
}

bool RdbReader::step() {
  doing_ = "read-type";
  const uint8_t opcode = in_.byte();
  if (in_.failed()) return false;
  if (opcode != rdb::kAux) hand_on();
  if (is_of_next_key(opcode)) return !in_.failed();
  switch (opcode) {
    case rdb::kEof:
      end();
      return false;
    case rdb::kSelectDb:
      database();
      break;
    case rdb::kResizeDb: {
      const uint64_t keys = in_.length();
      const uint64_t with_ttl = in_.length();
      if (!in_.failed()) sink_.announced(keys, with_ttl);
      break;
    }
    case rdb::kAux:
      aux();
      break;
    case rdb::kModuleAux:
      doing_ = "read-module-aux";
      in_.length();
      skip_module_items(in_);
      break;
    case rdb::kFunction:
    case rdb::kFunction2:
      functions(opcode);
      break;
    case rdb::kSlotInfo:
      in_.length();
      in_.length();
      in_.length();
      break;
    default:
      key(opcode);
  }
  return !in_.failed();
}

/// What is said of a key in front of it, in any order.  False if the opcode is another one.
bool RdbReader::is_of_next_key(uint8_t opcode) {
  switch (opcode) {
    case rdb::kExpireSeconds:
      doing_ = "read-expire";
      next_.deadline_ms = int64_t{static_cast<int32_t>(in_.little32())} * kMillisecondsPerSecond;
      return true;
    case rdb::kExpireMs:
      doing_ = "read-expire";
      next_.deadline_ms = in_.time_ms();
      if (*next_.deadline_ms == kNoDeadline) next_.deadline_ms.reset();
      return true;
    case rdb::kFrequency:
      next_.frequency = in_.byte();
      return true;
    case rdb::kIdle:
      next_.idle_s = in_.length();
      return true;
    case rdb::kKeyMeta:
      skip_key_meta(in_);
      return true;
    default:
      return false;
  }
}

// --- About the file ------------------------------------------------------------------------------

void RdbReader::aux() {
  doing_ = "read-aux";
  const std::string name(in_.string());
  const std::string_view value = in_.string();
  if (in_.failed()) return;
  if (is_rdb_extra(name)) {
    // Behind nothing, it is of a key that somebody took out of the file.
    if (held_ && !apply_rdb_extra(name, value, held_key_.name, *held_))
      in_.damaged("Malformed field " + name + " of key " + shown(held_key_.name));
    return;
  }
  hand_on();
  if (name == kWeirVersionField) options_.idempotence_limits = {};
  check(sink_.aux(name, value));
}

void RdbReader::database() {
  next_.db = in_.length();
  if (!in_.failed()) check(sink_.database(next_.db));
}

void RdbReader::functions(uint8_t opcode) {
  doing_ = "read-functions";
  if (options_.other_types == RdbOtherTypes::kRefuse) {
    return refuse(
        "The file has functions, and Weir has none (rdb-load-other-types skip passes "
        "over them)");
  }
  if (opcode == rdb::kFunction) {
    in_.skip_string();  // the name
    in_.skip_string();  // the engine
    if (in_.length() != 0) in_.skip_string();
  }
  in_.skip_string();
}

void RdbReader::end() {
  doing_ = "check-sum";
  if (in_.failed() || summary_.version < rdb::kFirstWithChecksum) return;
  const uint64_t expected = options_.checks_sum ? in_.checksum() : 0;
  const uint64_t stored = in_.little64();
  summary_.sum_was_checked = options_.checks_sum && stored != 0 && !in_.failed();
  if (summary_.sum_was_checked && stored != expected) {
    in_.damaged("RDB CRC error", wrong_sum(expected, stored));
  }
}

// --- Keys ----------------------------------------------------------------------------------------

void RdbReader::key(uint8_t type) {
  const std::optional<rdb::StreamType> stream = rdb::stream_type(type);
  last_type_ = type;
  if (!stream && rdb_type_name(type).empty())
    return in_.damaged("Unknown RDB encoding type " + std::to_string(type));
  doing_ = "read-key";
  RdbKey key = next_;
  next_ = RdbKey{.db = next_.db};
  key.name = in_.string(kMostRdbKeyBytes);
  if (in_.failed()) return;
  last_key_ = key.name;
  doing_ = "read-object-value";
  if (!stream) return other_value(key, type);
  held_ = read_rdb_stream(in_, *stream, options_.idempotence_limits);
  held_key_ = std::move(key);
}

void RdbReader::other_value(const RdbKey& key, uint8_t type) {
  if (options_.other_types == RdbOtherTypes::kRefuse) {
    return refuse("Key " + shown(key.name) + " of database " + std::to_string(key.db) + " is " +
                  std::string(rdb_type_name(type)) + " (type " + std::to_string(type) +
                  "), and Weir has streams only (rdb-load-other-types skip passes over it)");
  }
  skip_rdb_value(in_, type);
  if (in_.failed()) return;
  ++summary_.skipped;
  sink_.skipped(key, type);
}

/// The stream that was held is complete.
void RdbReader::hand_on() {
  if (!held_) return;
  ++summary_.streams;
  summary_.with_ttl += held_key_.deadline_ms ? 1 : 0;
  Stream stream = std::move(*held_);
  held_.reset();
  check(sink_.stream(std::move(held_key_), std::move(stream)));
}

}  // namespace weir
