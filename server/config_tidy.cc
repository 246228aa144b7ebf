// The tidies of config_special.h: checks and corrections of one canonical text each.
#include <algorithm>

#include "resp/inline_words.h"
#include "resp/real_text.h"
#include "server/config_special.h"
#include "server/text.h"

namespace weir::config {
namespace {

Tidied accept_only(bool accepted, const std::string& text, const char* reason) {
  if (accepted) return text;
  return tl::unexpected(std::string(reason));
}

Tidied refuse(const char* reason) {
  return tl::unexpected(std::string(reason));
}

// The timers are counted in ticks of the clock that hz drives; more than 500 of them waste time.
constexpr int64_t kMinHz = 1;
constexpr int64_t kMaxHz = 500;
/// What replicas that break off for a moment miss should always be there.
constexpr int64_t kLeastBacklogBytes = int64_t{16} * 1024;

constexpr std::array<std::string_view, 7> kTitleVariables = {
    "title", "listen-addr", "server-mode", "port", "tls-port", "unixsocket", "config-file"};

bool is_title_template(std::string_view text) {
  while (true) {
    const size_t open = text.find_first_of("{}");
    if (open == std::string_view::npos) return true;
    const size_t close = text.find('}', open);
    if (text[open] == '}' || close == std::string_view::npos) return false;
    const std::string_view name = text.substr(open + 1, close - open - 1);
    bool known = false;
    for (const std::string_view variable : kTitleVariables)
      known = known || variable == name;
    if (!known) return false;
    text.remove_prefix(close + 1);
  }
}

bool is_name(std::string_view text) {
  return text.find('/') == std::string_view::npos;
}

// "8.8.0", and nothing that a client could fail to read as numbers.
bool is_version_triple(std::string_view text) {
  int numbers = 0;
  while (true) {
    const size_t dot = text.find('.');
    const std::string_view part = text.substr(0, dot);
    const std::optional<int64_t> number = parse_integer(part);
    if (!number || *number < 0 || *number > 999) return false;
    ++numbers;
    if (dot == std::string_view::npos) return numbers == 3;
    text.remove_prefix(dot + 1);
  }
}

}  // namespace

Tidied clamp_hz(const std::string& text) {
  const int64_t hz = *parse_integer(text);
  return std::to_string(std::min(std::max(hz, kMinHz), kMaxHz));
}

Tidied raise_backlog_size(const std::string& text) {
  return std::to_string(std::max(*parse_integer(text), kLeastBacklogBytes));
}

Tidied check_proc_title(const std::string& text) {
  return accept_only(is_title_template(text), text,
                     "template format is invalid or contains unknown variables");
}

Tidied check_dbfilename(const std::string& text) {
  return accept_only(is_name(text), text, "dbfilename can't be a path, just a filename");
}

Tidied check_appendfilename(const std::string& text) {
  if (text.empty()) return refuse("appendfilename can't be empty");
  return accept_only(is_name(text), text, "appendfilename can't be a path, just a filename");
}

Tidied check_appenddirname(const std::string& text) {
  if (text.empty()) return refuse("appenddirname can't be empty");
  return accept_only(is_name(text), text, "appenddirname can't be a path, just a dirname");
}

Tidied check_compat_version(const std::string& text) {
  return accept_only(is_version_triple(text), text,
                     "compat-version must be three numbers with dots between, like 8.8.0");
}

Tidied check_oom_score_values(const std::string& text) {
  const std::vector<std::string> words =
      resp::split_words(text).value_or(std::vector<std::string>{});
  if (words.size() != 3) return refuse("wrong number of arguments");
  for (const std::string& word : words) {
    const std::optional<int64_t> value = parse_integer(word);
    if (value && *value >= -2000 && *value <= 2000) continue;
    return refuse("Invalid oom-score-adj-values, elements must be between -2000 and 2000.");
  }
  return text;
}

Tidied check_percentiles(const std::string& text) {
  std::vector<std::string> percentiles;
  for (const std::string& word : resp::split_words(text).value_or(std::vector<std::string>{})) {
    const std::optional<double> value = resp::parse_real(word);
    if (!value) {
      return refuse("Invalid latency-tracking-info-percentiles parameters");
    }
    if (*value < 0 || *value > 100) {
      return refuse("latency-tracking-info-percentiles parameters should sit between [0.0,100.0]");
    }
    percentiles.push_back(resp::real_text(*value));
  }
  return join(percentiles, " ");
}

Tidied refuse_cluster(const std::string& text) {
  return accept_only(text == "no", text, "this server has no cluster mode");
}

Tidied check_replicaof(const std::string& text) {
  if (text.empty() || equals_ignoring_case(text, "no one")) return std::string();
  const size_t blank = text.find(' ');
  if (blank == std::string::npos || text.find(' ', blank + 1) != std::string::npos)
    return refuse("wrong number of arguments");
  const std::optional<int64_t> port = parse_integer(text.substr(blank + 1));
  return accept_only(port && *port >= 0 && *port <= kLargestPort, text, "Invalid master port");
}

Tidied refuse_loadmodule(const std::string&) {
  return refuse("this server has no modules");
}

}  // namespace weir::config
