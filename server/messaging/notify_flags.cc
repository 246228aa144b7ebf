#include "server/messaging/notify_flags.h"

#include <algorithm>
#include <iterator>

namespace weir {
namespace {

/// What A stands for.
constexpr std::string_view kAll = "g$lshztdxea";
/// The order of CONFIG GET: what A hides, and what is shown beside it.
constexpr std::string_view kClasses = "g$lshzxetdna";
constexpr std::string_view kBeside = "KEmocSTIV";

}  // namespace

std::optional<NotifyFlags> NotifyFlags::parse(std::string_view letters) {
  NotifyFlags flags;
  for (const char letter : letters) {
    if (kLetters.find(letter) == std::string_view::npos) return std::nullopt;
    if (letter != 'A') {
      flags.set(letter);
      continue;
    }
    for (const char meant : kAll)
      flags.set(meant);
  }
  return flags;
}

std::string NotifyFlags::text() const {
  const auto is_set = [this](char letter) { return has(letter); };
  std::string text;
  if (std::all_of(kAll.begin(), kAll.end(), is_set)) {
    text += 'A';
  } else {
    std::copy_if(kClasses.begin(), kClasses.end(), std::back_inserter(text), is_set);
  }
  std::copy_if(kBeside.begin(), kBeside.end(), std::back_inserter(text), is_set);
  return text;
}

bool NotifyFlags::selects_anything() const {
  const size_t channels = (by_key() ? 1 : 0) + (by_event() ? 1 : 0);
  return channels > 0 && letters_.count() > channels;
}

}  // namespace weir
