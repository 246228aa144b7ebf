// Plays dialogues against a server and reports what passed, failed and was left out.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "tests/support/test_server.h"
#include "tests/wire/control.h"
#include "tests/wire/dialogue.h"
#include "tests/wire/left_out.h"
#include "tests/wire/session.h"

namespace weir::wire {

struct Options {
  std::string server;       // binary to start; empty: use the one on `port`
  int port = 0;             // of a server that is running
  std::string case_filter;  // part of the titles to play; empty: all
  bool verbose = false;
  std::string left_out_file;        // empty: nothing is left out beyond missing commands
  std::string redis_commands_file;  // names of the commands of Redis that the dialogues use
  std::vector<std::string> files;
  Timing timing;
};

struct Tally {
  int passed = 0;
  int failed = 0;
  int left_out = 0;
  std::map<std::string, int> reasons{};  // for leaving out, and how often
};

class Runner {
 public:
  /// Starts or finds the server and asks it what it has.  Throws std::runtime_error when it cannot.
  Runner(Options options, std::ostream& out);

  /// Plays all files.  Throws std::runtime_error when one cannot be read or the server is lost.
  Tally run();

 private:
  void connect();
  void ask_what_it_has();
  void play(const Dialogue& dialogue);
  void play_case(const Dialogue& dialogue, const Case& recorded, Tally& tally);
  void play_listed(const Dialogue& dialogue, const Case& recorded, const LeftOut& entry,
                   Tally& tally);
  std::optional<Failure> attempt(const Case& recorded);
  void revive_server(Failure& failure);
  std::string missing_command(const Case& recorded) const;
  void leave_out(const Case& recorded, const std::string& reason, Tally& tally);
  void report(const Dialogue& dialogue, const Case& recorded, const Failure& failure);
  void report_stale(const LeftOut& entry, const std::string& reason, Tally& tally);
  void check_list(const Dialogue& dialogue, Tally& tally);
  bool is_chosen(const Case& recorded) const;

  Options options_;
  std::ostream& out_;
  std::unique_ptr<testing::TestServer> server_;
  std::optional<Control> control_;
  CommandNames redis_commands_;
  CommandNames present_;
  std::vector<LeftOut> list_;
  Tally total_;
};

}  // namespace weir::wire
