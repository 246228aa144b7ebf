#include "server/host/memory.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>

#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#ifdef WEIR_JEMALLOC
#include <jemalloc/jemalloc.h>
#else
#include <malloc.h>
#endif

#include "streams/node_memory.h"

#ifdef __SANITIZE_ADDRESS__
// Its allocator tells mallinfo2 nothing, and GCC ships no header with these.
extern "C" size_t __sanitizer_get_current_allocated_bytes();
extern "C" size_t __sanitizer_get_heap_size();
#endif

namespace weir {
namespace {

#ifdef WEIR_JEMALLOC

size_t ask(const char* name) {
  size_t value = 0;
  size_t length = sizeof(value);
  return mallctl(name, &value, &length, nullptr, 0) == 0 ? value : 0;
}

void tell_all_arenas(const char* what) {
  const std::string name = "arena." + std::to_string(MALLCTL_ARENAS_ALL) + "." + what;
  mallctl(name.c_str(), nullptr, nullptr, nullptr, 0);
}

const uint64_t* counter(const char* name) {
  const uint64_t* at = nullptr;
  size_t length = sizeof(at);
  static constexpr uint64_t kNothing = 0;
  return mallctl(name, &at, &length, nullptr, 0) == 0 && at != nullptr ? at : &kNothing;
}

/// Bytes that the calling thread has allocated and not freed, free slots of nodes aside; wraps
/// around when it has freed what others allocated.
size_t thread_balance() {
  thread_local const uint64_t* const allocated = counter("thread.allocatedp");
  thread_local const uint64_t* const freed = counter("thread.deallocatedp");
  return *allocated - *freed - node_memory_reserve();
}

// The last answer, of the thread that asks.
thread_local size_t used_then = 0;
thread_local size_t balance_then = 0;

/// The figures are those of the last refresh.
void refresh() {
  uint64_t epoch = 1;
  size_t length = sizeof(epoch);
  mallctl("epoch", &epoch, &length, &epoch, length);
}

#endif

}  // namespace

#ifdef WEIR_JEMALLOC

MemoryFigures allocator_figures() {
  return {
      .allocated = used_memory(), .active = ask("stats.active"), .resident = ask("stats.resident")};
}

size_t used_memory() {
  refresh();
  // What threads keep for themselves to hand out again is in use by nobody; 4096: of all arenas.
  const size_t used =
      ask("stats.allocated") - ask("stats.arenas.4096.tcache_bytes") - node_memory_reserve();
  balance_then = thread_balance();
  used_then = used;
  return used;
}

size_t guess_used_memory() {
  return used_then + (thread_balance() - balance_then);
}

void release_thread_cache() {
  mallctl("thread.tcache.flush", nullptr, nullptr, nullptr, 0);
}

std::string_view allocator_name() {
  static const std::string name = [] {
    const char* version = nullptr;
    size_t length = sizeof(version);
    if (mallctl("version", &version, &length, nullptr, 0) != 0) return std::string("jemalloc");
    const std::string text(version);
    return "jemalloc-" + text.substr(0, text.find('-'));
  }();
  return name;
}

std::string allocator_report() {
  std::string report;
  malloc_stats_print([](void* text, const char* part) { *static_cast<std::string*>(text) += part; },
                     &report, "");
  return report;
}

void purge_allocator() {
  mallctl("thread.tcache.flush", nullptr, nullptr, nullptr, 0);
  tell_all_arenas("purge");
}

bool purge_in_background() {
  bool is_wanted = true;
  if (mallctl("background_thread", nullptr, nullptr, &is_wanted, sizeof(is_wanted)) == 0)
    return true;
  // It believes in its thread although there is none.
  is_wanted = false;
  mallctl("background_thread", nullptr, nullptr, &is_wanted, sizeof(is_wanted));
  return false;
}

void give_back_unused() {
  tell_all_arenas("decay");
}

#else

void release_thread_cache() {}

MemoryFigures allocator_figures() {
#ifdef __SANITIZE_ADDRESS__
  const size_t used = __sanitizer_get_current_allocated_bytes();
  const size_t held = __sanitizer_get_heap_size();
#else
  const struct mallinfo2 info = mallinfo2();
  const size_t used = info.uordblks + info.hblkhd;
  const size_t held = info.arena + info.hblkhd;
#endif
  return {.allocated = used - node_memory_reserve(), .active = held, .resident = held};
}

size_t used_memory() {
  return allocator_figures().allocated;
}

size_t guess_used_memory() {
  return used_memory();
}

std::string_view allocator_name() {
  return "libc";
}

std::string allocator_report() {
  char* text = nullptr;
  size_t length = 0;
  std::FILE* const file = open_memstream(&text, &length);
  if (file == nullptr) return {};
  malloc_info(0, file);
  std::fclose(file);
  std::string report(text, length);
  std::free(text);
  return report;
}

void purge_allocator() {
  malloc_trim(0);
}

bool purge_in_background() {
  return true;  // it does so itself, from the end of its heap
}

void give_back_unused() {}

#endif

void unmap_program() {
  const auto unmap = [](dl_phdr_info* object, size_t, void*) {
    const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
    for (const ElfW(Phdr) & part : std::span(object->dlpi_phdr, object->dlpi_phnum)) {
      if (part.p_type != PT_LOAD || (part.p_flags & PF_W) != 0) continue;
      const uintptr_t from = (object->dlpi_addr + part.p_vaddr) / page * page;
      const uintptr_t end = object->dlpi_addr + part.p_vaddr + part.p_filesz;
      // What cannot be unmapped, because memory is locked, stays.
      // NOLINTNEXTLINE(performance-no-int-to-ptr): the system tells addresses as numbers
      madvise(reinterpret_cast<void*>(from), end - from, MADV_DONTNEED);
    }
    return 0;
  };
  dl_iterate_phdr(unmap, nullptr);
}

size_t resident_bytes() {
  std::FILE* const file = std::fopen("/proc/self/statm", "re");
  if (file == nullptr) return 0;
  unsigned long total = 0;
  unsigned long resident = 0;
  const int read = std::fscanf(file, "%lu %lu", &total, &resident);
  std::fclose(file);
  return read == 2 ? resident * static_cast<size_t>(sysconf(_SC_PAGESIZE)) : 0;
}

size_t machine_bytes() {
  return static_cast<size_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace weir
