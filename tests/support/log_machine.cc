#include "tests/support/log_machine.h"

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <thread>

#include "server/log_replay.h"
#include "tests/support/patience.h"

namespace weir::testing {
namespace {

constexpr int kQuickLooks = 2000;

}  // namespace

LogMachine::LogMachine(FileSystem& disk, const char* policy)
    : disk_(disk),
      stage_(HandlerStage::Audience::kNone, disk),
      is_always_(std::string_view(policy) == "always") {
  stage_.configure("appendfsync", policy);
  stage_.configure("auto-aof-rewrite-percentage", "0");
  log().files().write_base = [this](const std::string& path) {
    return rewriter().write_base(path);
  };
  log().on_fatal = [this] { is_fatal_ = true; };
}

/// Both streams hold the same units, from the first on.
std::string LogMachine::found() {
  uint64_t found[2] = {};
  for (const size_t i : {0, 1}) {
    const Stream* const stream = stage_.stream(i == 0 ? "s" : "t");
    if (stream == nullptr) continue;
    found[i] = stream->length();
    if (stream->last_id().ms != found[i])
      return "a gap before unit " + to_string(stream->last_id());
  }
  units_ = unsafe_since_ = promised_ = found[0];
  return found[0] == found[1] ? "" : "half a unit";
}

std::string LogMachine::start() {
  tl::expected<LoadedLog, std::string> loaded = LogReplay(stage_.context(), disk_).run();
  if (!loaded) return loaded.error();
  std::string why = found();
  return why.empty() ? log().begin(std::move(*loaded)) : why;
}

void LogMachine::write(size_t bytes) {
  if (!log().refusal().empty() || is_fatal_) return;
  const std::string id = std::to_string(++units_) + "-0";
  const std::string value(bytes, 'v');
  stage_.propagation().begin_transaction();
  stage_.run({"XADD", "s", id, "f", value});
  stage_.propagation().end_transaction();
  stage_.run({"XADD", "t", id, "f", value});
  // A reply of one byte: its place is its number.
  stage_.commit_gate().hold(stage_.client(), units_ - 1, stage_.propagation().offset());
}

void LogMachine::turn() {
  log().look_at_syncs();
  log().write();
  stage_.snapshot_runner.end_turn();
}

void LogMachine::begin_rewrite() {
  if (!stage_.snapshot_runner.is_running()) rewriter().begin();
}

void LogMachine::switch_off() {
  rewriter().kill();
  log().end();
}

bool LogMachine::switch_on() {
  if (!log().begin_aside().empty()) return false;
  begin_rewrite();
  return true;
}

// What the cron would do after a second is done at once.
bool LogMachine::settle() {
  const auto is_over = [this] { return is_fatal_ || is_off(); };
  const auto is_settled = [this] {
    turn();
    if (!log().refusal().empty()) log().policy_changed();
    if (log().is_aside() || log().needs_rewrite()) begin_rewrite();
    const bool is_quiet = !stage_.snapshot_runner.is_running() && !log().is_syncing() &&
                          !log().is_aside() && log().refusal().empty();
    return is_quiet && log().buffered_bytes() == 0 &&
           (!is_always_ || log().durable_offset() == stage_.propagation().offset());
  };
  // Helpers are quick here: most of the time none is waited for.
  for (int i = 0; i < kQuickLooks; ++i) {
    if (is_over() || is_settled()) return !is_over();
    std::this_thread::yield();
  }
  return wait_until([&] { return is_over() || is_settled(); }) && !is_over();
}

void LogMachine::tell_story() {
  for (const size_t bytes : {10, 5000, 10}) {
    write(bytes);
    turn();
  }
  settle();
  begin_rewrite();
  write();
  settle();
  write(3000);
  turn();
  begin_rewrite();
  settle();
  switch_off();
  write();
  if (switch_on()) write();
  settle();
  write();
  settle();
}

uint64_t LogMachine::promised() {
  const bool is_promised = is_always_ && log().is_on() && !log().is_aside();
  if (!is_promised || is_fatal_) return promised_;
  const Client& client = stage_.client();
  promised_ = std::max(promised_, client.held ? client.held->sendable(0, units_) : units_);
  return promised_;
}

std::string files_without_name(FileSystem& disk) {
  const AofPlace place{"appendonlydir", "appendonly.aof"};
  const auto text = read_all(disk, place.manifest_path());
  if (!text) return "no manifest";
  const auto manifest = AofManifest::parse(*text);
  if (!manifest) return manifest.error().reason;
  std::string strangers;
  for (const auto& entry : std::filesystem::directory_iterator(place.folder)) {
    const std::string name = entry.path().filename();
    if (text->find("file " + name + " ") == std::string::npos &&
        name != place.filename + ".manifest")
      strangers += name + " ";
  }
  return strangers;
}

}  // namespace weir::testing
