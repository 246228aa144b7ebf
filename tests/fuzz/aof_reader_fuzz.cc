// Fuzzes the reader of the log's command files: whatever it is given, it ends, tells places inside
// of the file, and reads the good part again to the same end; however few bytes come at a time.
#include <algorithm>
#include <cassert>
#include <cstring>
#include <string>
#include <string_view>

#include "persistence/aof_reader.h"

namespace {

using namespace weir;
using Status = AofReader::Status;

/// A file in memory, which gives a few bytes at a time.
class MemoryFiles final : public FileSystem {
 public:
  MemoryFiles(std::string_view bytes, size_t most) : bytes_(bytes), most_(most) {}

  int open(const char*, int, mode_t) override { return 3; }
  ssize_t read(int, void* buffer, size_t size) override {
    const size_t got = std::min({size, most_, bytes_.size()});
    if (got > 0) std::memcpy(buffer, bytes_.data(), got);
    bytes_.remove_prefix(got);
    return static_cast<ssize_t>(got);
  }
  ssize_t write(int, const void*, size_t) override { return -1; }
  ssize_t pwrite(int, const void*, size_t, off_t) override { return -1; }
  off_t lseek(int, off_t offset) override { return offset; }
  int fsync(int) override { return 0; }
  int fdatasync(int) override { return 0; }
  int ftruncate(int, off_t) override { return 0; }
  int fchmod(int, mode_t) override { return 0; }
  int close(int) override { return 0; }
  int stat(const char*, struct stat*) override { return -1; }
  int rename(const char*, const char*) override { return -1; }
  int unlink(const char*) override { return -1; }
  int sync_range(int, off_t, off_t) override { return 0; }
  int mkdir(const char*, mode_t) override { return -1; }

 private:
  std::string_view bytes_;
  size_t most_;
};

struct Result {
  std::string words;
  Status status = Status::kEnd;
  uint64_t offset = 0;
  uint64_t good_end = 0;

  bool operator==(const Result&) const = default;
};

Result read_all_of(std::string_view bytes, size_t most) {
  MemoryFiles files(bytes, most);
  AofReader reader(std::move(*File::open_for_read(files, "x")));
  Result result;
  while ((result.status = reader.next()) == Status::kCommand) {
    assert(!reader.argv().empty());
    for (const std::string_view word : reader.argv())
      result.words.append(word).push_back('\0');
    result.words.push_back('\n');
  }
  result.offset = reader.offset();
  result.good_end = reader.good_end();
  return result;
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer gives the name
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes{reinterpret_cast<const char*>(data), size};
  const Result result = read_all_of(bytes, size + 1);
  assert(result.offset <= size && result.good_end <= size);
  assert(read_all_of(bytes, 1 + size % 7) == result);
  const Result good = read_all_of(bytes.substr(0, result.good_end), size + 1);
  assert(good.status == Status::kEnd);
  assert(good.words == result.words);
  return 0;
}
