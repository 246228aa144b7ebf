#include "persistence/aof_manifest.h"

#include <filesystem>

#include <catch2/catch.hpp>

#include "tests/support/faulty_file.h"
#include "tests/support/temp_folder.h"
#include "tests/support/text_file.h"

namespace weir::testing {
namespace {

std::string why_not(std::string_view text) {
  const auto manifest = AofManifest::parse(text);
  return manifest ? "" : manifest.error().reason;
}

AofManifest two_files() {
  AofManifest manifest;
  manifest.replace_base("a.aof", "rdb", 0);
  manifest.add_increment("a.aof");
  return manifest;
}

}  // namespace

TEST_CASE("A manifest that was printed is parsed to the same", "[aof][manifest]") {
  AofManifest manifest = two_files();
  manifest.add_increment("a.aof");
  manifest.replace_base("a.aof", "aof", 1);
  CHECK(manifest.print() ==
        "file a.aof.2.base.aof seq 2 type b\n"
        "file a.aof.1.base.rdb seq 1 type h\n"
        "file a.aof.1.incr.aof seq 1 type h\n"
        "file a.aof.2.incr.aof seq 2 type i\n");
  CHECK(AofManifest::parse(manifest.print()) == manifest);
}

TEST_CASE("A name that is not plain is printed so that it is read back", "[aof][manifest]") {
  AofManifest manifest;
  manifest.replace_base("a log \"\n", "rdb", 0);
  CHECK(manifest.print() == "file \"a log \\\"\\n.1.base.rdb\" seq 1 type b\n");
  CHECK(AofManifest::parse(manifest.print())->base()->name == "a log \"\n.1.base.rdb");
}

TEST_CASE("Comments, unknown keys, blanks and any order are fine in a manifest",
          "[aof][manifest]") {
  const auto manifest = AofManifest::parse(
      "# a comment\n"
      "\t type  b SEQ 2 startoffset 7 File \"x.base.rdb\" \r\n"
      "file h seq 1 type history k v\n"
      "file x.incr seq 9 type i endoffset 200\n");
  REQUIRE(manifest);
  CHECK(manifest->base() == AofFileInfo{"x.base.rdb", 2, AofRole::kBase});
  CHECK(manifest->history() == std::vector{AofFileInfo{"h", 1, AofRole::kHistory}});
  CHECK(manifest->next_increment_name("x") == "x.10.incr.aof");
  CHECK(manifest->next_base_name("x", "rdb") == "x.3.base.rdb");
}

TEST_CASE("What is still to be deleted keeps its number", "[aof][manifest]") {
  auto manifest = AofManifest::parse(
      "file x.2.base.rdb seq 2 type b\n"
      "file x.3.base.aof seq 3 type h\n"
      "file x.7.incr.aof seq 7 type h\n"
      "file x.1.incr.aof seq 1 type i\n");
  REQUIRE(manifest);
  CHECK(manifest->next_base_name("x", "rdb") == "x.4.base.rdb");
  CHECK(manifest->add_increment("x") == "x.8.incr.aof");
}

TEST_CASE("A line of a manifest may have 1024 bytes with its end", "[aof][manifest]") {
  const std::string begin = "file a seq 1 type b k ";
  const std::string longest = begin + std::string(1024 - begin.size() - 1, 'v') + "\n";
  CHECK(AofManifest::parse(longest));
  CHECK_FALSE(AofManifest::parse(begin + longest.substr(begin.size() - 1)));
}

TEST_CASE("Each broken rule of a manifest has its own words", "[aof][manifest]") {
  CHECK(why_not("") == "Found an empty AOF manifest");
  CHECK(why_not("\n") == "Invalid AOF manifest file format");
  CHECK(why_not("file a seq 1 type b") == "The AOF manifest file contains too long line");
  CHECK(why_not("file " + std::string(1100, 'a') + " seq 1 type b\n") ==
        "The AOF manifest file contains too long line");
  CHECK(why_not("file " + std::string(255, '\xff') + " seq 1 type b\n") ==
        "The AOF manifest file contains too long line");
  for (const char* const line :
       {"\n", "file a seq 1\n", "file a seq 1 type\n", "file a seq 1 type b more\n",
        "file a seq 0 type b\n", "file a seq x type b\n", "file \"a seq 1 type b\n",
        "fill a seq 1 type b\n", "file a type b k v\n"}) {
    CHECK(why_not(line) == "Invalid AOF manifest file format");
  }
  CHECK(why_not("file ../x seq 1 type b\n") == "File can't be a path, just a filename");
  CHECK(why_not("file a\\\\b seq 1 type b\n") == "File can't be a path, just a filename");
  CHECK(why_not("file a seq 1 type z\n") == "Unknown AOF file type");
  CHECK(why_not("file a seq 1 type b\nfile b seq 2 type b\n") ==
        "Found duplicate base file information");
  CHECK(why_not("file a seq 2 type i\nfile b seq 2 type i\n") ==
        "Found a non-monotonic sequence number");
}

TEST_CASE("The line that is wrong in a manifest is named", "[aof][manifest]") {
  const auto manifest = AofManifest::parse("file a seq 1 type b\n  file b seq 1 type z \n");
  REQUIRE_FALSE(manifest);
  CHECK(manifest.error() == ManifestError{2, "file b seq 1 type z", "Unknown AOF file type"});
}

TEST_CASE("A manifest of more than 16 MiB is not read", "[aof][manifest]") {
  constexpr uintmax_t kMost = uintmax_t{16} << 20;
  const TempFolder folder;
  const std::string path = folder / "manifest";
  write_text(path, "");
  std::filesystem::resize_file(path, kMost);
  const auto whole = read_manifest_text(real_files(), path);
  REQUIRE(whole);
  CHECK(whole->size() == kMost);
  std::filesystem::resize_file(path, kMost + 1);
  const auto more = read_manifest_text(real_files(), path);
  REQUIRE_FALSE(more);
  CHECK(to_string(more.error()) == "read '" + path + "': File too large");
}

TEST_CASE("Any byte may be missing at the end of a manifest: it is refused or right",
          "[aof][manifest]") {
  const std::string whole = two_files().print();
  for (size_t length = 0; length < whole.size(); ++length) {
    const auto manifest = AofManifest::parse(whole.substr(0, length));
    CHECK((!manifest || manifest->print() == whole.substr(0, length)));
  }
}

TEST_CASE("A manifest that could not be replaced is the old one", "[aof][manifest]") {
  const TempFolder folder;
  FaultyFileSystem disk;
  const AofPlace place{folder.path(), "a.aof"};
  const AofManifest before = two_files();
  AofManifest after = before;
  after.add_increment("a.aof");
  for (int n = 1;; ++n) {
    disk.fail_from_call(1000, EIO);
    REQUIRE(write_manifest(disk, place, before));
    disk.fail_call(n, EIO);
    const IoResult<void> written = write_manifest(disk, place, after);
    if (!disk.has_failed()) {
      CHECK(written);
      break;
    }
    const auto text = read_all(real_files(), place.manifest_path());
    REQUIRE(text);
    // A rename that is not synced yet may be seen, or not; closing the folder proves nothing.
    if (written) {
      CHECK(*text == after.print());
    } else if (written.error().path == place.folder) {
      CHECK((*text == before.print() || *text == after.print()));
    } else {
      CHECK(*text == before.print());
    }
  }
}

}  // namespace weir::testing
