// Any text loads as an ACL file or is refused without harm; what is printed of the users reads back
// as the same users, and a command line is judged whatever the rules are.
#include <array>
#include <cassert>
#include <cstdint>
#include <string>

#include "server/access/user_table.h"
#include "server/commands/table.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace weir;  // NOLINT(google-build-using-namespace)
  static const RuleBook book{.commands = CommandCatalog(command_table())};
  const std::string_view input(reinterpret_cast<const char*>(data), size);

  UserTable users(book);
  const std::string before = users.to_text();
  if (!users.load(input, "f")) {
    assert(users.to_text() == before);
    return 0;
  }
  const std::string text = users.to_text();
  UserTable again(book);
  const auto loaded = again.load(text, "f");
  assert(loaded);
  assert(again.to_text() == text);

  const std::array<std::string_view, 3> argv = {"xlen", "key", "x"};
  const std::array<KeyUse, 1> keys = {KeyUse{1, kReadAccess}};
  const AccessRequest request{.command = *find_command("xlen"), .argv = argv, .keys = keys};
  for (const auto& [name, user] : users.users())
    assert(user->check(request) == again.find(name)->check(request));
  return 0;
}
