// What an option of the configuration is, and how its value is read and printed.
//
//   words of a line or of CONFIG SET
//        │  kind: what is accepted, with which range
//        ▼
//   canonical text  ──►  tidy: a further check or correction of that text
//        │
//        ▼
//   field: a member of Settings; an option without one is only remembered ("kept")
//
// Canonical is what CONFIG GET prints: bytes as plain integers, yes or no, words in lower case.
// An option that fits none of this (kSpecial) brings its own reader and printer.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <tl/expected.hpp>

#include "server/settings.h"

namespace weir::config {

/// Every value there is: of the options with an effect, and of those that are only remembered.
struct ConfigValues {
  Settings settings;
  std::map<std::string_view, std::string> kept;  // by name in the table; absent: the default
};

/// Why a value is refused; nothing: it is accepted.
using Refusal = std::optional<std::string>;

/// A line of a file adds to cumulative options; CONFIG SET replaces them.
enum class Source { kFile, kCommand };

using Words = std::span<const std::string>;

enum class Kind {
  kToggle,   // yes or no
  kInteger,  // decimal, min … max
  kMemory,   // bytes with an optional unit, min … max
  kChoice,   // one of `choices`
  kText,     // one word, any bytes
  kWords,    // any number of words, remembered with one blank between them
  kSpecial,
};

/// Option flags.
inline constexpr unsigned kImmutable = 1;  // not by CONFIG SET
inline constexpr unsigned kProtected = 2;  // by CONFIG SET only where enable-protected-configs says
inline constexpr unsigned kSecret = 4;     // redacted in MONITOR and SLOWLOG
inline constexpr unsigned kManyWords = 8;  // a line or a CONFIG SET value holds several words
inline constexpr unsigned kFileOnly = 16;  // a line of the file that CONFIG does not know
inline constexpr unsigned kNamesFile = 32;  // CONFIG SET of the same value reads the file again
inline constexpr unsigned kRewritten = 64;  // of those, one that CONFIG REWRITE keeps up to date

inline constexpr unsigned kNoLineForNone = 128;  // a file has no line for its default value

struct Choice {
  std::string_view word;
  int value;
};

/// Access to a member of an enumeration type (or int) by number.
struct ChoiceField {
  int (*get)(const Settings&);
  void (*set)(Settings&, int value);
};

template <auto Member>
constexpr ChoiceField choice_field() {
  return {[](const Settings& s) { return static_cast<int>(s.*Member); },
          [](Settings& s, int value) {
            s.*Member = static_cast<std::remove_reference_t<decltype(s.*Member)>>(value);
          }};
}

/// Where the value lives; the first alternative: nowhere, it is kept as text.
using Field = std::variant<std::monostate, bool Settings::*, int Settings::*, int64_t Settings::*,
                           uint64_t Settings::*, std::string Settings::*, ChoiceField>;

/// An option with a reader and printer of its own.
struct Special {
  Refusal (*read)(Settings&, Words, Source);
  std::string (*print)(const Settings&);
  /// What follows the name on each line that CONFIG REWRITE writes.
  std::vector<std::string> (*lines)(const Settings&);
};

using Tidied = tl::expected<std::string, std::string>;

// NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding)
struct Option {
  std::string_view name;
  Kind kind;
  std::string_view default_text;  // as CONFIG GET prints it
  Field field = {};
  unsigned flags = 0;
  int64_t min = 0;
  int64_t max = INT64_MAX;
  std::span<const Choice> choices = {};
  std::string_view alias = {};  // the name of older versions
  Tidied (*tidy)(const std::string& text) = nullptr;
  const Special* special = nullptr;

  bool has(unsigned flag) const { return (flags & flag) != 0; }
  /// Accepted, remembered, without effect in this server.
  bool is_kept() const { return kind != Kind::kSpecial && field.index() == 0; }
};

/// Reads `words` into `values`, which stay as they are when it is refused.
/// words: without the name, at least one; a single word for options without kManyWords.
Refusal read_option(const Option& option, Words words, Source source, ConfigValues& values);

/// The value as CONFIG GET shows it.
std::string print_option(const Option& option, const ConfigValues& values);

/// The value as lines for the file, each beginning with the option's name.
std::vector<std::string> option_lines(const Option& option, const ConfigValues& values);

/// Bytes from "100", "4kb" (1024) or "4k" (1000), …; nothing for anything else.  No digits are 0,
/// as in Redis; more than can be said is kMostBytes.
inline constexpr uint64_t kMostBytes = std::numeric_limits<uint64_t>::max();
std::optional<uint64_t> parse_memory(std::string_view text);

/// Bytes in the largest unit that divides them: "100mb".
std::string format_memory(uint64_t bytes);

/// A decimal as it would be printed, so no "+5", "05" or " 5".
std::optional<int64_t> parse_integer(std::string_view text);

std::string join(Words words, std::string_view between);

}  // namespace weir::config
