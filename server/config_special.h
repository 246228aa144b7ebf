// Options whose values are not one simple value: their readers and printers, and the further
// checks ("tidy") that some simple ones need.
#pragma once

#include "server/config_types.h"

namespace weir::config {

/// The words of a value: a single word given to an option of many words is split once more, so
/// that `save "900 1 300 10"` and `save 900 1 300 10` are the same.  Never empty: no word at all
/// becomes one empty word.  Nothing when the quotes in it are unbalanced.
std::optional<std::vector<std::string>> spread_words(const Option& option,
                                                     std::vector<std::string> words);

extern const Special bind_value;           // addresses, at most 16
extern const Special save_value;           // seconds changes …; "" clears; cumulative in files
extern const Special output_limits_value;  // class hard soft seconds …; others stay
extern const Special maxmemory_clients_value;  // bytes or N%
extern const Special unixsocketperm_value;     // octal
extern const Special notify_events_value;      // letters; CONFIG GET does not show all of them
extern const Special dir_value;                // made absolute
extern const Special sigint_value;             // default, or save|nosave, now, force
extern const Special sigterm_value;
// In config_access.cc.
extern const Special user_value;            // name rule …; cumulative
extern const Special rename_command_value;  // old new; cumulative

// Tidies.
Tidied clamp_hz(const std::string& text);
Tidied raise_backlog_size(const std::string& text);
Tidied check_proc_title(const std::string& text);
Tidied check_dbfilename(const std::string& text);
Tidied check_appendfilename(const std::string& text);
Tidied check_appenddirname(const std::string& text);
Tidied check_compat_version(const std::string& text);
Tidied check_oom_score_values(const std::string& text);
Tidied check_percentiles(const std::string& text);
Tidied check_replicaof(const std::string& text);  // "host port"; "no one" is none

// Options that would promise what this server does not do.  Off is accepted, on is refused.
Tidied refuse_cluster(const std::string& text);
Tidied refuse_loadmodule(const std::string& text);

}  // namespace weir::config
