// Does a reply look like the pattern, and if not, where is the first difference?
#pragma once

#include <optional>
#include <string>

#include "resp/reply.h"
#include "tests/wire/pattern.h"
#include "tests/wire/words.h"

namespace weir::wire {

/// The innermost part that differs.
struct Difference {
  std::string where;  // "[3][1]": the place in nested aggregates; empty at the top
  std::string expected;
  std::string got;
};

/// Compares with what varies taken as README says.  now_ms: Unix time, for <ms> and <id>.
/// Cost: O(size); for elements in any order, O(pairs of elements) comparisons.
std::optional<Difference> find_difference(const Pattern& pattern, const resp::Reply& reply,
                                          const Kept& kept, int64_t now_ms);

}  // namespace weir::wire
