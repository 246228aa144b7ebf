#include "persistence/rdb_payload.h"

#include "persistence/crc64.h"
#include "persistence/rdb_extras.h"
#include "persistence/rdb_format.h"
#include "persistence/rdb_other_types.h"
#include "persistence/rdb_output.h"
#include "persistence/rdb_stream_reader.h"
#include "persistence/rdb_stream_writer.h"

namespace weir {
namespace {

constexpr size_t kVersionBytes = 2;
constexpr size_t kFooterBytes = kVersionBytes + rdb::kChecksumBytes;
/// A payload does not know the name of its key.
constexpr std::string_view kNoKey;

tl::unexpected<PayloadFault> wrong_frame(std::string_view reason) {
  RdbError error = {.offset = 0, .reason = std::string(reason)};
  return tl::unexpected(PayloadFault{.is_frame = true, .error = std::move(error)});
}

/// Newer servers may put what is said of the key in front.
uint8_t type_behind_meta(RdbInput& in) {
  const uint8_t first = in.byte();
  if (first != rdb::kKeyMeta) return first;
  skip_key_meta(in);
  return in.byte();
}

/// What stands behind the value.
void read_extras(RdbInput& in, Stream& stream) {
  while (!in.failed() && !in.is_at_end()) {
    if (in.byte() != rdb::kAux) return in.damaged("Bytes behind the value");
    const std::string name(in.string());
    const std::string_view value = in.string();
    if (in.failed()) return;
    if (!is_rdb_extra(name) || !apply_rdb_extra(name, value, kNoKey, stream))
      in.damaged("Malformed field " + name);
  }
}

}  // namespace

std::string dump_payload(const StreamView& stream, uint16_t version,
                         const IdempotenceLimits& limits) {
  const rdb::StreamType needed = least_sufficient_type(stream, limits);
  while (rdb::stream_type_of_version(version) < needed)
    ++version;
  const rdb::StreamType type = rdb::stream_type_of_version(version);
  RdbOutput out;
  NodePacking packing(false);
  out.byte(static_cast<uint8_t>(type));
  write_rdb_stream(out, type, stream, packing);
  write_rdb_extras(out, type, kNoKey, stream);
  out.little16(version);
  out.little64(out.checksum());
  return std::string(out.kept());
}

tl::expected<Stream, PayloadFault> restore_payload(std::string_view payload,
                                                   const IdempotenceLimits& limits) {
  if (payload.size() < kFooterBytes) return wrong_frame("too short");
  RdbInput footer(payload.substr(payload.size() - kFooterBytes));
  if (footer.little16() > rdb::kNewestVersion) return wrong_frame("a newer version");
  const std::string_view summed = payload.substr(0, payload.size() - rdb::kChecksumBytes);
  if (footer.little64() != crc64(0, summed)) return wrong_frame("another checksum");

  RdbInput in(payload.substr(0, payload.size() - kFooterBytes));
  in.leave_checksum_out();
  const std::optional<rdb::StreamType> type = rdb::stream_type(type_behind_meta(in));
  std::optional<Stream> stream;
  if (type) {
    stream = read_rdb_stream(in, *type, limits);
    if (stream) read_extras(in, *stream);
  } else {
    in.damaged("Not a stream");
  }
  if (in.failed()) return tl::unexpected(PayloadFault{.is_frame = false, .error = in.error()});
  return std::move(*stream);
}

}  // namespace weir
