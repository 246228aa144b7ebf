// Connections without sockets: what is sent to them stays in their output.
//
//   QuietClients clients;
//   Client& one = clients.add();
//   ... something is pushed ...
//   CHECK(clients.take(one) == "[message c x]");
#pragma once

#include <functional>
#include <string>

#include "resp/reply.h"
#include "resp/reply_parser.h"
#include "server/net/client_io.h"
#include "server/net/client_table.h"
#include "server/net/event_loop.h"

namespace weir::testing {

class QuietClients : public RequestHandler {
 public:
  Client& add(int version = 2) {
    Client& client = table.add(-1, true, 0);
    client.io = &io_;
    client.reply.set_version(version);
    return client;
  }

  /// What is to be sent to the client, each message as show() has it, and forgets that.
  static std::string take(Client& client) {
    std::string text;
    resp::ReplyParser parser;
    while (parser.parse(client.output.view()) == resp::ReplyParser::Status::kReply) {
      text += (text.empty() ? "" : " ") + resp::show(parser.take());
      client.output.consume(parser.consumed());
    }
    if (!client.output.empty()) text += " and no reply";
    client.output.clear();
    return text;
  }

  ClientTable table;
  size_t output_limit = SIZE_MAX;
  std::function<void(Client&)> on_disconnect = [](Client&) {};

  // --- RequestHandler
  void begin_batch() override {}
  uint64_t batch_ns() override { return 0; }
  void expect(const Client&, std::span<const std::span<const std::string_view>>) override {}
  void handle(Client&, std::span<const std::string_view>) override {}
  int64_t monotonic_ms() const override { return 0; }
  void disconnected(Client& client) override { on_disconnect(client); }
  void encrypted(Client&) override {}
  void protocol_error(Client&, std::string_view, std::string_view) override {}
  void transport_failed(Client&, std::string_view) override {}
  void query_buffer_exceeded(Client&, std::string_view) override {}
  bool output_exceeded(Client& client) override { return client.output.size() > output_limit; }
  void evicted(Client&) override {}
  Client* find(uint64_t client_id) override { return table.find(client_id); }
  resp::RequestLimits limits_for(const Client&) const override { return {}; }
  size_t query_buffer_limit(const Client&) const override { return SIZE_MAX; }
  void closed(Client&) override {}

 private:
  EventLoop loop_;
  ClientIo io_{loop_, *this};
};

}  // namespace weir::testing
