// --check-aof --fix: whatever a file holds, it is judged without harm; what was called valid stays
// as it is, and what was cut off is valid then.
#include <algorithm>
#include <cassert>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>

#include "server/offline/check_log.h"
#include "tests/support/no_files.h"

namespace {

using namespace weir;

/// One file in memory, called "log".
class OneFile final : public testing::NoFiles {
 public:
  explicit OneFile(std::string_view content) : bytes(content) {}

  int open(const char* path, int flags, mode_t mode) override {
    if (std::string_view(path) != "log") return NoFiles::open(path, flags, mode);
    at_[next_ % kMost] = 0;
    return kFirst + next_++ % kMost;
  }
  ssize_t read(int fd, void* buffer, size_t size) override {
    size_t& at = at_[fd - kFirst];
    const size_t got = at < bytes.size() ? std::min(size, bytes.size() - at) : 0;
    if (got > 0) std::memcpy(buffer, bytes.data() + at, got);
    at += got;
    return static_cast<ssize_t>(got);
  }
  off_t lseek(int fd, off_t offset) override {
    at_[fd - kFirst] = static_cast<size_t>(offset);
    return offset;
  }
  int ftruncate(int, off_t size) override {
    assert(static_cast<size_t>(size) < bytes.size());
    bytes.resize(static_cast<size_t>(size));
    return 0;
  }
  int fsync(int) override { return 0; }
  int fdatasync(int) override { return 0; }
  int close(int) override { return 0; }
  int stat(const char* path, struct stat* result) override {
    if (std::string_view(path) != "log") return NoFiles::stat(path, result);
    *result = {};
    result->st_size = static_cast<off_t>(bytes.size());
    result->st_mode = S_IFREG;
    return 0;
  }

  std::string bytes;

 private:
  static constexpr int kFirst = 1000;
  static constexpr int kMost = 16;  // open at the same time
  size_t at_[kMost] = {};
  int next_ = 0;
};

int answer(OneFile& files, bool fixes) {
  char yes[] = "y\n";
  std::FILE* const in = fmemopen(yes, 2, "r");
  static std::FILE* const nowhere = std::fopen("/dev/null", "w");
  const int code = answer_check_log(files, {.path = "log", .is_fixing = fixes}, in, nowhere);
  std::fclose(in);
  return code;
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer gives the name
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  OneFile files(bytes);
  const int before = answer(files, false);
  assert(files.bytes == bytes);
  const int fixed = answer(files, true);
  assert(bytes.starts_with(files.bytes));
  if (before == 0) assert(files.bytes == bytes);
  if (fixed == 0) assert(answer(files, false) == 0);
  return 0;
}
