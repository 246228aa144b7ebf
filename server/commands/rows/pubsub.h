// The rows of the command table: channels and messages.  Laid out by hand: it reads as a menu.  The
// notation of `syntax` is told in command_docs.h.
#pragma once

#include "server/commands/handlers.h"
#include "server/commands/rows/words.h"

namespace weir {

inline constexpr uint32_t kListening =
    kPubsub | kSession | kForListeners | kMaySayNothing;  // the confirmation may be a message

// clang-format off
inline constexpr CommandSpec kPubsubRows[] = {
  {.name = "psubscribe", .arity = -2, .flags = kListening | kDenyOom | kNeedsConnection, .group = Group::kPubsub, .channels = Channels::kPatterns, .run = psubscribe, .since = "2.0.0",
   .complexity = "O(log N) per pattern, for N patterns of the connection.", .summary = "Listens to the channels that match patterns.",
   .syntax = "pattern:pattern+"},
  {.name = "publish", .arity = 3, .flags = kPubsub | kAnytime | kFast | kMayReplicate, .group = Group::kPubsub, .channels = Channels::kFirst, .run = publish, .since = "2.0.0",
   .complexity = "O(N+M) for N receivers and M patterns that anybody listens to.", .summary = "Sends a message to a channel.",
   .syntax = "channel:string message:string"},
  {.name = "pubsub", .arity = -2, .flags = kContainer, .group = Group::kPubsub, .since = "2.8.0", .complexity = "Depends on subcommand.",
   .summary = "A container for questions about channels."},
  {.name = "pubsub|channels", .arity = -2, .flags = kPubsub | kAnytime, .group = Group::kPubsub, .run = pubsub_channels, .since = "2.8.0",
   .complexity = "O(N) for N channels.", .summary = "Returns the channels that somebody listens to.", .syntax = "[pattern:pattern]"},
  {.name = "pubsub|help", .arity = 2, .flags = kAnytime, .group = Group::kPubsub, .run = pubsub_help, .since = "6.2.0",
   .complexity = "O(1)", .summary = "Explains the subcommands of PUBSUB."},
  {.name = "pubsub|numpat", .arity = 2, .flags = kPubsub | kAnytime, .group = Group::kPubsub, .run = pubsub_numpat, .since = "2.8.0",
   .complexity = "O(1)", .summary = "Counts the patterns that somebody listens to."},
  {.name = "pubsub|numsub", .arity = -2, .flags = kPubsub | kAnytime, .group = Group::kPubsub, .run = pubsub_numsub, .since = "2.8.0",
   .complexity = "O(N) for N channels asked about.", .summary = "Counts the subscribers of channels.", .syntax = "[channel:string+]"},
  {.name = "pubsub|shardchannels", .arity = -2, .flags = kPubsub | kAnytime, .group = Group::kPubsub, .run = pubsub_shardchannels,
   .since = "7.0.0", .complexity = "O(N) for N shard channels.", .summary = "Returns the shard channels that somebody listens to.",
   .syntax = "[pattern:pattern]"},
  {.name = "pubsub|shardnumsub", .arity = -2, .flags = kPubsub | kAnytime, .group = Group::kPubsub, .run = pubsub_shardnumsub,
   .since = "7.0.0", .complexity = "O(N) for N shard channels asked about.", .summary = "Counts the subscribers of shard channels.",
   .syntax = "[shardchannel:string+]"},
  {.name = "punsubscribe", .arity = -1, .flags = kListening, .group = Group::kPubsub, .run = punsubscribe, .since = "2.0.0",
   .complexity = "O(log N) per pattern, for N patterns of the connection.", .summary = "Stops listening to patterns.",
   .syntax = "[pattern:pattern+]"},
  {.name = "spublish", .arity = 3, .flags = kPubsub | kAnytime | kFast | kMayReplicate, .group = Group::kPubsub, .channels = Channels::kFirst, .keys = key_at(1, "not_key"), .run = spublish,
   .since = "7.0.0", .complexity = "O(N) for N receivers.", .summary = "Sends a message to a shard channel.",
   .syntax = "shardchannel:string message:string"},
  {.name = "ssubscribe", .arity = -2, .flags = kListening | kDenyOom | kNeedsConnection, .group = Group::kPubsub, .channels = Channels::kNames, .keys = keys_from(1, "not_key"), .run = ssubscribe,
   .since = "7.0.0", .complexity = "O(log N) per channel, for N shard channels of the connection.", .summary = "Listens to shard channels.",
   .syntax = "shardchannel:string+"},
  {.name = "subscribe", .arity = -2, .flags = kListening | kDenyOom | kNeedsConnection, .group = Group::kPubsub, .channels = Channels::kNames, .run = subscribe, .since = "2.0.0",
   .complexity = "O(log N) per channel, for N channels of the connection.", .summary = "Listens to channels.", .syntax = "channel:string+"},
  {.name = "sunsubscribe", .arity = -1, .flags = kListening, .group = Group::kPubsub, .keys = keys_from(1, "not_key"), .run = sunsubscribe,
   .since = "7.0.0", .complexity = "O(log N) per channel, for N shard channels of the connection.", .summary = "Stops listening to shard channels.",
   .syntax = "[shardchannel:string+]"},
  {.name = "unsubscribe", .arity = -1, .flags = kListening, .group = Group::kPubsub, .run = unsubscribe, .since = "2.0.0",
   .complexity = "O(log N) per channel, for N channels of the connection.", .summary = "Stops listening to channels.",
   .syntax = "[channel:string+]"},
};
// clang-format on

}  // namespace weir
