// Questions about the machine that the program answers without serving: --check-system and
// --test-memory.
#pragma once

#include <cstddef>
#include <string>

namespace weir {

/// What the system is set to that would slow the server down or stop it: a line for each question,
/// "[thp]...OK" or "[thp]...WARNING:" and why.
struct SystemReport {
  std::string text;
  bool is_fine = true;
};

/// root: "" or a folder that holds proc/ and sys/, for tests.
SystemReport check_system(const std::string& root = {});

/// Writes patterns into so much memory and reads them back, some times over.  False if what came
/// back was something else, or there is not so much.
bool test_memory(size_t megabytes);

}  // namespace weir
