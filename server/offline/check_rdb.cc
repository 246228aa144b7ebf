#include "server/offline/check_rdb.h"

#include <cinttypes>
#include <string_view>

#include "persistence/rdb_other_types.h"
#include "persistence/rdb_reader.h"
#include "server/clock.h"
#include "server/time_units.h"

namespace weir {
namespace {

std::string type_text(uint8_t type) {
  const std::string_view other = rdb_type_name(type);
  return std::to_string(type) + " (" + (other.empty() ? "a stream" : std::string(other)) + ")";
}

/// Tells what comes, and counts.
class Teller final : public RdbSink {
 public:
  Teller(const RdbInput& input, std::FILE* out)
      : input_(input), out_(out), now_ms_(Clock::unix_us_now() / kUsPerMs) {}

  Refusal aux(std::string_view name, std::string_view value) override {
    say("AUX FIELD " + std::string(name) + " = '" + std::string(value) + "'");
    return {};
  }
  Refusal database(uint64_t number) override {
    say("Selecting DB ID " + std::to_string(number));
    return {};
  }
  Refusal stream(RdbKey&& key, Stream&& /*stream*/) override {
    count(key);
    return {};
  }
  void skipped(const RdbKey& key, uint8_t /*type*/) override {
    count(key);
    ++skipped_;
  }

  void say(const std::string& text) const {
    std::fprintf(out_, "[offset %" PRIu64 "] %s\n", input_.offset(), text.c_str());
  }
  void say_counts() const {
    std::fprintf(out_, "[info] %" PRIu64 " keys read\n", keys_);
    std::fprintf(out_, "[info] %" PRIu64 " expires\n", with_ttl_);
    std::fprintf(out_, "[info] %" PRIu64 " already expired\n", expired_);
    if (skipped_ == 0) return;
    std::fprintf(out_,
                 "[info] %" PRIu64
                 " keys are no streams: Weir loads the file with rdb-load-other-types skip\n",
                 skipped_);
  }

 private:
  void count(const RdbKey& key) {
    ++keys_;
    if (!key.deadline_ms) return;
    ++with_ttl_;
    if (*key.deadline_ms < now_ms_) ++expired_;
  }

  const RdbInput& input_;
  std::FILE* out_;
  int64_t now_ms_;
  uint64_t keys_ = 0;
  uint64_t with_ttl_ = 0;
  uint64_t expired_ = 0;
  uint64_t skipped_ = 0;
};

void tell_error(const RdbReader& reader, const RdbError& error, std::FILE* out) {
  std::fputs("--- RDB ERROR DETECTED ---\n", out);
  const std::string& reason = error.detail.empty() ? error.reason : error.detail;
  std::fprintf(out, "[offset %" PRIu64 "] %s\n", error.offset, reason.c_str());
  std::fprintf(out, "[additional info] While doing: %s\n", std::string(reader.doing()).c_str());
  if (!reader.last_key() || reader.doing() != "read-object-value") return;
  std::fprintf(out, "[additional info] Reading key '%s'\n", reader.last_key()->c_str());
  std::fprintf(out, "[additional info] Reading type %s\n", type_text(reader.last_type()).c_str());
}

}  // namespace

std::optional<uint64_t> check_snapshot(FileSystem& files, const std::string& path, std::FILE* out) {
  IoResult<File> file = File::open_for_read(files, path);
  if (!file) {
    std::fprintf(out, "Cannot open file %s: %s\n", path.c_str(),
                 errno_text(file.error().errno_value).c_str());
    return std::nullopt;
  }
  std::fprintf(out, "[offset 0] Checking RDB file %s\n", path.c_str());
  RdbFileSource source(*file);
  RdbInput input(source);
  Teller teller(input, out);
  RdbReadOptions options;
  options.other_types = RdbOtherTypes::kSkip;
  RdbReader reader(input, teller, options);
  const tl::expected<RdbSummary, RdbError> summary = reader.run();
  if (!summary) {
    tell_error(reader, summary.error(), out);
    teller.say_counts();
    return std::nullopt;
  }
  teller.say(summary->sum_was_checked ? "Checksum OK"
                                      : "RDB file was saved with checksum disabled: no check "
                                        "performed.");
  teller.say("\\o/ RDB looks OK! \\o/");
  teller.say_counts();
  return summary->end;
}

int answer_check_rdb(FileSystem& files, const std::string& path, std::FILE* out) {
  return check_snapshot(files, path, out) ? 0 : 1;
}

}  // namespace weir
