// What the log gets when the process crashes: signal, stack, INFO, clients, the command that ran.
#pragma once

#include <functional>
#include <string>

#include "server/host/log.h"

namespace weir {

/// Reports SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGABRT, then lets the signal take its course.
/// `describe` is called in the signal handler, with the process in an unknown state: what it
/// gives is best effort, and a second crash inside it ends the report.
void install_crash_report(Log& log, std::function<std::string()> describe);
/// Back to the system's way.
void remove_crash_report();

}  // namespace weir
