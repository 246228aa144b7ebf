// Random commands on streams with consumer groups, and what each of them must answer.
//
//   ModelInput ─► GroupModel ─┬─► HandlerStage    the handlers, as a client's words reach them
//                             └─► NaiveGroups     what the specification says they do
//
// Each command is one function here: it draws the words, does to the naive streams what they mean,
// and compares the reply byte by byte.  Few keys, groups, consumers and IDs, so that everything
// meets everything; time moves by steps, backwards, too.  From time to time all that XINFO and
// XPENDING show is compared.  Left out: producers (IDMP), MAXSIZE, and readers that run again after
// they waited.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tests/support/handler_stage.h"
#include "tests/support/model_input.h"
#include "tests/support/naive_groups.h"
#include "tests/support/reply_text.h"

namespace weir::testing {

class GroupModel {
 public:
  explicit GroupModel(std::span<const uint8_t> input);

  /// Until the input is used up.  Throws std::logic_error at the first difference; returns how many
  /// commands there were.
  uint64_t run();

 private:
  using Words = std::vector<std::string>;
  using Parts = ReplyText::Parts;
  using Ids = std::vector<StreamId>;
  /// Where a command on a group works.
  struct Place {
    std::string key;
    std::string name;               // of the group
    NaiveGroups* stream = nullptr;  // null: there is no such key
    NaiveGroup* group = nullptr;    // null: there is no such group
  };
  struct Reading;
  struct ClaimWords;
  enum class Claimed : uint8_t { kSkipped, kClaimed, kCleaned };

  // --- Drawing; what is drawn as an option goes behind the words.
  uint64_t draw(uint64_t n) { return input_.draw(n); }
  bool one_in(uint64_t n) { return draw(n) == 0; }
  std::string any_of(std::initializer_list<const char*> words);
  std::string any_key() { return one_in(5) ? "t" : "s"; }
  std::string any_group();
  std::string any_consumer();
  StreamId any_id();
  StreamId any_id(const NaiveGroups* stream, const NaiveGroup* group);
  Ids any_ids(const NaiveGroups* stream, const NaiveGroup* group = nullptr);
  std::string any_count();
  std::string any_idle();
  References any_references(Words& words);
  StreamId any_end(Words& words, bool is_start);
  Trim any_trim(Words& words, const NaiveGroups* stream);
  StreamId any_new_id(Words& words, const StreamId& last);
  StreamId any_position(Words& words, const NaiveGroups* stream);
  int64_t any_entries_read(Words& words, const NaiveGroups* stream);
  Reading any_reading(Words& words);
  StreamId any_claim_options(Words& words, ClaimWords& options);
  void move_clock();

  // --- Comparing
  void step();
  void expect(const Words& words, const std::string& reply);
  void expect_error(const Words& words, std::string_view text) {
    expect(words, ReplyText::error(text));
  }
  /// The error of most commands on a group that is not there.
  void expect_no_group(const Words& words, const std::string& key, const std::string& group) {
    expect_error(words, "NOGROUP No such key '" + key + "' or consumer group '" + group + "'");
  }
  void expect_state();

  // --- What there is
  NaiveGroups* find(const std::string& key);
  NaiveGroup* find(const std::string& key, const std::string& group);
  Place any_place();
  std::optional<std::string> missing(const Place& place) const;

  // --- Commands on entries
  void add();
  void add_many();
  void trim();
  void erase();
  void erase_by_references();
  void set_id();
  void range();
  void drop_key();

  // --- Commands on groups
  void create_group();
  void set_group_id();
  void destroy_group();
  void create_consumer();
  void delete_consumer();
  void read();
  Parts history(const Reading& reading, const NaiveGroups& stream, NaiveGroup& group,
                const StreamId& after);
  std::optional<Parts> news(const Reading& reading, const NaiveGroups& stream, NaiveGroup& group);
  Ids take_over(const Reading& reading, uint64_t most, const NaiveGroups& stream, NaiveGroup& group,
                Parts& entries);
  void acknowledge();
  void acknowledge_and_delete();
  void release();
  void claim();
  void claim_by_range();
  Claimed claim_one(const Place& place, const StreamId& id, const ClaimWords& options,
                    Parts& claimed);

  // --- What XPENDING and XINFO show
  void pending();
  void pending_summary(const std::string& key, const std::string& name);
  void stream_info(const std::string& key);
  void full_info(const std::string& key, uint64_t count);
  void group_info(const std::string& key);
  void consumer_info(const std::string& key, const std::string& group);
  static std::string entry(const StreamId& id, const ModelFields& fields, const Parts& behind = {});
  static Parts counters(const NaiveGroups& stream);
  void progress(Parts& pairs, const NaiveGroups& stream, const NaiveGroup& group) const;
  static std::string full_pending(const NaiveGroup::Pending& pending, uint64_t most,
                                  bool with_owner);
  std::string full_consumers(const NaiveGroup& group, uint64_t most) const;

  ModelInput input_;
  HandlerStage stage_{HandlerStage::Audience::kNone};
  int protocol_;
  ReplyText reply_;
  NodeLimits limits_;
  size_t most_entries_;  // a stream is cut down when it has more
  std::map<std::string, NaiveGroups> keys_;
  Ids known_;  // of entries added lately
  uint64_t commands_ = 0;
};

}  // namespace weir::testing
