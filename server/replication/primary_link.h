// What is said between a replica and its primary, as seen by the replica: fed with bytes and with
// time, it says what is to be sent and what came.  It knows no socket, no file and no command.
//
//   kOff ──begin()──► kWaiting ──a pause is over──► kConnecting ──connected()──► kPing
//                        ▲                                                        │ +PONG …
//       failed(), silence│from anywhere                                           ▼
//                        │                        AUTH, REPLCONF: together   kIntroduction
//                        │                                                        │ all answered
//                        │                  +CONTINUE                             ▼
//                   kStreaming ◄──────────────────────────────────────────── kPsync
//                        ▲                                                        │ +FULLRESYNC
//                        │ loaded()                                               ▼
//                   kLoading ◄──its end── kTransfer ◄──$237, $EOF:mark────── kAnnounced
//
//   kStreaming says REPLCONF ACK once a second, kLoading an empty line.
//
// Empty lines are a primary's signs of life: before it answers PSYNC, before it announces the
// snapshot, and between commands.  They are passed over and count for nothing.
//
// How to use it: when bytes came, ask next() with all that was not consumed, consume, act, and ask
// again until it wants more; then send what stands in output().
//
// Always: the events are the same however the bytes are cut; not a byte is taken before its turn;
// after a failure nothing comes until it is connected again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "resp/buffer.h"
#include "resp/request_parser.h"
#include "server/replication/history.h"
#include "server/replication/transfer.h"

namespace weir {

class PrimaryLink {
 public:
  enum class State : uint8_t {
    kOff,
    kWaiting,
    kConnecting,
    kPing,
    kIntroduction,
    kPsync,
    kAnnounced,
    kTransfer,
    kLoading,
    kStreaming,
  };

  /// What is said of this server.
  struct Introduction {
    std::string user = {};                        // "": the default one
    std::string password = {};                    // "": none is given
    int port = 0;                                 // at which it can be reached
    std::string announced_ip = {};                // "": the one that the primary sees
    std::optional<StreamPosition> position = {};  // nothing: it has no part of any history
    bool takes_over = false;                      // FAILOVER: the other side is to become primary
  };

  // --- What comes
  /// All that came was looked at.
  struct NeedMore {};
  /// A line for the log; nothing else follows from it.
  struct Remark {
    std::string text;
  };
  /// The stream goes on where it was asked for.
  struct Continue {
    std::string id;  // of the history from now on
  };
  /// A snapshot follows, of this place; nothing of the old data is worth anything.
  struct FullResync {
    StreamPosition position;
  };
  struct TransferBegins {};
  struct TransferBytes {
    std::string_view bytes;
  };
  struct TransferEnds {};
  /// Of the stream; `bytes` is what it is made of.  No words: it does nothing.
  struct Command {
    std::span<const std::string_view> argv;
    std::string_view bytes;
  };
  enum class Severity : uint8_t {
    kPassing,  // it may be gone in a second
    kRefused,  // somebody has to do something about it: the pause grows
    kBroken,   // what came is no stream: the position in it is worth nothing either
  };
  struct Failure {
    std::string text;  // for the log
    Severity severity = Severity::kPassing;
  };
  using Event = std::variant<NeedMore, Remark, Continue, FullResync, TransferBegins, TransferBytes,
                             TransferEnds, Command, Failure>;

  // --- Time.  All of it is monotonic, in ms.
  /// Connects as soon as tick() is asked.
  void begin(int64_t now_ms);
  /// Ends whatever goes on, until begin().
  void end();
  enum class Due : uint8_t { kNothing, kConnect, kFailure };
  /// What is due, several times a second; in output() may be something to send then.
  Due tick(int64_t now_ms, int64_t timeout_ms);
  /// What kFailure means.
  std::string silence_text() const;

  // --- The connection
  void connecting(int64_t now_ms);
  void connected(Introduction introduction, int64_t now_ms);
  /// Some bytes have come.
  void heard(int64_t now_ms) { last_heard_ms_ = now_ms; }
  /// Whoever found out: the connection is over, and a pause begins.  What went on for a while and
  /// only broke is tried again at once.
  void failed(Severity severity, int64_t now_ms);

  // --- What came
  /// `input`: everything that was not consumed.  Views in the event point into it.
  Event next(std::string_view input);
  /// By the last next().
  size_t consumed() const { return consumed_; }

  // --- What goes
  resp::Buffer& output() { return output_; }
  /// What was transferred is the data now.  The stream may come.
  void loaded(int64_t now_ms);
  /// Says how far the stream was applied, and how far that is on disk, if somebody wants to know.
  void acknowledge(int64_t now_ms);
  /// What acknowledge() and tick() say.
  void applied(int64_t offset) { applied_ = offset; }
  void durable(std::optional<int64_t> offset) { durable_ = offset; }

  // --- What others ask
  State state() const { return state_; }
  bool is_on() const { return state_ != State::kOff; }
  bool is_streaming() const { return state_ == State::kStreaming; }
  /// A snapshot is on its way.
  bool is_syncing() const { return state_ >= State::kAnnounced && state_ <= State::kLoading; }
  /// In the words of ROLE.
  std::string_view state_name() const;
  const std::optional<Transfer>& transfer() const { return transfer_; }
  const Introduction& introduction() const { return introduction_; }
  int64_t last_heard_ms() const { return last_heard_ms_; }
  /// When it connects, while it waits.
  int64_t retry_at_ms() const { return retry_at_ms_; }

 private:
  enum class Question : uint8_t { kAuth, kPort, kAddress, kCapabilities };

  void say(std::initializer_list<std::string_view> words);
  void introduce();
  void ask_for_stream();
  void begin_stream();
  void tick_stream(int64_t now_ms);

  Event next_line(std::string_view input);
  Event next_piece(std::string_view input);
  Event next_command(std::string_view input);
  std::optional<Event> answered(std::string_view line);
  Event pinged(std::string_view line);
  std::optional<Event> introduced(std::string_view line);
  Event psync_answered(std::string_view line);
  Event full_resync(std::string_view words);
  Event continued(std::string_view words);
  Event announced(std::string_view line);

  State state_ = State::kOff;
  Introduction introduction_;
  std::deque<Question> questions_;  // not answered yet
  std::optional<Transfer> transfer_;
  bool transfer_is_over_ = false;
  resp::RequestParser parser_;
  resp::Buffer output_;
  size_t consumed_ = 0;
  int64_t applied_ = 0;
  std::optional<int64_t> durable_;
  int64_t retry_at_ms_ = 0;
  int64_t last_heard_ms_ = 0;
  int64_t last_said_ms_ = 0;  // an acknowledgement, or a sign of life
  std::optional<int64_t> streams_since_ms_;
  int refusals_ = 0;  // one after the other
  int attempts_ = 0;  // since the last stream that went on for a while
};

}  // namespace weir
