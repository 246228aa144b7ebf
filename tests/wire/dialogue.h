// A file of recorded dialogues, read: cases, each a list of steps (README of the recordings,
// "A case").
//
//   === Title            ─► Case
//   proto 2                   proto, configs, users
//   1x3> XADD s {i}-0 f v     steps: kSend, kExpect, ...
//   1< "3-0"
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/wire/pattern.h"
#include "tests/wire/words.h"

namespace weir::wire {

struct Step {
  enum class Kind : uint8_t {
    kSend,     // 1> WORDS, 1x300> WORDS
    kBytes,    // 1>> "BYTES": words[0]
    kExpect,   // 1< REPLY
    kSilence,  // 1< (blocked), 1< (nothing)
    kClosed,   // 1< (closed)
    kKeep,     // 1= name
    kSleep,    // sleep 80
    kClose,    // close 2
  };

  Kind kind = Kind::kSend;
  int line = 0;
  std::string source{};  // the line as it was written
  int connection = 0;
  int times = 1;
  std::vector<Word> words{};
  std::optional<Pattern> pattern{};
  std::string name{};
  int milliseconds = 0;
};

struct Case {
  std::string title;
  int line = 0;
  int proto = 2;
  bool needs_debug = false;
  std::vector<std::pair<std::string, std::string>> configs{};  // name, value
  std::vector<std::string> users{};
  std::vector<Step> steps{};
};

struct Dialogue {
  std::string path;
  std::string name;  // of the file, without folder and ending
  std::vector<Case> cases{};
};

/// Throws std::runtime_error with file and line when a line is none of the format.
Dialogue read_dialogue(const std::string& path);
Dialogue parse_dialogue(const std::string& path, std::string_view text);

}  // namespace weir::wire
