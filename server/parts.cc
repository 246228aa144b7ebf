#include "server/parts.h"

#include <utility>

#include "server/commands/table.h"
#include "server/host/memory.h"

namespace weir {

Parts::Parts(const Surroundings& around, ServerIdentity named)
    : identity(std::move(named)),
      stats(command_table().size()),
      keyspace(static_cast<uint32_t>(around.config->databases)),
      watches(keyspace),
      memory(around.config.values(), keyspace, around.clock, latency),
      replication(propagation),
      key_publisher(keyspace.events, pubsub),
      tracking(clients, keyspace.events, around.config.values()),
      key_removal(around.config.values(), propagation, waiters),
      snapshot_runner(keyspace, around.loop),
      snapshots({.settings = around.config.values(),
                 .keyspace = keyspace,
                 .runner = snapshot_runner,
                 .log = around.log,
                 .files = around.files}),
      loader(around.config.values(), keyspace, around.log, around.files),
      context{.clock = around.clock,
              .identity = identity,
              .commands = command_table(),
              .config = around.config,
              .keyspace = keyspace,
              .waiters = waiters,
              .watches = watches,
              .memory = memory,
              .propagation = propagation,
              .replication = replication,
              .replicas = replicas,
              .upstream = upstream,
              .failover = failover,
              .snapshot_runner = snapshot_runner,
              .snapshots = snapshots,
              .loader = loader,
              .commit_gate = commit_gate,
              .append_log = append_log,
              .log_rewriter = log_rewriter,
              .pubsub = pubsub,
              .tracking = tracking,
              .clients = clients,
              .io = io,
              .dispatcher = dispatcher,
              .gatekeeper = gatekeeper,
              .stats = stats,
              .ticks = ticks,
              .slowlog = slowlog,
              .latency = latency,
              .monitors = monitors,
              .ids = ids,
              .log = around.log,
              .shutdown = shutdown,
              .ending = ending},
      ending(context),
      gatekeeper(context, around.files),
      dispatcher(context, around.clock),
      io(around.loop, dispatcher),
      replicas({.settings = around.config.values(),
                .clock = around.clock,
                .stream = replication,
                .propagation = propagation,
                .runner = snapshot_runner,
                .loop = around.loop,
                .io = io,
                .log = around.log,
                .files = around.files}),
      commit_gate(io, [this](uint64_t id) { return clients.find(id); }),
      append_log({.settings = around.config.values(),
                  .propagation = propagation,
                  .gate = commit_gate,
                  .loop = around.loop,
                  .log = around.log,
                  .files = around.files,
                  .lazy_free = keyspace.lazy_free}),
      log_rewriter({.settings = around.config.values(),
                    .keyspace = keyspace,
                    .runner = snapshot_runner,
                    .append_log = append_log,
                    .log = around.log,
                    .files = around.files}),
      upstream({.context = context,
                .clock = around.clock,
                .loop = around.loop,
                .tls = around.tls,
                .files = around.files}),
      failover(context) {
  keyspace.lazy_free.on_idle = &release_thread_cache;
  keyspace.removal_listener = &key_removal;
  dispatcher.attach(io);
  memory.set_pause(&dispatcher.pause());
  replicas.take_over = [this] { upstream.promote("failover request"); };
  upstream.on_handed_over = [this](bool is_accepted) { failover.answered(is_accepted); };
}

}  // namespace weir
