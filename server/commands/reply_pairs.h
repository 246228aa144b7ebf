// Pairs of a reply that is a map: a name and what belongs to it.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string_view>

#include "resp/reply_writer.h"

namespace weir {

template <std::integral Number>
void number_pair(resp::ReplyWriter& reply, std::string_view name, Number value) {
  reply.bulk(name);
  reply.integer(static_cast<int64_t>(value));
}

/// Null for what is not known.
inline void number_or_null_pair(resp::ReplyWriter& reply, std::string_view name,
                                std::optional<uint64_t> value) {
  reply.bulk(name);
  value ? reply.integer(static_cast<int64_t>(*value)) : reply.null();
}

inline void text_pair(resp::ReplyWriter& reply, std::string_view name, std::string_view text) {
  reply.bulk(name);
  reply.bulk(text);
}

}  // namespace weir
