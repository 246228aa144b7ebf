// A client of a simulated server, and what it believes: each request is answered once, in order,
// and nothing comes that it did not ask for.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "resp/reply.h"
#include "resp/reply_parser.h"
#include "tests/simulation/world.h"

namespace weir::simulation {

using Words = std::vector<std::string>;

/// What was found wrong.
struct Findings {
  std::vector<std::string> texts;
  void add(std::string text) { texts.push_back(std::move(text)); }
};

class Client {
 public:
  using OnReply = std::function<void(const resp::Reply&)>;

  Client(World& world, Findings& findings) : world_(world), findings_(findings) {}
  ~Client() { close(); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  bool connect(int machine);
  /// on_leaving: called when the last byte of the reply leaves the server.
  void send(const Words& words, OnReply on_reply, OnReply on_leaving = nullptr);
  void close();

  bool is_open() const { return end_ != nullptr; }
  size_t waiting() const { return expected_.size(); }
  int machine() const { return machine_; }

 private:
  struct Expected {
    OnReply on_reply;
    OnReply on_leaving;
  };

  void read();
  void see_leaving(std::string_view bytes);

  World& world_;
  Findings& findings_;
  std::shared_ptr<End> end_;
  resp::ReplyParser parser_;
  std::deque<Expected> expected_;
  size_t left_ = 0;  // so many of those have left the server
  resp::ReplyParser leaving_;
  int machine_ = 0;
};

}  // namespace weir::simulation
