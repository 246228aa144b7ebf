// Values that are no streams, in RDB files of a server that has more than streams: what they are
// called, and where they end; and what such a server says of a key.
#pragma once

#include <cstdint>
#include <string_view>

#include "persistence/rdb_input.h"

namespace weir {

/// "a hash"; empty if there is no such type, or nobody can tell where such a value ends.
std::string_view rdb_type_name(uint8_t type);

/// Passes over a value whose type has a name.
void skip_rdb_value(RdbInput& in, uint8_t type);

/// Passes over what a module wrote, up to its end mark.
void skip_module_items(RdbInput& in);

/// Passes over what stands behind rdb::kKeyMeta: so many classes, each with a module's items.
void skip_key_meta(RdbInput& in);

}  // namespace weir
