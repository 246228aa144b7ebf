#include "persistence/aof_marks.h"

#define XXH_INLINE_ALL
#include <charconv>
#include <cstring>
#include <string>

#include <xxhash.h>

#include "resp/whole_number.h"

namespace weir::aof {
namespace {

constexpr std::string_view kSumStart = "#XXH3:";
constexpr std::string_view kLineEnd = "\r\n";
constexpr std::string_view kSelect = "*2\r\n$6\r\nSELECT\r\n";
constexpr std::string_view kAfter = "#AFTER:";
constexpr std::string_view kStamp = "#TS:";
constexpr size_t kHashDigits = 16;
constexpr int kHex = 16;
/// Bytes of a sum, at most: start, hash, number, padding, end.
constexpr size_t kMaxSumBytes = 64;

}  // namespace

uint64_t hash_of(std::string_view batch, uint64_t durable) {
  return XXH3_64bits_withSeed(batch.data(), batch.size(), durable);
}

void append_sum(resp::Buffer& out, const Sum& sum, uint64_t offset) {
  static constexpr char kDigits[] = "0123456789abcdef";
  char* const begin = out.reserve(kMaxSumBytes);
  std::memcpy(begin, kSumStart.data(), kSumStart.size());
  char* at = begin + kSumStart.size();
  for (int shift = 60; shift >= 0; shift -= 4)
    *at++ = kDigits[sum.hash >> shift & 15U];
  if (sum.durable) {
    *at++ = ':';
    at = std::to_chars(at, begin + kMaxSumBytes, *sum.durable).ptr;
  }
  const uint64_t end = offset + static_cast<uint64_t>(at - begin) + kLineEnd.size();
  if (!can_fill_from(end)) *at++ = ' ';
  std::memcpy(at, kLineEnd.data(), kLineEnd.size());
  out.commit(static_cast<size_t>(at - begin) + kLineEnd.size());
}

std::optional<Sum> read_sum(std::string_view line) {
  if (!line.starts_with(kSumStart) || !line.ends_with(kLineEnd)) return std::nullopt;
  line = line.substr(kSumStart.size(), line.size() - kSumStart.size() - kLineEnd.size());
  if (line.ends_with(' ')) line.remove_suffix(1);
  Sum sum;
  if (line.size() < kHashDigits) return std::nullopt;
  const auto hash = resp::whole_number<uint64_t>(line.substr(0, kHashDigits), kHex);
  if (!hash) return std::nullopt;
  sum.hash = *hash;
  line.remove_prefix(kHashDigits);
  if (line.empty()) return sum;
  sum.durable = resp::whole_number<uint64_t>(line.substr(1));
  if (line[0] != ':' || !sum.durable) return std::nullopt;
  return sum;
}

void append_mark(resp::Buffer& out, std::optional<uint64_t> previous_bytes) {
  out.append(kOwnMark);
  if (!previous_bytes) return;
  out.append(kAfter);
  out.append(std::to_string(*previous_bytes));
  out.append(kLineEnd);
}

std::optional<uint64_t> read_previous_bytes(std::string_view line) {
  if (!line.starts_with(kAfter) || !line.ends_with(kLineEnd)) return std::nullopt;
  line = line.substr(kAfter.size(), line.size() - kAfter.size() - kLineEnd.size());
  return resp::whole_number<uint64_t>(line);
}

void append_stamp(resp::Buffer& out, int64_t unix_s) {
  out.append(kStamp);
  out.append(std::to_string(unix_s));
  out.append(kLineEnd);
}

bool is_stamp(std::string_view line) {
  return line.starts_with(kStamp);
}

std::optional<int64_t> read_stamp(std::string_view line) {
  if (!is_stamp(line) || !line.ends_with(kLineEnd)) return std::nullopt;
  line = line.substr(kStamp.size(), line.size() - kStamp.size() - kLineEnd.size());
  return resp::whole_number<int64_t>(line);
}

bool needs_mark(std::string_view batch) {
  return batch.starts_with('#') || begins_with_select(batch);
}

bool begins_with_select(std::string_view bytes) {
  return bytes.starts_with(kSelect);
}

bool is_filler(std::string_view line) {
  return line.find_first_not_of('#') == line.size() - 1 && line.ends_with('\n');
}

bool may_follow_filler(std::string_view bytes) {
  return bytes.starts_with(kStamp) || begins_with_select(bytes);
}

void append_filler(resp::Buffer& out, uint64_t offset, size_t size) {
  char* const at = out.reserve(size);
  std::memset(at, '#', size);
  for (size_t i = static_cast<size_t>(kFillerLine - 1 - offset % kFillerLine); i < size;
       i += kFillerLine)
    at[i] = '\n';
  out.commit(size);
}

}  // namespace weir::aof
