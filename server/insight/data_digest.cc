#include "server/insight/data_digest.h"

#include <array>
#include <string_view>

#include "server/data/keyspace.h"
#include "server/insight/sha1.h"
#include "streams/listpack.h"
#include "streams/stream_cursor.h"

namespace weir {
namespace {

/// The number of the type in Redis.
constexpr uint32_t kStreamType = 6;
constexpr std::string_view kExpiryMark = "!!expire!!";

class Digest {
 public:
  void add(std::string_view bytes) {
    const Sha1 hash = sha1(bytes);
    for (size_t i = 0; i < hash.size(); ++i)
      digest_[i] ^= hash[i];
  }
  void mix(std::string_view bytes) {
    add(bytes);
    digest_ = sha1(view());
  }
  /// As four bytes, the highest first.
  void mix_number(uint32_t number) {
    std::array<char, 4> bytes;
    for (size_t i = 0; i < bytes.size(); ++i)
      bytes[i] = static_cast<char>(number >> (8 * (bytes.size() - 1 - i)));
    mix({bytes.data(), bytes.size()});
  }
  void mix_stream(const KeyEntry& entry);

  std::string_view view() const {
    return {reinterpret_cast<const char*>(digest_.data()), digest_.size()};
  }
  std::string hex() const {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text;
    for (const uint8_t byte : digest_) {
      text += kDigits[byte >> 4];
      text += kDigits[byte & 0xf];
    }
    return text;
  }

 private:
  Sha1 digest_{};
};

void Digest::mix_stream(const KeyEntry& entry) {
  mix_number(kStreamType);
  for (StreamCursor at(entry.stream, kMinStreamId, kMaxStreamId, Direction::kUp); at.is_valid();
       at.next()) {
    const StreamId& id = at.entry().id;
    mix(std::to_string(id.ms) + "." + std::to_string(id.seq));
    FieldReader fields(at.node(), at.entry());
    while (fields.left() > 0) {
      const FieldReader::Pair pair = fields.next();
      mix(pair.name);
      mix(pair.value);
    }
  }
  if (entry.expiry_place != 0) add(kExpiryMark);
}

}  // namespace

std::string digest_of_value(const KeyEntry& entry) {
  Digest digest;
  digest.mix_stream(entry);
  return digest.hex();
}

std::string digest_of_data(Keyspace& keyspace) {
  Digest all;
  for (const Database& db : keyspace.databases()) {
    if (db.size() == 0) continue;
    all.mix_number(db.index());
    db.keys().for_each([&all](const KeyEntry& entry) {
      Digest one;
      one.mix(entry.key());
      one.mix_stream(entry);
      all.add(one.view());
    });
  }
  return all.hex();
}

}  // namespace weir
