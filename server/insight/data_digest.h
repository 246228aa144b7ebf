// What DEBUG DIGEST says of the data: the same for two servers that hold the same keys and entries,
// Redis among them, whatever the order in which they came.
//
//   add(d, bytes)   d = d xor SHA1(bytes)            does not depend on the order
//   mix(d, bytes)   d = SHA1(d xor SHA1(bytes))      does
//
//   stream:  mix(type) · for each entry mix("ms.seq"), then mix each field and value; add a mark if
//            the key has a TTL
//   all:     for each database that has keys mix(number); for each key add what comes of mixing its
//            name and then its stream
//
// Groups, pending entries and counters are no part of it.
#pragma once

#include <string>

namespace weir {

class Keyspace;
class KeyEntry;

/// 40 hexadecimal digits.  Cost of both: some hundreds of nanoseconds for each field and value.
std::string digest_of_value(const KeyEntry& entry);
std::string digest_of_data(Keyspace& keyspace);

}  // namespace weir
