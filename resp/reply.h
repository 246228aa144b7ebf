// A reply of a RESP server as a value: what a client or a replica reads.
//
// One struct for all kinds, in RESP2 and RESP3 alike.  Which members mean something depends on the
// kind; the others keep their defaults, so that == compares what was sent and nothing else:
//
//   text        strings, errors, bulk, double and big number (as sent), verbatim (without format)
//   format      the three letters of a verbatim string
//   integer     integer; boolean as 0 or 1
//   elements    array, set, push; map: key, value, key, value
//   attributes  what "|n" in front of the reply said: key, value, ...; empty when there was none
//
// show() prints a reply on one line, in the notation of tests/golden/wire/README.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weir::resp {

struct Reply {
  enum class Kind : uint8_t {
    kSimpleString,
    kError,
    kInteger,
    kBulk,
    kNullBulk,   // RESP2: $-1
    kNullArray,  // RESP2: *-1
    kNull,       // RESP3: _
    kArray,
    kMap,
    kSet,
    kPush,
    kDouble,
    kBoolean,
    kBigNumber,
    kVerbatim,
  };

  Kind kind = Kind::kNull;
  std::string text{};
  std::string format{};
  int64_t integer = 0;
  std::vector<Reply> elements{};
  std::vector<Reply> attributes{};

  bool is_error() const { return kind == Kind::kError; }
};

bool operator==(const Reply& a, const Reply& b);

/// The reply on one line: `*["1-0", :5, _]`, `-ERR text`, `%{"a" => #t}`.
std::string show(const Reply& reply);

/// `bytes` in double quotes, everything outside of 0x20 ... 0x7e escaped: \n \r \t \xHH \" \\.
std::string quoted(std::string_view bytes);

}  // namespace weir::resp
