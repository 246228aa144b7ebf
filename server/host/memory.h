// What the process takes of the machine, as the allocator and the system tell it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace weir {

struct MemoryFigures {
  size_t allocated = 0;  // bytes in use, free slots of whichever allocator aside: "used memory"
  size_t active = 0;     // bytes in pages that hold any of it
  size_t resident = 0;   // bytes of memory the allocator keeps
};

/// Asks the allocator.  Cost: some microseconds.
MemoryFigures allocator_figures();
/// Bytes in use, the cheapest of the three questions.
size_t used_memory();
/// The same, worked out from the last answer of used_memory() and what this thread has allocated
/// and freed since: what other threads have freed is still counted.  Cost: some nanoseconds.
size_t guess_used_memory();
/// Gives what the allocator keeps for the calling thread back to all: for threads that free what
/// others use.
void release_thread_cache();
/// Unmaps what of the program and its libraries is only read, as far as it has been mapped: the
/// system keeps the pages and maps those again that are used.  After the start that are few, and a
/// process that idles has 1 MB less.  Breakpoints that a tracer had set in them go, too.  Cost:
/// some ten microseconds now, about 100 for what comes back.
void unmap_program();
/// Bytes of physical memory of the process.
size_t resident_bytes();
/// Bytes of physical memory of the machine.
size_t machine_bytes();
/// "jemalloc-5.3.0" or "libc".
std::string_view allocator_name();
/// What the allocator says about itself, for those who know it.
std::string allocator_report();
/// Asks it to give back what nothing uses.
void purge_allocator();
/// From now on a thread of the allocator gives back to the system what nothing uses, instead of
/// whoever allocates next, who stood still for up to 60 ms after 1 GiB was freed.  Cost: a thread,
/// once.  False where the system refuses that: then give_back_unused() has to be called.
bool purge_in_background();
/// Gives back of what nothing uses as much as is due: called some times a second, all of it within
/// seconds.
void give_back_unused();

}  // namespace weir
