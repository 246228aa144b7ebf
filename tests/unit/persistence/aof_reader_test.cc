// Reading the log back: whole commands of others, and what the sums say about our own.
#include "persistence/aof_reader.h"

#include <cerrno>

#include <catch2/catch.hpp>

#include "persistence/aof_file.h"
#include "tests/support/command_text.h"
#include "tests/support/faulty_file.h"
#include "tests/support/temp_folder.h"
#include "tests/support/text_file.h"

namespace weir::testing {
namespace {

using Status = AofReader::Status;

struct Read {
  std::string commands;  // a line each
  Status status = Status::kEnd;
  uint64_t offset = 0;
  uint64_t good_end = 0;
  int errno_value = 0;  // of what is unreadable

  friend bool operator==(const Read&, const Read&) = default;
};

Read read_to_end(AofReader& reader) {
  Read read;
  while ((read.status = reader.next()) == Status::kCommand) {
    for (const std::string_view word : reader.argv())
      read.commands +=
          (read.commands.empty() || read.commands.back() == '\n' ? "" : " ") + std::string(word);
    read.commands += '\n';
  }
  read.offset = reader.offset();
  read.good_end = reader.good_end();
  if (read.status == Status::kUnreadable) read.errno_value = reader.error().errno_value;
  return read;
}

Read read_back(const std::string& bytes) {
  const TempFolder folder;
  write_text(folder / "log", bytes);
  AofReader reader(std::move(*File::open_for_read(real_files(), folder / "log")));
  return read_to_end(reader);
}

/// A file of ours as it grows: its bytes and what it said, after each batch.
struct OwnFile {
  OwnFile() : file(std::move(*AofFile::create(real_files(), folder / "log"))) {}

  void write(const std::string& lines, uint64_t durable) {
    resp::Buffer batch;
    const std::string bytes = testing::commands(lines);
    if (aof::needs_mark(bytes)) batch.append(aof::kOwnMark);
    batch.append(bytes);
    REQUIRE(file.append(batch, durable));
    said.push_back((said.empty() ? "" : said.back()) + lines);
    ends.push_back(file.size());
  }
  std::string bytes() const { return *read_all(real_files(), folder / "log"); }

  TempFolder folder;
  AofFile file;
  std::vector<std::string> said;
  std::vector<uint64_t> ends;
};

/// Five batches; each knows on disk what lies two before it.
struct FiveBatches : OwnFile {
  FiveBatches() {
    for (int i = 0; i < 5; ++i) {
      const std::string id = std::to_string(i + 1);
      write((i == 0 ? "SELECT 0\n" : "") + ("XADD s " + id + "-0 f v\nXDEL s " + id + "-0\n"),
            i < 2 ? 0 : ends[static_cast<size_t>(i) - 2]);
    }
  }
};

/// The command x with a value of so many bytes, or a few, in which something looks like a sum.
struct Trap {
  explicit Trap(size_t bytes = 0) {
    value.resize(std::max(bytes, value.size()), 'v');
    command = "*2\r\n$1\r\nx\r\n$" + std::to_string(value.size()) + "\r\n" + value + "\r\n";
  }
  std::string value = "\r\n#XXH3:0123456789abcdef:7\r\n";
  std::string command;
};

/// A log of ours and of others, with each thing in it that is looked for beyond what was read.
std::string long_file() {
  const FiveBatches five;
  OwnFile own;
  own.file.set_filling(true);
  own.write("SELECT 0\nXDEL s 1\n", 0);
  own.write("XDEL s 2\nget #XXH3: s\n", 0);
  return "#TS:17000000\r\n" + testing::commands("SELECT 0\nXADD s 0-1 f v\n") + five.bytes() +
         testing::commands("SELECT 0\nXADD s 9-0 f v\n") +
         own.bytes().substr(0, own.file.size() + 3000);  // so much of the filler
}

}  // namespace

TEST_CASE("Commands and lines of '#' are read, wherever a chunk of the file ends", "[aof]") {
  std::string bytes;
  std::string expected;
  for (int i = 0; i < 30000; ++i) {
    const std::string line = "XADD s " + std::to_string(i) + "-1 field value\n";
    bytes += "#TS:17000000\r\n" + commands(line);
    expected += line;
  }
  const Read read = read_back(bytes);
  CHECK(read.commands == expected);
  CHECK(read.status == Status::kEnd);
  CHECK(read.good_end == bytes.size());
}

TEST_CASE("A command that is not whole is torn where it begins", "[aof]") {
  const std::string first = commands("XADD s 1-0 f v\n");
  const std::string whole = first + commands("XDEL s 1-0\n");
  for (size_t length = first.size() + 1; length < whole.size(); ++length) {
    const Read read = read_back(whole.substr(0, length));
    CHECK(read.status == Status::kTorn);
    CHECK(read.offset == first.size());
    CHECK(read.commands == "XADD s 1-0 f v\n");
  }
}

TEST_CASE("A file whose lines end otherwise is no torn one, which would be cut to nothing",
          "[aof]") {
  std::string bytes = commands("SELECT 0\nXADD s 1-0 f v\n");
  std::erase(bytes, '\r');
  CHECK(read_back(bytes).status == Status::kBadFormat);
  CHECK(read_back("*1\n").status == Status::kBadFormat);
  CHECK(read_back("*1\r\n").status == Status::kTorn);
}

TEST_CASE("What cannot begin a command is a format error", "[aof]") {
  for (const char* const bad :
       {"PING\r\n", "\r\n", "*0\r\n", "*-1\r\n", "*x\r\n", "$1\r\na\r\n", "*1\r\n+OK\r\n", "\n"}) {
    const Read read = read_back(commands("XDEL s 1\n") + bad);
    CHECK(read.status == Status::kBadFormat);
    CHECK(read.offset == commands("XDEL s 1\n").size());
  }
  CHECK(read_back("#" + std::string(1024, 'x') + "\n").status == Status::kBadFormat);
}

TEST_CASE("A file of ours is read to its end", "[aof]") {
  const FiveBatches own;
  const Read read = read_back(own.bytes());
  CHECK(read.commands == own.said.back());
  CHECK(read.status == Status::kEnd);
  CHECK(read.good_end == own.file.size());
}

TEST_CASE("A file of ours that ends anywhere has lost whole batches, and nothing else", "[aof]") {
  const FiveBatches own;
  const std::string whole = own.bytes();
  for (size_t length = 0; length < whole.size(); ++length) {
    CAPTURE(length);
    const Read read = read_back(whole.substr(0, length));
    size_t batches = 0;
    while (own.ends[batches] <= length)
      ++batches;
    CHECK(read.commands == (batches == 0 ? "" : own.said[batches - 1]));
    const uint64_t good = batches == 0 ? 0 : own.ends[batches - 1];
    const bool is_whole = length == good;
    const bool may_be_filler = length == 1;  // a lone '#'
    CHECK(read.status == (is_whole || may_be_filler ? Status::kEnd : Status::kTorn));
    CHECK((is_whole ? read.good_end : read.offset) == good);
  }
}

TEST_CASE("Any byte of ours that changed is noticed, as damage where it had been on disk",
          "[aof]") {
  const FiveBatches own;
  const std::string whole = own.bytes();
  for (size_t place = aof::kOwnMark.size(); place < whole.size(); ++place) {
    CAPTURE(place);
    std::string changed = whole;
    changed[place] = static_cast<char>(changed[place] ^ 1);
    size_t batch = 0;
    while (own.ends[batch] <= place)
      ++batch;
    const Read read = read_back(changed);
    CHECK(read.commands == (batch == 0 ? "" : own.said[batch - 1]));
    CHECK(read.offset == (batch == 0 ? 0 : own.ends[batch - 1]));
    // The sums of the batches 3 to 5 say that 1 to 3 were on disk; that of the third was hit, too,
    // where it is the second's only witness, but the others say as much.
    CHECK(read.status == (batch < 3 ? Status::kDamage : Status::kTorn));
  }
}

TEST_CASE("What another server wrote behind ours is read without sums", "[aof]") {
  const FiveBatches own;
  const std::string theirs = commands("SELECT 0\nXADD s 9-0 f v\n");
  CHECK(read_back(own.bytes() + theirs).commands == own.said.back() + "SELECT 0\nXADD s 9-0 f v\n");
  const Read torn = read_back(own.bytes() + theirs.substr(0, theirs.size() - 3));
  CHECK(torn.status == Status::kTorn);
  CHECK(torn.commands == own.said.back() + "SELECT 0\n");
}

TEST_CASE("Our session behind another's is checked from its mark on", "[aof]") {
  const FiveBatches own;
  std::string bytes = commands("SELECT 0\nXADD s 0-1 f v\n") + own.bytes();
  CHECK(read_back(bytes).commands == "SELECT 0\nXADD s 0-1 f v\n" + own.said.back());
  bytes[bytes.size() / 2] ^= 1;
  CHECK(read_back(bytes).status != Status::kEnd);
}

TEST_CASE("A value that looks like a sum ends no batch", "[aof]") {
  OwnFile own;
  const Trap trap;
  resp::Buffer batch;
  batch.append(aof::kOwnMark);
  batch.append(testing::commands("SELECT 0\n") + trap.command);
  REQUIRE(own.file.append(batch, 0));
  own.write("XDEL s 1\n", 0);
  const Read read = read_back(own.bytes());
  CHECK(read.status == Status::kEnd);
  CHECK(read.commands == "SELECT 0\nx " + trap.value + "\nXDEL s 1\n");
}

TEST_CASE("Nor does it where what was read is dropped in the middle of the batch", "[aof]") {
  constexpr size_t kBatches = 60;  // more than the reader keeps
  OwnFile own;
  const Trap trap(100'000);
  std::string expected = "SELECT 0\n";
  own.write(expected, 0);
  for (size_t i = 0; i < kBatches; ++i) {
    resp::Buffer batch;
    batch.append(trap.command);
    REQUIRE(own.file.append(batch, 0));
    expected += "x " + trap.value + "\n";
  }
  const Read read = read_back(own.bytes());
  CHECK(read.status == Status::kEnd);
  CHECK(read.good_end == own.file.size());
  CHECK((read.commands == expected));
}

TEST_CASE("Filler is no command, and what is written over it takes its place", "[aof]") {
  OwnFile own;
  own.file.set_filling(true);
  for (int i = 0; i < 600; ++i)
    own.write((i == 0 ? "SELECT 0\n" : "") + ("XDEL s " + std::to_string(i) + "\n"), 0);
  const std::string bytes = own.bytes();
  REQUIRE(bytes.size() > own.file.size());
  CHECK(bytes[own.file.size()] == '#');
  const Read read = read_back(own.bytes());
  CHECK(read.commands == own.said.back());
  CHECK(read.status == Status::kEnd);
  CHECK(read.good_end == own.file.size());
  REQUIRE(own.file.finish());
  CHECK(own.bytes().size() == own.file.size());
  CHECK(read_back(own.bytes()).commands == own.said.back());
}

TEST_CASE("Any part of the last batch may be filler still: then all of it is torn", "[aof]") {
  OwnFile own;
  own.file.set_filling(true);
  own.write("SELECT 0\nXDEL s 1\n", 0);
  const std::string before = own.bytes();
  std::string batch;
  for (int i = 0; i < 300; ++i)
    batch += "XDEL s " + std::to_string(i) + "\nSELECT 0\n";
  own.write(batch, 0);
  const std::string after = own.bytes();
  constexpr size_t kPiece = 512;
  const size_t pieces = own.ends[1] / kPiece + 1;
  for (uint64_t lost = 1; lost < uint64_t{1} << 9; ++lost) {
    CAPTURE(lost);
    std::string found = after;
    for (size_t i = 0; i < pieces; ++i) {
      if ((lost >> i % 9 & 1) != 0)
        std::copy_n(before.begin() + static_cast<ptrdiff_t>(i * kPiece), kPiece,
                    found.begin() + static_cast<ptrdiff_t>(i * kPiece));
    }
    const Read read = read_back(found);
    CHECK(read.commands == own.said[0]);
    CHECK((read.status == Status::kTorn || read.status == Status::kEnd));
    CHECK(read.offset == own.ends[0]);
  }
}

TEST_CASE("A batch that is filler again is damage where a later one says that it was on disk",
          "[aof]") {
  OwnFile own;
  own.file.set_filling(true);
  own.write("SELECT 0\nXDEL s 1\n", 0);
  const std::string before = own.bytes();
  for (int i = 2; i < 30; ++i)
    own.write("XDEL s " + std::to_string(i) + "\n", own.ends.back());
  std::string found = own.bytes();
  const auto begin = static_cast<ptrdiff_t>(own.ends[0]);
  std::copy_n(before.begin() + begin, 600, found.begin() + begin);
  const Read read = read_back(found);
  CHECK(read.status == Status::kDamage);
  CHECK(read.offset == own.ends[0]);
}

TEST_CASE("Another server may go on behind filler", "[aof]") {
  OwnFile own;
  own.file.set_filling(true);
  own.write("SELECT 0\nXDEL s 1\n", 0);
  const Read read = read_back(own.bytes() + commands("SELECT 0\nXDEL s 2\n"));
  CHECK(read.commands == "SELECT 0\nXDEL s 1\nSELECT 0\nXDEL s 2\n");
  CHECK(read.status == Status::kEnd);
}

TEST_CASE("A file that was finished says that all of it was on disk", "[aof]") {
  FiveBatches own;
  REQUIRE(own.file.finish());
  std::string bytes = own.bytes();
  CHECK(read_back(bytes).status == Status::kEnd);
  bytes[own.ends[3] + 5] ^= 1;
  CHECK(read_back(bytes).status == Status::kDamage);
}

TEST_CASE("A file is the same however little each read gives, and no read that fails is its end",
          "[aof][faults]") {
  const TempFolder folder;
  const std::string whole = long_file();
  std::string changed = whole;
  changed[whole.find("XDEL s") + 1] = 'x';
  for (const std::string& bytes : {whole, changed, whole.substr(0, whole.size() / 2)}) {
    write_text(folder / "log", bytes);
    const Read expected = read_back(bytes);
    for (const size_t most_bytes : {37, 1000}) {
      FaultyFileSystem disk;
      disk.shorten_reads(most_bytes);
      for (int n = 1;; ++n) {
        CAPTURE(most_bytes, n, bytes.size());
        IoResult<File> file = File::open_for_read(disk, folder / "log");
        REQUIRE(file);
        disk.fail_call(n, EIO);
        AofReader reader(std::move(*file));
        const Read read = read_to_end(reader);
        if (!disk.has_failed()) {
          CHECK((read == expected));
          break;
        }
        REQUIRE(read.status == Status::kUnreadable);
        CHECK(read.errno_value == EIO);
        CHECK(expected.commands.starts_with(read.commands));
        CHECK(read.good_end <= expected.good_end);
      }
    }
  }
}

TEST_CASE("Sums are read as they were written, whatever their length", "[aof]") {
  for (const aof::Sum sum : {aof::Sum{0, {}}, aof::Sum{UINT64_MAX, 0}, aof::Sum{7, UINT64_MAX}}) {
    for (uint64_t offset = 0; offset < 2 * aof::kFillerLine; ++offset) {
      resp::Buffer line;
      aof::append_sum(line, sum, offset);
      CHECK(aof::read_sum(line.view()) == sum);
      CHECK(aof::can_fill_from(offset + line.size()));
    }
  }
  for (const char* const bad : {"#XXH3:\r\n", "#XXH3:0123456789abcdeg\r\n", "#TS:1\r\n",
                                "#XXH3:0123456789abcdef:\r\n", "#XXH3:0123456789abcdef1\r\n"})
    CHECK_FALSE(aof::read_sum(bad));
}

TEST_CASE("A line that says how long the file before was, or when, says a number or nothing",
          "[aof]") {
  CHECK(aof::read_previous_bytes("#AFTER:4711\r\n") == 4711U);
  CHECK(aof::read_stamp("#TS:1700000000\r\n") == 1700000000);
  for (const char* const text : {"", "x", "47x", "4 7", "99999999999999999999"}) {
    const std::string number = text;
    CAPTURE(number);
    CHECK_FALSE(aof::read_previous_bytes("#AFTER:" + number + "\r\n"));
    CHECK_FALSE(aof::read_stamp("#TS:" + number + "\r\n"));
  }
  for (const char* const bad : {"#AFTER:4711\n", "#TS:4711\n", "#", "4711\r\n"}) {
    CHECK_FALSE(aof::read_previous_bytes(bad));
    CHECK_FALSE(aof::read_stamp(bad));
  }
}

}  // namespace weir::testing
