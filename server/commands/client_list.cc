// CLIENT LIST, INFO, KILL and UNBLOCK: looking at connections and ending them.
#include <optional>
#include <vector>

#include "server/commands/args.h"
#include "server/commands/client_describe.h"
#include "server/commands/handlers.h"
#include "server/context.h"
#include "server/dispatcher.h"
#include "server/errors.h"
#include "server/gatekeeper.h"
#include "server/net/client_io.h"
#include "server/net/client_table.h"
#include "server/text.h"
#include "server/time_units.h"

namespace weir {
namespace {

constexpr std::string_view kBadClientId = "ERR client-id should be greater than 0";

enum class ClientType : uint8_t { kNormal, kMaster, kReplica, kPubsub };

std::optional<ClientType> read_type(std::string_view name) {
  if (equals_ignoring_case(name, "normal")) return ClientType::kNormal;
  if (equals_ignoring_case(name, "master")) return ClientType::kMaster;
  if (equals_ignoring_case(name, "replica") || equals_ignoring_case(name, "slave"))
    return ClientType::kReplica;
  if (equals_ignoring_case(name, "pubsub")) return ClientType::kPubsub;
  return std::nullopt;
}

ClientType type_of(const Client& client) {
  if (client.is_primary) return ClientType::kMaster;
  if (client.shared) return ClientType::kReplica;
  return client.subscriptions ? ClientType::kPubsub : ClientType::kNormal;
}

ReplyError unknown_type(std::string_view name) {
  return errors::with_text("ERR Unknown client type '", name, "'");
}

/// The filters of CLIENT KILL; all that are given must hold.
struct KillFilter {
  std::optional<uint64_t> id;
  std::optional<ClientType> type;
  std::optional<std::string_view> user;
  std::optional<std::string_view> address;
  std::optional<std::string_view> local_address;
  std::optional<int64_t> min_age_s;
  bool skip_me = true;

  bool matches(const Client& client, const Call& call) const {
    if (skip_me && &client == &call.client) return false;
    if (id && *id != client.id) return false;
    if (user && (client.user == nullptr || client.user->name() != *user)) return false;
    if (type && *type != type_of(client)) return false;
    if (min_age_s && (call.monotonic_ms - client.created_ms) / kMsPerSecond < *min_age_s)
      return false;
    if (address && *address != client.peer_address()) return false;
    return !local_address || *local_address == client.local_address();
  }
};

std::optional<ReplyError> read_kill_filter(ArgCursor& args, const UserTable& users,
                                           KillFilter& filter) {
  if (args.take("ID", 1)) {
    const std::optional<int64_t> id = parse_canonical(args.next());
    if (!id || *id < 1) return ReplyError(kBadClientId);
    filter.id = static_cast<uint64_t>(*id);
  } else if (args.take("TYPE", 1)) {
    const std::string_view name = args.next();
    filter.type = read_type(name);
    if (!filter.type) return unknown_type(name);
  } else if (args.take("ADDR", 1)) {
    filter.address = args.next();
  } else if (args.take("LADDR", 1)) {
    filter.local_address = args.next();
  } else if (args.take("USER", 1)) {
    filter.user = args.next();
    if (users.find(*filter.user) == nullptr)
      return errors::with_text("ERR No such user '", *filter.user, "'");
  } else if (args.take("SKIPME", 1)) {
    const std::string_view answer = args.next();
    filter.skip_me = equals_ignoring_case(answer, "yes");
    if (!filter.skip_me && !equals_ignoring_case(answer, "no")) return ReplyError(errors::kSyntax);
  } else if (args.take("MAXAGE", 1)) {
    filter.min_age_s = parse_canonical(args.next());
    if (!filter.min_age_s) return ReplyError("ERR maxage is not an integer or out of range");
    if (*filter.min_age_s < 1) return ReplyError("ERR maxage should be greater than 0");
  } else {
    return ReplyError(errors::kSyntax);
  }
  return std::nullopt;
}

/// Its own connection gets the answer first.
void kill(Call& call, Client& victim) {
  if (&victim == &call.client) {
    victim.io->close_after_reply(victim);
  } else {
    victim.io->close(victim);
  }
}

int64_t kill_matching(Call& call, const KillFilter& filter) {
  int64_t killed = 0;
  for (const auto& [id, client] : call.context.clients) {
    if (client->closed || !filter.matches(*client, call)) continue;
    kill(call, *client);
    ++killed;
  }
  return killed;
}

}  // namespace

Outcome client_info(Call& call) {
  call.reply.verbatim("txt", describe_client(call.client, call.context) + "\n");
  return Outcome::done();
}

Outcome client_list(Call& call) {
  std::optional<ClientType> type;
  std::optional<std::vector<uint64_t>> ids;
  ArgCursor args(call.args, 2);
  if (args.take("TYPE", 1)) {
    type = read_type(args.next());
    if (!type) return unknown_type(call.args[3]);
    if (args.left() > 0) return ReplyError(errors::kSyntax);
  } else if (args.take("ID", 1)) {
    ids.emplace();
    while (args.left() > 0) {
      const std::optional<int64_t> id = parse_canonical(args.next());
      if (!id) return ReplyError("ERR Invalid client ID");
      ids->push_back(static_cast<uint64_t>(*id));  // no client has 0 or one below it
    }
  } else if (args.left() > 0) {
    return ReplyError(errors::kSyntax);
  }

  std::string lines;
  const auto add = [&](const Client& client) {
    if (client.closed || (type && *type != type_of(client))) return;
    lines += describe_client(client, call.context);
    lines += '\n';
  };
  if (ids) {
    for (const uint64_t id : *ids) {
      const Client* const client = call.context.clients.find(id);
      if (client != nullptr) add(*client);
    }
  } else {
    for (const auto& [id, client] : call.context.clients)
      add(*client);
  }
  call.reply.verbatim("txt", lines);
  return Outcome::done();
}

Outcome client_kill(Call& call) {
  if (call.args.size() == 3) {  // the old form: one address
    KillFilter filter;
    filter.address = call.args[2];
    filter.skip_me = false;
    if (kill_matching(call, filter) == 0) return ReplyError("ERR No such client");
    call.reply.ok();
    return Outcome::done();
  }
  const UserTable& users = call.context.gatekeeper.users();
  KillFilter filter;
  ArgCursor args(call.args, 2);
  while (args.left() > 0) {
    if (std::optional<ReplyError> error = read_kill_filter(args, users, filter))
      return std::move(*error);
  }
  call.reply.integer(kill_matching(call, filter));
  return Outcome::done();
}

Outcome client_unblock(Call& call) {
  std::string_view error;
  if (call.args.size() > 4) return errors::unknown_subcommand_or_arguments("client", call.args[1]);
  if (call.args.size() == 4) {
    if (equals_ignoring_case(call.args[3], "error")) {
      error = errors::kUnblocked;
    } else if (!equals_ignoring_case(call.args[3], "timeout")) {
      return ReplyError("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR");
    }
  }
  const std::optional<int64_t> id = parse_canonical(call.args[2]);
  if (!id) return ReplyError(errors::kNotAnInteger);
  Client* const client = *id > 0 ? call.context.clients.find(static_cast<uint64_t>(*id)) : nullptr;
  call.reply.integer(client != nullptr && call.context.dispatcher.unblock(*client, error) ? 1 : 0);
  return Outcome::done();
}

}  // namespace weir
