// What DUMP gives and RESTORE takes: the value of one key with the version and a checksum behind.
//
//   type 1 │ value │ AUX weir-… │ RDB version 2 │ crc64 of all before 8
//
// What the form of the value cannot hold and Redis can do without stands behind it, as in a file
// (rdb_extras.h, the key is empty there): Redis does not look behind the value.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "persistence/rdb_input.h"
#include "streams/frozen_stream.h"
#include "streams/stream.h"

namespace weir {

/// The payload of a stream, in the version asked for, or, if the stream has what that one cannot
/// hold, in the first that can: then older servers refuse it, instead of losing it silently.
/// limits: of remembered messages, where nothing else is said.
std::string dump_payload(const StreamView& stream, uint16_t version,
                         const IdempotenceLimits& limits);

/// Why a payload is refused.
struct PayloadFault {
  bool is_frame = false;  // of another version or with another checksum; else the value is bad
  RdbError error;
};

/// The stream of a payload.
tl::expected<Stream, PayloadFault> restore_payload(std::string_view payload,
                                                   const IdempotenceLimits& limits);

}  // namespace weir
