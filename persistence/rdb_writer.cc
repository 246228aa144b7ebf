#include "persistence/rdb_writer.h"

#include <algorithm>
#include <string>

#include "persistence/rdb_extras.h"
#include "persistence/rdb_stream_writer.h"
#include "streams/decimal.h"

namespace weir {

using rdb::StreamType;

RdbWriter::RdbWriter(RdbOutput& out, const RdbWriteOptions& options)
    : out_(out),
      version_(std::clamp(options.version, rdb::kOldestWritten, rdb::kNewestWritten)),
      type_(rdb::stream_type_of_version(version_)),
      packing_(options.packs) {}

void RdbWriter::aux(std::string_view name, std::string_view value) {
  out_.byte(rdb::kAux);
  out_.string(name);
  out_.string(value);
}

void RdbWriter::aux(std::string_view name, int64_t value) {
  char text[kMaxDecimalLength];
  aux(name, {text, static_cast<size_t>(write_decimal(text, value) - text)});
}

void RdbWriter::begin(const RdbFileInfo& info) {
  const std::string digits = std::to_string(version_);
  out_.raw(rdb::kMagic);
  out_.raw(std::string(rdb::kVersionDigits - digits.size(), '0'));
  out_.raw(digits);
  aux("redis-ver", info.redis_version);
  aux("redis-bits", 64);
  aux("ctime", info.created_s);
  aux("used-mem", static_cast<int64_t>(info.used_memory_bytes));
  if (info.replication) {
    aux("repl-stream-db", info.replication->db);
    aux("repl-id", info.replication->id);
    aux("repl-offset", info.replication->offset);
  }
  aux("aof-base", info.is_aof_base ? 1 : 0);
  aux(kWeirVersionField, info.weir_version);
}

void RdbWriter::begin_database(uint64_t number, uint64_t keys, uint64_t with_ttl) {
  out_.byte(rdb::kSelectDb);
  out_.length(number);
  out_.byte(rdb::kResizeDb);
  out_.length(keys);
  out_.length(with_ttl);
}

void RdbWriter::key(const RdbKeyInfo& key, const StreamView& stream) {
  if (key.deadline_ms) {
    out_.byte(rdb::kExpireMs);
    out_.time_ms(*key.deadline_ms);
  }
  if (key.idle_s) {
    out_.byte(rdb::kIdle);
    out_.length(*key.idle_s);
  } else if (key.frequency) {
    out_.byte(rdb::kFrequency);
    out_.byte(*key.frequency);
  }
  out_.byte(static_cast<uint8_t>(type_));
  out_.string(key.name);
  write_rdb_stream(out_, type_, stream, packing_);
  write_rdb_extras(out_, type_, key.name, stream);
  note_hidden(stream);
}

void RdbWriter::note_hidden(const StreamView& stream) {
  if (type_ < StreamType::kWithIdempotence) hidden_.messages += stream.message_count;
  if (type_ >= StreamType::kWithReleasedNacks) return;
  for (const GroupView& group : stream.groups)
    hidden_.released_nacks += group.released_count;
}

void RdbWriter::end() {
  out_.byte(rdb::kEof);
  out_.little64(out_.checksum());
}

}  // namespace weir
