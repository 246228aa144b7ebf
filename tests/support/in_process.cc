#include "tests/support/in_process.h"

#include <iterator>
#include <sstream>

#include "server/clock.h"
#include "server/commands/table.h"
#include "server/config.h"
#include "server/context.h"
#include "server/data/keyspace.h"
#include "server/data/waiters.h"
#include "server/dispatcher.h"
#include "server/insight/info.h"
#include "server/insight/log.h"
#include "server/insight/stats.h"
#include "server/net/client.h"
#include "server/net/client_io.h"
#include "server/net/client_table.h"
#include "server/net/event_loop.h"
#include "server/shutdown_control.h"
#include "streams/stream_cursor.h"

namespace weir {

void Recorder::written(uint32_t, std::span<const WriteForm> new_forms) {
  forms.insert(forms.end(), new_forms.begin(), new_forms.end());
}

void Recorder::happened(uint32_t, const KeyEvent& event, std::string_view key) {
  events.push_back(std::string(event.name) + " " + std::string(key));
}

struct InProcess::Parts {
  Parts()
      : stats(command_table().size()),
        keyspace(1),
        context{.clock = clock,
                .identity = identity,
                .commands = command_table(),
                .config = config,
                .keyspace = keyspace,
                .waiters = waiters,
                .propagation = propagation,
                .clients = clients,
                .io = io,
                .dispatcher = dispatcher,
                .stats = stats,
                .log = log,
                .shutdown = shutdown},
        dispatcher(context, clock),
        io(loop, dispatcher),
        client(clients.add(-1, true, clock.monotonic_ms())) {
    dispatcher.attach(io);
    client.io = &io;
    propagation.add(recorder);
  }

  Clock clock;
  ServerIdentity identity;
  Config config;
  Log log;
  EventLoop loop;
  ShutdownControl shutdown;
  Stats stats;
  ClientTable clients;
  Keyspace keyspace;
  Waiters waiters;
  Propagation propagation;
  Context context;
  Dispatcher dispatcher;
  ClientIo io;
  Client& client;
  Recorder recorder;
};

InProcess::InProcess() : parts_(std::make_unique<Parts>()) {}
InProcess::~InProcess() = default;

std::string InProcess::run(const WriteForm& words) {
  const std::vector<std::string_view> argv(words.begin(), words.end());
  parts_->io.prepare_reply(parts_->client);
  parts_->dispatcher.begin_batch();
  parts_->dispatcher.handle(parts_->client, argv);
  parts_->dispatcher.end_batch();
  std::string reply(parts_->client.output.view());
  parts_->client.output.clear();
  return reply;
}

std::string InProcess::operator()(std::string_view words) {
  std::istringstream text{std::string(words)};
  return run({std::istream_iterator<std::string>(text), {}});
}

Recorder& InProcess::recorder() {
  return parts_->recorder;
}

const Stream* InProcess::stream(std::string_view key) {
  return parts_->keyspace.database(0).find_for_write(key);
}

namespace {

void describe_entries(std::ostream& out, const Stream& stream) {
  for (StreamCursor at(stream, kMinStreamId, kMaxStreamId, Direction::kUp); at.is_valid();
       at.next()) {
    out << "entry " << to_string(at.entry().id);
    FieldReader fields(at.node(), at.entry());
    while (fields.left() > 0) {
      const FieldReader::Pair pair = fields.next();
      out << ' ' << pair.name << '=' << pair.value;
    }
    out << '\n';
  }
}

void describe_group(std::ostream& out, const ConsumerGroup& group) {
  out << "group " << group.name() << " last " << to_string(group.last_id) << " read "
      << group.entries_read << '\n';
  for (size_t i = 0; i < group.consumer_count(); ++i) {
    out << "  consumer " << group.consumer_at(i).name() << ' '
        << group.consumer_at(i).pending_count() << '\n';
  }
  if (group.pending_or_null() == nullptr) return;
  for (PendingCursor at(*group.pending_or_null(), kMinStreamId); at.is_valid(); at.next()) {
    const Nack nack = at.nack();
    out << "  pending " << to_string(nack.id) << ' '
        << (nack.is_released() ? "-" : group.consumer(nack.consumer)->name()) << ' '
        << nack.delivered_ms << ' ' << nack.deliveries << '\n';
  }
}

}  // namespace

std::string describe(const Stream& stream) {
  std::ostringstream out;
  out << "length " << stream.length() << " last " << to_string(stream.last_id()) << " added "
      << stream.entries_added() << " deleted " << to_string(stream.max_deleted_id()) << '\n';
  describe_entries(out, stream);
  for (size_t i = 0; i < stream.groups().size(); ++i)
    describe_group(out, stream.groups().at(i));
  return out.str();
}

}  // namespace weir
