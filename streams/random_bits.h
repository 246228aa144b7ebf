// Chance from the kernel, for what nobody outside may foresee: the seeds of hashes and generators.
#pragma once

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include <unistd.h>

namespace weir {

/// No kernel since 3.17 refuses; a filter of system calls may.  The first seeds are drawn before
/// there is a log, so this is the one place below server/ that writes to somebody.
[[noreturn, gnu::cold]] inline void end_without_random_bits() {
  std::fprintf(stderr, "The system gives no random numbers: getrandom: %s. Is it forbidden?\n",
               std::strerror(errno));
  std::_Exit(1);
}

/// 64 random bits.  Costs about a microsecond; std::random_device first asks the processor what it
/// can do, which takes dozens of them in a virtual machine.
inline uint64_t random_bits() {
  uint64_t bits = 0;
  if (getentropy(&bits, sizeof(bits)) != 0) end_without_random_bits();
  return bits;
}

/// As many random hexadecimal digits.
inline std::string random_hex(size_t digits) {
  constexpr size_t kDigitsAtOnce = 2 * sizeof(uint64_t);
  std::string text(digits, '0');
  uint64_t bits = 0;
  for (size_t i = 0; i < digits; ++i, bits >>= 4) {
    if (i % kDigitsAtOnce == 0) bits = random_bits();
    text[i] = "0123456789abcdef"[bits & 15];
  }
  return text;
}

}  // namespace weir
