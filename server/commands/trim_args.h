// The trimming options that XADD and XTRIM share:
// [MAXLEN | MINID [= | ~] threshold [LIMIT count]] [KEEPREF | DELREF | ACKED], in any order.
#pragma once

#include <optional>
#include <vector>

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
  /// there is something to trim by.  is_replay: a form of settle(), which may break one.
  std::optional<std::string_view> conflict(bool needs_strategy, bool is_replay) const;
  /// What to do, with the default limit of "~" filled in.
  Trim trim(const Settings& settings) const;

  /// Whether what goes depends on more than the entries: on nodes and their limits.
  bool is_unsettled() const {
    return given_ && (trim_.approximate || trim_.references == References::kAcked);
  }
  /// What to change in the words of the command so that they say what the trimming came to, and
  /// remove the same from a stream with other nodes.
  std::vector<WordEdit> settle(const Stream& trimmed_stream, const Trimmed& trimmed) const;

  /// Whether what becomes of references is among the words.
  bool names_references() const { return references_given_; }
  References references() const { return trim_.references; }
  /// The same for receivers that do not know these words.  has_holes: what went is not the
  /// beginning of the stream, and nothing is said of trimming.
  std::vector<WordEdit> settle_without_references(const Stream& trimmed_stream,
                                                  bool has_holes) const;

 private:
  bool take_policy(ArgCursor& args);
  Parsed<bool> take_strategy(ArgCursor& args, Trim::Strategy strategy);

  Trim trim_;
  bool given_ = false;
  bool references_given_ = false;
  size_t strategy_word_ = 0;  // numbers of words
  size_t operator_word_ = 0;  // 0: there is none
  size_t threshold_word_ = 0;
  size_t limit_word_ = 0;
  size_t references_word_ = 0;
  std::optional<int64_t> limit_;
};

}  // namespace weir
