// What the server asks of the system as a process: background, pid file, supervision, title,
// limits, signals.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "server/settings.h"

namespace weir {

class ShutdownControl;

/// Detaches from the terminal: the parent exits here with 0.  The text says why it cannot, and the
/// process stays as it was, or is empty.
std::string go_to_background();

/// The pid file: removed with the object at the latest.
class PidFile {
 public:
  PidFile() = default;
  ~PidFile() { remove(); }
  PidFile(const PidFile&) = delete;
  PidFile& operator=(const PidFile&) = delete;

  /// The text says why it cannot, else is empty.
  std::string write(const std::string& path);
  void remove();

 private:
  std::string path_;  // absolute
};

/// True if a supervisor waits for word: settings and environment.
bool is_supervised_by_systemd(const Settings& settings);
/// One datagram to $NOTIFY_SOCKET, as "READY=1\n".  The text says why it cannot be sent, else is
/// empty.
std::string notify_systemd(std::string_view state);

/// What ps shows.  `arguments`: the argv of main, whose memory is the title's place.
void set_process_title(int argument_count, char** arguments, const Settings& settings);

/// Raises the limit of open files to what `clients` need; returns for how many it is enough.
uint64_t raise_file_limit(uint64_t clients);

/// SIGTERM and SIGINT ask for a shutdown (a second SIGINT while that is under way ends at once);
/// SIGHUP and SIGPIPE are ignored.
void install_signal_handlers(ShutdownControl& shutdown);

/// 40 hexadecimal digits that no other process has.
std::string random_run_id();

/// Absolute path of this program.
std::string executable_path();

}  // namespace weir
