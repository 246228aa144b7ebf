// One connection as CLIENT LIST, CLIENT INFO, the log and the crash report show it.
#pragma once

#include <cstdint>
#include <string>

namespace weir {

class Client;

/// "id=3 addr=… … tot-cmds=1", without a line end.  now_ms: monotonic.
/// Source: CLIENT LIST, Redis 8.
std::string describe_client(const Client& client, int64_t now_ms);

}  // namespace weir
