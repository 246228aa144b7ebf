// One connection as CLIENT LIST, CLIENT INFO, the log and the crash report show it.
#pragma once

#include <string>

namespace weir {

class Client;
struct Context;

/// "id=3 addr=… … tot-cmds=1", without a line end.
/// Source: CLIENT LIST, Redis 8.
std::string describe_client(const Client& client, const Context& context);

}  // namespace weir
