#include "tests/simulation/sightings.h"

#include <algorithm>
#include <charconv>

namespace weir::simulation {
namespace {

/// No word that is looked for is longer.
constexpr size_t kLongestWord = 64;

}  // namespace

void Sightings::add(std::string_view bytes) {
  const size_t again = std::min(tail_.size(), kLongestWord);
  tail_ += bytes;
  const std::string_view text = tail_;
  look_for_ops(text.substr(text.size() - bytes.size() - again));
  size_t begin = 0;
  for (size_t end = 0; (end = text.find("\r\n", begin)) != std::string_view::npos; begin = end + 2)
    look_at_line(text.substr(begin, end - begin));
  tail_.erase(0, begin);
}

void Sightings::look_for_ops(std::string_view bytes) {
  for (size_t at = bytes.find("op-"); at != std::string_view::npos;
       at = bytes.find("op-", at + 1)) {
    uint64_t op = 0;
    const char* const end = bytes.data() + bytes.size();
    const auto [behind, error] = std::from_chars(bytes.data() + at + 3, end, op);
    if (error == std::errc() && behind != end && *behind == '.') ops_.insert(op);
  }
}

/// "XACK key group id …", "XCLAIM key group consumer idle id … TIME …": how deliveries are told.
void Sightings::look_at_line(std::string_view line) {
  if (line.starts_with('*') || line == "TIME") named_ = nullptr;
  if (line == "XACK") named_ = &acks_;
  if (line == "XCLAIM") named_ = &deliveries_;
  if (named_ == nullptr || line.find('-') == std::string_view::npos) return;
  if (const auto id = parse_stream_id(line, 0)) named_->insert(*id);
}

}  // namespace weir::simulation
