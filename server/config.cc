#include "server/config.h"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <set>

#include "server/config_options.h"
#include "server/config_rewrite.h"
#include "server/config_special.h"
#include "server/text.h"

namespace weir {
namespace {

using config::Option;

std::string set_failed(std::string_view option, std::string_view reason) {
  return "CONFIG SET failed (possibly related to argument '" + std::string(option) + "') - " +
         std::string(reason);
}

bool may_change_protected(Allowed allowed, Caller caller) {
  return allowed == Allowed::kYes || (allowed == Allowed::kLocal && caller == Caller::kLocal);
}

bool is_pattern(std::string_view text) {
  return text.find_first_of("*?[") != text.npos;
}

// The option of a CONFIG SET argument; what kept us from it, as a reply.
tl::expected<const Option*, std::string> changeable_option(std::string_view name, Caller caller,
                                                           const Settings& settings) {
  const Option* option = config::find_option(name);
  if (option == nullptr || option->has(config::kFileOnly)) {
    return tl::unexpected("Unknown option or number of arguments for CONFIG SET - '" +
                          std::string(name) + "'");
  }
  if (option->has(config::kImmutable)) {
    return tl::unexpected(set_failed(name, "can't set immutable config"));
  }
  if (option->has(config::kProtected) &&
      !may_change_protected(settings.enable_protected_configs, caller)) {
    return tl::unexpected(set_failed(name, "can't set protected config"));
  }
  return option;
}

// What CONFIG GET shows may be less than there is; what CONFIG REWRITE writes is all of it.
bool is_same(const Option& option, const config::ConfigValues& a, const config::ConfigValues& b) {
  if (option.special != nullptr)
    return option.special->lines(a.settings) == option.special->lines(b.settings);
  return config::print_option(option, a) == config::print_option(option, b);
}

config::Refusal read_value(const Option& option, std::string_view value,
                           config::ConfigValues& values) {
  const auto words = config::spread_words(option, {std::string(value)});
  if (!words) return "unbalanced quotes in the value";
  return config::read_option(option, *words, config::Source::kCommand, values);
}

}  // namespace

Config::Config(FileSystem& files) : files_(&files) {
  values_.settings.dir = absolute_path(".");
}

tl::expected<Config, ConfigError> Config::from_command_line(
    std::span<const std::string> arguments, const std::function<std::string()>& read_stdin,
    FileSystem& files) {
  Config config(files);
  config.arguments_.assign(arguments.begin(), arguments.end());
  const config::CommandLine line = config::read_command_line(arguments);
  std::string text;
  if (!line.file.empty()) {
    config.file_ = absolute_path(line.file);
    auto content = config::read_file(config.file_, files);
    if (!content) return tl::unexpected(std::move(content).error());
    text = *std::move(content) + '\n';
  }
  if (line.reads_stdin) text += read_stdin() + '\n';
  text += line.options;
  const std::string origin = config.file_.empty() ? "command line" : config.file_;
  if (auto error = config.parse(text, origin)) return tl::unexpected(*std::move(error));
  return config;
}

std::optional<ConfigError> Config::parse(std::string_view text, std::string_view origin) {
  return config::read_text(text, origin, *files_, values_);
}

std::vector<std::pair<std::string, std::string>> Config::get(
    std::span<const std::string_view> patterns) const {
  std::vector<std::pair<std::string, std::string>> found;
  std::set<std::string> seen;  // lower case
  const auto add = [&](std::string_view shown_name, const Option* option) {
    if (option == nullptr || option->has(config::kFileOnly)) return;
    if (!seen.insert(to_lower(shown_name)).second) return;
    found.emplace_back(shown_name, config::print_option(*option, values_));
  };
  for (const std::string_view pattern : patterns) {
    if (!is_pattern(pattern)) {
      add(pattern, config::find_option(pattern));
      continue;
    }
    for (const auto& [name, option] : config::option_names()) {
      if (glob_matches(pattern, name, true)) add(name, option);
    }
  }
  return found;
}

std::optional<std::string> Config::set(std::span<const Assignment> assignments, Caller caller) {
  std::vector<const Option*> options;
  std::set<std::string> seen;
  for (const auto& [name, value] : assignments) {
    const auto option = changeable_option(name, caller, values());
    if (!option) return option.error();
    if (!seen.insert(to_lower(name)).second) return set_failed(name, "duplicate parameter");
    options.push_back(*option);
  }

  config::ConfigValues after = values_;
  for (size_t i = 0; i < options.size(); ++i) {
    if (const auto reason = read_value(*options[i], assignments[i].second, after)) {
      return set_failed(to_lower(assignments[i].first), *reason);
    }
  }
  const config::ConfigValues before = std::exchange(values_, std::move(after));
  return apply(options, assignments, before);
}

void Config::note(std::string_view option, std::string_view value) {
  const config::Refusal refusal = read_value(*config::find_option(option), value, values_);
  assert(!refusal);
}

std::optional<std::string> Config::apply(const std::vector<const Option*>& options,
                                         std::span<const Assignment> assignments,
                                         const config::ConfigValues& before) {
  std::vector<const Watch*> applied;
  for (size_t i = 0; i < options.size(); ++i) {
    const Watch* watch = watch_of(*options[i]);
    if (watch == nullptr || std::count(applied.begin(), applied.end(), watch) > 0) continue;
    if (is_same(*options[i], before, values_) && !options[i]->has(config::kNamesFile)) continue;
    if (const auto reason = watch->apply(before.settings, values_.settings)) {
      roll_back(before, applied);
      return set_failed(to_lower(assignments[i].first), *reason);
    }
    applied.push_back(watch);
  }
  return std::nullopt;
}

// The latest first.  What an applier says to getting the old values back cannot be helped.
void Config::roll_back(const config::ConfigValues& before, std::span<const Watch* const> applied) {
  const config::ConfigValues failed = std::exchange(values_, before);
  for (size_t i = applied.size(); i > 0; --i) {
    applied[i - 1]->apply(failed.settings, values_.settings);
  }
}

const Config::Watch* Config::watch_of(const Option& option) const {
  for (const Watch& watch : watches_) {
    if (std::count(watch.options.begin(), watch.options.end(), &option) > 0) return &watch;
  }
  return nullptr;
}

void Config::on_change(const std::vector<std::string_view>& options, Applier apply) {
  Watch watch{.options = {}, .apply = std::move(apply)};
  for (const std::string_view name : options) {
    const Option* option = config::find_option(name);
    assert(option != nullptr);
    assert(watch_of(*option) == nullptr && "one applier per option");
    watch.options.push_back(option);
  }
  watches_.push_back(std::move(watch));
}

void Config::after_change(const std::vector<std::string_view>& options,
                          std::function<void(const Settings& now)> follow) {
  on_change(
      options,
      [follow = std::move(follow)](const Settings&, Settings& now) -> std::optional<std::string> {
        follow(now);
        return std::nullopt;
      });
}

std::optional<std::string> Config::rewrite(bool every_option) const {
  static constexpr const char* kFailed = "Rewriting config file: ";
  if (file_.empty()) return "The server is running without a config file";
  IoResult<std::string> old = read_all(*files_, file_, config::kMaxFileBytes);
  if (!old && old.error().errno_value != ENOENT) {
    return kFailed + errno_text(old.error().errno_value);
  }
  config::ConfigValues values = values_;
  if (complete_) complete_(values.settings);
  const std::string text = config::rewritten_text(
      old.value_or(""), values, every_option ? config::Rewrite::kAll : config::Rewrite::kChanged);
  if (const auto replaced = replace_atomically(*files_, file_, text); !replaced) {
    return kFailed + errno_text(replaced.error().errno_value);
  }
  return std::nullopt;
}

bool Config::is_secret(std::string_view option) {
  const Option* found = config::find_option(option);
  return found != nullptr && found->has(config::kSecret);
}

}  // namespace weir
