// One replica of this server: a connection that is sent a snapshot, and then the stream.
//
//   kWaiting ──► kCollecting ──► kTransfer ──► kAwaitingAck ──► kOnline
//    for the        a file is       │            it has the $EOF     ▲
//    next snapshot  written         │            snapshot, and ──────┤
//                                   │            says when           │
//                                   └─────────── a file: at once ────┤
//                                     +CONTINUE ─────────────────────┘
//
// It owns no byte of the stream: it is sent from the backlog, which keeps what it needs.  From the
// moment of its snapshot on that is what comes behind it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "server/clock.h"
#include "server/net/client.h"
#include "server/replication/stream.h"

namespace weir {

/// What a connection says of itself with REPLCONF.
struct ReplicaTraits {
  std::string ip;             // "": the one that its connection has
  int port = 0;               // at which it can be reached; 0: it did not say
  bool knows_eof = false;     // a snapshot of unknown length
  bool knows_psync2 = false;  // that a history may go on under another name
  bool is_rdb_only = false;   // the snapshot is all that it wants
  bool is_without_data = false;
  bool is_unpacked = false;  // rdb-no-compress
  bool is_unsummed = false;  // rdb-no-checksum
};

class TransferPipe;

/// What is sent before the stream: by pipe or from a file.
class TransferSource {
 public:
  TransferSource() = default;
  TransferSource(const TransferSource&) = delete;
  TransferSource& operator=(const TransferSource&) = delete;
  virtual ~TransferSource() = default;
  /// The bytes that come next; empty: nothing now.
  virtual std::string_view next() = 0;
  virtual void sent(size_t bytes) = 0;
  virtual bool is_over() const = 0;
  /// Of a pipe: which one, and what was sent of it.
  virtual const TransferPipe* pipe() const { return nullptr; }
  virtual uint64_t place() const { return 0; }
};

class Replica final : public SharedOutput {
 public:
  enum class State : uint8_t { kWaiting, kCollecting, kTransfer, kAwaitingAck, kOnline, kDone };

  /// The parts outlive it.
  Replica(Client& owner, ReplicaTraits said, const ReplicationStream& stream, const Clock& clock);

  Client& client;
  const ReplicaTraits traits;
  bool is_silent = false;   // SYNC: neither a line is expected before the snapshot, nor news
  bool wants_file = false;  // its snapshot comes from a file

  // --- Its way
  /// A snapshot of this moment is begun for it: what follows `offset` is needed.
  void collect(int64_t offset);
  /// It is there, or is coming.
  void transfer(std::unique_ptr<TransferSource> source);
  /// The stream, from byte number `next` on.
  void stream_from(int64_t next);
  /// Said by it.  durable: up to there it is on its disk.
  void acknowledged(int64_t offset, int64_t durable);

  /// Who has turned replies off gets its snapshot and nothing behind it, as in Redis.
  void skip_if_told_nothing();

  // --- SharedOutput
  std::string_view next() override;
  void sent(size_t bytes) override;
  size_t pending_bytes() const override;
  void heard() override { last_ack_ms_ = clock_.monotonic_ms(); }

  // --- What others ask
  State state() const { return state_; }
  /// "ip:port", as it announced itself.
  std::string name() const;
  std::string ip() const;
  /// In the words of INFO.
  std::string_view state_name() const;
  bool is_online() const { return state_ == State::kOnline || state_ == State::kAwaitingAck; }
  /// Number of the first byte of the stream that it has not been sent, if it is to be sent any.
  int64_t needed() const { return next_; }
  bool needs_stream() const { return next_ > 0 && state_ != State::kDone; }
  int64_t acked() const { return acked_; }
  int64_t durable() const { return durable_; }
  /// When it last said how far it is, or that it is still loading.
  int64_t last_ack_ms() const { return last_ack_ms_; }
  /// When something last went to it.
  int64_t last_progress_ms() const { return last_progress_ms_; }
  const TransferSource* source() const { return source_.get(); }

 private:
  bool is_told_nothing() const { return client.reply_mode == ReplyMode::kOff; }
  void transferred();

  const ReplicationStream& stream_;
  const Clock& clock_;
  std::unique_ptr<TransferSource> source_;
  int64_t next_ = 0;  // 0: it is not to be sent the stream
  int64_t acked_ = 0;
  int64_t durable_ = 0;
  int64_t last_ack_ms_ = 0;
  int64_t last_progress_ms_ = 0;
  State state_ = State::kWaiting;
};

}  // namespace weir
