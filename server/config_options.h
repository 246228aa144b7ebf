// The table of all options, and how to find one.
//
// config_options.cc holds the options that change what this server does, config_options_kept.cc
// those that are accepted, remembered and shown, so that the files and tools of Redis work, but
// have no effect.  A new option is a row, a member of Settings if it has an effect, and a
// paragraph in redis.conf.
#pragma once

#include "server/config_types.h"

namespace weir::config {

/// Rows with an effect, in the order of Settings.
std::span<const Option> effective_options();

/// Rows that are only remembered, and lines of a file that are always refused.
std::span<const Option> kept_options();

/// Every name, aliases included, and the row it stands for; sorted by name.
const std::map<std::string_view, const Option*>& option_names();

/// Nothing for an unknown name.  Upper and lower case are the same.
const Option* find_option(std::string_view name);

// --- The words in which the rows are written ----------------------------------------------------

namespace rows {

inline constexpr Field kKept = {};

constexpr Option toggle(std::string_view name, std::string_view default_text, Field field,
                        unsigned flags = 0, std::string_view alias = {}) {
  return {.name = name,
          .kind = Kind::kToggle,
          .default_text = default_text,
          .field = field,
          .flags = flags,
          .alias = alias};
}

constexpr Option integer(std::string_view name, std::string_view default_text, int64_t min,
                         int64_t max, Field field, unsigned flags = 0,
                         std::string_view alias = {}) {
  return {.name = name,
          .kind = Kind::kInteger,
          .default_text = default_text,
          .field = field,
          .flags = flags,
          .min = min,
          .max = max,
          .alias = alias};
}

constexpr Option memory(std::string_view name, std::string_view default_text, int64_t min,
                        Field field, unsigned flags = 0, std::string_view alias = {}) {
  return {.name = name,
          .kind = Kind::kMemory,
          .default_text = default_text,
          .field = field,
          .flags = flags,
          .min = min,
          .alias = alias};
}

constexpr Option choice(std::string_view name, std::string_view default_text,
                        std::span<const Choice> choices, Field field, unsigned flags = 0) {
  return {.name = name,
          .kind = Kind::kChoice,
          .default_text = default_text,
          .field = field,
          .flags = flags,
          .choices = choices};
}

constexpr Option text(std::string_view name, std::string_view default_text, Field field,
                      unsigned flags = 0, std::string_view alias = {}) {
  return {.name = name,
          .kind = Kind::kText,
          .default_text = default_text,
          .field = field,
          .flags = flags,
          .alias = alias};
}

/// Several words, kept as one text.
constexpr Option words(std::string_view name, std::string_view default_text, unsigned flags = 0,
                       std::string_view alias = {}, Field field = {}) {
  return {.name = name,
          .kind = Kind::kWords,
          .default_text = default_text,
          .field = field,
          .flags = flags | kManyWords,
          .alias = alias};
}

constexpr Option special(std::string_view name, std::string_view default_text,
                         const Special& special, unsigned flags = 0) {
  return {.name = name,
          .kind = Kind::kSpecial,
          .default_text = default_text,
          .flags = flags,
          .special = &special};
}

constexpr Option tidied(Tidied (*tidy)(const std::string&), Option option) {
  option.tidy = tidy;
  return option;
}

}  // namespace rows
}  // namespace weir::config
