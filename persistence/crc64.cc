#include "persistence/crc64.h"

#include <array>
#include <bit>
#include <cstddef>
#include <cstring>

#ifdef __x86_64__
#include <cpuid.h>
#include <emmintrin.h>
#include <wmmintrin.h>
#endif

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

uint64_t by_table(uint64_t crc, const char* at, size_t left) {
  for (; left >= kSlices; left -= kSlices, at += kSlices)
    crc = eight_bytes(crc, at);
  for (; left > 0; --left, ++at)
    crc = kTables[0][(crc ^ static_cast<uint8_t>(*at)) & 0xff] ^ (crc >> 8);
  return crc;
}

#ifdef __x86_64__

// Sixteen bytes are a polynomial of degree 127, and what they add to the checksum depends on how
// many bytes follow.  So they may be replaced by others with the same remainder that stand n bits
// further on: each half times x^(n + 64) or x^n, whose remainders are known.  Four such registers
// go side by side over the bytes; what is left of them at the end takes the tables.
//
// A product of two 64-bit halves with reflected bits comes out multiplied by x: one less in the
// exponents.

constexpr size_t kRegisterBytes = 16;
constexpr size_t kRegisters = 4;
constexpr size_t kLeastFolded = kRegisters * kRegisterBytes;

/// The remainder of x^exponent.
constexpr uint64_t power_of_x(int exponent) {
  uint64_t power = uint64_t{1} << 63;
  for (; exponent > 0; --exponent)
    power = (power >> 1) ^ ((power & 1) != 0 ? kReflectedPolynomial : 0);
  return power;
}

/// For the first and the second half of what moves on by so many bytes.
struct Distance {
  uint64_t first;
  uint64_t second;
};
constexpr Distance distance_of(int bytes) {
  return {power_of_x(8 * bytes + 63), power_of_x(8 * bytes - 1)};
}
constexpr Distance kOneRegister = distance_of(kRegisterBytes);
constexpr Distance kAllRegisters = distance_of(kLeastFolded);

__m128i load(const char* at) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
}

__attribute__((target("pclmul"))) __m128i moved(__m128i bytes, const Distance& by) {
  const __m128i factors =
      _mm_set_epi64x(static_cast<int64_t>(by.second), static_cast<int64_t>(by.first));
  return _mm_xor_si128(_mm_clmulepi64_si128(bytes, factors, 0x00),
                       _mm_clmulepi64_si128(bytes, factors, 0x11));
}

/// `left` is kLeastFolded at least.
__attribute__((target("pclmul"))) uint64_t by_folding(uint64_t crc, const char* at, size_t left) {
  __m128i registers[kRegisters];
  for (size_t i = 0; i < kRegisters; ++i)
    registers[i] = load(at + i * kRegisterBytes);
  registers[0] = _mm_xor_si128(registers[0], _mm_cvtsi64_si128(static_cast<int64_t>(crc)));
  for (at += kLeastFolded, left -= kLeastFolded; left >= kLeastFolded; left -= kLeastFolded) {
    for (__m128i& one : registers) {
      one = _mm_xor_si128(moved(one, kAllRegisters), load(at));
      at += kRegisterBytes;
    }
  }
  __m128i all = registers[0];
  for (size_t i = 1; i < kRegisters; ++i)
    all = _mm_xor_si128(moved(all, kOneRegister), registers[i]);
  for (; left >= kRegisterBytes; left -= kRegisterBytes, at += kRegisterBytes)
    all = _mm_xor_si128(moved(all, kOneRegister), load(at));
  char rest[kRegisterBytes];
  _mm_storeu_si128(reinterpret_cast<__m128i*>(rest), all);
  return by_table(by_table(0, rest, kRegisterBytes), at, left);
}

bool can_fold() {
  // Asked once and by hand: __builtin_cpu_supports asks for much more, and at every start.
  static const bool has_multiplication = [] {
    unsigned a = 0;
    unsigned b = 0;
    unsigned c = 0;
    unsigned d = 0;
    return __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & bit_PCLMUL) != 0;
  }();
  return has_multiplication;
}

#endif

}  // namespace

uint64_t crc64(uint64_t crc, std::string_view bytes) {
#ifdef __x86_64__
  if (bytes.size() >= kLeastFolded && can_fold())
    return by_folding(crc, bytes.data(), bytes.size());
#endif
  return by_table(crc, bytes.data(), bytes.size());
}

}  // namespace weir
