#include "tests/simulation/client.h"

#include <utility>

namespace weir::simulation {

bool Client::connect(int machine) {
  close();
  machine_ = machine;
  end_ = world_.network.connect_from_outside(world_.machines[static_cast<size_t>(machine)]->port());
  if (end_ == nullptr) return false;
  end_->on_input = [this] { read(); };
  return true;
}

void Client::close() {
  if (end_ != nullptr) world_.network.hang_up(std::exchange(end_, nullptr));
  parser_ = resp::ReplyParser();
  expected_.clear();
}

void Client::send(const Words& words, OnReply on_reply) {
  std::string bytes = "*" + std::to_string(words.size()) + "\r\n";
  for (const std::string& word : words)
    bytes += "$" + std::to_string(word.size()) + "\r\n" + word + "\r\n";
  expected_.push_back(std::move(on_reply));
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
    const OnReply on_reply = std::move(expected_.front());
    expected_.pop_front();
    if (on_reply) on_reply(reply);
  }
  if (end_ == end && (end->has_end || end->error != 0)) close();
}

}  // namespace weir::simulation
