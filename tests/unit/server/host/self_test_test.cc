// Questions about the machine, with a machine made of files.
#include "server/host/self_test.h"

#include <filesystem>

#include <catch2/catch.hpp>

#include "tests/support/temp_folder.h"
#include "tests/support/text_file.h"

namespace weir::testing {
namespace {

void put(const TempFolder& root, const std::string& path, const std::string& text) {
  const std::filesystem::path file = root / path;
  std::filesystem::create_directories(file.parent_path());
  write_text(file.string(), text);
}

bool says(const SystemReport& report, const std::string& line) {
  return report.text.find(line) != std::string::npos;
}

}  // namespace

TEST_CASE("A system that says nothing is taken for fine", "[self_test]") {
  const TempFolder root;
  const SystemReport report = check_system(root.path());
  for (const char* line :
       {"[slow-clocksource]...OK\n", "[overcommit]...OK\n", "[THP]...OK\n", "[backlog]...OK\n"}) {
    CAPTURE(line, report.text);
    CHECK(says(report, line));
  }
}

TEST_CASE("What slows the server down is warned of", "[self_test]") {
  const TempFolder root;
  put(root, "sys/devices/system/clocksource/clocksource0/current_clocksource", "hpet\n");
  put(root, "proc/sys/vm/overcommit_memory", "2\n");
  put(root, "sys/kernel/mm/transparent_hugepage/enabled", "[always] madvise never\n");
  put(root, "proc/sys/net/core/somaxconn", "128\n");
  const SystemReport report = check_system(root.path());
  CHECK_FALSE(report.is_fine);
  for (const char* line : {"[slow-clocksource]...WARNING:\n", "[overcommit]...WARNING:\n",
                           "[THP]...WARNING:\n", "[backlog]...WARNING:\nOnly 128 connections"}) {
    CAPTURE(line, report.text);
    CHECK(says(report, line));
  }
}

TEST_CASE("The memory of this machine keeps what is written into it", "[self_test]") {
  CHECK(test_memory(1));
  CHECK_FALSE(test_memory(size_t{1} << 40));
}

}  // namespace weir::testing
