// Gives the precompiled Catch2 header a translation unit to belong to; the test programs reuse it.
#include <catch2/catch.hpp>
