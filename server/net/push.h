// A message to a connection that is no reply to a request of it: of pub/sub, an invalidation.
//
//   Push push(client);
//   push->push(3);
//   push->bulk("message");
//
// It goes behind what the connection has to send.  One that a connection's own command caused goes
// behind the reply to that command, which is being written; CLIENT REPLY does not keep it back.
#pragma once

#include "resp/reply_writer.h"
#include "server/net/client.h"

namespace weir {

class Push {
 public:
  explicit Push(Client& client);
  /// The message is complete.
  ~Push();
  Push(const Push&) = delete;
  Push& operator=(const Push&) = delete;

  resp::ReplyWriter* operator->() { return &writer_; }
  resp::ReplyWriter& operator*() { return writer_; }
  /// Bytes that were encoded before, for several receivers.
  void encoded(std::string_view bytes) { writer_.buffer().append(bytes); }

 private:
  Client& client_;
  resp::ReplyWriter writer_;
};

/// The reply of the client's command is complete: what waited behind it goes.
void release_late_pushes(Client& client);

}  // namespace weir
