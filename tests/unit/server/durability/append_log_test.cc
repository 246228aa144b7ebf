// The log beside a disk that fails: what is refused, what counts as durable, which replies wait.
#include "server/durability/append_log.h"

#include <cerrno>
#include <sstream>

#include <catch2/catch.hpp>

#include "persistence/aof_reader.h"
#include "server/net/held_replies.h"
#include "tests/support/faulty_file.h"
#include "tests/support/handler_stage.h"
#include "tests/support/patience.h"
#include "tests/support/temp_folder.h"
#include "tests/support/text_file.h"

namespace weir::testing {
namespace {

using namespace std::string_literals;

/// A stage whose commands go to a log in a folder of its own, which is the working directory.
struct LogStage {
  explicit LogStage(const char* policy) : stage(HandlerStage::Audience::kNone, disk) {
    stage.configure("appendfsync", policy);
    log.files().write_base = [this](const std::string& path) {
      return File::create(disk, path).map([](const File&) {});
    };
    log.on_fatal = [this] { is_fatal = true; };
    REQUIRE(log.begin({}).empty());
  }
  ~LogStage() { disk.release_syncs(); }

  void write(const char* command) {
    stage(command);
    log.write();
  }
  /// Two writes: a sync of the first runs and does not end, and the second waits for it.
  void hold_a_write_back() {
    disk.hold_syncs();
    write("XADD s 1-0 f v");
    write("XADD s 2-0 f v");
  }
  /// A client that has an answer behind it, and one that waits for what was told; how many bytes
  /// may leave.
  size_t hold_a_reply() {
    Client& client = stage.client();
    client.output.clear();
    client.reply.ok();
    const size_t before_it = client.output.size();
    stage.commit_gate().hold(client, before_it, stage.propagation().offset());
    client.reply.ok();
    return before_it;
  }
  bool lets_go() {
    return wait_until([this] {
      log.look_at_syncs();
      return stage.client().held == nullptr;
    });
  }
  bool becomes_durable() {
    return wait_until([this] {
      log.look_at_syncs();
      return log.durable_offset() == stage.propagation().offset();
    });
  }

  WorkingFolder folder;
  FaultyFileSystem disk;
  bool is_fatal = false;
  HandlerStage stage;
  AppendLog& log = stage.append_log();
};

}  // namespace

TEST_CASE("Under always every write becomes durable by itself", "[aof][append_log]") {
  LogStage s("always");
  s.write("XADD s 1-0 f v");
  CHECK(s.becomes_durable());
  s.write("XADD s 2-0 f v");
  CHECK(s.becomes_durable());
  CHECK_FALSE(s.is_fatal);
}

TEST_CASE("Under always a write that fails is the end, and so is a sync", "[aof][append_log]") {
  {
    LogStage s("always");
    s.disk.fail_from_call(1, ENOSPC);
    s.write("XADD s 1-0 f v");
    CHECK(s.is_fatal);
    s.disk.fail_call(1000, EIO);
  }
  LogStage s("always");
  s.disk.fail_call(3, EIO);  // a batch, filler, then the sync
  s.write("XADD s 1-0 f v");
  CHECK(wait_until([&] {
    s.log.look_at_syncs();
    return s.is_fatal;
  }));
  CHECK(s.log.durable_offset() < s.stage.propagation().offset());
}

TEST_CASE("Every n-th call that fails once costs no write under everysec", "[aof][append_log]") {
  for (int n = 1; n < 4; ++n) {
    LogStage s("no");
    s.write("XADD s 1-0 f v");
    s.disk.fail_call(n, ENOSPC);
    s.write("XADD s 2-0 f v");
    const bool was_refused = !s.log.refusal().empty();
    if (was_refused)
      CHECK(s.log.refusal() == "MISCONF Errors writing to the AOF file: No space left on device");
    s.disk.fail_call(1000, EIO);
    REQUIRE(wait_until([&] {
      s.log.cron();
      return s.log.refusal().empty();
    }));
    s.write("XADD s 3-0 f v");
    const auto text = read_all(real_files(), s.folder / "appendonlydir/appendonly.aof.1.incr.aof");
    REQUIRE(text);
    for (const char* const id : {"1-0", "2-0", "3-0"}) {
      CHECK(text->find(id) != std::string::npos);
      CHECK(text->find(id) == text->rfind(id));
    }
  }
}

TEST_CASE("After a sync that failed nothing is durable, until a rewrite has put all there anew",
          "[aof][append_log]") {
  LogStage s("everysec");
  s.disk.fail_from_call(2, EIO);  // the batch is written, nothing reaches the disk
  s.write("XADD s 1-0 f v");
  REQUIRE(wait_until([&] {
    s.log.look_at_syncs();
    return !s.log.refusal().empty();
  }));
  s.disk.fail_call(1000, EIO);
  for (int i = 0; i < 20; ++i)
    s.log.cron();
  s.log.look_at_syncs();
  CHECK(s.log.refusal() == "MISCONF Errors writing to the AOF file: Input/output error");
  CHECK(s.log.needs_rewrite());
  CHECK(s.log.durable_offset() < s.stage.propagation().offset());
  REQUIRE(s.log.rotate());
  REQUIRE(s.log.files().write_base(s.log.next_base_path()));
  REQUIRE(s.log.commit_base(0));
  CHECK(s.log.refusal().empty());
  CHECK_FALSE(s.log.needs_rewrite());
}

TEST_CASE("A reply to a write waits for its sync, those before it do not", "[aof][gate]") {
  LogStage s("always");
  Client& client = s.stage.client();
  s.stage("XADD s 1-0 f v");
  const size_t before = s.hold_a_reply();
  REQUIRE(client.held);
  CHECK(client.held->sendable(client.bytes_out, client.output.size()) == before);
  s.log.write();
  CHECK(s.lets_go());
}

TEST_CASE("Replies that were held under always wait for their sync under any policy",
          "[aof][gate]") {
  for (const char* const policy : {"no", "everysec"}) {
    CAPTURE(policy);
    LogStage s("always");
    s.stage("XADD s 1-0 f v");
    s.hold_a_reply();
    s.disk.hold_syncs();
    s.stage.configure("appendfsync", policy);
    s.log.policy_changed();
    CHECK_FALSE(s.stage.commit_gate().is_closed());
    CHECK(s.stage.client().held);
    s.disk.release_syncs();
    CHECK(s.lets_go());
  }
}

TEST_CASE("What a slow sync holds back is written when it has to be", "[aof][append_log]") {
  LogStage s("everysec");
  s.hold_a_write_back();
  CHECK(s.log.buffered_bytes() > 0);
  CHECK(s.log.write_now());
  CHECK(s.log.buffered_bytes() == 0);
}

TEST_CASE("What waited for a sync is written as soon as that has ended", "[aof][append_log]") {
  LogStage s("everysec");
  s.hold_a_write_back();
  REQUIRE(s.log.buffered_bytes() > 0);
  s.disk.release_syncs();
  CHECK(wait_until([&] {
    s.log.look_at_syncs();
    return s.log.buffered_bytes() == 0;
  }));
}

TEST_CASE("Under everysec what was written is synced before a manifest is waited for",
          "[aof][append_log]") {
  LogStage s("everysec");
  REQUIRE(s.log.rotate());
  REQUIRE(s.log.files().write_base(s.log.next_base_path()));
  s.write("XADD s 1-0 f v");
  REQUIRE(s.becomes_durable());
  s.write("XADD s 2-0 f v");
  REQUIRE(s.log.commit_base(0));
  CHECK(s.becomes_durable());
}

TEST_CASE("While a snapshot is written, no-appendfsync-on-rewrite leaves the disk to it", "[aof]") {
  for (const char* const policy : {"always", "everysec"}) {
    CAPTURE(policy);
    LogStage s(policy);
    s.stage.configure("no-appendfsync-on-rewrite", "yes");
    REQUIRE(s.log.rotate());
    REQUIRE(s.log.files().write_base(s.log.next_base_path()));
    REQUIRE(s.becomes_durable());
    REQUIRE(wait_until([&s] { return !s.log.is_syncing(); }));
    s.log.set_saving(true);
    s.stage("XADD s 1-0 f v");
    s.hold_a_reply();
    s.log.write();
    CHECK_FALSE(s.log.is_syncing());
    CHECK(s.stage.client().held == nullptr);
    REQUIRE(s.log.commit_base(0));
    REQUIRE(wait_until([&s] { return !s.log.is_syncing(); }));
    s.log.look_at_syncs();
    CHECK(s.log.durable_offset() < s.stage.propagation().offset());

    s.log.set_saving(false);
    s.log.cron();
    CHECK(s.becomes_durable());
  }
}

TEST_CASE("Each time that a disk begins to refuse writes is told, once", "[aof]") {
  LogStage s("no");
  const std::string path = s.folder / "server.log";
  Settings settings;
  settings.logfile = path;
  REQUIRE(s.stage.context().log.configure(settings) == "");
  for (const char* const id : {"1-0", "2-0"}) {
    s.disk.fail_from_call(1, ENOSPC);
    s.write(("XADD s "s + id + " f v").c_str());
    CHECK_FALSE(s.log.write_now());
    s.disk.fail_call(0, 0);
    CHECK(s.log.write_now());
  }
  const std::string expected =
      "Error writing to the AOF file: No space left on device\n"
      "AOF write error looks solved, Redis can write again.\n";
  std::string said;
  std::istringstream lines(read_text(path));
  for (std::string line; std::getline(lines, line);)
    said += line.substr(line.find(" # ") + 3) + "\n";
  CHECK(said == expected + expected);
}

TEST_CASE("A disk that refuses again after a rewrite had mended a failed sync is told again",
          "[aof]") {
  LogStage s("everysec");
  const std::string path = s.folder / "server.log";
  Settings settings;
  settings.logfile = path;
  REQUIRE(s.stage.context().log.configure(settings) == "");
  const auto complaints = [&] {
    const std::string text = read_text(path);
    size_t count = 0;
    for (size_t at = 0; (at = text.find("Error writing to the AOF file", at)) != std::string::npos;
         ++at)
      ++count;
    return count;
  };
  const auto is_refused = [&](const char* command) {
    s.disk.fail_from_call(1, ENOSPC);
    s.stage(command);
    const bool is_written = s.log.write_now().has_value();
    s.disk.fail_call(0, 0);
    return !is_written;
  };
  s.disk.fail_from_call(2, EIO);  // the batch is written, nothing reaches the disk
  s.write("XADD s 1-0 f v");
  REQUIRE(wait_until([&] {
    s.log.look_at_syncs();
    return s.log.needs_rewrite();
  }));
  CHECK(is_refused("XADD s 2-0 f v"));
  CHECK(complaints() == 1);
  REQUIRE(s.log.rotate());
  REQUIRE(s.log.files().write_base(s.log.next_base_path()));
  REQUIRE(s.log.commit_base(0));
  CHECK_FALSE(s.log.needs_rewrite());
  CHECK(is_refused("XADD s 3-0 f v"));
  CHECK(complaints() == 2);
}

TEST_CASE("What cannot be written before a rewrite says why there is none", "[aof]") {
  LogStage s("no");
  s.stage("XADD s 1-0 f v");
  s.disk.fail_from_call(1, EDQUOT);
  const IoResult<void> rotated = s.log.rotate();
  REQUIRE_FALSE(rotated);
  CHECK(rotated.error().errno_value == EDQUOT);
  s.disk.fail_call(0, 0);
  CHECK(s.log.rotate());
}

TEST_CASE("A write waits two seconds for a slow sync at most, and INFO counts it",
          "[aof][append_log]") {
  LogStage s("everysec");
  s.hold_a_write_back();
  CHECK(s.log.delayed_syncs() == 0);
  CHECK(wait_until([&] {
    s.log.cron();
    return s.log.buffered_bytes() == 0;
  }));
  CHECK(s.log.delayed_syncs() == 1);
}

TEST_CASE("A message in front of what a turn changes leaves the file checked",
          "[aof][append_log]") {
  LogStage s("no");
  Propagation& told = s.stage.propagation();
  s.stage.context().replication.begin();
  s.write("XADD s 1-0 f v");
  s.stage("PUBLISH channel message");
  told.tell(1, {"DEL", "s"});
  s.log.write();
  auto file = File::open_for_read(s.disk, s.folder / "appendonlydir/appendonly.aof.1.incr.aof");
  REQUIRE(file);
  AofReader reader(std::move(*file));
  while (reader.next() == AofReader::Status::kCommand)
    CHECK(reader.argv()[0] != "PUBLISH");
  CHECK(reader.is_checked());
}

TEST_CASE("Replies that are held leave batch by batch", "[gate]") {
  HeldReplies held;
  CHECK(held.hold(10, 100, 90));
  CHECK_FALSE(held.hold(20, 120, 90));
  CHECK(held.hold(50, 200, 120));
  CHECK(held.sendable(0, 80) == 10);
  CHECK(held.sendable(10, 70) == 0);
  CHECK_FALSE(held.release(120));
  CHECK(held.sendable(10, 70) == 40);
  CHECK(held.release(200));
  CHECK(held.sendable(10, 70) == 70);
}

TEST_CASE("What was kept aside counts from the first base on", "[aof][append_log]") {
  LogStage s("everysec");
  s.log.end();
  REQUIRE(s.log.begin_aside().empty());
  s.write("XADD s 1-0 f v");
  CHECK(s.log.is_aside());
  REQUIRE(s.log.rotate());
  s.write("XADD s 2-0 f v");
  REQUIRE(s.log.files().write_base(s.log.next_base_path()));
  REQUIRE(s.log.commit_base(0));
  CHECK_FALSE(s.log.is_aside());
  const auto text = read_all(real_files(), s.folder / "appendonlydir/appendonly.aof.2.incr.aof");
  REQUIRE(text);
  CHECK(text->find("1-0") == std::string::npos);
  CHECK(text->find("2-0") != std::string::npos);
  CHECK(*read_all(real_files(), s.folder / "appendonlydir/appendonly.aof.manifest") ==
        "file appendonly.aof.2.base.rdb seq 2 type b\n"
        "file appendonly.aof.2.incr.aof seq 2 type i\n");
}

}  // namespace weir::testing
