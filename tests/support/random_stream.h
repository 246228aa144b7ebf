// Streams in which everything occurs, made of bytes: a random generator's, or libFuzzer's.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "streams/stream.h"
#include "streams/stream_cursor.h"
#include "tests/support/model_input.h"

namespace weir::testing {

class RandomStream {
 public:
  explicit RandomStream(ModelInput& input) : input_(input) {}

  /// A stream after so many changes.
  Stream make(int changes) {
    Stream stream;
    limits_ = {.max_bytes = draw(4) * 150, .max_entries = draw(4) * 5 + 1};
    for (; changes > 0; --changes)
      change(stream);
    return stream;
  }

 private:
  uint64_t draw(uint64_t n) { return input_.draw(n); }
  bool one_in(uint64_t n) { return draw(n) == 0; }

  void change(Stream& stream) {
    switch (draw(12)) {
      case 0:
        return erase(stream);
      case 1:
        return trim(stream);
      case 2:
        return set_ids(stream);
      case 3:
      case 4:
        return change_group(stream);
      case 5:
        return change_messages(stream);
      default:
        return append(stream);
    }
  }

  std::string text() {
    switch (draw(8)) {
      case 0:
        return std::to_string(static_cast<int64_t>(input_.draw_wide()));
      case 1:
        return std::string(draw(300), static_cast<char>(draw(256)));
      case 2:
        return one_in(20) ? std::string(5000, 'x') : std::string();
      default:
        return std::string(1, static_cast<char>('a' + draw(5))) + std::to_string(draw(300));
    }
  }

  void append(Stream& stream) {
    StreamId id = stream.last_id();
    if (one_in(30) && id.ms < UINT64_MAX / 2) {
      id = {id.ms * 2 + draw(1000) + 1, draw(3) * (UINT64_MAX / 3)};
    } else if (one_in(2)) {
      id = {id.ms + 1 + draw(100), draw(3)};
    } else if (++id.seq == 0) {
      ++id.ms;
    }
    if (id <= stream.last_id()) return;  // at the very end
    std::vector<std::string> texts;
    const bool is_usual = !one_in(4);
    for (uint64_t pairs = is_usual ? 2 : 1 + draw(4); pairs > 0; --pairs) {
      texts.push_back(is_usual ? "field" + std::to_string(pairs) : text());
      texts.push_back(text());
    }
    const std::vector<std::string_view> views(texts.begin(), texts.end());
    stream.append(id, views, limits_);
  }

  void erase(Stream& stream) {
    if (stream.length() == 0) return;
    const StreamId from = stream.first_id();
    StreamCursor at(stream, from, kMaxStreamId, Direction::kUp);
    for (uint64_t left = draw(40); left > 0 && at.is_valid(); --left)
      at.next();
    if (!at.is_valid()) return;
    const StreamId id = at.entry().id;
    stream.erase(id);
    stream.set_id(stream.last_id(), std::nullopt, std::max(id, stream.max_deleted_id()));
  }

  void trim(Stream& stream) {
    if (!one_in(8)) return;
    Trim trim;
    trim.max_length = stream.length() - std::min(stream.length(), draw(20));
    trim.approximate = one_in(2);
    stream.trim(trim);
  }

  void set_ids(Stream& stream) {
    if (!one_in(10)) return;
    stream.set_id(stream.last_id(), stream.entries_added() + draw(10), std::nullopt);
  }

  void change_group(Stream& stream) {
    const std::string name = one_in(10) ? "" : "g" + std::to_string(draw(3));
    ConsumerGroup* group = stream.find_group(name);
    if (group == nullptr) {
      const auto read = static_cast<int64_t>(draw(5)) - 1;
      stream.groups().add(name, stream.first_id(), read);
      return;
    }
    const std::string consumer_name = one_in(9) ? "12345" : "c" + std::to_string(draw(6));
    Consumer* consumer = group->find_consumer(consumer_name);
    if (consumer == nullptr) {
      consumer = &group->add_consumer(consumer_name, static_cast<int64_t>(draw(100000)));
      return;
    }
    if (one_in(20)) {
      group->remove_consumer(consumer_name);
      return;
    }
    consumer->set_seen_ms(one_in(10) ? static_cast<int64_t>(input_.draw_wide())
                                     : static_cast<int64_t>(1700000000000 + draw(100000)));
    consumer->set_active_ms(one_in(4) ? -1 : consumer->seen_ms());
    change_pending(stream, *group, consumer->number());
  }

  void change_pending(const Stream& stream, ConsumerGroup& group, ConsumerNumber consumer) {
    PendingList& list = group.pending();
    PendingList::Edit edit(list);
    StreamCursor at(stream, group.last_id, kMaxStreamId, Direction::kUp);
    for (uint64_t left = draw(60); left > 0 && at.is_valid(); --left, at.next()) {
      Nack nack;
      nack.id = group.last_id = at.entry().id;
      if (one_in(8)) {
        nack.release = list.next_release();
      } else if (!one_in(5)) {
        nack.consumer = consumer;
        nack.delivered_ms = 1700000000000 + draw(100000) * (one_in(40) ? 1000000 : 1);
      } else {
        edit.erase(nack.id);
        continue;
      }
      nack.deliveries = one_in(50) ? kMaxDeliveries : one_in(20) ? 70000 : draw(5);
      edit.put(nack);
    }
  }

  void change_messages(Stream& stream) {
    if (one_in(20)) {
      stream.set_idempotence_limits({.duration_s = static_cast<uint32_t>(1 + draw(86400)),
                                     .maxsize = static_cast<uint32_t>(1 + draw(50))});
    }
    if (one_in(3)) return;
    Idempotence& known = stream.use_idempotence();
    known.record("p" + std::to_string(draw(4)), text(), stream.last_id());
    if (one_in(5)) known.count_duplicate();
  }

  ModelInput& input_;
  NodeLimits limits_;
};

}  // namespace weir::testing
