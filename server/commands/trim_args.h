// The trimming options that XADD and XTRIM share: MAXLEN | MINID [= | ~] threshold [LIMIT count].
#pragma once

#include <optional>

#include "server/commands/args.h"
#include "server/settings.h"
#include "streams/stream.h"

namespace weir {

class TrimArgs {
 public:
  /// Takes one option at the cursor, with its values.  False if the next word is none.
  Parsed<bool> take(ArgCursor& args);

  bool is_given() const { return given_; }
  /// The first rule that the options break together, if any.  needs_strategy: one of them is that
  /// there is something to trim by.
  std::optional<std::string_view> conflict(bool needs_strategy) const;
  /// What to do, with the default limit of "~" filled in.
  Trim trim(const Settings& settings) const;

 private:
  Parsed<bool> take_strategy(ArgCursor& args, Trim::Strategy strategy);

  Trim trim_;
  bool given_ = false;
  std::optional<int64_t> limit_;
};

}  // namespace weir
