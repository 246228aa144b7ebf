// Files of several versions of Redis, and files that were damaged on purpose, against what is
// written beside each of them (tests/golden/rdb).
#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "persistence/rdb_reader.h"
#include "streams/stream_cursor.h"
#include "tests/support/describe_stream.h"
#include "tests/support/rdb_in_memory.h"
#include "tests/support/text_file.h"

using namespace weir;
using namespace weir::testing;
using nlohmann::json;

namespace {

const std::string kFolder = std::string(WEIR_SOURCE_DIR) + "/tests/golden/rdb/";

std::string bytes_of_hex(const std::string& hex) {
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  return bytes;
}

/// Long and binary strings are objects in these files.
json with_plain_strings(const json& value) {
  if (value.is_object() && value.contains("hex")) return bytes_of_hex(value["hex"]);
  if (value.is_object() && value.contains("rep"))
    return std::string(value["n"].get<size_t>(), value["rep"].get<std::string>()[0]);
  json plain = value;
  for (json& part : plain) {
    if (part.is_structured()) part = with_plain_strings(part);
  }
  return plain;
}

json entries_of(const Stream& stream) {
  json entries = json::array();
  for (StreamCursor at(stream, kMinStreamId, kMaxStreamId, Direction::kUp); at.is_valid();
       at.next()) {
    json texts = json::array();
    FieldReader fields(at.node(), at.entry());
    while (fields.left() > 0) {
      const FieldReader::Pair pair = fields.next();
      texts.push_back(std::string(pair.name));
      texts.push_back(std::string(pair.value));
    }
    entries.push_back(json::array({to_string(at.entry().id), texts}));
  }
  return entries;
}

json pending_of(const ConsumerGroup& group, const Consumer* consumer) {
  json pending = json::array();
  if (group.pending_or_null() == nullptr) return pending;
  for (PendingCursor at(*group.pending_or_null(), kMinStreamId); at.is_valid(); at.next()) {
    const Nack nack = at.nack();
    if (consumer != nullptr && nack.consumer != consumer->number()) continue;
    json one = {{"id", to_string(nack.id)},
                {"delivery-time", nack.delivered_ms},
                {"delivery-count", nack.deliveries}};
    if (consumer == nullptr) {
      one["consumer"] =
          nack.is_released() ? "" : std::string(group.consumer(nack.consumer)->name());
    }
    pending.push_back(one);
  }
  return pending;
}

json group_of(const ConsumerGroup& group) {
  json consumers = json::array();
  for (size_t i = 0; i < group.consumer_count(); ++i) {
    const Consumer& consumer = group.consumer_at(i);
    consumers.push_back({{"name", std::string(consumer.name())},
                         {"seen-time", consumer.seen_ms()},
                         {"active-time", consumer.active_ms()},
                         {"pel-count", consumer.pending_count()},
                         {"pel", pending_of(group, &consumer)}});
  }
  return {{"name", std::string(group.name())},
          {"last-delivered-id", to_string(group.last_id)},
          {"entries-read", group.entries_read == -1 ? json() : json(group.entries_read)},
          {"pel-count", group.pending_count()},
          {"nacked-count", group.released_count()},
          {"pel", pending_of(group, nullptr)},
          {"consumers", consumers}};
}

json stream_of(const RdbContent::Key& one) {
  const Stream& stream = one.stream;
  const Idempotence* const known = stream.idempotence();
  json shown = {{"type", "stream"},
                {"length", stream.length()},
                {"nodes", stream.node_count()},
                {"last-generated-id", to_string(stream.last_id())},
                {"max-deleted-entry-id", to_string(stream.max_deleted_id())},
                {"entries-added", stream.entries_added()},
                {"recorded-first-entry-id", to_string(stream.first_id())},
                {"idmp-duration", stream.idempotence_limits().duration_s},
                {"idmp-maxsize", stream.idempotence_limits().maxsize},
                {"pids-tracked", known != nullptr ? known->pid_count() : 0},
                {"iids-tracked", known != nullptr ? known->iid_count() : 0},
                {"iids-added", known != nullptr ? known->iids_added() : 0},
                {"iids-duplicates", known != nullptr ? known->iids_duplicates() : 0},
                {"entries", entries_of(stream)},
                {"groups", json::array()}};
  for (size_t i = 0; i < stream.groups().size(); ++i)
    shown["groups"].push_back(group_of(stream.groups().at(i)));
  if (one.key.deadline_ms) shown["pexpiretime"] = *one.key.deadline_ms;
  return shown;
}

/// Forgets the messages whose time was over when the file was loaded.
void expire_messages(const RdbContent& content) {
  uint64_t now_ms = INT64_MAX;  // files that were made by hand do not say when
  for (const auto& [name, value] : content.fields) {
    if (name == "ctime") now_ms = std::stoull(value) * 1000;
  }
  for (const RdbContent::Key& one : content.keys) {
    Idempotence* const known = one.stream.idempotence();
    if (known != nullptr) known->expire(now_ms, SIZE_MAX);
  }
}

/// Everything that `expected` names is in `shown`.
void check_shown(const json& expected, const json& shown, const std::string& where) {
  INFO(where);
  if (expected.is_object()) {
    for (const auto& [name, value] : expected.items()) {
      // The lag is counted otherwise since 8.8, and the name is there twice.
      if (name == "lag" || name == "key-hex") continue;
      INFO(name);
      REQUIRE(shown.contains(name));
      check_shown(value, shown[name], where + "/" + name);
    }
  } else if (expected.is_array() && !expected.empty() && expected[0].is_object()) {
    REQUIRE(expected.size() == shown.size());
    for (size_t i = 0; i < expected.size(); ++i)
      check_shown(expected[i], shown[i], where + "/" + std::to_string(i));
  } else {
    CHECK(expected == shown);
  }
}

std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& file : std::filesystem::directory_iterator(kFolder + folder)) {
    if (file.path().extension() == ".json") names.push_back(folder + file.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

json read_json(const std::string& name) {
  return json::parse(read_text(kFolder + name + ".json"));
}

const RdbContent::Key* find(const RdbContent& content, const std::string& db, const json& expected,
                            const std::string& shown_name) {
  const std::string name =
      expected.contains("key-hex") ? bytes_of_hex(expected["key-hex"]) : shown_name;
  for (const RdbContent::Key& one : content.keys) {
    if (std::to_string(one.key.db) == db && one.key.name == name) return &one;
  }
  return nullptr;
}

}  // namespace

TEST_CASE("Every file of Redis has what is written beside it", "[rdb][golden]") {
  std::vector<std::string> names = names_in("");
  for (const std::string& name : names_in("other-versions/"))
    names.push_back(name);
  size_t compared = 0;
  for (const std::string& name : names) {
    const json described = read_json(name);
    if (!described.contains("db")) continue;
    INFO(name);
    RdbContent content;
    RdbReadOptions options;
    options.other_types = RdbOtherTypes::kSkip;
    const RdbResult read = read_rdb(read_text(kFolder + name + ".rdb"), content, options);
    if (!read) FAIL(read.error().offset << ": " << read.error().reason);
    expire_messages(content);
    size_t others = 0;
    for (const auto& [db, keys] : described["db"].items()) {
      for (const auto& [key, value] : keys.items()) {
        others += value["type"] == "stream" ? 0 : 1;
        if (value["type"] != "stream") continue;
        const RdbContent::Key* const found = find(content, db, value, key);
        INFO(db << "/" << key);
        REQUIRE(found != nullptr);
        assert_consistent(found->stream);
        check_shown(with_plain_strings(value), stream_of(*found), key);
        ++compared;
      }
    }
    CHECK(content.skipped_keys == others);
  }
  CHECK(compared > 50);
}

TEST_CASE("Every broken file is refused with Redis's reason, or read if it harms nothing",
          "[rdb][golden]") {
  struct Expected {
    const char* name;
    const char* reason;
    uint64_t offset;
  };
  const Expected all[] = {
      {"20-badcrc", "RDB CRC error", 544},
      {"21-flipped-data", "RDB CRC error", 544},
      {"22-truncated", "Unexpected EOF reading RDB file", 514},
      {"23-nocrc-bytes", "Unexpected EOF reading RDB file", 536},
      {"24-version99", "Can't handle RDB format version 99", 9},
      {"25-badmagic", "Wrong signature trying to load DB from file", 9},
      {"26-trailing-garbage", nullptr, 0},
      {"27-unknown-opcode", "Unknown RDB encoding type 120", 10},
      {"28-unknown-aux", nullptr, 0},
  };
  for (const Expected& expected : all) {
    INFO(expected.name);
    RdbContent content;
    const RdbResult read = read_rdb(read_text(kFolder + expected.name + ".rdb"), content);
    if (expected.reason == nullptr) {
      CHECK(read);
      CHECK(content.keys.size() == 7);
      continue;
    }
    REQUIRE_FALSE(read);
    CHECK(read.error().reason == expected.reason);
    CHECK(read.error().offset == expected.offset);
  }
}

namespace {

constexpr const char* kListpack = "Stream listpack integrity check failed.";
/// What is said of a damaged stream, and where.
struct Damage {
  const char* name;
  uint64_t offset;
  const char* reason;  // null: it is read
};
constexpr Damage kDamages[] = {
    {"00-good", 0, nullptr},
    {"01-nodekey-short", 66, "Stream node key entry is not the size of a stream ID"},
    {"02-lp-total-bytes", 138, kListpack},
    {"03-lp-no-eof", 138, kListpack},
    {"04-lp-numele", 0, nullptr},
    {"05-lp-backlen", 138, kListpack},
    {"06-lp-str-overrun", 138, kListpack},
    {"07-lp-bad-encoding", 138, kListpack},
    {"08-lp-empty", 75, "Empty listpack inside stream"},
    {"09-live-too-big", 138, kListpack},
    {"10-live-too-small", 138, kListpack},
    {"11-deleted-mismatch", 138, kListpack},
    {"12-live-zero", 0, nullptr},
    {"13-master-term", 138, kListpack},
    {"14-lpcount", 138, kListpack},
    {"15-numfields-str", 91, kListpack},
    {"16-numfields-huge", 89, kListpack},
    {"17-numfields-neg", 92, kListpack},
    {"18-live-neg", 139, kListpack},
    {"19-dup-node", 226, "Listpack re-added with existing key"},
    {"20-node-order", 185, "Stream nodes out of order"},
    {"21-node-overlap", 185, "Stream nodes out of order"},
    {"22-ids-descending", 108, "Stream entries out of order"},
    {"23-length-mismatch", 148, "Stream length inconsistent with live entries"},
    {"24-length-nonzero-no-nodes", 60, "Stream length inconsistent with rax entries"},
    {"25-lastid-small", 0, nullptr},
    {"26-first-wrong", 0, nullptr},
    {"27-added-small", 0, nullptr},
    {"28-dup-group", 270, "Duplicated consumer group name g"},
    {"29-dup-pel", 206, "Duplicated global PEL entry loading stream consumer group"},
    {"30-dup-consumer", 238, "Duplicate stream consumer detected."},
    {"31-consumer-pel-unknown", 279, "Consumer entry not found in group global PEL"},
    {"32-pel-owned-twice", 279, "Stream consumer PEL entry already has a consumer assigned"},
    {"33-pel-unowned", 247, "Stream CG PEL entry without consumer"},
    {"34-dup-consumer-pel", 251, "Stream consumer PEL entry already has a consumer assigned"},
    {"35-group-last-beyond", 0, nullptr},
    {"36-read-huge", 0, nullptr},
    {"37-delivery-negative", 0, nullptr},
    {"38-flags-unknown", 0, nullptr},
    {"39-nodekey-lenenc", 52, "Stream node key entry is not the size of a stream ID"},
    {"40-reserved-length", 50, "Unknown length encoding"},
    {"41-cut", 69, "Unexpected EOF reading RDB file"},
};

}  // namespace

TEST_CASE("Each kind of damage to a stream has its verdict", "[rdb][golden]") {
  CHECK(std::size(kDamages) == names_in("corrupt/").size());
  for (const Damage& expected : kDamages) {
    INFO(expected.name);
    RdbContent content;
    const RdbResult read =
        read_rdb(read_text(kFolder + "corrupt/" + expected.name + ".rdb"), content);
    CHECK(read.has_value() == (expected.reason == nullptr));
    if (!read) {
      CHECK(content.keys.empty());
      CHECK(read.error().offset == expected.offset);
      CHECK(read.error().reason == expected.reason);
      continue;
    }
    REQUIRE(content.keys.size() == 1);
    const Stream& stream = content.keys[0].stream;
    assert_consistent(stream);
    const json described = read_json(std::string("corrupt/") + expected.name);
    CHECK(stream.length() == described["7.0.15 file load"]["xlen"]);
    CHECK(to_string(stream.last_id()) == "1002-0");
  }
}

TEST_CASE("A key of another type stops the reading and is named", "[rdb][golden]") {
  RdbContent content;
  const RdbResult read =
      read_rdb(read_text(kFolder + "other-versions/v12-othertypes.rdb"), content);
  REQUIRE_FALSE(read);
  CHECK(read.error().kind == RdbError::Kind::kRefused);
  CHECK(read.error().reason.find("is a ") != std::string::npos);
  CHECK(read.error().reason.find("rdb-load-other-types") != std::string::npos);
}
