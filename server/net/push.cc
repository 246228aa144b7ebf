#include "server/net/push.h"

#include "server/net/client_io.h"

namespace weir {
namespace {

// A receiver without a reply buffer gets one that is as large as the message: there may be
// thousands of receivers.
resp::Buffer& buffer_for(Client& client) {
  if (!client.replying) return client.output;
  if (!client.late_pushes) client.late_pushes = std::make_unique<resp::Buffer>();
  return *client.late_pushes;
}

}  // namespace

Push::Push(Client& client) : client_(client), writer_(buffer_for(client)) {
  writer_.set_version(client.reply.version());
}

Push::~Push() {
  if (!client_.replying) client_.io->wants_flush(client_);
}

void release_late_pushes(Client& client) {
  if (!client.late_pushes) return;
  // The reply was its last: QUIT of a monitor is not shown to itself.
  if (client.close_after_reply) return client.late_pushes.reset();
  client.io->prepare_reply(client);
  client.output.append(client.late_pushes->view());
  client.late_pushes.reset();
  client.io->wants_flush(client);
}

}  // namespace weir
