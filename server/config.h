// The configuration: where its values come from, how they are asked for and changed.
//
//   redis.conf, stdin, --options ─► parse ─► Settings ◄─ set (CONFIG SET) ─► appliers
//                                               │
//              get (CONFIG GET) ◄───────────────┤
//              rewrite (CONFIG REWRITE) ◄───────┘
//
// Hot paths read `config->stream_node_max_entries`: a plain member of Settings, which stays at one
// address for the life of the Config.
//
// Some settings must be acted upon when they change (listen on another port, go to another
// folder).  The part that does so registers an applier with on_change.  CONFIG SET changes all
// values first and then calls the appliers of those that differ, or that name a file, which may
// differ; when one refuses, every value has its old content again and the appliers that had agreed
// are called once more, with old and new exchanged.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tl/expected.hpp>

#include "persistence/file.h"
#include "server/config_file.h"
#include "server/config_types.h"
#include "server/settings.h"

namespace weir {

/// Where a client sits: `enable-protected-configs local` makes a difference between the two.
enum class Caller { kLocal, kRemote };

class Config {
 public:
  /// Acts on a change from `before` to `after`, which it may correct.  The values in force are
  /// already those of `after`.  When it returns a reason, it has changed nothing.
  using Applier =
      std::function<std::optional<std::string>(const Settings& before, Settings& after)>;
  using Assignment = std::pair<std::string_view, std::string_view>;  // option, value

  /// The built-in defaults.
  explicit Config(FileSystem& files = real_files());

  /// `[file] [--option value…]… [-]`, the program's name left out.  read_stdin: called when the
  /// last or first argument is "-".  The order of precedence: options, stdin, file.
  static tl::expected<Config, ConfigError> from_command_line(
      std::span<const std::string> arguments, const std::function<std::string()>& read_stdin,
      FileSystem& files = real_files());

  const Settings& values() const { return values_.settings; }
  const Settings* operator->() const { return &values_.settings; }

  /// Absolute path of the configuration file, "" if there is none.
  const std::string& file() const { return file_; }
  /// What from_command_line was given.
  const std::vector<std::string>& arguments() const { return arguments_; }

  /// Reads configuration text on top of what is there.  At an error the Config is half changed:
  /// meant for the start, where an error is the end.  Appliers are not called.
  std::optional<ConfigError> parse(std::string_view text, std::string_view origin);

  /// Name and value of every option that a pattern names, each once; unknown names are ignored.
  /// A pattern without * ? [ is echoed as it was asked.  Source: CONFIG GET, Redis 7.
  std::vector<std::pair<std::string, std::string>> get(
      std::span<const std::string_view> patterns) const;

  /// Changes all or nothing.  The error is a reply's text without the code ("ERR").
  /// Source: CONFIG SET, Redis 7.
  std::optional<std::string> set(std::span<const Assignment> assignments, Caller caller);

  /// Changes one that clients may not, since a command of theirs has changed what it tells of.
  /// The value is a good one; nobody is called.
  void note(std::string_view option, std::string_view value);

  /// Has `apply` called after a change of any of `options`: once, however many of them changed.
  void on_change(const std::vector<std::string_view>& options, Applier apply);
  /// The same for who refuses nothing and corrects nothing.
  void after_change(const std::vector<std::string_view>& options,
                    std::function<void(const Settings& now)> follow);

  /// Has `complete` called before the file is rewritten, to put in what lives elsewhere: users.
  void before_rewrite(std::function<void(Settings&)> complete) { complete_ = std::move(complete); }
  /// Brings the configuration file up to date, with a line for each option that has not its default
  /// value, or for every option.  The error is a reply's text without the code.
  std::optional<std::string> rewrite(bool every_option = false) const;

  /// Whether the value of an option must not be shown in logs.  False for unknown names.
  static bool is_secret(std::string_view option);

 private:
  struct Watch {
    std::vector<const config::Option*> options;
    Applier apply;
  };

  std::optional<std::string> apply(const std::vector<const config::Option*>& options,
                                   std::span<const Assignment> assignments,
                                   const config::ConfigValues& before);
  void roll_back(const config::ConfigValues& before, std::span<const Watch* const> applied);
  const Watch* watch_of(const config::Option& option) const;

  FileSystem* files_;
  config::ConfigValues values_;
  std::string file_;
  std::vector<std::string> arguments_;
  std::vector<Watch> watches_;
  std::function<void(Settings&)> complete_;
};

}  // namespace weir
