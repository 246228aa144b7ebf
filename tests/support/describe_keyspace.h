// All keys as text, to compare a keyspace with a snapshot of it.
#pragma once

#include <map>
#include <string>

#include "server/data/keyspace.h"
#include "server/data/keyspace_snapshot.h"

namespace weir::testing {

/// "database key deadline" → describe() of its stream.
using KeyTexts = std::map<std::string, std::string>;

KeyTexts describe(Keyspace& keyspace);
void add_description(const SnapshotKey& key, KeyTexts& texts);

/// The first key that is not the same in both, with both texts; empty if there is none.
std::string difference(const KeyTexts& found, const KeyTexts& expected);

}  // namespace weir::testing
