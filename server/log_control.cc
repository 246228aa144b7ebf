#include "server/log_control.h"

#include <cerrno>
#include <utility>

#include <unistd.h>

#include "persistence/file.h"
#include "server/data/keyspace.h"
#include "server/data/waiters.h"
#include "server/durability/append_log.h"
#include "server/durability/loader.h"
#include "server/durability/log_rewriter.h"
#include "server/durability/snapshot_runner.h"
#include "server/host/log.h"
#include "server/log_replay.h"
#include "server/propagation.h"
#include "server/replication/log_position.h"
#include "server/replication/stream.h"
#include "server/replication/upstream.h"
#include "server/shutdown_control.h"

namespace weir {
namespace {

std::optional<std::string> change_folder(const std::string& folder) {
  if (chdir(folder.c_str()) == 0) return std::nullopt;
  return "Changing directory: " + errno_text(errno);
}

}  // namespace

LogControl::LogControl(Context& context) : context_(context) {
  AppendLog& log = context.append_log;
  log.files().write_base = [&rewriter = context.log_rewriter](const std::string& path) {
    return rewriter.write_base(path);
  };
  log.on_durable = [this] { tell_durable(); };
  log.on_fatal = [] { _exit(1); };
}

/// WAITAOF looks again, here and at the primary.
void LogControl::tell_durable() {
  context_.upstream.more_is_durable();
  context_.waiters.signal_in_all(context_.keyspace.databases().size(), kDurableKey);
}

std::string LogControl::load() {
  tl::expected<LoadedLog, std::string> loaded = LogReplay(context_, real_files()).run();
  if (!loaded) return context_.shutdown.is_requested() ? std::string() : loaded.error();
  const auto increments = loaded->manifest.increments();
  const LogEnd end{.increment = increments.empty() ? std::string() : increments.back().name,
                   .bytes = loaded->last_increment_bytes};
  std::string why = context_.append_log.begin(std::move(*loaded));
  context_.log_rewriter.log_began();
  const AofPlace& place = context_.append_log.files().place();
  if (const auto saved = take_log_position(real_files(), place, end))
    context_.upstream.resume(*saved);
  return why;
}

/// What there is already goes into the base of a rewrite.
std::optional<std::string> LogControl::switch_to(bool is_on) {
  if (context_.loader.progress().is_loading) return "the dataset is being loaded";
  LogRewriter& rewriter = context_.log_rewriter;
  rewriter.kill();  // one of while it was off lacks what was written since
  if (!is_on) {
    context_.append_log.end();
    return std::nullopt;
  }
  const std::string why = context_.append_log.begin_aside();
  if (!why.empty()) {
    context_.log.warning(why);
    return "Unable to turn on AOF. Check server logs.";
  }
  if (context_.snapshot_runner.is_running() || context_.propagation.is_in_transaction()) {
    rewriter.schedule();
  } else {
    rewriter.begin();
  }
  return std::nullopt;
}

std::optional<std::string> LogControl::go_to(const std::string& folder) {
  const std::string before = absolute_path(".");
  if (auto why = change_folder(folder)) return why;
  if (absolute_path(".") == before) return std::nullopt;
  if (!context_.append_log.is_on()) {
    // What it writes is back there, and the manifest here would name it.
    if (context_.log_rewriter.is_running()) context_.log_rewriter.kill();
    return std::nullopt;
  }
  // It is there.  What is switched off is back here.
  if (auto why = change_folder(before)) return why;
  switch_to(false);
  if (auto why = change_folder(folder)) context_.log.warning(*why);
  return switch_to(true);
}

void LogControl::restart() {
  if (!context_.append_log.is_on()) return;
  switch_to(false);
  if (const auto why = switch_to(true))
    context_.log.warning("The append only file cannot be begun anew: " + *why);
}

/// Where it ends, so that the next start can go on in the stream of replication.
void LogControl::note_position() {
  const AppendLog& log = context_.append_log;
  const std::optional<SavedPosition> saved = context_.replication.position();
  if (!saved || !log.last_end()) return;
  const auto written = write_log_position(real_files(), context_.append_log.files().place(),
                                          *log.last_end(), *saved);
  if (!written) context_.log.warning("Replicas will begin anew: " + to_string(written.error()));
}

void LogControl::end() {
  context_.log_rewriter.kill();
  if (context_.append_log.is_on()) context_.log.notice("Calling fsync() on the AOF file.");
  context_.append_log.end();
  note_position();
}

}  // namespace weir
