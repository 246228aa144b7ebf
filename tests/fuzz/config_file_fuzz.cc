// Any text is a configuration or is refused without harm.  What CONFIG GET shows of it, CONFIG SET
// takes and changes nothing; what CONFIG REWRITE makes of its file reads as the same, and is not
// changed once more.
#include <cassert>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/config.h"
#include "server/config_options.h"
#include "server/config_rewrite.h"
#include "server/text.h"
#include "tests/support/no_files.h"

namespace {

using namespace weir;

/// What a server begins with: its folder is not the empty one.
config::ConfigValues defaults() {
  config::ConfigValues values;
  values.settings.dir = "/data";
  return values;
}

std::vector<std::string> all_lines(const config::ConfigValues& values) {
  std::vector<std::string> lines;
  for (const auto& [name, option] : config::option_names()) {
    for (std::string& line : config::option_lines(*option, values))
      lines.push_back(std::move(line));
  }
  return lines;
}

void check_rewriting(std::string_view text, const config::ConfigValues& values, FileSystem& files) {
  for (const config::Rewrite which : {config::Rewrite::kChanged, config::Rewrite::kAll}) {
    const std::string rewritten = config::rewritten_text(text, values, which);
    config::ConfigValues again = defaults();
    const auto error = config::read_text(rewritten, "rewritten", files, again);
    assert(!error);
    assert(all_lines(again) == all_lines(values));
    assert(config::rewritten_text(rewritten, again, which) == rewritten);
  }
}

void check_setting(Config& config) {
  constexpr std::string_view kAll[] = {"*"};
  const auto shown = config.get(kAll);
  for (const auto& [name, value] : shown) {
    if (config::find_option(name)->has(config::kImmutable)) continue;
    const Config::Assignment same{name, value};
    const auto refused = config.set({&same, 1}, Caller::kLocal);
    assert(!refused || refused->ends_with("can't set protected config"));
  }
  assert(config.get(kAll) == shown);
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer gives the name
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  testing::NoFiles files;
  // A pattern would look for files of this machine.
  if (to_lower(text).find("include") != std::string::npos &&
      text.find_first_of("*?[\\") != std::string_view::npos)
    return 0;
  Config config(files);
  if (config.parse(text, "f")) return 0;
  check_setting(config);
  config::ConfigValues values = defaults();
  const auto error = config::read_text(text, "f", files, values);
  assert(!error);
  check_rewriting(text, values, files);
  return 0;
}
