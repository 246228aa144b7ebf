#include "server/insight/redaction.h"

#include "server/command.h"
#include "server/config.h"
#include "server/text.h"

namespace weir {
namespace {

/// The user and the password behind the word AUTH.
bool is_behind_auth(std::span<const std::string_view> argv, size_t index) {
  const auto is_auth = [&](size_t at) { return at > 0 && equals_ignoring_case(argv[at], "auth"); };
  return is_auth(index - 1) || (index >= 2 && is_auth(index - 2));
}

}  // namespace

bool is_secret(const CommandSpec& command, std::span<const std::string_view> argv, size_t index) {
  switch (command.secrets) {
    case Secrets::kNone:
      return false;
    case Secrets::kAllWords:
      return index >= 1;
    case Secrets::kBehindSubcommand:
      return index >= 2;
    case Secrets::kBehindAuth:
      return index >= 1 && is_behind_auth(argv, index);
    case Secrets::kOptionValues:
      return index >= 3 && index % 2 == 1 && Config::is_secret(argv[index - 1]);
  }
  return false;
}

}  // namespace weir
