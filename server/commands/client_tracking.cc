// CLIENT TRACKING, CACHING, GETREDIR, TRACKINGINFO: which changes of keys the connection is told
// of.
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "server/commands/args.h"
#include "server/commands/handlers.h"
#include "server/commands/reply_pairs.h"
#include "server/context.h"
#include "server/errors.h"
#include "server/messaging/tracking.h"
#include "server/net/client_table.h"
#include "server/text.h"

namespace weir {
namespace {

using Reads = TrackingOptions::Reads;

constexpr std::string_view kOneRedirect = "ERR A client can only redirect to a single other client";
constexpr std::string_view kNoRedirectTarget =
    "ERR The client ID you want redirect to does not exist";
constexpr std::string_view kPrefixNeedsBcast =
    "ERR PREFIX option requires BCAST mode to be enabled";
constexpr std::string_view kBcastSwitch =
    "ERR You can't switch BCAST mode on/off before disabling tracking for this client, and then "
    "re-enabling it with a different mode.";
constexpr std::string_view kBcastNoOpt = "ERR OPTIN and OPTOUT are not compatible with BCAST";
constexpr std::string_view kOptInAndOut = "ERR You can't specify both OPTIN mode and OPTOUT mode";
constexpr std::string_view kOptSwitch =
    "ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, and then "
    "re-enabling it with a different mode.";
constexpr std::string_view kCachingWithoutMode =
    "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or "
    "OPTOUT "
    "mode enabled";
constexpr std::string_view kCachingYes =
    "ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.";
constexpr std::string_view kCachingNo =
    "ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.";

/// The words as they stand, before it is asked whether they go together.
struct TrackingWords {
  TrackingOptions options;
  bool opt_in = false;
  bool opt_out = false;
};

std::optional<ReplyError> read_redirect(const Call& call, std::string_view word,
                                        TrackingOptions& options) {
  if (options.redirect != 0) return ReplyError(kOneRedirect);
  const std::optional<int64_t> id = parse_canonical(word);
  if (!id) return ReplyError(errors::kNotAnInteger);
  if (*id <= 0 || call.context.clients.find(static_cast<uint64_t>(*id)) == nullptr)
    return ReplyError(kNoRedirectTarget);
  options.redirect = static_cast<uint64_t>(*id);
  return std::nullopt;
}

Parsed<TrackingWords> read_tracking(const Call& call) {
  TrackingWords words;
  TrackingOptions& options = words.options;
  ArgCursor args(call.args, 3);
  while (args.left() > 0) {
    if (args.take("REDIRECT", 1)) {
      if (auto error = read_redirect(call, args.next(), options))
        return tl::make_unexpected(std::move(*error));
    } else if (args.take("PREFIX", 1)) {
      options.prefixes.emplace_back(args.next());
    } else if (args.take("BCAST", 0)) {
      options.is_broadcast = true;
    } else if (args.take("OPTIN", 0)) {
      words.opt_in = true;
    } else if (args.take("OPTOUT", 0)) {
      words.opt_out = true;
    } else if (args.take("NOLOOP", 0)) {
      options.no_loop = true;
    } else {
      return refused(errors::kSyntax);
    }
  }
  if (words.opt_in) options.reads = Reads::kOptIn;
  if (words.opt_out) options.reads = Reads::kOptOut;
  return words;
}

/// Why these options cannot be had, with what the connection has already (null: nothing).
std::optional<ReplyError> why_not(const TrackingWords& words, const TrackingOptions* current) {
  const TrackingOptions& options = words.options;
  if (!options.prefixes.empty() && !options.is_broadcast) return ReplyError(kPrefixNeedsBcast);
  if (current != nullptr && current->is_broadcast != options.is_broadcast)
    return ReplyError(kBcastSwitch);
  if (options.is_broadcast && (words.opt_in || words.opt_out)) return ReplyError(kBcastNoOpt);
  if (words.opt_in && words.opt_out) return ReplyError(kOptInAndOut);
  if (current != nullptr && current->reads != Reads::kAll && options.reads != Reads::kAll &&
      current->reads != options.reads)
    return ReplyError(kOptSwitch);
  return std::nullopt;
}

bool overlap(std::string_view a, std::string_view b) {
  return a.starts_with(b) || b.starts_with(a);
}

ReplyError overlaps(const std::string& prefix, const char* what, const std::string& other) {
  return ReplyError("ERR Prefix '" + prefix + "' overlaps with " + what + " prefix '" + other +
                    "'. Prefixes for a single client must not overlap.");
}

/// A key is to be told once, so no two prefixes of a connection may fit it.
std::optional<ReplyError> check_prefixes(const std::vector<std::string>& prefixes,
                                         const TrackingOptions* current) {
  for (size_t i = 0; i < prefixes.size(); ++i) {
    if (current != nullptr) {
      for (const std::string& other : current->prefixes) {
        if (overlap(prefixes[i], other)) return overlaps(prefixes[i], "an existing", other);
      }
    }
    for (size_t j = i + 1; j < prefixes.size(); ++j) {
      if (overlap(prefixes[i], prefixes[j]))
        return overlaps(prefixes[i], "another provided", prefixes[j]);
    }
  }
  return std::nullopt;
}

std::vector<std::string_view> flags_of(const TrackingOptions* options) {
  if (options == nullptr) return {"off"};
  std::vector<std::string_view> flags = {"on"};
  if (options->is_broadcast) flags.emplace_back("bcast");
  if (options->reads == Reads::kOptIn) {
    flags.emplace_back("optin");
    if (options->caching) flags.emplace_back("caching-yes");
  } else if (options->reads == Reads::kOptOut) {
    flags.emplace_back("optout");
    if (options->caching) flags.emplace_back("caching-no");
  }
  if (options->no_loop) flags.emplace_back("noloop");
  if (options->is_redirect_broken) flags.emplace_back("broken_redirect");
  return flags;
}

int64_t redirect_of(const Client& client) {
  return client.tracking ? static_cast<int64_t>(client.tracking->redirect) : -1;
}

}  // namespace

Outcome client_tracking(Call& call) {
  Parsed<TrackingWords> words = read_tracking(call);
  if (!words) return std::move(words.error());
  if (equals_ignoring_case(call.args[2], "off")) {
    call.context.tracking.stop(call.client);
  } else if (equals_ignoring_case(call.args[2], "on")) {
    const TrackingOptions* const current = call.client.tracking.get();
    if (auto error = why_not(*words, current)) return std::move(*error);
    if (auto error = check_prefixes(words->options.prefixes, current)) return std::move(*error);
    call.context.tracking.start(call.client, std::move(words->options));
  } else {
    return ReplyError(errors::kSyntax);
  }
  call.reply.ok();
  return Outcome::done();
}

Outcome client_caching(Call& call) {
  TrackingOptions* const options = call.client.tracking.get();
  if (options == nullptr) return ReplyError(kCachingWithoutMode);
  if (equals_ignoring_case(call.args[2], "yes")) {
    if (options->reads != Reads::kOptIn) return ReplyError(kCachingYes);
  } else if (equals_ignoring_case(call.args[2], "no")) {
    if (options->reads != Reads::kOptOut) return ReplyError(kCachingNo);
  } else {
    return ReplyError(errors::kSyntax);
  }
  options->caching = true;
  call.reply.ok();
  return Outcome::done();
}

Outcome client_getredir(Call& call) {
  call.reply.integer(redirect_of(call.client));
  return Outcome::done();
}

Outcome client_trackinginfo(Call& call) {
  const TrackingOptions* const options = call.client.tracking.get();
  const std::vector<std::string_view> flags = flags_of(options);
  call.reply.map(3);
  call.reply.bulk("flags");
  call.reply.set(flags.size());
  for (const std::string_view flag : flags)
    call.reply.bulk(flag);
  number_pair(call.reply, "redirect", redirect_of(call.client));
  call.reply.bulk("prefixes");
  call.reply.array(options != nullptr ? options->prefixes.size() : 0);
  if (options != nullptr) {
    for (const std::string& prefix : options->prefixes)
      call.reply.bulk(prefix);
  }
  return Outcome::done();
}

}  // namespace weir
