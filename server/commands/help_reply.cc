#include "server/commands/help_reply.h"

#include "server/text.h"

namespace weir {

void write_help(resp::ReplyWriter& reply, std::string_view container,
                std::span<const std::string_view> lines) {
  reply.array(lines.size() + 3);
  reply.simple(to_upper(container) + " <subcommand> [<arg> [value] [opt] ...]. Subcommands are:");
  for (const std::string_view line : lines)
    reply.simple(line);
  reply.simple("HELP");
  reply.simple("    Print this help.");
}

}  // namespace weir
