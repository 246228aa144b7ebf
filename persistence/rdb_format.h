// The numbers of the RDB format: versions, opcodes, types, encodings.
//
//   "REDIS" 0010                                     the version, four digits
//   AUX name value …                                 about the file
//   SELECTDB n · RESIZEDB keys expiring              for each database that has keys
//     [EXPIRETIME_MS t] [IDLE s | FREQ f] type key value …
//   EOF crc64
//
// Lengths and IDs are big-endian, times and the checksum little-endian.  A length takes as many
// bytes as it needs, and a string is a length and its bytes, or a number, or packed:
//
//   00xxxxxx            6 bits                11 000000   int8 as text        11 000011   LZF:
//   01xxxxxx +1        14 bits                11 000001   int16                 packed length,
//   10000000 +4        32 bits                11 000010   int32                 length, bytes
//   10000001 +8        64 bits
//
// To follow a newer Redis: its version and stream type here, the fields of the type in
// rdb_stream_reader.cc and rdb_stream_writer.cc, other new types in rdb_other_types.cc, and a file
// of it in tests/golden/rdb.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace weir::rdb {

inline constexpr std::string_view kMagic = "REDIS";
inline constexpr int kVersionDigits = 4;
/// The versions that are read.
inline constexpr uint16_t kOldestVersion = 1;
inline constexpr uint16_t kNewestVersion = 14;
/// The first version with a checksum.
inline constexpr uint16_t kFirstWithChecksum = 5;

/// What begins something that is no key; every other byte is the type of one.
enum Opcode : uint8_t {
  kKeyMeta = 243,
  kSlotInfo = 244,
  kFunction2 = 245,
  kFunction = 246,
  kModuleAux = 247,
  kIdle = 248,
  kFrequency = 249,
  kAux = 250,
  kResizeDb = 251,
  kExpireMs = 252,
  kExpireSeconds = 253,
  kSelectDb = 254,
  kEof = 255,
};

/// How a stream is written: each form has all that the one before has.
enum class StreamType : uint8_t {
  kOldest = 15,             // Redis 5
  kWithCounters = 19,       // 7.0: first and greatest deleted ID, entries added, entries read
  kWithActiveTimes = 21,    // 7.2: when consumers last got an entry
  kWithIdempotence = 26,    // 8.6: messages of producers
  kWithReleasedNacks = 27,  // 8.8: pending entries that no consumer owns
};

/// Nothing when the type is another one's.
constexpr std::optional<StreamType> stream_type(uint8_t type) {
  switch (type) {
    case 15:
    case 19:
    case 21:
    case 26:
    case 27:
      return static_cast<StreamType>(type);
    default:
      return std::nullopt;
  }
}

/// The versions that are written.
inline constexpr uint16_t kOldestWritten = 10;
inline constexpr uint16_t kNewestWritten = kNewestVersion;

/// The newest form that readers of a version, kOldestWritten at least, know.
constexpr StreamType stream_type_of_version(uint16_t version) {
  if (version >= 14) return StreamType::kWithReleasedNacks;
  if (version >= 13) return StreamType::kWithIdempotence;
  return version >= 11 ? StreamType::kWithActiveTimes : StreamType::kWithCounters;
}

// First bytes of lengths and strings.
inline constexpr uint8_t kLength14Bits = 0x40;
inline constexpr uint8_t kLength32Bits = 0x80;
inline constexpr uint8_t kLength64Bits = 0x81;
inline constexpr uint8_t kEncoded = 0xc0;
inline constexpr uint8_t kInt8 = 0xc0;
inline constexpr uint8_t kInt16 = 0xc1;
inline constexpr uint8_t kInt32 = 0xc2;
inline constexpr uint8_t kLzf = 0xc3;

/// entries-read of a group that does not know, and a consumer that never got an entry.
inline constexpr uint64_t kUnknownEntriesRead = UINT64_MAX;

/// Bytes of an entry ID where it is not written as two lengths.
inline constexpr size_t kIdBytes = 16;
inline constexpr size_t kChecksumBytes = 8;

}  // namespace weir::rdb
