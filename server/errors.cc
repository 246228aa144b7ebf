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
    echo += arg.substr(0, kMaxEcho - std::min(kMaxEcho, echo.size() - 1));
    echo += "' ";
  }
  return ReplyError(text + echo);
}

ReplyError unbalanced_streams(std::string_view command) {
  return with_text("ERR Unbalanced '", command,
                   "' list of streams: for each stream key an ID, '+', or '$' must be specified.");
}

}  // namespace weir::errors
