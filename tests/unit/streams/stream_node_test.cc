// One node of a stream: its bytes, its index, and what deleting does to both.
#include "streams/stream_node.h"

#include <memory>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

namespace weir {
namespace {

using Texts = std::vector<std::string_view>;

/// A node that is freed at the end, and that may move when it grows.
class Node {
 public:
  Node(const StreamId& first, const Texts& fields, size_t spare_bytes = 0)
      : node_(StreamNode::create(first, fields, spare_bytes)) {
    append(first, fields);
  }
  /// Takes a node over.
  explicit Node(StreamNode* node) : node_(node) {}

  const StreamNode* operator->() const { return node_.get(); }
  const StreamNode& operator*() const { return *node_; }

  void append(const StreamId& id, const Texts& fields) { move_to(node_->append(id, fields)); }
  void shrink() { move_to(node_->shrunk()); }

  /// Deletes a live entry.
  void erase(const StreamId& id) {
    const EntryRef entry = node_->entry_at(node_->seek(id));
    REQUIRE(entry.id == id);
    node_->erase(entry);
  }

 private:
  struct Destroy {
    void operator()(StreamNode* node) const { StreamNode::destroy(node); }
  };

  void move_to(StreamNode* node) {
    if (node != node_.get()) node_.reset(node);
  }

  std::unique_ptr<StreamNode, Destroy> node_;
};

/// Entries 1-0, 2-0 … with one field.
Node node_of(uint64_t count, std::string_view value = "v") {
  Node node({1, 0}, {"f", value});
  for (uint64_t ms = 2; ms <= count; ++ms)
    node.append({ms, 0}, {"f", value});
  return node;
}

std::string hex(const StreamNode& node) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string text;
  for (const uint8_t byte : node.listpack_view()) {
    if (!text.empty()) text += ' ';
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

/// The live entries, "1-0 f=a, 2-0 f=b".
std::string show(const StreamNode& node) {
  std::string text;
  for (const uint8_t* at = node.first_entry(); at != node.end();) {
    const EntryRef entry = node.entry_at(at);
    at = node.next_entry(entry);
    if (entry.deleted) continue;
    if (!text.empty()) text += ", ";
    text += to_string(entry.id);
    for (FieldReader reader(node, entry); reader.left() > 0;) {
      const FieldReader::Pair pair = reader.next();
      text += " " + std::string(pair.name) + "=" + std::string(pair.value);
    }
  }
  return text;
}

/// What an XRANGE from `id` on begins with, found without the index.
std::string first_live_from(const StreamNode& node, const StreamId& id) {
  for (const uint8_t* at = node.first_entry(); at != node.end();) {
    const EntryRef entry = node.entry_at(at);
    if (entry.id >= id && !entry.deleted) return to_string(entry.id);
    at = node.next_entry(entry);
  }
  return "end";
}

/// The same by means of the index.
std::string sought(const StreamNode& node, const StreamId& id) {
  for (const uint8_t* at = node.seek(id); at != node.end();) {
    const EntryRef entry = node.entry_at(at);
    REQUIRE(entry.id >= id);
    if (!entry.deleted) return to_string(entry.id);
    at = node.next_entry(entry);
  }
  return "end";
}

/// Seeks each entry's ID and those beside it.
void check_every_seek(const StreamNode& node) {
  std::vector<StreamId> ids{kMinStreamId, kMaxStreamId};
  for (const uint8_t* at = node.first_entry(); at != node.end();) {
    const EntryRef entry = node.entry_at(at);
    for (const uint64_t seq : {entry.id.seq - 1, entry.id.seq, entry.id.seq + 1})
      ids.push_back({entry.id.ms, seq});
    at = node.next_entry(entry);
  }
  for (const StreamId& id : ids)
    REQUIRE(sought(node, id) == first_live_from(node, id));
}

// --- Bytes --------------------------------------------------------------------------------------

TEST_CASE("A node begins with its master entry: counts, field names, zero", "[stream_node]") {
  StreamNode* created = StreamNode::create({10, 5}, Texts{"f", "v", "7", "w"}, 0);
  const Node node(created);
  CHECK(hex(*node) == "14 00 00 00 06 00 00 01 00 01 02 01 81 66 02 07 01 00 01 FF");
}

TEST_CASE("A node's bytes are those of the file format", "[stream_node]") {
  Node node({10, 5}, {"f", "v"});
  node.append({12, 0}, {"f", "12"});          // sequence below the key's
  node.append({12, 1}, {"a", "1", "b", ""});  // other fields
  CHECK(hex(*node) ==
        "3D 00 00 00 18 00 "                 // 61 bytes, 24 elements
        "03 01 00 01 01 01 81 66 02 00 01 "  // 3 live, 0 deleted, 1 field: f
        "02 01 00 01 00 01 81 76 02 04 01 "  // 10-5 v
        "02 01 02 01 DF FB 02 0C 01 04 01 "  // 12-0 12
        "00 01 02 01 DF FC 02 02 01 81 61 02 01 01 81 62 02 80 01 08 01 "  // 12-1 a=1 b=
        "FF");
}

TEST_CASE("Deleting an entry changes its flag and the two counts", "[stream_node]") {
  Node node({10, 5}, {"f", "v"});
  node.append({12, 0}, {"f", "12"});
  node.erase({12, 0});
  CHECK(hex(*node) ==
        "28 00 00 00 0F 00 "
        "01 01 01 01 01 01 81 66 02 00 01 "
        "02 01 00 01 00 01 81 76 02 04 01 "
        "03 01 02 01 DF FB 02 0C 01 04 01 "
        "FF");
}

TEST_CASE("Fields are the master's only if all names agree in their order", "[stream_node]") {
  Node node({1, 0}, {"a", "1", "b", "2"});
  node.append({2, 0}, {"a", "3", "b", "4"});
  node.append({3, 0}, {"b", "5", "a", "6"});
  node.append({4, 0}, {"a", "7"});
  node.append({5, 0}, {"a", "8", "b", "9", "c", "10"});
  std::string same;
  for (const uint8_t* at = node->first_entry(); at != node->end();) {
    const EntryRef entry = node->entry_at(at);
    same += entry.same_fields ? 'y' : 'n';
    at = node->next_entry(entry);
  }
  CHECK(same == "yynnn");
  CHECK(show(*node) == "1-0 a=1 b=2, 2-0 a=3 b=4, 3-0 b=5 a=6, 4-0 a=7, 5-0 a=8 b=9 c=10");
}

TEST_CASE("A field name 012 is not the name 12", "[stream_node]") {
  Node node({1, 0}, {"12", "x"});
  node.append({2, 0}, {"012", "x"});
  node.append({3, 0}, {"12", "012"});
  CHECK(show(*node) == "1-0 12=x, 2-0 012=x, 3-0 12=012");
}

TEST_CASE("Empty names and values, binary bytes and doubled names are kept", "[stream_node]") {
  const std::string binary("\0\xff\r\n", 4);
  Node node({1, 0}, {"", "", "f", binary, "f", "2"});
  CHECK(show(*node) == "1-0 = f=" + binary + " f=2");
  CHECK(node->is_consistent());
}

TEST_CASE("IDs keep all their bits, however far they are from the key", "[stream_node]") {
  Node node({1, UINT64_MAX}, {"f", "a"});
  node.append({2, 0}, {"f", "b"});
  node.append({UINT64_MAX, 1}, {"f", "c"});
  node.append({UINT64_MAX, UINT64_MAX}, {"f", "d"});
  CHECK(show(*node) ==
        "1-18446744073709551615 f=a, 2-0 f=b, 18446744073709551615-1 f=c, "
        "18446744073709551615-18446744073709551615 f=d");
  CHECK(node->is_consistent());
}

TEST_CASE("The header counts elements up to 65534, then says unknown", "[stream_node]") {
  Texts fields;
  for (int i = 0; i < 1000; ++i) {
    fields.push_back("f");
    fields.push_back("1");
  }
  Node node({1, 0}, fields);  // 1004 elements, then 1004 for each entry
  for (uint64_t ms = 2; ms <= 64; ++ms)
    node.append({ms, 0}, fields);
  CHECK(listpack::element_count(node->listpack_view().data()) == 65 * 1004);
  node.append({65, 0}, fields);
  CHECK(listpack::element_count(node->listpack_view().data()) == listpack::kUnknownCount);
  node.append({66, 0}, fields);
  CHECK(listpack::element_count(node->listpack_view().data()) == listpack::kUnknownCount);
  CHECK(node->is_consistent());
}

// --- The index ----------------------------------------------------------------------------------

TEST_CASE("Every entry of a node of hundreds is found, and so are the gaps", "[stream_node]") {
  for (const uint64_t count : {1, 15, 16, 17, 32, 33, 300}) {
    Node node({1, 1}, {"f", "v"});
    for (uint64_t ms = 2; ms <= count; ++ms)
      node.append({ms * 3, 1}, {"f", "v"});
    check_every_seek(*node);
  }
}

TEST_CASE("Seeking minds neither sequences below the key's nor other fields", "[stream_node]") {
  Node node({1000, 900}, {"f", "v"});
  for (uint64_t i = 1; i <= 300; ++i) {
    const Texts fields =
        i % 3 == 0 ? Texts{"g", "1", "h", "long enough to be text"} : Texts{"f", "v"};
    node.append({1000 + i / 10, i / 10 == 0 ? 900 + i : i % 10 * 50}, fields);
  }
  CHECK(node->is_consistent());
  check_every_seek(*node);
}

TEST_CASE("Entries are found however far apart their sequences and milliseconds are",
          "[stream_node]") {
  for (const int shift : {0, 20, 30, 31, 32, 40, 55}) {
    CAPTURE(shift);
    Node node({5, 1000}, {"f", "v"});
    for (uint64_t i = 1; i <= 100; ++i)
      node.append({5, 1000 + (i << shift)}, {"f", "v"});
    for (uint64_t i = 1; i <= 100; ++i)
      node.append({5 + (i << shift), 100 - i}, {"f", "v"});
    check_every_seek(*node);
  }
}

TEST_CASE("Seeking finds every live entry among tombstones", "[stream_node]") {
  Node node = node_of(200);
  for (uint64_t ms = 1; ms <= 200; ++ms) {
    if (ms <= 40 || ms % 7 != 0) node.erase({ms, 0});
  }
  CHECK(node->is_consistent());
  check_every_seek(*node);
}

TEST_CASE("A node may be larger than 64 KiB, which widens its index", "[stream_node]") {
  const std::string value(150, 'v');
  Node node = node_of(1000, value);
  CHECK(node->listpack_bytes() > 150'000);
  CHECK(node->is_consistent());
  check_every_seek(*node);
}

TEST_CASE("The index survives the growth of the node through 64 KiB", "[stream_node]") {
  const std::string value(100, 'v');
  Node node({1, 0}, {"f", value});
  for (uint64_t ms = 2; node->memory_bytes() < 100'000; ++ms) {
    node.append({ms, 0}, {"f", value});
    if (ms % 16 == 1) REQUIRE(node->is_consistent());
  }
}

// --- The counts ---------------------------------------------------------------------------------

TEST_CASE("Counts that change their width move the entries and the index", "[stream_node]") {
  Node node = node_of(127);
  const size_t before = node->listpack_bytes();
  node.append({128, 0}, {"f", "v"});
  CHECK(node->listpack_bytes() == before + 11 + 1);  // the count 128 takes a byte more
  CHECK(node->is_consistent());
  node.shrink();
  for (uint64_t ms = 1; ms <= 128; ++ms) {
    node.erase({ms, 0});
    REQUIRE(node->is_consistent());
    REQUIRE(node->deleted() == ms);
  }
}

TEST_CASE("All widths of both counts fit into a node that was shrunk", "[stream_node]") {
  Node node = node_of(8400);
  node.shrink();
  for (uint64_t ms = 8400; ms > 1; --ms) {
    node.erase({ms, 0});
    if (node->live() % 128 < 2 || node->deleted() % 128 < 2) REQUIRE(node->is_consistent());
  }
  CHECK(show(*node) == "1-0 f=v");
}

TEST_CASE("First and last live entry move inwards over tombstones", "[stream_node]") {
  Node node = node_of(50);
  CHECK(node->first_live().id == StreamId{1, 0});
  CHECK(node->last_live().id == StreamId{50, 0});
  for (uint64_t ms = 1; ms <= 24; ++ms) {
    node.erase({ms, 0});
    node.erase({51 - ms, 0});
  }
  CHECK(node->first_live().id == StreamId{25, 0});
  CHECK(node->last_live().id == StreamId{26, 0});
  CHECK(node->last_id() == StreamId{50, 0});
  node.append({51, 0}, {"f", "v"});
  CHECK(node->last_live().id == StreamId{51, 0});
}

// --- Copies -------------------------------------------------------------------------------------

TEST_CASE("A clone has the same content and goes its own way", "[stream_node]") {
  Node node = node_of(40);
  node.erase({7, 0});
  Node copy(StreamNode::clone(*node));
  CHECK(hex(*copy) == hex(*node));
  CHECK(copy->key == node->key);
  CHECK(copy->is_consistent());
  copy.append({41, 0}, {"f", "w"});
  copy.erase({8, 0});
  CHECK(copy->is_consistent());
  CHECK(node->live() == 39);
  CHECK(copy->live() == 39);
  CHECK(node->entries() == 40);
  CHECK(first_live_from(*node, {8, 0}) == "8-0");
}

TEST_CASE("Shrinking gives spare room back and changes nothing else", "[stream_node]") {
  Node node({1, 0}, {"f", "v"}, 4000);
  for (uint64_t ms = 2; ms <= 100; ++ms)
    node.append({ms, 0}, {"f", "v"});
  const std::string before = hex(*node);
  CHECK(node->memory_bytes() > 4000);
  node.shrink();
  CHECK(node->memory_bytes() < node->listpack_bytes() + 150);
  CHECK(hex(*node) == before);
  CHECK(node->is_consistent());
  check_every_seek(*node);
}

TEST_CASE("A node that would not get smaller is left where it is", "[stream_node]") {
  Node node = node_of(20);
  node.shrink();
  const StreamNode* at = &*node;
  node.shrink();
  CHECK(&*node == at);
}

TEST_CASE("Growing keeps what the tree wrote into the node", "[stream_node]") {
  StreamNode* created = StreamNode::create({1, 0}, Texts{"f", "v"}, 0);
  created->born = 5;
  created->weight = 77;
  Node node(created);
  for (uint64_t ms = 1; ms <= 60; ++ms)
    node.append({ms, 0}, {"f", "v"});
  CHECK(node->born == 5);
  CHECK(node->weight == 77);
  CHECK(StreamId(node->key) == StreamId{1, 0});
}

// --- Compaction ---------------------------------------------------------------------------------

TEST_CASE("A node deserves compaction when three of four entries are tombstones", "[stream_node]") {
  Node node = node_of(100);
  for (uint64_t ms = 1; ms <= 76; ++ms) {
    CHECK_FALSE(node->deserves_compaction());
    node.erase({ms, 0});
  }
  node.erase({77, 0});
  CHECK(node->deserves_compaction());

  Node small = node_of(16);
  for (uint64_t ms = 1; ms <= 15; ++ms)
    small.erase({ms, 0});
  CHECK_FALSE(small->deserves_compaction());
}

TEST_CASE("A compacted node has the live entries, the key and nothing else", "[stream_node]") {
  Node node = node_of(100);
  for (uint64_t ms = 1; ms <= 99; ++ms) {
    if (ms % 20 != 0) node.erase({ms, 0});
  }
  const Node compacted(node->compacted());
  CHECK(show(*compacted) == "20-0 f=v, 40-0 f=v, 60-0 f=v, 80-0 f=v, 100-0 f=v");
  CHECK(StreamId(compacted->key) == StreamId{1, 0});
  CHECK(compacted->deleted() == 0);
  CHECK(compacted->is_consistent());
  CHECK(compacted->memory_bytes() < 200);
  CHECK(listpack::element_count(compacted->listpack_view().data()) == 5 + 5 * 5);
  check_every_seek(*compacted);
}

TEST_CASE("Compaction keeps a tombstone at the very end: it decides what MINID ~ may drop",
          "[stream_node]") {
  Node node = node_of(100);
  for (uint64_t ms = 2; ms <= 100; ++ms)
    node.erase({ms, 0});
  const Node compacted(node->compacted());
  CHECK(compacted->last_id() == StreamId{100, 0});
  CHECK(compacted->live() == 1);
  CHECK(compacted->deleted() == 1);
  CHECK(show(*compacted) == "1-0 f=v");
  CHECK(compacted->is_consistent());
}

TEST_CASE("A compacted node tells how full it would be uncompacted", "[stream_node]") {
  Node node = node_of(300, "some text");
  for (uint64_t ms = 2; ms <= 299; ++ms)
    node.erase({ms, 0});
  Node compacted(node->compacted());
  CHECK(compacted->entries() == 2);
  for (int more = 0; more < 200; ++more) {
    REQUIRE(compacted->uncompacted_entries() == node->entries());
    REQUIRE(compacted->uncompacted_bytes() == node->listpack_bytes());
    // The counts of both change their widths, but not at the same time.
    const StreamId id{301 + static_cast<uint64_t>(more), 0};
    node.append(id, {"f", "v"});
    compacted.append(id, {"f", "v"});
    node.erase(id);
    compacted.erase(id);
  }
  const Node again(compacted->compacted());
  CHECK(again->uncompacted_entries() == node->entries());
  CHECK(again->uncompacted_bytes() == node->listpack_bytes());
  CHECK(again->is_consistent());
}

TEST_CASE("A compacted node with many entries has a right index", "[stream_node]") {
  Node node = node_of(1000);
  for (uint64_t ms = 1; ms <= 1000; ++ms) {
    if (ms % 5 != 0) node.erase({ms, 0});
  }
  Node compacted(node->compacted());
  CHECK(compacted->live() == 200);
  CHECK(compacted->is_consistent());
  check_every_seek(*compacted);
  for (uint64_t ms = 1001; ms < 1100; ++ms)
    compacted.append({ms, 0}, {"f", "v"});
  CHECK(compacted->is_consistent());
  check_every_seek(*compacted);
}

TEST_CASE("Compaction of a huge node, and of what it left, keeps count", "[stream_node]") {
  Node node = node_of(65'600);
  const size_t bytes = node->uncompacted_bytes();
  for (uint64_t ms = 1; ms <= 60'000; ++ms)
    node.erase({ms, 0});
  REQUIRE(node->deserves_compaction());
  Node compacted(node->compacted());
  CHECK(compacted->entries() == 5'600);
  for (uint64_t ms = 60'001; ms <= 65'000; ++ms)
    compacted.erase({ms, 0});
  const Node again(compacted->compacted());
  CHECK(again->entries() == 600);
  CHECK(again->is_consistent());
  CHECK(again->uncompacted_entries() == 65'600);
  // The two counts of the master entry are as wide as they were with one live entry and no other.
  CHECK(again->uncompacted_bytes() >= bytes);
  CHECK(again->uncompacted_bytes() <= bytes + 6);
}

}  // namespace
}  // namespace weir
