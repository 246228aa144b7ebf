// An endless row of commands of the whole command table, made from a seed and from what each row
// says of its arguments: valid ones, ones at the border and, one in four, ones with something
// wrong.
//
// Those are left out that stop or change the server under the test (SHUTDOWN, REPLICAOF, CONFIG SET
// of its files, users and limits): RandomTableCommands::is_left_out knows them.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "server/command.h"
#include "server/commands/command_docs.h"
#include "tests/support/random_commands.h"

namespace weir::testing {

class RandomTableCommands {
 public:
  explicit RandomTableCommands(uint64_t seed);

  Words next();

 private:
  struct Row {
    Words names;  // "XINFO", "STREAM"
    std::vector<Argument> arguments;
  };

  static bool is_left_out(const CommandSpec& row);
  void add(Words& words, const Argument& argument);
  void add_once(Words& words, const Argument& argument, bool with_token);
  std::string value(const Argument& argument);
  std::string number();
  std::string text();
  void spoil(Words& words);
  uint64_t draw(uint64_t bound) { return random_() % bound; }
  bool one_in(uint64_t n) { return draw(n) == 0; }
  template <size_t N>
  std::string pick(const char* const (&words)[N]) {
    return words[draw(N)];
  }

  std::mt19937_64 random_;
  std::vector<Row> rows_;
};

}  // namespace weir::testing
