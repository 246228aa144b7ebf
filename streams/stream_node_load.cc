// A node out of bytes that came from outside: a file, a payload, another server.
#include <algorithm>
#include <cstring>
#include <optional>

#include "streams/listpack.h"
#include "streams/stream_node.h"

namespace weir {
namespace {

/// Longest listpack that is loaded, in bytes: with its index it must stay below 4 GiB.
constexpr size_t kMostLoadedBytes = size_t{3} << 30;

/// From so many bytes on a node may have an index of wide records, by what its allocation is
/// rounded to.
constexpr size_t kPerhapsWideBytes = 32768;

/// Fewest bytes of an entry: flags, ms, seq and element count of two bytes each.
constexpr size_t kLeastEntryBytes = 8;

/// Walks over elements, none of which it trusts.  At one that is malformed or missing the walk is
/// over: nothing more may be asked for.
class Elements {
 public:
  Elements(const uint8_t* at, const uint8_t* end) : at_(at), end_(end) {}

  bool is_at_end() const { return at_ == end_; }
  const uint8_t* at() const { return at_; }

  bool skip() {
    at_ = listpack::checked_skip(at_, end_);
    return at_ != nullptr;
  }
  bool skip(uint64_t count) {
    for (; count > 0; --count) {
      if (!skip()) return false;
    }
    return true;
  }
  /// False, and the walk is over, if the next one is no integer.
  bool read(int64_t& value) {
    // Most are of these two kinds.  The end mark is no backlen, so the first needs no look ahead.
    const uint8_t first = *at_;
    if (first <= listpack::kGreatestNarrow && at_[1] == 1) {
      value = first;
      at_ += 2;
      return true;
    }
    if (listpack::is_middling(first) && end_ - at_ > 2 && at_[2] == 2) {
      value = listpack::middling_value(at_);
      at_ += 3;
      return true;
    }
    return read_other(value);
  }

 private:
  [[gnu::noinline]] bool read_other(int64_t& value) {
    const uint8_t* element = at_;
    if (!listpack::is_integer(element) || !skip()) {
      at_ = nullptr;
      return false;
    }
    value = listpack::read_integer(element);
    return true;
  }

  const uint8_t* at_;
  const uint8_t* end_;
};

struct Master {
  int64_t live = 0;
  int64_t deleted = 0;
  int64_t fields = 0;
  const uint8_t* behind = nullptr;  // the first entry, or the end
};

/// The master entry; nothing if there is none, or if its numbers cannot be.
std::optional<Master> read_master(std::span<const uint8_t> pack) {
  Master master;
  Elements elements(pack.data() + listpack::kHeaderBytes, pack.data() + pack.size() - 1);
  int64_t terminator = 0;
  const auto most = static_cast<int64_t>(pack.size());
  const auto is_count = [&](int64_t count) { return count >= 0 && count <= most; };
  if (!elements.read(master.live) || !is_count(master.live)) return std::nullopt;
  if (!elements.read(master.deleted) || !is_count(master.deleted)) return std::nullopt;
  if (!elements.read(master.fields) || !is_count(master.fields)) return std::nullopt;
  if (!elements.skip(static_cast<uint64_t>(master.fields))) return std::nullopt;
  if (!elements.read(terminator) || terminator != 0) return std::nullopt;
  const auto entries = static_cast<uint64_t>(master.live + master.deleted);
  if (entries > pack.size() / kLeastEntryBytes) return std::nullopt;
  master.behind = elements.at();
  return master;
}

bool is_listpack_of_its_size(std::span<const uint8_t> pack) {
  return pack.size() >= listpack::kEmptyBytes && pack.size() <= kMostLoadedBytes &&
         listpack::total_bytes(pack.data()) == pack.size() && pack.back() == listpack::kEnd;
}

}  // namespace

/// Walks the entries of a node whose bytes are in place, and makes what is derived from them.
class StreamNode::Loader {
 public:
  Loader(StreamNode& node, const Master& master, size_t first_entry)
      : node_(node),
        master_(master),
        elements_(node.pack() + first_entry, node.end()),
        element_count_(4 + static_cast<size_t>(master.fields)),
        greatest_(node.key),
        last_live_(node.key) {}

  Fault run() {
    const auto entries = static_cast<uint32_t>(master_.live + master_.deleted);
    node_.head_ = static_cast<uint32_t>(node_.offset_of(node_.end()));
    for (; number_ < entries; ++number_) {
      if (!entry()) return fault_;
    }
    if (!elements_.is_at_end() || live_ != master_.live) return Fault::kBroken;
    listpack::set_element_count(node_.pack(), element_count_);
    return Fault::kNone;
  }

  bool has_live() const { return live_ > 0; }
  const StreamId& last_live() const { return last_live_; }
  /// Whether tombstones are not where their IDs would be.
  bool is_disordered() const { return is_disordered_; }
  /// Whether the last entry is a tombstone that could stay there without the others.
  bool ends_above_live() const { return last_id_ > last_live_; }

 private:
  bool entry() {
    const uint8_t* const at = elements_.at();
    int64_t flags = 0;
    int64_t ms = 0;
    int64_t seq = 0;
    if (!elements_.read(flags) || !elements_.read(ms) || !elements_.read(seq)) return false;
    // Whoever reads the node looks at one byte for them.
    if (*at >= 0x80) return false;
    const StreamId id = {node_.key.ms + static_cast<uint64_t>(ms),
                         node_.key.seq + static_cast<uint64_t>(seq)};
    if (!body((flags & kSameFieldsFlag) != 0)) return false;
    return note(at, id, (flags & kDeletedFlag) == 0);
  }

  /// What is behind the ID, to the end of the entry.
  bool body(bool same_fields) {
    int64_t fields = master_.fields;
    if (!same_fields && (!elements_.read(fields) || fields < 0 ||
                         fields > static_cast<int64_t>(node_.listpack_bytes()))) {
      return false;
    }
    const int64_t texts = same_fields ? fields : 2 * fields;
    if (!elements_.skip(static_cast<uint64_t>(texts))) return false;
    const int64_t before = same_fields ? 3 + texts : 4 + texts;
    int64_t stated = 0;
    element_count_ += static_cast<size_t>(before) + 1;
    return elements_.read(stated) && stated == before;
  }

  bool note(const uint8_t* at, const StreamId& id, bool is_live) {
    if (id > greatest_) {
      greatest_ = id;
    } else if (id < node_.key || (is_live && live_ > 0 && id <= last_live_)) {
      fault_ = Fault::kUnordered;
      return false;
    } else if (number_ > 0) {
      is_disordered_ = true;
    }
    last_id_ = id;
    if (is_live) last_live_ = id;
    const auto offset = static_cast<uint32_t>(node_.offset_of(at));
    if (is_live && live_++ == 0) node_.head_ = offset;
    node_.note_entry(number_, offset, id);
    return true;
  }

  StreamNode& node_;
  const Master& master_;
  Elements elements_;
  size_t element_count_;
  // Of the entries so far; before the first one the key.
  StreamId greatest_;
  StreamId last_live_;
  StreamId last_id_;
  bool is_disordered_ = false;
  uint32_t number_ = 0;
  int64_t live_ = 0;
  Fault fault_ = Fault::kBroken;
};

StreamNode::Loaded StreamNode::load(const StreamId& key, std::span<const uint8_t> listpack) {
  if (!is_listpack_of_its_size(listpack)) return {.fault = Fault::kBroken};
  if (listpack.size() == listpack::kEmptyBytes) return {.fault = Fault::kEmpty};
  const std::optional<Master> master = read_master(listpack);
  if (!master) return {.fault = Fault::kBroken};

  const auto live = static_cast<uint32_t>(master->live);
  const auto deleted = static_cast<uint32_t>(master->deleted);
  const size_t record = listpack.size() < kPerhapsWideBytes ? kHintBytes + 2 : kWideRecordBytes;
  StreamNode* const node = allocate(listpack.size() + count_slack(live, deleted) +
                                    record * index_count_with(live + deleted));
  node->key = key;
  node->field_count_ = static_cast<uint16_t>(std::min<int64_t>(master->fields, kManyFields));
  std::memcpy(node->pack(), listpack.data(), listpack.size());
  Loader loader(*node, *master, static_cast<size_t>(master->behind - listpack.data()));
  const Fault fault = loader.run();
  if (fault != Fault::kNone) {
    destroy(node);
    return {.fault = fault};
  }
  if (!loader.is_disordered() || !loader.has_live())
    return {.node = node, .last_live = loader.last_live()};
  StreamNode* const ordered =
      node->compacted(loader.ends_above_live() ? LastTombstone::kKept : LastTombstone::kDropped);
  destroy(node);
  return {.node = ordered, .last_live = loader.last_live()};
}

}  // namespace weir
