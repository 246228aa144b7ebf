#include "server/propagation.h"

#include <cstring>

#include "resp/reply_writer.h"

namespace weir {
namespace {

constexpr std::string_view kMulti = "*1\r\n$5\r\nMULTI\r\n";
constexpr std::string_view kExec = "*1\r\n$4\r\nEXEC\r\n";
/// What is kept of the buffer from one turn to the next, at most.
constexpr size_t kMostSpareBytes = size_t{1024} * 1024;

using resp::ReplyWriter;

size_t encoded_size_limit(std::span<const std::string_view> words) {
  size_t bytes = ReplyWriter::kHeaderBytes;
  for (const std::string_view word : words)
    bytes += word.size() + ReplyWriter::kHeaderBytes;
  return bytes;
}

}  // namespace

void Propagation::set_listener(Listener listener, bool is_there) {
  const auto bit = static_cast<uint8_t>(listener);
  present_ = static_cast<uint8_t>(is_there ? present_ | bit : present_ & ~bit);
  listeners_ = is_deaf_ ? 0 : present_;
  forget_database();
  if (present_ != 0) return;
  taken_bytes_ += bytes_.size();
  bytes_.release();
  parts_.clear();
  unit_forms_ = unit_messages_ = 0;
  has_unit_changed_ = false;
}

void Propagation::set_deaf(bool is_deaf) {
  is_deaf_ = is_deaf;
  listeners_ = is_deaf ? 0 : present_;
  forget_database();
}

// --- Forms ---------------------------------------------------------------------------------------

void Propagation::add_select(uint32_t db) {
  selected_ = db;
  const std::string number = std::to_string(db);
  const std::string_view words[] = {"SELECT", number};
  add_words(words);
}

// Also says that a form is about to begin.
void Propagation::select(uint32_t db) {
  if (selected_ != db) [[unlikely]]
    add_select(db);
  if (unit_forms_ == 0) unit_begin_ = bytes_.size();
  ++unit_forms_;
}

void Propagation::add(uint32_t db, std::span<const std::string_view> words) {
  if (!is_heard()) return;
  select(db);
  add_words(words);
}

void Propagation::add_words(std::span<const std::string_view> words) {
  char* at = bytes_.reserve(encoded_size_limit(words));
  at = ReplyWriter::write_header(at, '*', words.size());
  for (const std::string_view word : words)
    at = ReplyWriter::write_bulk(at, word);
  bytes_.commit(static_cast<size_t>(at - bytes_.end()));
}

void Propagation::add_edited(uint32_t db, std::span<const std::string_view> words,
                             std::span<const WordEdit> edits) {
  if (!is_heard()) return;
  size_t left_out = 0;
  for (const WordEdit& edit : edits)
    left_out += edit.is_left_out ? 1 : 0;
  begin_form(db, words.size() - left_out);
  for (size_t i = 0; i < words.size(); ++i) {
    const bool is_edited = !edits.empty() && edits.front().word == i;
    if (!is_edited || !edits.front().is_left_out)
      add_word(is_edited ? std::string_view(edits.front().text) : words[i]);
    while (!edits.empty() && edits.front().word == i)
      edits = edits.subspan(1);
  }
}

void Propagation::begin_form(uint32_t db, size_t count) {
  select(db);
  char* const at = bytes_.reserve(ReplyWriter::kHeaderBytes);
  bytes_.commit(static_cast<size_t>(ReplyWriter::write_header(at, '*', count) - at));
}

void Propagation::add_word(std::string_view word) {
  char* const at = bytes_.reserve(word.size() + ReplyWriter::kHeaderBytes);
  bytes_.commit(static_cast<size_t>(ReplyWriter::write_bulk(at, word) - at));
}

void Propagation::tell(uint32_t db, std::initializer_list<std::string_view> words) {
  add(db, {words.begin(), words.size()});
  if (!in_call_ && !in_transaction_) end_unit();
}

// --- Units ---------------------------------------------------------------------------------------

Propagation::News Propagation::pass_on(uint32_t db, std::span<const std::string_view> argv,
                                       const Told& told) {
  if (told.is_verbatim && told.changes > 0) add(db, argv);
  if (told.is_relayed && has_listener(Listener::kReplicas)) {
    select(db);  // of no use to it, but so it is in the streams of others
    const size_t begin = bytes_.size();
    add_words(argv);
    add_part(begin, Listener::kReplicas);
    ++unit_messages_;
  }
  has_unit_changed_ |= told.changes > 0;
  News news = unit_forms_ > 0 ? News::kMessage : News::kNone;
  if (unit_forms_ > unit_messages_ || has_unit_changed_) news = News::kChange;
  in_call_ = in_transaction_;
  if (!in_transaction_) end_unit();
  return news;
}

// That a unit needs MULTI is known at its end; making room moves what was told since.
void Propagation::end_unit() {
  if (unit_forms_ > 1) {
    const size_t moved = bytes_.size() - unit_begin_;
    bytes_.reserve(kMulti.size() + kExec.size());
    char* const begin = bytes_.begin() + unit_begin_;
    std::memmove(begin + kMulti.size(), begin, moved);
    std::memcpy(begin, kMulti.data(), kMulti.size());
    bytes_.commit(kMulti.size());
    bytes_.append(kExec);
    for (Part& part : parts_) {
      if (part.begin < unit_begin_) continue;
      part.begin += kMulti.size();
      part.end += kMulti.size();
    }
  }
  unit_forms_ = unit_messages_ = 0;
  has_unit_changed_ = false;
}

// --- Bytes that are encoded already --------------------------------------------------------------

void Propagation::add_part(size_t begin, Listener listener) {
  parts_.push_back({.begin = begin, .end = bytes_.size(), .listener = listener});
}

void Propagation::relay(std::string_view bytes) {
  if (!has_listener(Listener::kReplicas)) return;
  const size_t begin = bytes_.size();
  bytes_.append(bytes);
  add_part(begin, Listener::kReplicas);
}

void Propagation::pass_through(std::string_view bytes, std::optional<uint32_t> db) {
  if (present_ == 0) return;
  if (db && has_listener(Listener::kLog) && selected_ != *db) {
    const size_t begin = bytes_.size();
    add_select(*db);
    add_part(begin, Listener::kLog);
  }
  const size_t begin = bytes_.size();
  bytes_.append(bytes);
  if (!db) add_part(begin, Listener::kReplicas);
}

uint64_t Propagation::take() {
  const size_t taken = pending().size();
  if (has_listener(Listener::kReplicas) && to_replicas)
    for_each_part(Listener::kReplicas, to_replicas);
  taken_bytes_ += taken;
  bytes_.consume(taken);
  unit_begin_ = 0;
  if (bytes_.empty()) {
    if (bytes_.capacity() > kMostSpareBytes) bytes_.release();
    parts_.clear();
    return taken_bytes_;
  }
  std::erase_if(parts_, [taken](const Part& part) { return part.begin < taken; });
  for (Part& part : parts_) {
    part.begin -= taken;
    part.end -= taken;
  }
  return taken_bytes_;
}

}  // namespace weir
