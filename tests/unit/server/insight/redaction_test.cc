// Which words of commands are shown to nobody.
#include "server/insight/redaction.h"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "server/commands/table.h"
#include "server/text.h"

namespace weir {
namespace {

std::string shown(const CommandSpec& command, const std::vector<std::string_view>& words) {
  std::string text;
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string_view word = shown_word(command, words, i);
    text += (i > 0 ? " " : "") + std::string(word == kRedacted ? "?" : word);
  }
  return text;
}

std::string shown(std::string_view name, const std::vector<std::string_view>& words) {
  return shown(*find_command(name), words);
}

TEST_CASE("Passwords of AUTH and HELLO are not shown", "[redaction]") {
  CHECK(shown("auth", {"AUTH", "secret"}) == "AUTH ?");
  CHECK(shown("auth", {"AUTH", "user", "secret"}) == "AUTH ? ?");
  CHECK(shown("hello", {"HELLO", "3", "auth", "user", "secret", "SETNAME", "me"}) ==
        "HELLO 3 auth ? ? SETNAME me");
  CHECK(shown("hello", {"HELLO", "3", "AUTH"}) == "HELLO 3 AUTH");
}

TEST_CASE("Values of secret options are not shown, others are", "[redaction]") {
  CHECK(shown("config|set", {"CONFIG", "SET", "RequirePass", "secret", "hz", "10"}) ==
        "CONFIG SET RequirePass ? hz 10");
  CHECK(shown("config|set", {"CONFIG", "SET", "hz", "10", "masterauth", "secret", "x"}) ==
        "CONFIG SET hz 10 masterauth ? x");
}

TEST_CASE("The rules of a user are not shown", "[redaction]") {
  CommandSpec setuser;
  setuser.secrets = Secrets::kBehindSubcommand;
  CHECK(shown(setuser, {"ACL", "SETUSER", "al", ">secret"}) == "ACL SETUSER ? ?");
}

TEST_CASE("Words of other commands are shown", "[redaction]") {
  CHECK(shown("xadd", {"XADD", "auth", "*", "auth", "secret"}) == "XADD auth * auth secret");
}

}  // namespace
}  // namespace weir
