#include "server/config_special.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <limits>
#include <utility>

#include "persistence/file.h"
#include "resp/inline_words.h"
#include "resp/whole_number.h"
#include "server/messaging/notify_flags.h"
#include "server/text.h"

namespace weir::config {
namespace {

bool is_empty_value(Words words) {
  return words.size() == 1 && words[0].empty();
}

// --- bind ---------------------------------------------------------------------------------------

constexpr size_t kMaxBindAddresses = 16;

/// Whether it reads as the same one word where several stand in a line.
bool is_plain_word(const std::string& text) {
  const auto words = resp::split_words(text);
  return words && *words == std::vector{text};
}

Refusal read_bind(Settings& settings, Words words, Source) {
  if (words.size() > kMaxBindAddresses) return "Too many bind addresses specified.";
  std::vector<std::string> addresses;
  if (!is_empty_value(words)) addresses.assign(words.begin(), words.end());
  if (!std::all_of(addresses.begin(), addresses.end(), is_plain_word))
    return "bind addresses can't be empty, or have blanks or quotes";
  settings.bind = std::move(addresses);
  return std::nullopt;
}

std::string print_bind(const Settings& settings) {
  return join(settings.bind, " ");
}

std::vector<std::string> bind_lines(const Settings& settings) {
  return {settings.bind.empty() ? "\"\"" : print_bind(settings)};
}

// --- save ---------------------------------------------------------------------------------------

Refusal read_save(Settings& settings, Words words, Source source) {
  if (is_empty_value(words)) {
    settings.save.clear();
    settings.save_is_default = false;
    return std::nullopt;
  }
  static constexpr const char* kInvalid = "Invalid save parameters";
  if (words.size() % 2 != 0) return kInvalid;
  std::vector<SavePoint> points;
  if (source == Source::kFile && !settings.save_is_default) points = settings.save;
  for (size_t i = 0; i < words.size(); i += 2) {
    const std::optional<int64_t> seconds = parse_integer(words[i]);
    const std::optional<int64_t> changes = parse_integer(words[i + 1]);
    if (!seconds || *seconds < 1 || !changes || *changes < 0) return kInvalid;
    points.push_back({.seconds = *seconds, .changes = *changes});
  }
  settings.save = std::move(points);
  settings.save_is_default = false;
  return std::nullopt;
}

std::vector<std::string> save_lines(const Settings& settings) {
  if (settings.save.empty()) return {"\"\""};
  std::vector<std::string> lines;
  for (const SavePoint& point : settings.save) {
    lines.push_back(std::to_string(point.seconds) + ' ' + std::to_string(point.changes));
  }
  return lines;
}

std::string print_save(const Settings& settings) {
  return settings.save.empty() ? "" : join(save_lines(settings), " ");
}

// --- client-output-buffer-limit -----------------------------------------------------------------

OutputLimit* limit_of_class(OutputLimits& limits, std::string_view client_class) {
  if (equals_ignoring_case(client_class, "normal")) return &limits.normal;
  if (equals_ignoring_case(client_class, "replica")) return &limits.replica;
  if (equals_ignoring_case(client_class, "slave")) return &limits.replica;
  if (equals_ignoring_case(client_class, "pubsub")) return &limits.pubsub;
  return nullptr;
}

Refusal read_output_limits(Settings& settings, Words words, Source) {
  if (words.size() % 4 != 0) return "Wrong number of arguments in buffer limit configuration.";
  OutputLimits limits = settings.client_output_buffer_limit;
  for (size_t i = 0; i < words.size(); i += 4) {
    OutputLimit* limit = limit_of_class(limits, words[i]);
    if (limit == nullptr) return "Invalid client class specified in buffer limit configuration.";
    const std::optional<uint64_t> hard = parse_memory(words[i + 1]);
    const std::optional<uint64_t> soft = parse_memory(words[i + 2]);
    const std::optional<int64_t> seconds = parse_integer(words[i + 3]);
    if (!hard || !soft || !seconds || *seconds < 0) {
      return "Error in hard, soft or soft_seconds setting in buffer limit configuration.";
    }
    *limit = {.hard_bytes = *hard, .soft_bytes = *soft, .soft_s = *seconds};
  }
  settings.client_output_buffer_limit = limits;
  return std::nullopt;
}

// "slave" because clients look for it; the file gets the newer name.
std::string print_output_limits(const Settings& settings) {
  const auto print = [](const char* client_class, const OutputLimit& limit) {
    return client_class + std::to_string(limit.hard_bytes) + ' ' +
           std::to_string(limit.soft_bytes) + ' ' + std::to_string(limit.soft_s);
  };
  const OutputLimits& limits = settings.client_output_buffer_limit;
  return print("normal ", limits.normal) + print(" slave ", limits.replica) +
         print(" pubsub ", limits.pubsub);
}

std::vector<std::string> output_limit_lines(const Settings& settings) {
  const auto line = [](const char* client_class, const OutputLimit& limit) {
    return client_class + format_memory(limit.hard_bytes) + ' ' + format_memory(limit.soft_bytes) +
           ' ' + std::to_string(limit.soft_s);
  };
  const OutputLimits& limits = settings.client_output_buffer_limit;
  return {line("normal ", limits.normal), line("replica ", limits.replica),
          line("pubsub ", limits.pubsub)};
}

// --- maxmemory-clients, unixsocketperm, dir -----------------------------------------------------

Refusal read_maxmemory_clients(Settings& settings, Words words, Source) {
  std::string_view text = words[0];
  static constexpr const char* kInvalid = "argument must be a memory or percent value";
  if (!text.ends_with('%')) {
    const std::optional<uint64_t> bytes = parse_memory(text);
    if (!bytes || std::cmp_greater(*bytes, std::numeric_limits<int64_t>::max())) return kInvalid;
    settings.maxmemory_clients = {.bytes = *bytes};
    return std::nullopt;
  }
  text.remove_suffix(1);
  const std::optional<int64_t> percent = parse_integer(text);
  if (!percent || *percent < 0) return kInvalid;
  if (*percent > 100) return "percentage argument must be less or equal to 100";
  settings.maxmemory_clients = {.percent = static_cast<int>(*percent)};
  return std::nullopt;
}

std::string print_maxmemory_clients(const Settings& settings) {
  const MemoryShare& share = settings.maxmemory_clients;
  return share.percent > 0 ? std::to_string(share.percent) + '%' : std::to_string(share.bytes);
}

std::vector<std::string> maxmemory_clients_lines(const Settings& settings) {
  const MemoryShare& share = settings.maxmemory_clients;
  return {share.percent > 0 ? print_maxmemory_clients(settings) : format_memory(share.bytes)};
}

Refusal read_unixsocketperm(Settings& settings, Words words, Source) {
  const std::optional<int> mode = resp::whole_number<int>(words[0], 8);
  if (!mode) return "argument couldn't be parsed as an octal number";
  if (*mode < 0 || *mode > 0777) return "argument must be between 0 and 777 inclusive";
  settings.unixsocketperm = *mode;
  return std::nullopt;
}

std::string print_unixsocketperm(const Settings& settings) {
  char digits[8];
  const auto end = std::to_chars(digits, digits + sizeof(digits), settings.unixsocketperm, 8).ptr;
  return {digits, end};
}

std::vector<std::string> unixsocketperm_lines(const Settings& settings) {
  return {print_unixsocketperm(settings)};
}

// Whether the folder can be entered is found out by the server, which goes there.
Refusal read_dir(Settings& settings, Words words, Source) {
  if (words[0].empty()) return errno_text(ENOENT);
  settings.dir = absolute_path(words[0]);
  return std::nullopt;
}

std::string print_dir(const Settings& settings) {
  return settings.dir;
}

std::vector<std::string> dir_lines(const Settings& settings) {
  return {resp::quote_word(settings.dir)};
}

// --- notify-keyspace-events ---------------------------------------------------------------------

Refusal read_notify_events(Settings& settings, Words words, Source) {
  if (!NotifyFlags::parse(words[0])) {
    return "Invalid event class character. Use '" + std::string(NotifyFlags::kLetters) + "'.";
  }
  settings.notify_keyspace_events = words[0];
  return std::nullopt;
}

std::string print_notify_events(const Settings& settings) {
  return NotifyFlags::parse(settings.notify_keyspace_events)->text();
}

std::vector<std::string> notify_events_lines(const Settings& settings) {
  return {resp::quote_word(settings.notify_keyspace_events)};
}

// --- shutdown-on-sigint, shutdown-on-sigterm ----------------------------------------------------

Refusal read_shutdown(SignalShutdown& target, Words words) {
  SignalShutdown wanted;
  for (const std::string& word : words) {
    if (equals_ignoring_case(word, "default")) continue;
    if (equals_ignoring_case(word, "save")) {
      wanted.save = true;
    } else if (equals_ignoring_case(word, "nosave")) {
      wanted.nosave = true;
    } else if (equals_ignoring_case(word, "now")) {
      wanted.now = true;
    } else if (equals_ignoring_case(word, "force")) {
      wanted.force = true;
    } else {
      return "argument(s) must be one of the following: default, save, nosave, now, force";
    }
  }
  if (wanted.save && wanted.nosave) {
    return "shutdown options SAVE and NOSAVE can't be used simultaneously";
  }
  target = wanted;
  return std::nullopt;
}

std::string print_shutdown(const SignalShutdown& shutdown) {
  std::vector<std::string> words;
  if (shutdown.save) words.emplace_back("save");
  if (shutdown.nosave) words.emplace_back("nosave");
  if (shutdown.now) words.emplace_back("now");
  if (shutdown.force) words.emplace_back("force");
  return words.empty() ? "default" : join(words, " ");
}

template <SignalShutdown Settings::*Member>
constexpr Special shutdown_special() {
  return {[](Settings& s, Words words, Source) { return read_shutdown(s.*Member, words); },
          [](const Settings& s) { return print_shutdown(s.*Member); },
          [](const Settings& s) { return std::vector{print_shutdown(s.*Member)}; }};
}

}  // namespace

const Special bind_value = {read_bind, print_bind, bind_lines};
const Special save_value = {read_save, print_save, save_lines};
const Special output_limits_value = {read_output_limits, print_output_limits, output_limit_lines};
const Special maxmemory_clients_value = {read_maxmemory_clients, print_maxmemory_clients,
                                         maxmemory_clients_lines};
const Special unixsocketperm_value = {read_unixsocketperm, print_unixsocketperm,
                                      unixsocketperm_lines};
const Special notify_events_value = {read_notify_events, print_notify_events, notify_events_lines};
const Special dir_value = {read_dir, print_dir, dir_lines};
const Special sigint_value = shutdown_special<&Settings::shutdown_on_sigint>();
const Special sigterm_value = shutdown_special<&Settings::shutdown_on_sigterm>();

std::optional<std::vector<std::string>> spread_words(const Option& option,
                                                     std::vector<std::string> words) {
  if (!option.has(kManyWords) || words.size() != 1) return words;
  std::optional<std::vector<std::string>> spread = resp::split_words(words[0]);
  if (spread && spread->empty()) spread->emplace_back();
  return spread;
}

}  // namespace weir::config
