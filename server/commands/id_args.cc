#include "server/commands/id_args.h"

namespace weir {

bool IdList::read(std::span<const std::string_view> words) {
  ids_.reserve(words.size());
  for (const std::string_view word : words) {
    const std::optional<StreamId> id = parse_stream_id(word, 0);
    if (!id) return false;
    ids_.push_back(*id);
  }
  return true;
}

Parsed<std::span<const std::string_view>> take_ids(ArgCursor& args, const IdsRules& rules) {
  const std::optional<int64_t> number = parse_canonical(args.next());
  if (!number || *number < 1 || *number > rules.most) return refused(rules.bad_number);
  if (static_cast<uint64_t>(*number) > args.left()) return refused(rules.too_few_words);
  return args.next_words(static_cast<size_t>(*number));
}

}  // namespace weir
