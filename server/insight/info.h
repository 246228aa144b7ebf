// INFO: what the server tells about itself, section by section.
//
// Tools find fields by searching the text for names, some for the first place where a name occurs
// as a part of another; so the order of sections and fields is theirs, and no line before
// "used_memory:" may contain that word.  The sections are written in info_*.cc.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace weir {

struct Context;

/// What never changes while the process lives.
struct ServerIdentity {
  std::string run_id;      // 40 hexadecimal digits, new at every start
  std::string executable;  // absolute path
  int64_t started_unix_s = 0;
  size_t memory_at_start = 0;
};

/// The sections asked for, in their fixed order; none: the default ones.  Unknown names give
/// nothing.
std::string info_text(const Context& context, std::span<const std::string_view> wanted);

}  // namespace weir
