// The IDs of entries in a reply: each is right whatever the text of the one before was.
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "resp/buffer.h"
#include "server/commands/entry_reply.h"

namespace weir::testing {
namespace {

/// What one writer makes of these IDs, one after the other.
std::string written(const std::vector<StreamId>& ids) {
  resp::Buffer buffer;
  resp::ReplyWriter reply(buffer);
  IdWriter writer;
  for (const StreamId& id : ids)
    writer.write(reply, id);
  return std::string(buffer.view());
}

/// The same by a new writer for each.
std::string written_alone(const std::vector<StreamId>& ids) {
  std::string text;
  for (const StreamId& id : ids)
    text += written({id});
  return text;
}

}  // namespace

TEST_CASE("An ID's text does not depend on the IDs before it", "[xrange][ids]") {
  CHECK(written({{1, 0}, {1, 1}}) == "$3\r\n1-0\r\n$3\r\n1-1\r\n");
  CHECK(written({{12345, 9}, {12346, 10}}) == "$7\r\n12345-9\r\n$8\r\n12346-10\r\n");

  std::vector<StreamId> ids;
  const std::vector<uint64_t> edges = {
      0,         1,      9,       10,        9'999, 10'000,      10'001,      19'999,
      20'000,    99'999, 100'000, 1'000'009, 9'999, 123'459'999, 123'460'000, UINT64_MAX - 1,
      UINT64_MAX};
  for (const uint64_t ms : edges)
    for (const uint64_t seq : edges)
      ids.push_back({ms, seq});
  for (const uint64_t seq : edges)
    for (const uint64_t ms : edges)
      ids.push_back({ms, seq});
  for (uint64_t ms = 1'699'999'989'000; ms < 1'700'000'011'000; ms += 7)
    ids.push_back({ms, ms % 11});
  CHECK(written(ids) == written_alone(ids));
}

}  // namespace weir::testing
