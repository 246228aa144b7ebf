// What an operator's machines do to a server while it is busy: snapshots, rewrites of the log, and
// a replica that is restarted, killed and cut off.
#pragma once

#include "tests/support/test_server.h"

namespace weir::soak {

class Chores {
 public:
  Chores(testing::TestServer& primary, testing::TestServer& replica)
      : primary_(primary), replica_(replica), redis_(primary.connect()) {}

  /// Does the next chore, and waits until it is done.  Throws if it fails.
  void next();
  /// Chores that were done.
  int done() const { return done_; }

 private:
  void save();
  void rewrite();
  void restart_replica();
  void crash_replica();
  void cut_replica();
  void await_replica();
  void await(const char* what, const char* field, const char* value);

  testing::TestServer& primary_;
  testing::TestServer& replica_;
  testing::Redis redis_;
  int done_ = 0;
};

}  // namespace weir::soak
