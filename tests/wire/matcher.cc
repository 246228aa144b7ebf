#include "tests/wire/matcher.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <span>
#include <vector>

namespace weir::wire {
namespace {

using resp::Reply;

/// How far "near the present time" goes: an hour.
constexpr int64_t kNearMs = 60LL * 60 * 1000;

bool glob_matches(const std::vector<std::string>& pieces, std::string_view text) {
  if (pieces.size() == 1) return text == pieces[0];
  if (!text.starts_with(pieces.front())) return false;
  text.remove_prefix(pieces.front().size());
  for (size_t i = 1; i + 1 < pieces.size(); ++i) {
    const size_t at = text.find(pieces[i]);
    if (at == std::string_view::npos) return false;
    text.remove_prefix(at + pieces[i].size());
  }
  return text.ends_with(pieces.back());
}

/// The ms of an entry ID in its text form.
std::optional<int64_t> id_ms(std::string_view text) {
  int64_t ms = 0;
  uint64_t seq = 0;
  const char* const last = text.data() + text.size();
  const auto [dash, ms_error] = std::from_chars(text.data(), last, ms);
  if (ms_error != std::errc{} || dash == last || *dash != '-') return std::nullopt;
  const auto [end, seq_error] = std::from_chars(dash + 1, last, seq);
  if (seq_error != std::errc{} || end != last) return std::nullopt;
  return ms;
}

class Matcher {
 public:
  Matcher(const Kept& kept, int64_t now_ms) : kept_(kept), now_ms_(now_ms) {}

  std::optional<Difference> compare(const Pattern& pattern, const Reply& reply) const {
    if (pattern.kind == Pattern::Kind::kAny) return std::nullopt;
    if (!attributes_match(pattern, reply)) return whole(pattern, reply);
    if (pattern.kind != Pattern::Kind::kAggregate) {
      return scalar_matches(pattern, reply) ? std::nullopt : whole(pattern, reply);
    }
    if (reply.kind != pattern.reply_kind) return whole(pattern, reply);
    if (!pattern.any_order) return compare_in_order(pattern, reply);
    if (matches_in_any_order(pattern, reply)) return std::nullopt;
    return difference_in_any_order(pattern, reply);
  }

 private:
  static std::optional<Difference> whole(const Pattern& pattern, const Reply& reply) {
    return Difference{.where = "", .expected = pattern.source, .got = show(reply)};
  }

  bool is_near(int64_t ms) const { return ms >= now_ms_ - kNearMs && ms <= now_ms_ + kNearMs; }

  bool attributes_match(const Pattern& pattern, const Reply& reply) const {
    if (pattern.attributes.size() != reply.attributes.size()) return false;
    for (size_t i = 0; i < reply.attributes.size(); ++i) {
      if (compare(pattern.attributes[i], reply.attributes[i])) return false;
    }
    return true;
  }

  bool scalar_matches(const Pattern& pattern, const Reply& reply) const {
    const bool is_integer = reply.kind == Reply::Kind::kInteger;
    const bool is_bulk = reply.kind == Reply::Kind::kBulk;
    switch (pattern.kind) {
      case Pattern::Kind::kExact: {
        const Reply& exact = pattern.exact;
        return reply.kind == exact.kind && reply.text == exact.text &&
               reply.format == exact.format && reply.integer == exact.integer;
      }
      case Pattern::Kind::kInteger:
        return is_integer && reply.integer >= pattern.low && reply.integer <= pattern.high;
      case Pattern::Kind::kNow:
        return is_integer && is_near(reply.integer);
      case Pattern::Kind::kId: {
        const std::optional<int64_t> ms = is_bulk ? id_ms(reply.text) : std::nullopt;
        return ms && is_near(*ms);
      }
      case Pattern::Kind::kBulk:
        return is_bulk;
      case Pattern::Kind::kKept: {
        const auto found = kept_.find(pattern.text);
        if (found == kept_.end()) return false;
        return (is_bulk && reply.text == found->second) ||
               (is_integer && std::to_string(reply.integer) == found->second);
      }
      case Pattern::Kind::kGlob:
        return reply.kind == pattern.reply_kind && glob_matches(pattern.pieces, reply.text);
      default:
        return false;
    }
  }

  /// Elements one by one; <...> takes as many as leave the rest a chance to match.
  std::optional<Difference> compare_in_order(const Pattern& pattern, const Reply& reply) const {
    const std::span<const Pattern> wanted(pattern.elements);
    const std::span<const Reply> got(reply.elements);
    const auto rest = std::find_if(wanted.begin(), wanted.end(), [](const Pattern& element) {
      return element.kind == Pattern::Kind::kRest;
    });
    if (rest != wanted.end())
      return elements_match(wanted, got) ? std::nullopt : whole(pattern, reply);
    for (size_t i = 0; i < std::min(wanted.size(), got.size()); ++i) {
      if (std::optional<Difference> inner = compare(wanted[i], got[i])) {
        inner->where = "[" + std::to_string(i) + "]" + inner->where;
        return inner;
      }
    }
    if (wanted.size() == got.size()) return std::nullopt;
    return Difference{.where = "",
                      .expected = std::to_string(wanted.size()) + " elements",
                      .got = std::to_string(got.size()) + " elements"};
  }

  bool elements_match(std::span<const Pattern> wanted, std::span<const Reply> got) const {
    if (wanted.empty()) return got.empty();
    if (wanted[0].kind == Pattern::Kind::kRest) {
      for (size_t skipped = 0; skipped <= got.size(); ++skipped) {
        if (elements_match(wanted.subspan(1), got.subspan(skipped))) return true;
      }
      return false;
    }
    return !got.empty() && !compare(wanted[0], got[0]) &&
           elements_match(wanted.subspan(1), got.subspan(1));
  }

  /// Finds for every wanted item (an element or a pair) another one of the reply, changing earlier
  /// choices where they stand in the way: a pattern like <bulk> fits many.
  bool matches_in_any_order(const Pattern& pattern, const Reply& reply) const {
    std::vector<const Pattern*> wanted;  // where each item begins
    bool more_allowed = false;
    for (size_t i = 0; i < pattern.elements.size(); i += pattern.stride) {
      const bool is_rest = pattern.elements[i].kind == Pattern::Kind::kRest;
      more_allowed |= is_rest;
      if (!is_rest) wanted.push_back(&pattern.elements[i]);
    }
    const size_t items = reply.elements.size() / pattern.stride;
    if (reply.elements.size() % pattern.stride != 0 || items < wanted.size()) return false;
    if (items > wanted.size() && !more_allowed) return false;

    std::vector<std::vector<size_t>> fits(wanted.size());
    for (size_t want = 0; want < wanted.size(); ++want) {
      for (size_t item = 0; item < items; ++item) {
        const std::span<const Reply> elements(reply.elements);
        const auto got = elements.subspan(item * pattern.stride, pattern.stride);
        if (elements_match({wanted[want], pattern.stride}, got)) fits[want].push_back(item);
      }
    }
    std::vector<size_t> taken_by(items, kNobody);
    for (size_t want = 0; want < wanted.size(); ++want) {
      std::vector<bool> asked(items, false);
      if (!place(want, fits, taken_by, asked)) return false;
    }
    return true;
  }

  /// The first item that is nowhere in the reply: of a pair whose key is there, the value.
  std::optional<Difference> difference_in_any_order(const Pattern& pattern,
                                                    const Reply& reply) const {
    if (pattern.stride != 2) return whole(pattern, reply);
    for (size_t want = 0; want < pattern.elements.size(); want += 2) {
      for (size_t item = 0; item + 1 < reply.elements.size(); item += 2) {
        if (compare(pattern.elements[want], reply.elements[item])) continue;
        std::optional<Difference> inner =
            compare(pattern.elements[want + 1], reply.elements[item + 1]);
        if (!inner) continue;
        inner->where = "{" + pattern.elements[want].source + "}" + inner->where;
        return inner;
      }
    }
    return whole(pattern, reply);
  }

  static bool place(size_t want, const std::vector<std::vector<size_t>>& fits,
                    std::vector<size_t>& taken_by, std::vector<bool>& asked) {
    for (const size_t item : fits[want]) {
      if (asked[item]) continue;
      asked[item] = true;
      if (taken_by[item] == kNobody || place(taken_by[item], fits, taken_by, asked)) {
        taken_by[item] = want;
        return true;
      }
    }
    return false;
  }

  static constexpr size_t kNobody = static_cast<size_t>(-1);

  const Kept& kept_;
  int64_t now_ms_;
};

}  // namespace

std::optional<Difference> find_difference(const Pattern& pattern, const Reply& reply,
                                          const Kept& kept, int64_t now_ms) {
  return Matcher(kept, now_ms).compare(pattern, reply);
}

}  // namespace weir::wire
