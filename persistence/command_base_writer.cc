#include "persistence/command_base_writer.h"

#include <string>

#include "persistence/aof_marks.h"
#include "resp/reply_writer.h"
#include "streams/radix_cursor.h"

namespace weir {
namespace {

using resp::ReplyWriter;

/// A batch is handed to the file when it is as long.
constexpr size_t kBatchBytes = size_t{256} * 1024;

}  // namespace

CommandBaseWriter::CommandBaseWriter(ReplacingFile& file, IdempotenceLimits default_limits,
                                     Dialect dialect, std::optional<int64_t> stamp_s)
    : file_(file), default_limits_(default_limits), dialect_(dialect) {
  batch_.append(aof::kOwnMark);
  if (stamp_s) aof::append_stamp(batch_, *stamp_s);
}

// --- Words ---------------------------------------------------------------------------------------

void CommandBaseWriter::begin_command(size_t words) {
  char* const at = batch_.reserve(ReplyWriter::kHeaderBytes);
  batch_.commit(static_cast<size_t>(ReplyWriter::write_header(at, '*', words) - at));
}

void CommandBaseWriter::word(std::string_view word) {
  char* const at = batch_.reserve(word.size() + ReplyWriter::kHeaderBytes);
  batch_.commit(static_cast<size_t>(ReplyWriter::write_bulk(at, word) - at));
}

void CommandBaseWriter::id(const StreamId& id) {
  char text[kMaxStreamIdLength];
  word({text, static_cast<size_t>(write_stream_id(text, id) - text)});
}

void CommandBaseWriter::command(std::initializer_list<std::string_view> words) {
  begin_command(words.size());
  for (const std::string_view text : words)
    word(text);
}

// --- Streams -------------------------------------------------------------------------------------

void CommandBaseWriter::begin_database(uint64_t number) {
  command({"SELECT", std::to_string(number)});
}

void CommandBaseWriter::key(std::string_view name, std::optional<int64_t> deadline_ms,
                            const StreamView& stream) {
  if (stream.length == 0) {
    command({"XADD", name, "MAXLEN", "0", "0-1", "x", "y"});
  } else {
    entries(name, stream);
  }
  command({"XSETID", name, to_string(stream.last_id), "ENTRIESADDED",
           std::to_string(stream.entries_added), "MAXDELETEDID", to_string(stream.max_deleted_id)});
  for (const GroupView& view : stream.groups)
    group(name, view);
  messages(name, stream);
  if (deadline_ms) command({"PEXPIREAT", name, std::to_string(*deadline_ms)});
  hand_on_if_full();
}

void CommandBaseWriter::entries(std::string_view name, const StreamView& stream) {
  Cursor<StreamNode> node(stream.nodes);
  for (node.seek_first(); node; node.next()) {
    const uint8_t* at = node->head();
    while (at != node->end()) {
      const EntryRef entry = node->entry_at(at);
      at = node->next_entry(entry);
      if (entry.deleted) continue;
      FieldReader fields(*node, entry);
      begin_command(3 + 2 * size_t{fields.left()});
      word("XADD");
      word(name);
      id(entry.id);
      while (fields.left() > 0) {
        const FieldReader::Pair pair = fields.next();
        word(pair.name);
        word(pair.value);
      }
    }
    hand_on_if_full();
  }
}

void CommandBaseWriter::group(std::string_view name, const GroupView& group) {
  command({"XGROUP", "CREATE", name, group.name, to_string(group.last_id), "ENTRIESREAD",
           std::to_string(group.entries_read)});
  for (const ConsumerView& consumer : group.consumers) {
    command({"XGROUP", "CREATECONSUMER", name, group.name, consumer.name});
    pending(name, group, consumer);
  }
  released(name, group);
}

void CommandBaseWriter::pending(std::string_view name, const GroupView& group,
                                const ConsumerView& consumer) {
  for (OwnedNackCursor at(group, consumer); at.is_valid(); at.next()) {
    const Nack nack = at.nack();
    command({"XCLAIM", name, group.name, consumer.name, "0", to_string(nack.id), "TIME",
             std::to_string(nack.delivered_ms), "RETRYCOUNT", std::to_string(nack.deliveries),
             "JUSTID", "FORCE"});
    hand_on_if_full();
  }
}

void CommandBaseWriter::released(std::string_view name, const GroupView& group) {
  for (const Nack& nack : released_in_order(group)) {
    const std::string deliveries = std::to_string(nack.deliveries);
    if (dialect_.has_release) {
      command({"XNACK", name, group.name, "FAIL", "IDS", "1", to_string(nack.id), "RETRYCOUNT",
               deliveries, "FORCE"});
    } else {
      command({"XCLAIM", name, group.name, aof::kReleasedConsumer, "0", to_string(nack.id), "TIME",
               "0", "RETRYCOUNT", deliveries, "FORCE", "JUSTID"});
    }
    hand_on_if_full();
  }
}

void CommandBaseWriter::messages(std::string_view name, const StreamView& stream) {
  if (!dialect_.has_messages) return;
  if (stream.has_idempotence && stream.idempotence_limits != default_limits_) {
    command({"XCFGSET", name, "IDMP-DURATION", std::to_string(stream.idempotence_limits.duration_s),
             "IDMP-MAXSIZE", std::to_string(stream.idempotence_limits.maxsize)});
  }
  for (const ProducerView& producer : stream.producers) {
    for (const MessageView& message : producer.messages)
      command({"XIDMPRECORD", name, producer.pid, message.iid, to_string(message.id)});
    hand_on_if_full();
  }
}

// --- The file ------------------------------------------------------------------------------------

void CommandBaseWriter::hand_on_if_full() {
  if (batch_.size() >= kBatchBytes) hand_on();
}

void CommandBaseWriter::hand_on() {
  if (batch_.empty()) return;
  aof::append_sum(batch_, {.hash = aof::hash_of(batch_.view(), 0), .durable = {}},
                  offset_ + batch_.size());
  offset_ += batch_.size();
  if (result_) result_ = file_.write(batch_.view());
  batch_.clear();
  batch_.append(aof::kOwnMark);  // a batch that begins with SELECT needs it
}

IoResult<void> CommandBaseWriter::end() {
  if (batch_.view() != aof::kOwnMark || offset_ == 0) hand_on();
  if (!result_) return result_;
  return file_.commit();
}

}  // namespace weir
