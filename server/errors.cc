#include "server/errors.h"

#include <algorithm>

#include "server/text.h"

namespace weir::errors {

ReplyError with_text(std::string_view before, std::string_view user_bytes, std::string_view after) {
  std::string text(before);
  text += echoed(user_bytes);
  text += after;
  return ReplyError(std::move(text));
}

ReplyError wrong_number_of_arguments(std::string_view command) {
  return with_text("ERR wrong number of arguments for '", command, "' command");
}

ReplyError unknown_subcommand(std::string_view container, std::string_view subcommand) {
  return with_text("ERR unknown subcommand '", subcommand,
                   "'. Try " + to_upper(container) + " HELP.");
}

ReplyError unknown_subcommand_or_arguments(std::string_view container,
                                           std::string_view subcommand) {
  return with_text("ERR unknown subcommand or wrong number of arguments for '", subcommand,
                   "'. Try " + to_upper(container) + " HELP.");
}

ReplyError not_while_subscribed(std::string_view command) {
  return with_text("ERR Can't execute '", command,
                   "': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in "
                   "this context");
}

ReplyError unknown_command(std::span<const std::string_view> args) {
  std::string text("ERR unknown command '");
  text += echoed(args[0]);
  text += "'";
  if (args.size() == 1) return ReplyError(std::move(text));
  text += ", with args beginning with: ";
  constexpr size_t kMaxEcho = 128;
  std::string echo;
  for (const std::string_view arg : args.subspan(1)) {
    if (echo.size() >= kMaxEcho) break;
    echo += '\'';
    echo += named(arg.substr(0, kMaxEcho - std::min(kMaxEcho, echo.size() - 1)));
    echo += "' ";
  }
  return ReplyError(text + echo);
}

ReplyError no_such_group(std::string_view group, std::string_view key) {
  std::string text("NOGROUP No such consumer group '");
  text.append(named(group)).append("' for key name '").append(named(key)).append("'");
  return ReplyError(std::move(text));
}

ReplyError unbalanced_streams(std::string_view command) {
  return with_text(
      "ERR Unbalanced '", command,
      command == "xread"
          ? "' list of streams: for each stream key an ID, '+', or '$' must be specified."
          : "' list of streams: for each stream key an ID or '>' must be specified.");
}

ReplyError unrecognized_xclaim_option(std::string_view option) {
  return ReplyError("ERR Unrecognized XCLAIM option '" + std::string(named(option)) + "'");
}

ReplyError unrecognized_xnack_option(std::string_view option) {
  return ReplyError("ERR Unrecognized XNACK option '" + std::string(named(option)) + "'");
}

ReplyError meaningless_id(std::string_view id) {
  return with_text(
      "ERR The ", id,
      " ID is meaningless in the context of XREADGROUP: you want to read the history of "
      "this consumer by specifying a proper ID, or use the > ID to get new messages. The " +
          std::string(id) + " ID would just return an empty result set.");
}

namespace {

std::string key_or_group(std::string_view key, std::string_view group) {
  return "NOGROUP No such key '" + std::string(named(key)) + "' or consumer group '" +
         std::string(named(group)) + "'";
}

}  // namespace

ReplyError no_such_key_or_group(std::string_view key, std::string_view group) {
  return ReplyError(key_or_group(key, group));
}

ReplyError no_such_key_or_group_to_read(std::string_view key, std::string_view group) {
  return ReplyError(key_or_group(key, group) + " in XREADGROUP with GROUP option");
}

}  // namespace weir::errors
