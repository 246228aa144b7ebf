#include "resp/pipeline_parser.h"

#include <cassert>
#include <utility>

namespace weir::resp {
namespace {

/// A parser with room for more views than these bytes gives it back.
constexpr size_t kKeptViewBytes = size_t{64} * 1024;

}  // namespace

void PipelineParser::forget() {
  for (size_t i = next_; i < parsed_; ++i)
    parsers_[i].reset();
  parsed_ = 0;
  complete_ = 0;
  next_ = 0;
}

void PipelineParser::start() {
  forget();
  for (RequestParser& parser : parsers_) {
    if (parser.memory_bytes() > kKeptViewBytes) parser = RequestParser();
  }
}

void PipelineParser::start(RequestParser&& unfinished) {
  start();
  parsers_[0] = std::move(unfinished);
}

PipelineParser::Status PipelineParser::next(std::string_view input, const RequestLimits& limits) {
  assert(next_ == 0 || input.data() == behind_);
  if (next_ == parsed_ || limits != limits_) fill(input, limits);
  ++next_;
  behind_ = input.data() + consumed();
  return next_ <= complete_ ? Status::kRequest : last_status_;
}

void PipelineParser::fill(std::string_view input, const RequestLimits& limits) {
  forget();
  limits_ = limits;
  do {
    RequestParser& parser = parsers_[parsed_++];
    last_status_ = parser.parse(input, limits);
    if (last_status_ == Status::kError) parser.reset();
    if (last_status_ != Status::kRequest) return;
    requests_[complete_++] = parser.argv();
    input.remove_prefix(parser.consumed());
  } while (parsed_ < kWindow && !input.empty());
}

RequestParser PipelineParser::take_unfinished() {
  RequestParser unfinished = std::exchange(parsers_[next_ - 1], RequestParser());
  unfinished.trim_memory();  // it is kept for as long as its client likes
  return unfinished;
}

std::span<const PipelineParser::Request> PipelineParser::window() const {
  if (next_ != 1 || complete_ < 2) return {};
  return {requests_.data(), complete_};
}

}  // namespace weir::resp
