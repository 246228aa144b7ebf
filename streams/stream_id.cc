#include "streams/stream_id.h"

#include "streams/decimal.h"

namespace weir {

std::optional<StreamId> parse_stream_id(std::string_view text, uint64_t missing_seq) {
  if (text.empty() || text.size() > kMaxStreamIdText) return std::nullopt;
  StreamId id{0, missing_seq};
  const char* const end = text.data() + text.size();
  const char* const dash = read_unsigned(text.data(), end, id.ms);
  if (dash == nullptr) return std::nullopt;
  if (dash == end) return id;
  if (*dash != '-' || read_unsigned(dash + 1, end, id.seq) != end) return std::nullopt;
  return id;
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
