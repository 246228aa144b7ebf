#include "persistence/rdb_other_types.h"

#include <array>

namespace weir {
namespace {

/// How a value is laid out.
enum class Layout : uint8_t {
  kUnknown,
  kString,           // one string
  kStrings,          // a length, so many strings
  kPairs,            // a length, twice as many strings
  kTextScores,       // a length, so many strings with a score as text
  kBinaryScores,     // a length, so many strings with a score of 8 bytes
  kTaggedStrings,    // a length, so many strings with a length in front
  kTimedPairs,       // a length, so many pairs of strings with a length in front
  kTimedPairsSince,  // 8 bytes, and the same
  kTimedString,      // 8 bytes, a string
  kModule,           // a module's number, its items
  kArray,            // places with numbers or strings
};

struct Type {
  std::string_view name;
  Layout layout = Layout::kUnknown;
};

constexpr std::array<Type, 29> kTypes = {{
    {"a string", Layout::kString},            // 0
    {"a list", Layout::kStrings},             // 1
    {"a set", Layout::kStrings},              // 2
    {"a sorted set", Layout::kTextScores},    // 3
    {"a hash", Layout::kPairs},               // 4
    {"a sorted set", Layout::kBinaryScores},  // 5
    {},                                       // 6: a module's before the release of modules
    {"a module's value", Layout::kModule},    // 7
    {},                                       // 8
    {"a hash", Layout::kString},              // 9: zipmap
    {"a list", Layout::kString},              // 10: ziplist
    {"a set", Layout::kString},               // 11: intset
    {"a sorted set", Layout::kString},        // 12: ziplist
    {"a hash", Layout::kString},              // 13: ziplist
    {"a list", Layout::kStrings},             // 14: of ziplists
    {},                                       // 15: a stream
    {"a hash", Layout::kString},              // 16: listpack
    {"a sorted set", Layout::kString},        // 17: listpack
    {"a list", Layout::kTaggedStrings},       // 18: of listpacks
    {},                                       // 19: a stream
    {"a set", Layout::kString},               // 20: listpack
    {},                                       // 21: a stream
    {"a hash", Layout::kTimedPairs},          // 22: with TTLs, before their release
    {"a hash", Layout::kString},              // 23: the same as a listpack
    {"a hash", Layout::kTimedPairsSince},     // 24: with TTLs
    {"a hash", Layout::kTimedString},         // 25: the same as a listpack
    {},                                       // 26: a stream
    {},                                       // 27: a stream
    {"an array", Layout::kArray},             // 28
}};

Layout layout_of(uint8_t type) {
  return type < kTypes.size() ? kTypes[type].layout : Layout::kUnknown;
}

/// Passes over so many things; stops when the input fails.
template <class Skip>
void skip_all(RdbInput& in, uint64_t count, Skip skip) {
  for (; count > 0 && !in.failed(); --count)
    skip();
}

/// A score as text; three lengths stand for scores that are no numbers.
void skip_text_score(RdbInput& in) {
  constexpr uint8_t kFirstWithoutText = 253;
  const uint8_t length = in.byte();
  if (length < kFirstWithoutText) in.skip(length);
}

void skip_timed_pair(RdbInput& in) {
  in.length();
  in.skip_string();
  in.skip_string();
}

void skip_array_place(RdbInput& in) {
  constexpr uint64_t kNumberTags[] = {1, 2};
  constexpr uint64_t kTextTags[] = {0, 3};
  in.length();
  const uint64_t tag = in.length();
  if (tag == kNumberTags[0] || tag == kNumberTags[1]) return in.skip(8);
  if (tag == kTextTags[0] || tag == kTextTags[1]) return in.skip_string();
  in.damaged("Unknown tag in an array");
}

void skip_array(RdbInput& in) {
  const uint64_t count = in.length();
  if (in.length() == 1) in.length();
  skip_all(in, count, [&] { skip_array_place(in); });
}

}  // namespace

std::string_view rdb_type_name(uint8_t type) {
  return type < kTypes.size() ? kTypes[type].name : std::string_view();
}

void skip_rdb_value(RdbInput& in, uint8_t type) {
  const auto string = [&] { in.skip_string(); };
  switch (layout_of(type)) {
    case Layout::kUnknown:
      return in.damaged("Unknown type");
    case Layout::kString:
      return string();
    case Layout::kStrings:
      return skip_all(in, in.length(), string);
    case Layout::kPairs:
      return skip_all(in, in.length(), [&] { string(), string(); });
    case Layout::kTextScores:
      return skip_all(in, in.length(), [&] { string(), skip_text_score(in); });
    case Layout::kBinaryScores:
      return skip_all(in, in.length(), [&] { string(), in.skip(8); });
    case Layout::kTaggedStrings:
      return skip_all(in, in.length(), [&] { in.length(), string(); });
    case Layout::kTimedPairsSince:
      in.skip(8);
      [[fallthrough]];
    case Layout::kTimedPairs:
      return skip_all(in, in.length(), [&] { skip_timed_pair(in); });
    case Layout::kTimedString:
      in.skip(8);
      return string();
    case Layout::kModule:
      in.length();
      return skip_module_items(in);
    case Layout::kArray:
      return skip_array(in);
  }
}

void skip_module_items(RdbInput& in) {
  enum Item : uint64_t { kEnd = 0, kSigned = 1, kUnsigned = 2, kFloat = 3, kDouble = 4, kText = 5 };
  while (!in.failed()) {
    switch (in.length()) {
      case kEnd:
        return;
      case kSigned:
      case kUnsigned:
        in.length();
        break;
      case kFloat:
        in.skip(4);
        break;
      case kDouble:
        in.skip(8);
        break;
      case kText:
        in.skip_string();
        break;
      default:
        in.damaged("Unknown item of a module's value");
    }
  }
}

void skip_key_meta(RdbInput& in) {
  constexpr uint64_t kClassBytes = 4;
  for (uint64_t left = in.length(); left > 0 && !in.failed(); --left) {
    in.skip(kClassBytes);
    skip_module_items(in);
  }
}

}  // namespace weir
