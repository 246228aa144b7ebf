// Random commands on consumer groups and on a naive model of what they do.
#include "tests/support/group_model.h"

#include "tests/support/model_runs.h"

namespace weir::testing {

TEST_CASE("Commands on groups answer what a model of maps says", "[group]") {
  check_a_million_operations<GroupModel>(60'000);
}

TEST_CASE("Commands on groups do so in many short lives, too", "[group]") {
  check_short_lives<GroupModel>(1000);
}

}  // namespace weir::testing
