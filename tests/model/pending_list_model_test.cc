// Random operations on a PEL and on a map.
#include "tests/support/model_runs.h"
#include "tests/support/pending_model.h"

namespace weir {

TEST_CASE("A PEL does what a map of its entries says", "[pending_list]") {
  check_a_million_operations<PendingModel>(60'000);
}

TEST_CASE("A PEL does so in many short lives, too", "[pending_list]") {
  check_short_lives<PendingModel>(1000);
}

}  // namespace weir
