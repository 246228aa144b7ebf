// COMMAND GETKEYS, COMMAND GETKEYSANDFLAGS.
#include "server/commands/command_keys.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "server/commands/handlers.h"
#include "server/commands/table.h"
#include "server/text.h"

namespace weir {
namespace {

constexpr std::string_view kNoKeyArguments = "ERR The command has no key arguments";
constexpr std::string_view kInvalidCommand = "ERR Invalid command specified";
constexpr std::string_view kInvalidCount = "ERR Invalid number of arguments specified for command";
constexpr std::string_view kInvalidArguments = "ERR Invalid arguments specified for command";

/// An option in front of STREAMS and how many values follow it.
struct StreamsOption {
  std::string_view word;
  size_t values;
};
constexpr StreamsOption kStreamsOptions[] = {
    {"GROUP", 2},    {"COUNT", 1},   {"BLOCK", 1}, {"CLAIM", 1},
    {"MAXCOUNT", 1}, {"MAXSIZE", 1}, {"NOACK", 0},
};

std::vector<size_t> numbers(size_t first, size_t count) {
  std::vector<size_t> result(count);
  std::iota(result.begin(), result.end(), first);
  return result;
}

Parsed<std::vector<size_t>> keys_by_position(const KeySpec& keys,
                                             std::span<const std::string_view> argv) {
  const size_t last = keys.last < 0 ? argv.size() - 1 : keys.first + static_cast<size_t>(keys.last);
  if (keys.first >= argv.size() || last >= argv.size()) return refused(kInvalidArguments);
  return numbers(keys.first, last - keys.first + 1);
}

Parsed<std::vector<size_t>> keys_behind_streams(std::span<const std::string_view> argv) {
  ArgCursor args(argv, 1);
  while (!args.take("STREAMS", 1)) {
    const auto* const option = std::find_if(
        std::begin(kStreamsOptions), std::end(kStreamsOptions),
        [&args](const StreamsOption& known) { return args.take(known.word, known.values); });
    if (option == std::end(kStreamsOptions)) return refused(kInvalidArguments);
    for (size_t i = 0; i < option->values; ++i)
      args.next();
  }
  if (args.left() % 2 != 0) return refused(kInvalidArguments);
  return numbers(args.position(), args.left() / 2);
}

/// The row behind a command line, as the dispatcher finds it; null if there is none.
const CommandSpec* find_row(std::span<const std::string_view> argv) {
  const CommandSpec* const row = find_command(argv[0]);
  if (row == nullptr || row->is_subcommand()) return nullptr;
  return row->has(kContainer) && argv.size() > 1 ? find_subcommand(*row, argv[1]) : row;
}

/// A command line that somebody asks about.
struct Question {
  const CommandSpec* row;
  std::span<const std::string_view> argv;
  std::vector<size_t> positions;
};

Parsed<Question> read_question(const Call& call) {
  const std::span<const std::string_view> argv = call.args.subspan(2);
  const CommandSpec* const row = find_row(argv);
  if (row == nullptr) return refused(kInvalidCommand);
  if (row->keys.kind == KeySpec::Kind::kNone || row->keys.is_channels())
    return refused(kNoKeyArguments);
  if (!row->accepts(argv.size())) return refused(kInvalidCount);
  Parsed<std::vector<size_t>> positions = key_positions(*row, argv);
  if (!positions) return tl::make_unexpected(std::move(positions.error()));
  return Question{.row = row, .argv = argv, .positions = std::move(*positions)};
}

}  // namespace

Parsed<std::vector<size_t>> key_positions(const CommandSpec& command,
                                          std::span<const std::string_view> argv) {
  if (command.keys.is_channels()) return std::vector<size_t>();
  switch (command.keys.kind) {
    case KeySpec::Kind::kNone:
      break;
    case KeySpec::Kind::kIndex:
      return keys_by_position(command.keys, argv);
    case KeySpec::Kind::kStreams:
      return keys_behind_streams(argv);
  }
  return std::vector<size_t>();
}

void write_key_flags(resp::ReplyWriter& reply, std::string_view words) {
  std::vector<std::string_view> flags;
  while (!words.empty())
    flags.push_back(next_word(words));
  reply.set(flags.size());
  for (const std::string_view flag : flags)
    reply.simple(flag);
}

Outcome command_getkeys(Call& call) {
  Parsed<Question> question = read_question(call);
  if (!question) return std::move(question.error());
  call.reply.array(question->positions.size());
  for (const size_t position : question->positions)
    call.reply.bulk(question->argv[position]);
  return Outcome::done();
}

Outcome command_getkeysandflags(Call& call) {
  Parsed<Question> question = read_question(call);
  if (!question) return std::move(question.error());
  call.reply.array(question->positions.size());
  for (size_t i = 0; i < question->positions.size(); ++i) {
    call.reply.array(2);
    call.reply.bulk(question->argv[question->positions[i]]);
    write_key_flags(call.reply, question->row->keys.flags_of(i));
  }
  return Outcome::done();
}

}  // namespace weir
