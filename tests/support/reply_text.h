// Replies put together by hand: what a model expects, byte by byte.
//
//   ReplyText reply(2);
//   reply.array({reply.id({1, 0}), reply.null()})      "*2\r\n$3\r\n1-0\r\n$-1\r\n"
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "streams/stream_id.h"

namespace weir::testing {

class ReplyText {
 public:
  using Parts = std::vector<std::string>;

  /// Of the protocol: 2 or 3.
  explicit ReplyText(int version) : is_resp3_(version == 3) {}

  static std::string ok() { return "+OK\r\n"; }
  static std::string error(std::string_view text) { return "-" + std::string(text) + "\r\n"; }
  static std::string bulk(std::string_view text) {
    return "$" + std::to_string(text.size()) + "\r\n" + std::string(text) + "\r\n";
  }
  static std::string id(const StreamId& id) { return bulk(to_string(id)); }
  template <class Number>
  static std::string integer(Number n) {
    return ":" + std::to_string(static_cast<int64_t>(n)) + "\r\n";
  }
  static std::string array(const Parts& elements) {
    return "*" + std::to_string(elements.size()) + "\r\n" + joined(elements);
  }
  std::string null() const { return is_resp3_ ? "_\r\n" : "$-1\r\n"; }
  std::string null_array() const { return is_resp3_ ? "_\r\n" : "*-1\r\n"; }
  /// Names and values in turn.
  std::string map(const Parts& pairs) const {
    if (!is_resp3_) return array(pairs);
    return "%" + std::to_string(pairs.size() / 2) + "\r\n" + joined(pairs);
  }
  /// What XREAD has of streams: keys and values in turn.
  std::string streams(const Parts& pairs) const {
    if (is_resp3_) return map(pairs);
    Parts each;
    for (size_t i = 0; i < pairs.size(); i += 2)
      each.push_back(array({pairs[i], pairs[i + 1]}));
    return array(each);
  }

 private:
  static std::string joined(const Parts& parts) {
    std::string text;
    for (const std::string& part : parts)
      text += part;
    return text;
  }

  bool is_resp3_;
};

}  // namespace weir::testing
