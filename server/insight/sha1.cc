#include "server/insight/sha1.h"

#include <bit>
#include <cstddef>
#include <cstring>

namespace weir {
namespace {

constexpr size_t kBlockBytes = 64;
constexpr size_t kLengthBytes = 8;
constexpr size_t kRounds = 80;

using State = std::array<uint32_t, 5>;

uint32_t read_word(const uint8_t* at) {
  return uint32_t{at[0]} << 24 | uint32_t{at[1]} << 16 | uint32_t{at[2]} << 8 | at[3];
}

/// The words of a block and those that follow from them, one for each round.
std::array<uint32_t, kRounds> schedule(const uint8_t* block) {
  std::array<uint32_t, kRounds> words;
  for (size_t i = 0; i < 16; ++i)
    words[i] = read_word(block + 4 * i);
  for (size_t i = 16; i < kRounds; ++i)
    words[i] = std::rotl(words[i - 3] ^ words[i - 8] ^ words[i - 14] ^ words[i - 16], 1);
  return words;
}

/// What a round adds: a function of three words, and a constant.
uint32_t round_value(size_t round, uint32_t b, uint32_t c, uint32_t d) {
  if (round < 20) return ((b & c) | (~b & d)) + 0x5a827999;
  if (round < 40) return (b ^ c ^ d) + 0x6ed9eba1;
  if (round < 60) return ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc;
  return (b ^ c ^ d) + 0xca62c1d6;
}

void add_block(State& state, const uint8_t* block) {
  const std::array<uint32_t, kRounds> words = schedule(block);
  auto [a, b, c, d, e] = state;
  for (size_t round = 0; round < kRounds; ++round) {
    const uint32_t next = std::rotl(a, 5) + round_value(round, b, c, d) + e + words[round];
    e = d;
    d = c;
    c = std::rotl(b, 30);
    b = a;
    a = next;
  }
  state = {state[0] + a, state[1] + b, state[2] + c, state[3] + d, state[4] + e};
}

void write_big_endian(uint8_t* at, uint64_t value, size_t bytes) {
  for (size_t i = 0; i < bytes; ++i)
    at[i] = static_cast<uint8_t>(value >> (8 * (bytes - 1 - i)));
}

}  // namespace

Sha1 sha1(std::string_view bytes) {
  State state{0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
  const auto* at = reinterpret_cast<const uint8_t*>(bytes.data());
  size_t left = bytes.size();
  for (; left >= kBlockBytes; left -= kBlockBytes, at += kBlockBytes)
    add_block(state, at);

  // The rest, a one, zeros, and the length in bits: one block or two.
  std::array<uint8_t, 2 * kBlockBytes> rest{};
  if (left > 0) std::memcpy(rest.data(), at, left);
  rest[left] = 0x80;
  const size_t rest_bytes = left + 1 + kLengthBytes <= kBlockBytes ? kBlockBytes : 2 * kBlockBytes;
  write_big_endian(rest.data() + rest_bytes - kLengthBytes, uint64_t{bytes.size()} * 8,
                   kLengthBytes);
  for (size_t block = 0; block < rest_bytes; block += kBlockBytes)
    add_block(state, rest.data() + block);

  Sha1 digest;
  for (size_t i = 0; i < state.size(); ++i)
    write_big_endian(digest.data() + 4 * i, state[i], 4);
  return digest;
}

}  // namespace weir
