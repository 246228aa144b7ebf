// Fuzzes the handlers of the commands on streams and keys with any words: none may crash or answer
// with anything but one reply, streams stay consistent, and FLUSHALL leaves no memory behind (under
// AddressSanitizer).
//
// The input is commands (`command_words.h`) with the options, IDs and numbers of the list below.
#include <cstdlib>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include "tests/fuzz/command_words.h"
#include "tests/support/handler_stage.h"

#if defined(__SANITIZE_ADDRESS__)
#define WEIR_ASAN
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WEIR_ASAN
#endif
#endif
#ifdef WEIR_ASAN
#include "streams/node_memory.h"

// Of <sanitizer/allocator_interface.h>, which GCC does not always bring.
// NOLINTNEXTLINE: the sanitizer gives the name
extern "C" size_t __sanitizer_get_current_allocated_bytes();
#endif

namespace weir::testing {
namespace {

using Words = std::vector<std::string>;

constexpr const char* kWords[] = {
    "s", "t", "g", "h", "c", "d", "",
    // IDs
    "0", "1", "2", "3-0", "1-1", "0-0", "4-*", "0-*", "*", "-", "+", "$", ">", "(1", "(2-0", "(-",
    "18446744073709551615", "18446744073709551615-18446744073709551615",
    "18446744073709551615-18446744073709551614", "(18446744073709551615-18446744073709551615",
    "18446744073709551615-*", "18446744073709551616", "5-", "abc",
    // Numbers
    "-1", "10", "100", "1000000", "2147483647", "2147483648", "9223372036854775807",
    "9223372036854775808", "-9223372036854775808", "576460752303423487", "1.5",
    // Options
    "COUNT", "MAXCOUNT", "MAXSIZE", "BLOCK", "CLAIM", "NOACK", "GROUP", "STREAMS", "IDLE", "TIME",
    "RETRYCOUNT", "FORCE", "JUSTID", "LASTID", "IDS", "KEEPREF", "DELREF", "ACKED", "MAXLEN",
    "MINID", "=", "~", "LIMIT", "NOMKSTREAM", "MKSTREAM", "ENTRIESREAD", "ENTRIESADDED",
    "MAXDELETEDID", "SILENT", "FAIL", "FATAL", "FULL", "IDMP", "IDMPAUTO", "IDMP-DURATION",
    "IDMP-MAXSIZE", "CREATE", "CREATECONSUMER", "DELCONSUMER", "DESTROY", "SETID", "STREAM",
    "CONSUMERS",
    // Commands
    "XADD", "XREADGROUP", "XACK", "XACKDEL", "XNACK", "XCLAIM", "XAUTOCLAIM", "XPENDING", "XDEL",
    "XDELEX", "XTRIM", "XGROUP", "XSETID", "XREAD", "XRANGE", "XREVRANGE", "XINFO", "XCFGSET",
    "XIDMPRECORD", "DEL", "EXPIRE", "PEXPIREAT", "PERSIST", "RENAME", "COPY", "MOVE", "REPLACE",
    "DB", "LT"};
static_assert(std::size(kWords) <= 0x80);

/// Whether the command is one of those to be tried.
bool is_tried(std::span<const std::string_view> words) {
  const CommandSpec* const row = words.empty() ? nullptr : HandlerStage::row_of(words);
  return row != nullptr && (row->group == Group::kStream || row->group == Group::kGeneric);
}

void run(HandlerStage& stage, const Words& command) {
  const std::vector<std::string_view> words(command.begin(), command.end());
  if (!is_tried(words)) return;
  stage.now_ms += static_cast<int64_t>(command.size()) - 5;  // on, mostly
  if (stage.run(words) != "not one reply") return;
  for (const std::string& word : command)
    std::cerr << word << ' ';
  std::cerr << "is not answered by one reply\n";
  std::abort();
}

void assert_consistent(HandlerStage& stage) {
  stage.keyspace.expired_keys = ExpiredKeys::kAreSeen;
  for (Database& db : stage.keyspace.databases()) {
    db.expiries().assert_consistent();
    db.keys().for_each([&db](const KeyEntry& entry) {
      Stream& stream = *db.find_for_write(entry.key());
      stream.assert_consistent();
      for (size_t i = 0; i < stream.groups().size(); ++i)
        stream.groups().at(i).pending().assert_consistent();
    });
  }
}

/// As the sanitizer counts them; jemalloc's figures waver by what a thread keeps for itself.
size_t bytes_in_use(const HandlerStage& stage) {
#ifdef WEIR_ASAN
  return __sanitizer_get_current_allocated_bytes() - node_memory_reserve() - stage.reply_room();
#else
  static_cast<void>(stage);
  return 0;
#endif
}

void run_all(std::string_view input) {
  HandlerStage stage(HandlerStage::Audience::kNone);
  stage.set_protocol(input.size() % 2 == 0 ? 2 : 3);
  stage("XADD s 1-0 f v");  // what is allocated once
  stage("FLUSHALL");
  const size_t before = bytes_in_use(stage);
  while (std::optional<Words> command = next_command(input, kWords))
    run(stage, *command);
  assert_consistent(stage);
  stage("FLUSHALL");
  const size_t after = bytes_in_use(stage);
  if (after <= before) return;
  std::cerr << after - before << " bytes are left of an empty keyspace\n";
  std::abort();
}

}  // namespace
}  // namespace weir::testing

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer gives the name
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  weir::testing::run_all({reinterpret_cast<const char*>(data), size});
  return 0;
}
