#include "persistence/crc64.h"

#include <array>
#include <bit>
#include <cstddef>
#include <cstring>

namespace weir {
namespace {

static_assert(std::endian::native == std::endian::little);

constexpr uint64_t kReflectedPolynomial = 0x95ac9329ac4bc9b5;
constexpr size_t kSlices = 8;

using Table = std::array<uint64_t, 256>;

/// Table 0 takes a byte through eight steps of the polynomial; table n takes it n bytes further, so
/// that eight bytes are looked up side by side instead of one after the other.
constexpr std::array<Table, kSlices> make_tables() {
  std::array<Table, kSlices> tables = {};
  for (uint64_t byte = 0; byte < 256; ++byte) {
    uint64_t crc = byte;
    for (int bit = 0; bit < 8; ++bit)
      crc = (crc >> 1) ^ ((crc & 1) != 0 ? kReflectedPolynomial : 0);
    tables[0][byte] = crc;
  }
  for (size_t slice = 1; slice < kSlices; ++slice) {
    for (size_t byte = 0; byte < 256; ++byte) {
      const uint64_t before = tables[slice - 1][byte];
      tables[slice][byte] = tables[0][before & 0xff] ^ (before >> 8);
    }
  }
  return tables;
}

constexpr std::array<Table, kSlices> kTables = make_tables();

uint64_t eight_bytes(uint64_t crc, const char* at) {
  uint64_t word = 0;
  std::memcpy(&word, at, sizeof(word));
  word ^= crc;
  uint64_t next = 0;
  for (size_t i = 0; i < kSlices; ++i)
    next ^= kTables[kSlices - 1 - i][(word >> (8 * i)) & 0xff];
  return next;
}

}  // namespace

uint64_t crc64(uint64_t crc, std::string_view bytes) {
  const char* at = bytes.data();
  size_t left = bytes.size();
  for (; left >= kSlices; left -= kSlices, at += kSlices)
    crc = eight_bytes(crc, at);
  for (; left > 0; --left, ++at)
    crc = kTables[0][(crc ^ static_cast<uint8_t>(*at)) & 0xff] ^ (crc >> 8);
  return crc;
}

}  // namespace weir
