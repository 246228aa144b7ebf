// The session: AUTH ECHO HELLO PING QUIT RESET SELECT.

#include "server/commands/args.h"
#include "server/commands/client_names.h"
#include "server/commands/handlers.h"
#include "server/commands/reply_pairs.h"
#include "server/context.h"
#include "server/data/keyspace.h"
#include "server/dispatcher.h"
#include "server/errors.h"
#include "server/gatekeeper.h"
#include "server/insight/monitors.h"
#include "server/insight/stats.h"
#include "server/messaging/pubsub.h"
#include "server/messaging/tracking.h"
#include "server/net/client_io.h"
#include "server/replication/stream.h"
#include "server/settings.h"

namespace weir {
namespace {

constexpr std::string_view kNoPasswordSet =
    "ERR AUTH <password> called without any password configured for the default user. Are you sure "
    "your configuration is correct?";
constexpr std::string_view kHelloNeedsAuth =
    "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO "
    "<proto> "
    "AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol "
    "version at the same time";
constexpr std::string_view kNoProto = "NOPROTO unsupported protocol version";
constexpr std::string_view kProtoNotAnInteger =
    "ERR Protocol version is not an integer or out of range";

struct HelloArgs {
  int version = 0;  // 0: as it is
  std::optional<std::string_view> user;
  std::string_view password;
  std::optional<std::string_view> name;
};

Parsed<HelloArgs> read_hello(const Call& call) {
  HelloArgs parsed;
  if (call.args.size() == 1) return parsed;
  const std::optional<int64_t> version = parse_canonical(call.args[1]);
  if (!version) return refused(kProtoNotAnInteger);
  if (*version != 2 && *version != 3) return refused(kNoProto);
  parsed.version = static_cast<int>(*version);
  ArgCursor args(call.args, 2);
  while (args.left() > 0) {
    if (args.take("AUTH", 2)) {
      parsed.user = args.next();
      parsed.password = args.next();
    } else if (args.take("SETNAME", 1)) {
      parsed.name = args.next();
      if (!is_valid_client_text(*parsed.name)) return refused(kInvalidClientName);
    } else {
      return tl::make_unexpected(
          errors::with_text("ERR Syntax error in HELLO option '", args.peek(), "'"));
    }
  }
  return parsed;
}

void write_hello(Call& call) {
  resp::ReplyWriter& reply = call.reply;
  reply.map(7);
  text_pair(reply, "server", "redis");
  text_pair(reply, "version", call.settings.compat_version);
  number_pair(reply, "proto", reply.version());
  number_pair(reply, "id", call.client.id);
  text_pair(reply, "mode", "standalone");
  text_pair(reply, "role", call.context.replication.is_primary() ? "master" : "replica");
  reply.bulk("modules");
  reply.array(0);
}

}  // namespace

Outcome auth(Call& call) {
  if (call.args.size() > 3) return ReplyError(errors::kSyntax);
  const bool has_user = call.args.size() == 3;
  Gatekeeper& gatekeeper = call.context.gatekeeper;
  if (!has_user && gatekeeper.users().default_user().needs_no_password())
    return ReplyError(kNoPasswordSet);
  const std::string_view user = has_user ? call.args[1] : kDefaultUser;
  if (!gatekeeper.authenticate(call.client, user, call.args.back(), call.args[0]))
    return ReplyError(errors::kWrongPass);
  call.reply.ok();
  return Outcome::done();
}

Outcome echo(Call& call) {
  call.reply.bulk(call.args[1]);
  return Outcome::done();
}

Outcome ping(Call& call) {
  if (call.args.size() > 2) return errors::wrong_number_of_arguments("ping");
  if (call.client.subscriptions && !call.reply.is_resp3()) {  // where replies look like messages
    call.reply.array(2);
    call.reply.bulk("pong");
    call.reply.bulk(call.args.size() == 2 ? call.args[1] : std::string_view());
  } else if (call.args.size() == 2) {
    call.reply.bulk(call.args[1]);
  } else {
    call.reply.simple("PONG");
  }
  return Outcome::done();
}

Outcome hello(Call& call) {
  Parsed<HelloArgs> args = read_hello(call);
  if (!args) return std::move(args.error());
  Gatekeeper& gatekeeper = call.context.gatekeeper;
  if (args->user &&
      !gatekeeper.authenticate(call.client, *args->user, args->password, call.args[0])) {
    return ReplyError(errors::kWrongPass);
  }
  if (!gatekeeper.knows(call.client)) return ReplyError(kHelloNeedsAuth);
  if (args->name) call.client.mutable_labels().name = *args->name;
  if (args->version != 0) call.reply.set_version(args->version);
  write_hello(call);
  return Outcome::done();
}

Outcome quit(Call& call) {
  call.reply.ok();
  call.client.io->close_after_reply(call.client);
  return Outcome::done();
}

Outcome reset(Call& call) {
  Client& client = call.client;
  if (client.shared) return ReplyError("ERR can only reset normal client connections");
  call.context.dispatcher.discard_transaction(client);
  client.db = 0;
  call.context.gatekeeper.greet(client);
  client.no_evict = false;
  client.no_touch = false;
  call.context.pubsub.forget(client);
  call.context.tracking.stop(client);
  if (!client.labels().name.empty()) client.mutable_labels().name.clear();
  call.context.monitors.remove(client);
  call.context.dispatcher.look_out();
  if (client.reply_mode != ReplyMode::kSkipThis) {
    client.reply_mode = ReplyMode::kOn;
    client.reply.set_buffer(client.output);
  }
  client.reply.set_version(2);
  call.reply.simple("RESET");
  return Outcome::done();
}

Outcome select(Call& call) {
  const std::optional<int64_t> index = parse_canonical(call.args[1]);
  if (!index) return ReplyError(errors::kNotAnInteger);
  if (*index < INT32_MIN || *index > INT32_MAX) return ReplyError(errors::kNotAnInt32);
  if (*index < 0 || *index >= static_cast<int64_t>(call.context.keyspace.databases().size())) {
    return ReplyError(errors::kDbIndexOutOfRange);
  }
  call.client.db = static_cast<uint32_t>(*index);
  call.reply.ok();
  return Outcome::done();
}

}  // namespace weir
