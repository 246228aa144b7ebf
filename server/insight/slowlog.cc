#include "server/insight/slowlog.h"

#include "server/insight/redaction.h"
#include "server/net/client.h"
#include "server/settings.h"
#include "server/text.h"

namespace weir {
namespace {

/// At most `max_argc` words: the last one says how many are missing.
std::vector<std::string> cut_words(const Settings& settings, const CommandSpec& command,
                                   std::span<const std::string_view> argv) {
  const size_t max_argc = settings.slowlog_entry_max_argc;
  const size_t kept = argv.size() > max_argc ? max_argc - 1 : argv.size();
  std::vector<std::string> words;
  words.reserve(kept + 1);
  for (size_t i = 0; i < kept; ++i)
    words.push_back(cut_text(shown_word(command, argv, i), settings.slowlog_entry_max_string_len));
  if (kept < argv.size())
    words.push_back("... (" + std::to_string(argv.size() - kept) + " more arguments)");
  return words;
}

}  // namespace

void Slowlog::add(const Settings& settings, const Client& client, const CommandSpec& command,
                  std::span<const std::string_view> argv, uint64_t us, int64_t unix_s) {
  entries_.push_front(
      {.id = next_id_++,
       .unix_s = unix_s,
       .us = us,
       .argv = cut_words(settings, command, argv),
       .address = client.peer_address(),
       .client_name = cut_text(client.labels().name, settings.slowlog_entry_max_string_len)});
  if (entries_.size() > settings.slowlog_max_len) entries_.resize(settings.slowlog_max_len);
}

}  // namespace weir
