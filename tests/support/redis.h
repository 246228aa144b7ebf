// A client over hiredis (RESP2): what the server tests talk through.
//
//   Redis redis = server.connect();
//   CHECK(redis("XADD", "s", "1-0", "f", "a") == "1-0");
//   CHECK(redis("XLEN", "s") == 1);
//   CHECK(redis("XRANGE", "s", "-", "+") == R"([["1-0",["f","a"]]])");
//   redis.send("XREAD", "BLOCK", 0, "STREAMS", "s", "$");     // now something else happens
//   CHECK(redis.read() == R"([["s",[["2-0",["f","b"]]]]])");
#pragma once

#include <concepts>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/patience.h"

struct redisContext;

namespace weir::testing {

/// A reply as text, so that it compares and prints as what a client saw.  Alone: a string is its
/// bytes, a status its text, an error its text with the code, an integer its digits, null `nil`,
/// the end of the connection `(closed)`.  Inside an array strings are quoted: `["a",1,nil,["b"]]`.
struct Shown {
  std::string text;

  bool contains(std::string_view part) const { return text.find(part) != std::string::npos; }
  bool starts_with(std::string_view part) const { return text.starts_with(part); }
  /// The digits as a number; throws std::invalid_argument when it is none.
  int64_t number() const { return std::stoll(text); }

  friend bool operator==(const Shown& a, const Shown& b) { return a.text == b.text; }
  friend bool operator==(const Shown& a, std::string_view b) { return a.text == b; }
  friend bool operator==(const Shown& a, const char* b) { return a.text == b; }
  friend bool operator==(const Shown& a, std::integral auto b) {
    return a.text == std::to_string(b);
  }
  friend std::ostream& operator<<(std::ostream& out, const Shown& shown) {
    return out << shown.text;
  }
};

class Redis {
 public:
  /// Connects to 127.0.0.1.  Throws std::runtime_error when nobody accepts.
  explicit Redis(int port);
  explicit Redis(const std::string& socket_path);

  /// Sends a command and reads its reply.  Words are text or integers.
  template <typename... Words>
  Shown operator()(const Words&... words) {
    send(words...);
    return read();
  }

  /// Sends a command and awaits nothing.
  template <typename... Words>
  void send(const Words&... words) {
    send_words({word(words)...});
  }
  void send_words(const std::vector<std::string>& words);

  /// The next reply.  Throws std::runtime_error when none comes in time.
  Shown read();

  /// True when nothing comes for a while.
  bool nothing_arrives(Milliseconds quiet = Milliseconds(60));

 private:
  struct Free {
    void operator()(redisContext* context) const;
  };

  explicit Redis(redisContext* context);

  static std::string word(std::string_view text) { return std::string(text); }
  static std::string word(std::integral auto number) { return std::to_string(number); }

  std::unique_ptr<redisContext, Free> context_;
};

}  // namespace weir::testing
