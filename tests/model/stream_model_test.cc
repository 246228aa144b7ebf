// Random operations on a stream and on a naive model of its entries and nodes.
#include "tests/support/stream_model.h"

#include "tests/support/model_runs.h"

namespace weir {

TEST_CASE("A stream does what a map of entries and a table of node sizes say", "[stream]") {
  check_a_million_operations<StreamModel>(400'000);
}

TEST_CASE("A stream does so in many short lives, too", "[stream]") {
  check_short_lives<StreamModel>(500);
}

}  // namespace weir
