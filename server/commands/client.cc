// CLIENT: about the connection itself.  What is about others is in client_list.cc.
#include "server/net/client.h"

#include "server/commands/client_names.h"
#include "server/commands/handlers.h"
#include "server/commands/help_reply.h"
#include "server/errors.h"
#include "server/text.h"

namespace weir {
namespace {

/// ON or OFF, as the third word says.
Outcome set_switch(Call& call, bool& value) {
  const bool on = equals_ignoring_case(call.args[2], "on");
  if (!on && !equals_ignoring_case(call.args[2], "off")) return ReplyError(errors::kSyntax);
  value = on;
  call.reply.ok();
  return Outcome::done();
}

}  // namespace

Outcome client_id(Call& call) {
  call.reply.integer(static_cast<int64_t>(call.client.id));
  return Outcome::done();
}

Outcome client_getname(Call& call) {
  const std::string& name = call.client.labels().name;
  if (name.empty()) {
    call.reply.null();
  } else {
    call.reply.bulk(name);
  }
  return Outcome::done();
}

Outcome client_setname(Call& call) {
  if (!is_valid_client_text(call.args[2])) return ReplyError(kInvalidClientName);
  call.client.mutable_labels().name = call.args[2];
  call.reply.ok();
  return Outcome::done();
}

Outcome client_setinfo(Call& call) {
  const std::string_view attribute = call.args[2];
  const bool is_name = equals_ignoring_case(attribute, "lib-name");
  if (!is_name && !equals_ignoring_case(attribute, "lib-ver")) {
    return errors::with_text("ERR Unrecognized option '", attribute, "'");
  }
  if (!is_valid_client_text(call.args[3])) {
    return errors::with_text("ERR ", attribute,
                             " cannot contain spaces, newlines or special characters.");
  }
  Client::Labels& labels = call.client.mutable_labels();
  (is_name ? labels.lib_name : labels.lib_version) = call.args[3];
  call.reply.ok();
  return Outcome::done();
}

Outcome client_no_evict(Call& call) {
  return set_switch(call, call.client.no_evict);
}

Outcome client_no_touch(Call& call) {
  return set_switch(call, call.client.no_touch);
}

Outcome client_reply(Call& call) {
  Client& client = call.client;
  if (equals_ignoring_case(call.args[2], "on")) {
    client.reply_mode = ReplyMode::kOn;
    // This answer is the first that leaves again.
    if (client.gets_replies()) client.reply.set_buffer(client.output);
    call.reply.ok();
  } else if (equals_ignoring_case(call.args[2], "off")) {
    client.reply_mode = ReplyMode::kOff;
  } else if (equals_ignoring_case(call.args[2], "skip")) {
    if (client.reply_mode != ReplyMode::kOff) client.reply_mode = ReplyMode::kSkipNext;
  } else {
    return ReplyError(errors::kSyntax);
  }
  return Outcome::done();
}

Outcome client_help(Call& call) {
  static constexpr std::string_view kLines[] = {
      "CACHING (YES|NO)",
      "    Make the next command an exception: track it (OPTIN), or do not (OPTOUT).",
      "GETREDIR",
      "    The connection that is told of changed keys instead of this one.",
      "GETNAME",
      "    The name of this connection.",
      "ID",
      "    The number of this connection.",
      "INFO",
      "    This connection as CLIENT LIST shows it.",
      "KILL <ip:port>",
      "    End the connection from <ip:port>.",
      "KILL <option> <value> [<option> <value> [...]]",
      "    End the connections to which all of this applies:",
      "    * ADDR (<ip:port>|<unixsocket>:0): it comes from there.",
      "    * LADDR (<ip:port>|<unixsocket>:0): it was made to there.",
      "    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB): it is of that kind.",
      "    * USER <username>: it belongs to that user.",
      "    * SKIPME (YES|NO): leave this connection alone (yes).",
      "    * ID <client-id>: it has that number.",
      "    * MAXAGE <seconds>: it is at least as old.",
      "LIST [options ...]",
      "    All connections; options choose some:",
      "    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB): those of that kind.",
      "    * ID <client-id> [<client-id> ...]: those with these numbers.",
      "NO-EVICT (ON|OFF)",
      "    Keep this connection when memory for connections runs out.",
      "NO-TOUCH (ON|OFF)",
      "    Let commands of this connection leave the idle time of keys alone.",
      "PAUSE <timeout> [WRITE|ALL]",
      "    Put off the commands of clients for <timeout> ms: all, or those that write.",
      "REPLY (ON|OFF|SKIP)",
      "    Answer commands, answer none, or leave the next one unanswered.",
      "SETINFO <option> <value>",
      "    Note the library's LIB-NAME or LIB-VER.",
      "SETNAME <name>",
      "    Name this connection.",
      "TRACKING (ON|OFF) [REDIRECT <id>] [BCAST] [PREFIX <prefix> [...]]",
      "         [OPTIN] [OPTOUT] [NOLOOP]",
      "    Be told when keys that this connection read change.",
      "TRACKINGINFO",
      "    What is tracked for this connection.",
      "UNBLOCK <client-id> [TIMEOUT|ERROR]",
      "    End the wait of that connection's command.",
      "UNPAUSE",
      "    Put off nothing any more.",
  };
  write_help(call.reply, "client", kLines);
  return Outcome::done();
}

}  // namespace weir
