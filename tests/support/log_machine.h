// A server's keyspace and its log on a disk that fails, without a server: it writes numbered units,
// and knows which of them it has promised.
//
//   LogMachine machine(disk, "always");
//   CHECK(machine.start() == "");                 // as a server starts: loads, goes on
//   machine.write(3); machine.turn();
//   …
//   LogMachine next(disk, "always");              // another life, in the same folder
//   CHECK(next.start() == "");
//   CHECK(next.units() >= promised);
//
// A unit is a transaction: entry n to the stream `s`, entry n to the stream `t`.  So what is loaded
// must be the units 1 to n in both.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "persistence/file.h"
#include "tests/support/handler_stage.h"

namespace weir::testing {

class LogMachine {
 public:
  /// In the working directory.
  LogMachine(FileSystem& disk, const char* policy);

  /// Loads and begins; the text says why it cannot, or what is wrong with what it found.
  std::string start();
  /// One more unit, of so many bytes; its reply waits if the log says so.
  void write(size_t bytes = 10);
  /// The end of a turn.
  void turn();
  void begin_rewrite();
  /// As CONFIG SET appendonly: off, and on again.
  void switch_off();
  bool switch_on();
  /// Turns, until nothing is under way any more; false if that takes too long or it has died.
  bool settle();
  /// Writes, rewrites, and switches the log off and on, the same each time.
  void tell_story();

  /// Whether the disk is gone, so that waiting for it is in vain.
  std::function<bool()> is_off = [] { return false; };

  uint64_t units() const { return units_; }
  /// Units whose replies have left.
  uint64_t promised();
  bool is_fatal() const { return is_fatal_; }
  AppendLog& log() { return stage_.append_log(); }
  LogRewriter& rewriter() { return stage_.log_rewriter(); }
  HandlerStage& stage() { return stage_; }

 private:
  std::string found();

  FileSystem& disk_;
  HandlerStage stage_;
  uint64_t units_ = 0;
  uint64_t promised_ = 0;
  uint64_t unsafe_since_ = 0;  // units since then were answered without a promise
  bool is_always_ = false;
  bool is_fatal_ = false;
};

/// The files of the log's folder, except those that its manifest names.
std::string files_without_name(FileSystem& disk);

}  // namespace weir::testing
