// Fuzzes the handlers of the commands that are not about streams and keys, with any words: users,
// options, connections, messages, replicas.  None may crash.
//
// The input is commands (`command_words.h`) with the words of the list below.  Left out is what
// would end the process or reach for files, sockets and threads.
#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/fuzz/command_words.h"
#include "tests/support/handler_stage.h"

namespace weir::testing {
namespace {

using Words = std::vector<std::string>;

constexpr const char* kWords[] = {
    // Values
    "", "0", "1", "2", "3", "-1", "100", "9223372036854775807", "9223372036854775808", "1.5", "a",
    "b", "*", "default", "bob", "127.0.0.1:0", "yes", "no", "on", "off", ">pw", "#0", "~*", "&*",
    "+@all", "-@all", "+xadd", "+xinfo|stream", "-config|set", "%R~a", "%RW~", "(~a +xlen)",
    "reset", "nopass", "resetkeys", "allchannels", "clearselectors", "normal", "pubsub", "replica",
    // Options
    "AUTH", "SETNAME", "ID", "TYPE", "ADDR", "LADDR", "USER", "SKIPME", "MAXAGE", "TIMEOUT",
    "ERROR", "REDIRECT", "PREFIX", "BCAST", "OPTIN", "OPTOUT", "NOLOOP", "LIB-NAME", "LIB-VER",
    "FILTERBY", "ACLCAT", "PATTERN", "MODULE", "listening-port", "ip-address", "capa", "ack",
    "fack", "getack", "rdb-only", "rdb-filter-only", "version", "psync2", "maxmemory", "hz",
    "client-output-buffer-limit", "notify-keyspace-events", "save", "KEYS", "commands", "LEN",
    "all", "xadd",
    // Commands
    "HELLO", "CLIENT", "LIST", "KILL", "TRACKING", "REPLY", "UNBLOCK", "SETINFO", "NO-EVICT", "ACL",
    "SETUSER", "GETUSER", "DELUSER", "DRYRUN", "CAT", "GENPASS", "LOG", "CONFIG", "SET", "GET",
    "INFO", "COMMAND", "DOCS", "GETKEYS", "GETKEYSANDFLAGS", "SUBSCRIBE", "PSUBSCRIBE",
    "UNSUBSCRIBE", "PUBLISH", "PUBSUB", "REPLCONF", "SLOWLOG", "LATENCY"};
static_assert(std::size(kWords) <= 0x80);

/// What ends the process, or needs a socket, a file or a thread.
constexpr std::string_view kLeftOut[] = {
    "shutdown", "debug",    "save",  "bgsave",     "bgrewriteaof",   "replicaof",
    "slaveof",  "failover", "psync", "sync",       "config|rewrite", "acl|save",
    "acl|load", "monitor",  "exec",  "acl|genpass"};

bool is_tried(std::span<const std::string_view> words) {
  const CommandSpec* const row = words.empty() ? nullptr : HandlerStage::row_of(words);
  return row != nullptr && row->run != nullptr && row->group != Group::kStream &&
         row->group != Group::kGeneric &&
         std::find(std::begin(kLeftOut), std::end(kLeftOut), row->name) == std::end(kLeftOut);
}

void run_all(std::string_view input) {
  HandlerStage stage(HandlerStage::Audience::kNone);
  stage.client().io = &stage.context().io;  // for messages that are pushed
  stage.set_protocol(input.size() % 2 == 0 ? 2 : 3);
  while (const std::optional<Words> command = next_command(input, kWords)) {
    const std::vector<std::string_view> words(command->begin(), command->end());
    if (is_tried(words)) stage.answer(words);
  }
}

}  // namespace
}  // namespace weir::testing

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer gives the name
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  weir::testing::run_all({reinterpret_cast<const char*>(data), size});
  return 0;
}
