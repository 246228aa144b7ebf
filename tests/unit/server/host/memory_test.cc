// What the process has of the machine's memory.
#include "server/host/memory.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <link.h>
#include <unistd.h>

#include "server/net/socket.h"

namespace weir::testing {
namespace {

/// The first object of all is the program.
template <typename F>
void for_each_part_of_program(F&& visit) {
  const auto parts = [](dl_phdr_info* program, size_t, void* data) {
    for (int i = 0; i < program->dlpi_phnum; ++i) {
      const ElfW(Phdr)& part = program->dlpi_phdr[i];
      if (part.p_type != PT_LOAD || (part.p_flags & PF_W) != 0) continue;
      (*static_cast<F*>(data))(reinterpret_cast<const char*>(program->dlpi_addr + part.p_vaddr),
                               part.p_filesz);
    }
    return 1;
  };
  dl_iterate_phdr(parts, &visit);
}

/// AddressSanitizer has forbidden places between the program's own constants.
[[gnu::no_sanitize("address")]] unsigned char byte_at(const char* at) {
  return static_cast<unsigned char>(*at);
}

/// Pages that can be read without a fault.
size_t mapped_pages(const char* at, size_t bytes) {
  constexpr size_t kPage = 4096;
  constexpr uint64_t kIsPresent = uint64_t{1} << 63;
  const uintptr_t first = reinterpret_cast<uintptr_t>(at) / kPage;
  const uintptr_t last = (reinterpret_cast<uintptr_t>(at) + bytes - 1) / kPage;
  std::vector<uint64_t> entries(last - first + 1);
  const size_t length = entries.size() * sizeof(uint64_t);
  const Fd pages(open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC));
  REQUIRE(pread(pages.get(), entries.data(), length,
                static_cast<off_t>(first * sizeof(uint64_t))) == static_cast<ssize_t>(length));
  return static_cast<size_t>(std::count_if(
      entries.begin(), entries.end(), [](uint64_t entry) { return (entry & kIsPresent) != 0; }));
}

}  // namespace

TEST_CASE("A program that is unmapped comes back as far as it is used", "[memory]") {
  size_t all_pages = 0;
  uint64_t sum = 0;
  for_each_part_of_program([&](const char* at, size_t bytes) {
    for (size_t i = 0; i < bytes; i += 4096)
      sum += byte_at(at + i);
    all_pages += mapped_pages(at, bytes);
  });
  unmap_program();
  size_t pages = 0;
  uint64_t sum_again = 0;
  for_each_part_of_program([&](const char* at, size_t bytes) { pages += mapped_pages(at, bytes); });
  for_each_part_of_program([&](const char* at, size_t bytes) {
    for (size_t i = 0; i < bytes; i += 4096)
      sum_again += byte_at(at + i);
  });
  CHECK(pages > 0);
  CHECK(pages < all_pages);
  CHECK(sum_again == sum);
}

}  // namespace weir::testing
