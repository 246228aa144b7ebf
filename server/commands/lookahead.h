// What the requests of a pipeline will need, fetched before the first of them runs.
//
// A read by ID waits for memory three times over: for the node's header, for its index, for the
// entries.  Several reads that follow each other wait for all their headers at once, then for their
// indexes, then for their entries.
//
//   XRANGE a … │ XRANGE b … │ XRANGE c …       header a,b,c ─► index a,b,c ─► entries a,b,c ─► run
//
// Nothing is promised: the requests may be wrong, or the stream another one when their turn comes.
#pragma once

#include <span>
#include <string_view>

namespace weir {

class Database;

/// Requests that follow each other; the words of some may be none at all.
using ExpectedRequests = std::span<const std::span<const std::string_view>>;

/// XRANGE, XREVRANGE.
void expect_ranges(const Database& db, ExpectedRequests requests);
/// XREAD; of several streams the last.
void expect_reads(const Database& db, ExpectedRequests requests);
/// XCLAIM; of several IDs the first.
void expect_claims(const Database& db, ExpectedRequests requests);

}  // namespace weir
