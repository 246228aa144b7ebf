// What a reply must look like: the notation of tests/golden/wire/README.md, "Replies".
//
//   *["a", :<int 0..5>, ?*[+"x", +"y"]]
//   └ kAggregate of array
//      ├ kExact  "a"                 the exact value
//      ├ kInteger 0 ... 5            what varies from run to run
//      └ kAggregate, any_order       elements, or with stride 2 pairs, in any order
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "resp/reply.h"

namespace weir::wire {

struct Pattern {
  enum class Kind : uint8_t {
    kExact,      // equals `exact`
    kInteger,    // :<int>, :<int 0..5000>: low ... high
    kNow,        // :<ms>: an integer near the present Unix time
    kId,         // <id>: a bulk string "ms-seq" near the present time
    kBulk,       // <bulk>
    kAny,        // <any>
    kRest,       // <...>
    kKept,       // <=name>: the value kept under `text`
    kGlob,       // <glob "…">: text of the kind `reply_kind`, `pieces` with anything between them
    kAggregate,  // of the kind `reply_kind`
  };

  Kind kind = Kind::kAny;
  std::string source{};  // as it was written
  resp::Reply exact{};
  resp::Reply::Kind reply_kind = resp::Reply::Kind::kBulk;
  std::string text{};
  std::vector<std::string> pieces{};
  int64_t low = std::numeric_limits<int64_t>::min();
  int64_t high = std::numeric_limits<int64_t>::max();
  std::vector<Pattern> elements{};  // of a map: key, value, key, value
  size_t stride = 1;                // elements that stay together: 2 for pairs
  bool any_order = false;
  std::vector<Pattern> attributes{};  // key, value, key, value
};

/// Reads the pattern of one whole reply.  Throws std::runtime_error that says what is wrong.
Pattern parse_pattern(std::string_view line);

}  // namespace weir::wire
