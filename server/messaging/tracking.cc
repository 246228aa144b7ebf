#include "server/messaging/tracking.h"

#include <algorithm>
#include <utility>

#include "resp/reply_writer.h"
#include "server/net/client_table.h"
#include "server/net/push.h"

namespace weir {
namespace {

constexpr std::string_view kInvalidationChannel = "__redis__:invalidate";
/// When tracking-table-max-keys is lowered, so many keys are forgotten with each that is
/// remembered.
constexpr int kForgottenAtOnce = 16;

}  // namespace

Tracking::Tracking(const ClientTable& clients, KeyEvents& events, const Settings& settings)
    : clients_(clients),
      events_(events),
      settings_(settings),
      table_([this](uint64_t id) { return find(id) != nullptr; }) {}

// --- Clients -------------------------------------------------------------------------------------

void Tracking::start(Client& client, TrackingOptions options) {
  std::vector<std::string> prefixes = std::exchange(options.prefixes, {});
  if (options.is_broadcast && prefixes.empty()) prefixes.emplace_back();
  if (client.tracking) {
    options.prefixes = std::move(client.tracking->prefixes);
  } else if (++client_count_ == 1) {
    events_.add(*this);
  }
  for (std::string& prefix : prefixes) {
    const auto at = std::lower_bound(options.prefixes.begin(), options.prefixes.end(), prefix);
    if (at != options.prefixes.end() && *at == prefix) continue;
    broadcasts_.add(prefix, client.id);
    options.prefixes.insert(at, std::move(prefix));
  }
  client.tracking = std::make_unique<TrackingOptions>(std::move(options));
}

void Tracking::stop(Client& client) {
  if (!client.tracking) return;
  for (const std::string& prefix : client.tracking->prefixes)
    broadcasts_.remove(prefix, client.id);
  client.tracking.reset();
  if (--client_count_ > 0) return;
  events_.remove(*this);
  table_.clear();
  is_all_invalid_ = false;
}

/// Null if it is gone or does not track any more.
Client* Tracking::find(uint64_t id) const {
  Client* const client = clients_.find(id);
  return client != nullptr && client->tracking ? client : nullptr;
}

// --- Reads ---------------------------------------------------------------------------------------

bool Tracking::wants_reads(const TrackingOptions& options) {
  if (options.is_broadcast) return false;
  switch (options.reads) {
    case TrackingOptions::Reads::kAll:
      return true;
    case TrackingOptions::Reads::kOptIn:
      return options.caching;
    case TrackingOptions::Reads::kOptOut:
      return !options.caching;
  }
  return false;
}

void Tracking::remember(const Client& client, std::string_view key) {
  table_.remember(key, client.id);
  forget_too_many();
}

void Tracking::forget_too_many() {
  const uint64_t most = settings_.tracking_table_max_keys;
  if (most == 0) return;
  for (int i = 0; i < kForgottenAtOnce && table_.key_count() > most; ++i) {
    const TrackingTable::Entry oldest = table_.take_oldest();
    invalidate(oldest.key, oldest.clients, 0);
  }
}

// --- Changes -------------------------------------------------------------------------------------

void Tracking::happened(uint32_t, const KeyEvent& event, std::string_view key) {
  if (!event.is_change) return;
  const uint64_t author = author_of(event);
  invalidate(key, table_.take(key), author);
  broadcasts_.changed(key, author);
}

/// A client that happens to ask for a key whose time is over has not changed it.
uint64_t Tracking::author_of(const KeyEvent& event) const {
  const bool is_of_server =
      event.event_class == EventClass::kExpired || event.event_class == EventClass::kEvicted;
  return is_of_server ? 0 : events_.author;
}

void Tracking::flushing(uint32_t) {
  forget_all();
}

void Tracking::swapping(uint32_t, uint32_t) {
  forget_all();
}

void Tracking::forget_all() {
  table_.clear();
  is_all_invalid_ = true;
}

void Tracking::invalidate(std::string_view key, std::span<const uint64_t> ids, uint64_t author) {
  if (ids.empty()) return;
  Keys keys;
  resp::ReplyWriter writer(keys);
  writer.array(1);
  writer.bulk(key);
  for (const uint64_t id : ids) {
    Client* const client = find(id);
    if (client == nullptr || client->tracking->is_broadcast) continue;
    if (client->tracking->no_loop && id == author) continue;
    tell(*client, keys);
  }
}

void Tracking::send_news() {
  if (std::exchange(is_all_invalid_, false)) {
    for (const auto& [id, client] : clients_) {
      if (client->tracking && !client->closed) tell(*client, Keys());
    }
  }
  broadcasts_.send(
      [this](uint64_t id, const Broadcasts::Changes& changes) { send_changes(id, changes); });
}

void Tracking::send_changes(uint64_t id, const Broadcasts::Changes& changes) {
  Client* const client = find(id);
  if (client == nullptr) return;
  const auto is_own = [&](const auto& change) {
    return client->tracking->no_loop && change.second == id;
  };
  const auto own = static_cast<size_t>(std::count_if(changes.begin(), changes.end(), is_own));
  if (own == changes.size()) return;
  Keys keys;
  resp::ReplyWriter writer(keys);
  writer.array(changes.size() - own);
  for (const auto& change : changes) {
    if (!is_own(change)) writer.bulk(change.first);
  }
  tell(*client, keys);
}

// --- Telling -------------------------------------------------------------------------------------

void Tracking::tell(Client& client, const Keys& keys) {
  TrackingOptions& options = *client.tracking;
  const bool is_redirected = options.redirect != 0;
  Client* const receiver = is_redirected ? clients_.find(options.redirect) : &client;
  if (receiver == nullptr) {
    options.is_redirect_broken = true;
    if (!client.reply.is_resp3()) return;
    Push push(client);
    push->push(2);
    push->bulk("tracking-redir-broken");
    push->integer(static_cast<int64_t>(options.redirect));
    return;
  }
  if (receiver->shared) return;  // a replica: it hears nothing but the stream
  const bool is_message = !receiver->reply.is_resp3();
  if (is_message && !(is_redirected && receiver->subscriptions)) return;  // it could not tell
  Push push(*receiver);
  push->push(is_message ? 3 : 2);
  push->bulk(is_message ? "message" : "invalidate");
  if (is_message) push->bulk(kInvalidationChannel);
  if (keys.empty()) {
    push->null();
  } else {
    push.encoded(keys.view());
  }
}

}  // namespace weir
