#include "server/replication/transfer.h"

#include <string>

#include <catch2/catch.hpp>

namespace weir {
namespace {

const std::string kMark(Transfer::kMarkBytes, 'a');

/// The snapshot in `bytes`, given so many at a time, and what is left behind it.
std::string received(Transfer transfer, std::string_view bytes, size_t step) {
  std::string snapshot;
  std::string input;
  while (true) {
    const Transfer::Piece piece = transfer.next(input);
    snapshot += piece.bytes;
    input.erase(0, piece.consumed);
    if (piece.is_last) return snapshot + "|" + input + std::string(bytes);
    if (bytes.empty()) return snapshot + "|";
    input += bytes.substr(0, step);
    bytes.remove_prefix(std::min(step, bytes.size()));
  }
}

TEST_CASE("A transfer of a known length takes not a byte behind it", "[transfer]") {
  const Transfer transfer = *Transfer::announced("$5");
  for (size_t step = 1; step < 10; ++step)
    CHECK(received(transfer, "REDIS*1\r\n", step) == "REDIS|*1\r\n");
}

TEST_CASE("A transfer that ends with a mark finds it however the bytes are cut", "[transfer]") {
  const Transfer transfer = *Transfer::announced("$EOF:" + kMark);
  for (size_t step = 1; step < 100; ++step)
    CHECK(received(transfer, "REDISaaaab" + kMark + "*1", step) == "REDISaaaab|*1");
}

TEST_CASE("The last bytes are kept back as long as they may be a mark", "[transfer]") {
  Transfer transfer = *Transfer::announced("$EOF:" + kMark);
  CHECK(transfer.next("REDIS").bytes.empty());
  CHECK(transfer.next(std::string(Transfer::kMarkBytes, 'x')).bytes == "x");
  CHECK(transfer.received_bytes() == 1);
}

TEST_CASE("Other lines announce no transfer", "[transfer]") {
  for (const char* const line : {"", "$", "$-1", "$1x", "5", "+OK", "$EOF:", "$EOF:abc"})
    CHECK_FALSE(Transfer::announced(line));
  CHECK_FALSE(Transfer::announced("$EOF:" + kMark + "a"));
}

TEST_CASE("An empty snapshot ends at once", "[transfer]") {
  CHECK(received(*Transfer::announced("$0"), "", 1) == "|");
  CHECK(Transfer::announced("$0")->next("").is_last);
}

}  // namespace
}  // namespace weir
