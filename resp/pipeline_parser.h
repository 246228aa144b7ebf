// The requests of a pipeline, parsed a few at a time, so that it can be seen what comes next.
//
//   bytes   │ request │ request │ request │ … │ half a requ
//           └─ run ───┴─ window(): parsed, not run yet ───┘
//
// Each request is parsed once.  What was parsed ahead counts only if the connection's limits are
// still the same when its turn comes: a password may have been given in between.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

#include "resp/request_parser.h"

namespace weir::resp {

class PipelineParser {
 public:
  using Status = RequestParser::Status;
  using Request = std::span<const std::string_view>;
  /// Most requests parsed at a time.
  static constexpr size_t kWindow = 8;

  /// Begins with other bytes: what was parsed ahead is forgotten.
  void start();
  /// The same, and goes on with the first request where `unfinished` has stopped.
  void start(RequestParser&& unfinished);

  /// Goes on to the next request, which is at the beginning of `input`, behind the one before; see
  /// RequestParser::parse().  From start() on, the bytes stay where they are.
  Status next(std::string_view input, const RequestLimits& limits);
  Request argv() const { return current().argv(); }
  size_t consumed() const { return current().consumed(); }
  std::string_view error() const { return current().error(); }
  /// After kIncomplete: what to start() with when there are more bytes.
  RequestParser take_unfinished();

  /// When next() has just parsed several requests: these, the current one first.  Else empty.
  std::span<const Request> window() const;

 private:
  const RequestParser& current() const { return parsers_[next_ - 1]; }
  void fill(std::string_view input, const RequestLimits& limits);
  void forget();

  std::array<RequestParser, kWindow> parsers_;
  std::array<Request, kWindow> requests_;  // the complete ones among them
  size_t complete_ = 0;
  size_t parsed_ = 0;                         // one more than complete_ if something follows them
  size_t next_ = 0;                           // below it they have had their turn
  Status last_status_ = Status::kIncomplete;  // of the one behind the complete ones
  RequestLimits limits_;
  const char* behind_ = nullptr;  // the current request
};

}  // namespace weir::resp
