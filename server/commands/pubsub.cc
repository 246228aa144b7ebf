// Channels: SUBSCRIBE PSUBSCRIBE SSUBSCRIBE and their opposites, PUBLISH SPUBLISH, PUBSUB.
#include "server/messaging/pubsub.h"

#include <string>
#include <vector>

#include "server/commands/handlers.h"
#include "server/commands/help_reply.h"
#include "server/context.h"
#include "server/errors.h"
#include "server/net/client.h"
#include "server/text.h"

namespace weir {
namespace {

/// Confirms subscriptions and their ends, one message each, in place of a reply.  As messages they
/// leave whatever CLIENT REPLY says.
class Confirmations {
 public:
  Confirmations(Call& call, std::string_view verb, TopicKind kind)
      : client_(call.client),
        writer_(client_.is_muted() && !client_.shared ? client_.output : call.reply.buffer()),
        verb_(verb),
        kind_(kind) {
    writer_.set_version(call.reply.version());
  }

  void write(std::string_view name) {
    begin();
    writer_.bulk(name);
    writer_.integer(count());
  }
  /// There was nothing to end.
  void write_none() {
    begin();
    writer_.null();
    writer_.integer(count());
  }

 private:
  void begin() {
    writer_.push(3);
    writer_.bulk(verb_);
  }

  /// Channels and patterns count together.
  int64_t count() const {
    if (!client_.subscriptions) return 0;
    const Subscriptions& all = *client_.subscriptions;
    if (kind_ == TopicKind::kShardChannel) return static_cast<int64_t>(all.count(kind_));
    return static_cast<int64_t>(all.count(TopicKind::kChannel) + all.count(TopicKind::kPattern));
  }

  Client& client_;
  resp::ReplyWriter writer_;
  std::string_view verb_;
  TopicKind kind_;
};

Outcome subscribe_to(Call& call, std::string_view verb, TopicKind kind) {
  Confirmations confirmations(call, verb, kind);
  for (const std::string_view name : call.args.subspan(1)) {
    call.context.pubsub.subscribe(call.client, kind, name);
    confirmations.write(name);
  }
  return Outcome::done();
}

/// Copies: a name lives no longer than its subscription.
std::vector<std::string> names_of(const Client& client, TopicKind kind) {
  std::vector<std::string> names;
  if (!client.subscriptions) return names;
  for (const auto& [name, place] : client.subscriptions->of(kind))
    names.emplace_back(name);
  return names;
}

Outcome unsubscribe_from(Call& call, std::string_view verb, TopicKind kind) {
  std::vector<std::string> names(call.args.begin() + 1, call.args.end());
  if (names.empty()) names = names_of(call.client, kind);
  Confirmations confirmations(call, verb, kind);
  if (names.empty()) confirmations.write_none();
  for (const std::string& name : names) {
    call.context.pubsub.unsubscribe(call.client, kind, name);
    confirmations.write(name);
  }
  return Outcome::done();
}

Outcome list_names(Call& call, TopicKind kind) {
  if (call.args.size() > 3)
    return errors::unknown_subcommand_or_arguments(call.args[0], call.args[1]);
  const std::string_view pattern = call.args.size() == 3 ? call.args[2] : "*";
  const PubSub& pubsub = call.context.pubsub;
  const resp::LengthMark mark = call.reply.begin_array(pubsub.topic_count(kind));
  size_t matched = 0;
  pubsub.for_each_name(kind, [&](std::string_view name) {
    if (!glob_matches(pattern, name)) return;
    call.reply.bulk(name);
    ++matched;
  });
  call.reply.patch_length(mark, matched);
  return Outcome::done();
}

Outcome count_subscribers(Call& call, TopicKind kind) {
  const std::span<const std::string_view> names = call.args.subspan(2);
  call.reply.array(2 * names.size());
  for (const std::string_view name : names) {
    call.reply.bulk(name);
    call.reply.integer(static_cast<int64_t>(call.context.pubsub.subscriber_count(kind, name)));
  }
  return Outcome::done();
}

Outcome published(Call& call, size_t receivers) {
  call.relay();
  call.reply.integer(static_cast<int64_t>(receivers));
  return Outcome::done();
}

}  // namespace

Outcome subscribe(Call& call) {
  return subscribe_to(call, "subscribe", TopicKind::kChannel);
}

Outcome psubscribe(Call& call) {
  return subscribe_to(call, "psubscribe", TopicKind::kPattern);
}

Outcome ssubscribe(Call& call) {
  if (!call.may_wait) return ReplyError(errors::kShardListenerMayNotWait);
  return subscribe_to(call, "ssubscribe", TopicKind::kShardChannel);
}

Outcome unsubscribe(Call& call) {
  return unsubscribe_from(call, "unsubscribe", TopicKind::kChannel);
}

Outcome punsubscribe(Call& call) {
  return unsubscribe_from(call, "punsubscribe", TopicKind::kPattern);
}

Outcome sunsubscribe(Call& call) {
  return unsubscribe_from(call, "sunsubscribe", TopicKind::kShardChannel);
}

Outcome publish(Call& call) {
  return published(call, call.context.pubsub.publish(call.args[1], call.args[2]));
}

Outcome spublish(Call& call) {
  return published(call, call.context.pubsub.publish_to_shard(call.args[1], call.args[2]));
}

Outcome pubsub_channels(Call& call) {
  return list_names(call, TopicKind::kChannel);
}

Outcome pubsub_shardchannels(Call& call) {
  return list_names(call, TopicKind::kShardChannel);
}

Outcome pubsub_numsub(Call& call) {
  return count_subscribers(call, TopicKind::kChannel);
}

Outcome pubsub_shardnumsub(Call& call) {
  return count_subscribers(call, TopicKind::kShardChannel);
}

Outcome pubsub_numpat(Call& call) {
  call.reply.integer(static_cast<int64_t>(call.context.pubsub.topic_count(TopicKind::kPattern)));
  return Outcome::done();
}

Outcome pubsub_help(Call& call) {
  static constexpr std::string_view kLines[] = {
      "CHANNELS [<pattern>]",
      "    The channels that somebody listens to; those that match <pattern>.",
      "NUMPAT",
      "    How many different patterns somebody listens to.",
      "NUMSUB [<channel> ...]",
      "    How many listen to each <channel>, patterns left aside.",
      "SHARDCHANNELS [<pattern>]",
      "    The shard channels that somebody listens to; those that match <pattern>.",
      "SHARDNUMSUB [<shardchannel> ...]",
      "    How many listen to each <shardchannel>.",
  };
  write_help(call.reply, "pubsub", kLines);
  return Outcome::done();
}

}  // namespace weir
