#include "streams/listpack.h"

namespace weir::listpack {
namespace {

uint8_t* write_backlen(uint8_t* at, size_t size) {
  const size_t bytes = backlen_bytes(size);
  for (size_t i = bytes; i-- > 0; size >>= 7) {
    at[i] = static_cast<uint8_t>((size & 0x7f) | (i > 0 ? 0x80 : 0));
  }
  return at + bytes;
}

uint8_t* write_little_endian(uint8_t* at, int64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i)
    *at++ = static_cast<uint8_t>(value >> (8 * i));
  return at;
}

}  // namespace

const uint8_t* skip_slow(const uint8_t* at) {
  const size_t size = element_bytes(at);
  return at + size + backlen_bytes(size);
}

const uint8_t* checked_skip_slow(const uint8_t* at, const uint8_t* end) {
  const size_t left = static_cast<size_t>(end - at);
  const uint8_t first = at[0];
  if (first > 0xf4) return nullptr;
  const size_t header = first < 0xc0 ? 1 : first < 0xf0 ? 2 : first == 0xf0 ? 5 : 1;
  if (header > left) return nullptr;
  const size_t size = element_bytes(at);
  if (size > left || backlen_bytes(size) > left - size) return nullptr;
  uint8_t expected[5];
  const size_t backlen = static_cast<size_t>(write_backlen(expected, size) - expected);
  if (std::memcmp(expected, at + size, backlen) != 0) return nullptr;
  return at + size + backlen;
}

const uint8_t* previous(const uint8_t* at) {
  size_t size = 0;
  int shift = 0;
  const uint8_t* back = at - 1;
  while (true) {
    size |= static_cast<size_t>(*back & 0x7f) << shift;
    if ((*back & 0x80) == 0) break;
    shift += 7;
    --back;
  }
  return back - size;
}

int64_t read_integer_slow(const uint8_t*& at) {
  const uint8_t first = at[0];
  if (first < 0x80 || (first & 0xe0) == 0xc0) return read_integer(at);
  const int bytes = first == 0xf1 ? 2 : first == 0xf2 ? 3 : first == 0xf3 ? 4 : 8;
  uint64_t value = 0;
  for (int i = 0; i < bytes; ++i)
    value |= static_cast<uint64_t>(at[1 + i]) << (8 * i);
  at += bytes + 2;
  const int unused = 64 - 8 * bytes;
  return static_cast<int64_t>(value << unused) >> unused;
}

uint8_t* write_integer(uint8_t* at, int64_t value) {
  switch (integer_bytes(value)) {
    case 2:
      at[0] = static_cast<uint8_t>(value);
      at[1] = 1;
      return at + 2;
    case 3:
      at[0] = static_cast<uint8_t>(0xc0 | ((value >> 8) & 0x1f));
      at[1] = static_cast<uint8_t>(value);
      at[2] = 2;
      return at + 3;
    case 4:
      *at = 0xf1;
      return write_backlen(write_little_endian(at + 1, value, 2), 3);
    case 5:
      *at = 0xf2;
      return write_backlen(write_little_endian(at + 1, value, 3), 4);
    case 6:
      *at = 0xf3;
      return write_backlen(write_little_endian(at + 1, value, 4), 5);
    default:
      *at = 0xf4;
      return write_backlen(write_little_endian(at + 1, value, 8), 9);
  }
}

uint8_t* write_text(uint8_t* at, std::string_view text) {
  if (int64_t value = 0; read_canonical(text, value)) return write_integer(at, value);
  uint8_t* const begin = at;
  if (text.size() < 64) {
    *at++ = static_cast<uint8_t>(0x80 | text.size());
  } else if (text.size() < 4096) {
    *at++ = static_cast<uint8_t>(0xe0 | (text.size() >> 8));
    *at++ = static_cast<uint8_t>(text.size());
  } else {
    *at++ = 0xf0;
    store32(at, static_cast<uint32_t>(text.size()));
    at += 4;
  }
  if (!text.empty()) std::memcpy(at, text.data(), text.size());
  at += text.size();
  return write_backlen(at, static_cast<size_t>(at - begin));
}

bool validate_listpack(std::span<const uint8_t> pack) {
  if (pack.size() < kEmptyBytes || pack.size() > UINT32_MAX) return false;
  if (total_bytes(pack.data()) != pack.size() || pack.back() != kEnd) return false;
  const uint8_t* const end = pack.data() + pack.size() - 1;
  size_t count = 0;
  for (const uint8_t* at = pack.data() + kHeaderBytes; at < end; ++count) {
    at = checked_skip(at, end);
    if (at == nullptr) return false;
  }
  const uint16_t stated = element_count(pack.data());
  return stated == kUnknownCount || stated == count;
}

}  // namespace weir::listpack
