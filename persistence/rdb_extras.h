// What older forms of a stream cannot hold, in AUX fields behind the stream: Redis passes over
// fields that it does not know, so that its 7.0 loads the file, and Weir loses nothing.
//
//   type key stream · AUX weir-idmp … · AUX weir-messages … · AUX weir-messages … · type key …
//
//   weir-active-times  key, group, index of the first consumer, count, a time each
//   weir-released      key, group, count, (ID, deliveries) each, the one released first in front
//   weir-idmp          key, duration and maxsize, messages added, duplicates
//   weir-messages      key, pid, count, (iid, ID) each, as they came
//
// Consumers count in the order of their names.  A field is about kRdbExtraBytes long at most, and
// there are as many as it takes.  To add one: a name here, who writes it, who reads it; a Weir that
// does not know it passes over it, like Redis.
#pragma once

#include <string_view>

#include "persistence/rdb_format.h"
#include "persistence/rdb_output.h"
#include "streams/frozen_stream.h"

namespace weir {

/// The AUX field that says that Weir wrote the file: what it does not mention is as in a new stream
/// without any configuration.
inline constexpr std::string_view kWeirVersionField = "weir-ver";

/// Length of a field from which on the next one begins, in bytes.
inline constexpr size_t kRdbExtraBytes = size_t{64} << 10;

/// Writes the fields of what a stream has beyond the form in which it was just written.
void write_rdb_extras(RdbOutput& out, rdb::StreamType type, std::string_view key,
                      const StreamView& stream);

/// Whether an AUX field is one of these.
bool is_rdb_extra(std::string_view name);

/// Gives the stream of a key what a field says.  True also if the field is of another key, or not
/// known; false if it does not fit.
bool apply_rdb_extra(std::string_view name, std::string_view value, std::string_view key,
                     Stream& stream);

}  // namespace weir
