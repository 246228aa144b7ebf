#include "streams/stream_id.h"

#include "streams/decimal.h"

namespace weir {

std::optional<StreamId> parse_stream_id(std::string_view text, uint64_t missing_seq) {
  if (text.empty() || text.size() > kMaxStreamIdText) return std::nullopt;
  const size_t dash = text.find('-');
  const std::optional<uint64_t> ms = parse_unsigned(text.substr(0, dash));
  if (!ms) return std::nullopt;
  if (dash == std::string_view::npos) return StreamId{*ms, missing_seq};
  const std::optional<uint64_t> seq = parse_unsigned(text.substr(dash + 1));
  if (!seq) return std::nullopt;
  return StreamId{*ms, *seq};
}

char* write_stream_id(char* out, const StreamId& id) {
  out = write_decimal(out, id.ms);
  *out++ = '-';
  return write_decimal(out, id.seq);
}

std::string to_string(const StreamId& id) {
  char text[kMaxStreamIdLength];
  return {text, write_stream_id(text, id)};
}

}  // namespace weir
