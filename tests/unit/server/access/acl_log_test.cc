#include "server/access/acl_log.h"

#include <catch2/catch.hpp>

using namespace weir;

namespace {

AclLogEntry denial(std::string object, int64_t at_ms) {
  return {.reason = DenialReason::kKey,
          .object = std::move(object),
          .username = "bob",
          .client = "id=" + std::to_string(at_ms),
          .updated_ms = at_ms};
}

}  // namespace

TEST_CASE("The same refusal within a minute is counted and comes first again", "[acl_log]") {
  AclLog log;
  log.add(denial("a", 1000), 10);
  log.add(denial("b", 2000), 10);
  log.add(denial("a", 61'000), 10);
  REQUIRE(log.entries().size() == 2);
  const AclLogEntry& first = log.entries().front();
  CHECK(first.object == "a");
  CHECK(first.count == 2);
  CHECK(first.id == 0);
  CHECK(first.created_ms == 1000);
  CHECK(first.updated_ms == 61'000);
  CHECK(first.client == "id=61000");
}

TEST_CASE("A refusal that differs, or comes after a minute, is an entry of its own", "[acl_log]") {
  AclLog log;
  log.add(denial("a", 0), 10);
  log.add(denial("a", 60'001), 10);
  AclLogEntry other = denial("a", 60'002);
  other.username = "al";
  log.add(other, 10);
  other.in_transaction = true;
  log.add(other, 10);
  other.reason = DenialReason::kAuth;
  log.add(other, 10);
  CHECK(log.entries().size() == 5);
  CHECK(log.entries().front().id == 4);
}

TEST_CASE("The log forgets its oldest entries above its length", "[acl_log]") {
  AclLog log;
  for (const char* object : {"a", "b", "c"})
    log.add(denial(object, 0), 2);
  REQUIRE(log.entries().size() == 2);
  CHECK(log.entries().back().object == "b");
  log.shorten(0);
  CHECK(log.entries().empty());
  log.add(denial("d", 0), 0);
  CHECK(log.entries().empty());
}

TEST_CASE("Long names are kept in part, and are the same refusal again", "[acl_log]") {
  AclLog log;
  const std::string key(kMaxAclLogText + 5, 'k');
  log.add(denial(key, 0), 10);
  log.add(denial(key, 1), 10);
  REQUIRE(log.entries().size() == 1);
  CHECK(log.entries().front().count == 2);
  const std::string& kept = log.entries().front().object;
  CHECK(kept.substr(0, kMaxAclLogText) == key.substr(0, kMaxAclLogText));
  CHECK(kept.substr(kMaxAclLogText) == "... (5 more bytes)");
}
