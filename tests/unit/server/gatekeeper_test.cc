// The files of users on disks that fail.
#include "server/gatekeeper.h"

#include <cerrno>

#include <catch2/catch.hpp>

#include "tests/support/faulty_file.h"
#include "tests/support/handler_stage.h"
#include "tests/support/temp_folder.h"
#include "tests/support/text_file.h"

using namespace weir;
using weir::testing::FaultyFileSystem;
using weir::testing::HandlerStage;
using weir::testing::read_text;
using weir::testing::TempFolder;
using weir::testing::write_text;

namespace {

/// A server's users with a file of their own on a faulty disk.
struct Filed {
  Filed() {
    write_text(path, kBefore);
    stage.read_lines("aclfile " + path);
    REQUIRE(stage("ACL LOAD") == "+OK");
    REQUIRE(stage("ACL SETUSER new on >pw +@stream") == "+OK");
  }

  static constexpr const char* kBefore = "user bob on nopass sanitize-payload ~* &* +@all\n";
  TempFolder folder;
  std::string path = folder / "users.acl";
  FaultyFileSystem disk;
  HandlerStage stage{HandlerStage::Audience::kNone, disk};
};

}  // namespace

TEST_CASE("A disk that fails while users are saved leaves the old file or the new", "[acl]") {
  bool has_succeeded = false;
  for (int call = 1; !has_succeeded; ++call) {
    Filed filed;
    filed.disk.fail_from_call(call, ENOSPC);
    const std::string reply = filed.stage("ACL SAVE");
    has_succeeded = reply == "+OK";
    filed.disk.fail_call(1'000'000, ENOSPC);  // the disk has room again
    const std::string text = read_text(filed.path);
    INFO("call " << call << ": " << reply << "\n" << text);
    CHECK((has_succeeded || reply.starts_with("-ERR There was an error trying to save the ACLs.")));
    CHECK((text == Filed::kBefore || text.find("user new on") != std::string::npos));
    CHECK(filed.stage("ACL LOAD") == "+OK");
    CHECK(filed.stage("ACL USERS").find("\"bob\"") != std::string::npos);
    REQUIRE(call < 100);
  }
}

TEST_CASE("A disk that fails while users are loaded leaves the users there are", "[acl]") {
  for (int call = 1; call <= 2; ++call) {
    Filed filed;
    filed.disk.fail_call(call, EIO);
    CHECK(filed.stage("ACL LOAD").starts_with("-ERR Error loading ACLs, opening file '"));
    CHECK(filed.stage("ACL USERS") == R"(*["bob", "default", "new"])");
  }
}

TEST_CASE("Short writes make a whole file", "[acl]") {
  Filed filed;
  filed.disk.shorten_writes(7);
  CHECK(filed.stage("ACL SAVE") == "+OK");
  const std::string list = filed.stage("ACL LIST");
  CHECK(filed.stage("ACL LOAD") == "+OK");
  CHECK(filed.stage("ACL LIST") == list);
}
