// Comparing names: keys, fields, groups, consumers.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace weir {

namespace detail {

template <class Word>
bool same_words(const char* a, const char* b, size_t size) {
  const auto differ = [&](size_t at) {
    Word left = 0;
    Word right = 0;
    std::memcpy(&left, a + at, sizeof(Word));
    std::memcpy(&right, b + at, sizeof(Word));
    return left != right;
  };
  for (size_t at = 0; at + sizeof(Word) < size; at += sizeof(Word)) {
    if (differ(at)) return false;
  }
  return !differ(size - sizeof(Word));  // the last one may overlap the one before it
}

}  // namespace detail

/// a == b, made for names of up to some dozen bytes that have just been fetched into the cache.
/// memcmp loads whole vectors, and so waits for the line behind a name that ends near a line's end.
inline bool same_text(std::string_view a, std::string_view b) {
  constexpr size_t kMostBytes = 64;
  if (a.size() != b.size()) return false;
  if (a.size() > kMostBytes) return a == b;
  if (a.size() >= sizeof(uint64_t))
    return detail::same_words<uint64_t>(a.data(), b.data(), a.size());
  if (a.size() >= sizeof(uint32_t))
    return detail::same_words<uint32_t>(a.data(), b.data(), a.size());
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i] != b[i]) return false;
  }
  return true;
}

}  // namespace weir
