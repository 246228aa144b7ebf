#include "server/command_names.h"

#include <catch2/catch.hpp>

#include "server/commands/table.h"

using namespace weir;

namespace {

using Renames = std::vector<std::pair<std::string, std::string>>;

std::string_view meaning(const Renames& renames, std::string_view name) {
  const CommandSpec* const row = CommandNames(command_table(), renames).find(name);
  return row != nullptr ? row->name : "nothing";
}

}  // namespace

TEST_CASE("A renamed command has its new name only", "[rename]") {
  CHECK(meaning({{"xadd", "put"}}, "PUT") == "xadd");
  CHECK(meaning({{"xadd", "put"}}, "xadd") == "nothing");
  CHECK(meaning({{"xadd", "put"}}, "xlen") == "xlen");
}

TEST_CASE("A command without a new name is gone", "[rename]") {
  CHECK(meaning({{"flushall", ""}}, "flushall") == "nothing");
}

TEST_CASE("Names are changed in their order, so two can be exchanged", "[rename]") {
  const Renames renames = {{"xadd", "t"}, {"xdel", "xadd"}, {"t", "xdel"}};
  CHECK(meaning(renames, "xadd") == "xdel");
  CHECK(meaning(renames, "xdel") == "xadd");
  CHECK(meaning(renames, "t") == "nothing");
}

TEST_CASE("A subcommand is no name", "[rename]") {
  CHECK(meaning({}, "xinfo") == "xinfo");
  CHECK(meaning({}, "xinfo|stream") == "nothing");
}
