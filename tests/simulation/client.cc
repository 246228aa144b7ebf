#include "tests/simulation/client.h"

#include <utility>

namespace weir::simulation {

bool Client::connect(int machine) {
  close();
  machine_ = machine;
  end_ = world_.network.connect_from_outside(world_.machines[static_cast<size_t>(machine)]->port());
  if (end_ == nullptr) return false;
  end_->on_input = [this] { read(); };
  end_->on_leaving = [this](std::string_view bytes) { see_leaving(bytes); };
  return true;
}

void Client::close() {
  if (end_ != nullptr) world_.network.hang_up(std::exchange(end_, nullptr));
  parser_ = leaving_ = resp::ReplyParser();
  expected_.clear();
  left_ = 0;
}

void Client::send(const Words& words, OnReply on_reply, OnReply on_leaving) {
  std::string bytes = "*" + std::to_string(words.size()) + "\r\n";
  for (const std::string& word : words)
    bytes += "$" + std::to_string(word.size()) + "\r\n" + word + "\r\n";
  expected_.push_back({std::move(on_reply), std::move(on_leaving)});
  if (!world_.network.push(end_, bytes)) close();
}

void Client::read() {
  const std::shared_ptr<End> end = end_;
  const std::string input = world_.network.take(*end);
  std::string_view rest = input;
  while (!rest.empty() && end_ == end) {
    const auto status = parser_.parse(rest);
    rest.remove_prefix(parser_.consumed());
    if (status == resp::ReplyParser::Status::kError) {
      findings_.add("a reply that is none: " + parser_.error());
      return close();
    }
    if (status != resp::ReplyParser::Status::kReply) break;
    const resp::Reply reply = parser_.take();
    if (expected_.empty()) {
      findings_.add("a reply that nobody asked for: " + show(reply));
      return close();
    }
    const OnReply on_reply = std::move(expected_.front().on_reply);
    expected_.pop_front();
    if (left_ > 0) --left_;
    if (on_reply) on_reply(reply);
  }
  if (end_ == end && (end->has_end || end->error != 0)) close();
}

/// Inside the server's call: nothing may be sent or closed here.
void Client::see_leaving(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto status = leaving_.parse(bytes);
    bytes.remove_prefix(leaving_.consumed());
    if (status != resp::ReplyParser::Status::kReply) return;
    const resp::Reply reply = leaving_.take();
    if (left_ >= expected_.size()) return;  // read() will say so
    const OnReply& on_leaving = expected_[left_++].on_leaving;
    if (on_leaving) on_leaving(reply);
  }
}

}  // namespace weir::simulation
