#include "tests/simulation/network.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace weir::simulation {

// --- Descriptors ---------------------------------------------------------------------------------

Network::Network(Scheduler& scheduler) : scheduler_(scheduler) {}

int Network::open(std::shared_ptr<Thing> thing) {
  int fd = kFirstFd;
  while (things_.contains(fd))
    ++fd;
  ++thing->descriptors;
  things_[fd] = std::move(thing);
  return fd;
}

int Network::duplicate(int fd) {
  const auto at = things_.find(fd);
  if (at != things_.end()) return open(at->second);
  errno = EBADF;
  return -1;
}

int Network::close(int fd) {
  const auto at = things_.find(fd);
  if (at == things_.end()) {
    errno = EBADF;
    return -1;
  }
  const std::shared_ptr<Thing> thing = at->second;
  things_.erase(at);
  for (const auto& [other, watching] : things_) {
    if (auto* const who = dynamic_cast<Watching*>(watching.get())) who->interests.erase(fd);
  }
  if (--thing->descriptors == 0) thing->closed();
  return 0;
}

void Network::news(const Thing& thing) {
  for (const auto& [fd, of] : things_) {
    auto* const who = dynamic_cast<Watching*>(of.get());
    if (who == nullptr || who->machine != thing.machine) continue;
    for (auto& [watched, interest] : who->interests) {
      if (things_.at(watched).get() != &thing) continue;
      interest.has_news = true;
      scheduler_.wake(who);
    }
  }
}

// --- Waiting -------------------------------------------------------------------------------------

int Network::control(int watching, int operation, int fd, const epoll_event* event) {
  const auto who = find<Watching>(watching);
  const auto at = who->interests.find(fd);
  const bool is_there = at != who->interests.end();
  if (!things_.contains(fd)) return errno = is_ours(fd) ? EBADF : EPERM, -1;
  if (operation == EPOLL_CTL_ADD && is_there) return errno = EEXIST, -1;
  if (operation != EPOLL_CTL_ADD && !is_there) return errno = ENOENT, -1;
  if (operation == EPOLL_CTL_DEL) {
    who->interests.erase(at);
  } else {
    who->interests[fd] = {*event, true};
  }
  return 0;
}

int Network::wait(int watching, epoll_event* events, int most, int timeout_ms) {
  const auto who = find<Watching>(watching);
  std::optional<int64_t> until;
  if (timeout_ms >= 0) until = scheduler_.now_ns() + timeout_ms * kNsPerMs;
  for (;;) {
    std::vector<epoll_event> found;
    for (auto& [fd, interest] : who->interests) {
      const uint32_t wanted = interest.event.events | EPOLLERR | EPOLLHUP;
      const uint32_t ready = things_.at(fd)->ready() & wanted;
      const bool is_edge = (interest.event.events & EPOLLET) != 0;
      if (ready == 0 || (is_edge && !interest.has_news)) continue;
      found.push_back({.events = ready, .data = interest.event.data});
      interest.has_news = false;
    }
    if (!found.empty() || (until && scheduler_.now_ns() >= *until)) {
      for (size_t i = found.size(); i > 1; --i)
        std::swap(found[i - 1], found[scheduler_.draw(i)]);
      const size_t count = std::min(found.size(), static_cast<size_t>(most));
      std::copy_n(found.begin(), count, events);
      if (found.empty()) scheduler_.pass_time(1000);  // others have their turns, too
      scheduler_.pass_time(scheduler_.draw_time(50'000));
      return static_cast<int>(count);
    }
    scheduler_.wait(who.get(), until);
  }
}

void Network::set_alarm(int fd, int64_t delay_ns) {
  const auto alarm = find<Alarm>(fd);
  const uint64_t order = ++alarm->order;
  alarm->is_over = false;
  if (delay_ns <= 0) return;
  scheduler_.after(delay_ns, [this, weak = std::weak_ptr<Alarm>(alarm), order] {
    const auto it = weak.lock();
    if (it == nullptr || it->order != order) return;
    it->is_over = true;
    news(*it);
  });
}

// --- Connections ---------------------------------------------------------------------------------

uint32_t End::ready() const {
  if (is_listening) return accepted.empty() ? 0U : EPOLLIN;
  if (error != 0) return EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP | EPOLLRDHUP;
  if (!is_connected) return 0;
  uint32_t is = 0;
  if (!input.empty() || has_end) is |= EPOLLIN;
  if (has_end) is |= EPOLLRDHUP;
  if (room() > 0) is |= EPOLLOUT;
  return is;
}

size_t End::room() const {
  if (peer == nullptr) return 0;
  const size_t used = peer->input.size() + peer->coming_bytes;
  return used >= network.buffer_bytes ? 0 : network.buffer_bytes - used;
}

void End::closed() {
  is_closed = true;
  for (const auto& waiting : accepted)
    waiting->closed();
  accepted.clear();
  if (peer == nullptr) return;
  if (input.empty()) {
    network.dispatch(peer, {.is_end = true});
  } else {
    network.reset(peer, 0);
  }
}

std::shared_ptr<End> Network::listener_at(int port) const {
  for (const auto& [fd, thing] : things_) {
    auto end = std::dynamic_pointer_cast<End>(thing);
    if (end != nullptr && end->is_listening && end->port == port) return end;
  }
  return nullptr;
}

int Network::listen(int fd, int port) {
  if (listener_at(port) != nullptr) return errno = EADDRINUSE, -1;
  const auto end = find<End>(fd);
  end->is_listening = true;
  end->port = port;
  return 0;
}

std::shared_ptr<End> Network::pair_up(const std::shared_ptr<End>& from,
                                      const std::shared_ptr<End>& at) {
  auto end = std::make_shared<End>(*this, at->machine);
  from->port = end->peer_port = next_port_++;
  from->peer_port = end->port = at->port;
  from->is_connected = end->is_connected = true;
  from->is_connecting = false;
  from->peer = end;
  end->peer = from;
  std::erase_if(ends_, [](const auto& weak) { return weak.expired(); });
  ends_.push_back(from);
  ends_.push_back(end);
  at->accepted.push_back(end);
  news(*at);
  return end;
}

int Network::connect(int fd, int port) {
  const auto end = find<End>(fd);
  end->is_connecting = true;
  establish(end, port);
  errno = EINPROGRESS;
  return -1;
}

void Network::establish(const std::shared_ptr<End>& end, int port) {
  scheduler_.after(scheduler_.draw_time(most_latency_ns), [this, end, port] {
    if (end->is_closed) return;
    const auto listener = listener_at(port);
    if (listener != nullptr &&
        (is_parted(end->machine, listener->machine) || is_parted(listener->machine, end->machine)))
      return scheduler_.after(300 * kNsPerMs, [this, end, port] { establish(end, port); });
    if (listener == nullptr) {
      end->error = ECONNREFUSED;
    } else {
      pair_up(end, listener);
    }
    news(*end);
  });
}

int Network::accept(int fd) {
  const auto listener = find<End>(fd);
  if (listener->accepted.empty()) return errno = EAGAIN, -1;
  const auto end = listener->accepted.front();
  listener->accepted.pop_front();
  return open(end);
}

// --- Bytes ---------------------------------------------------------------------------------------

void Network::dispatch(const std::shared_ptr<End>& to, End::Piece piece) {
  const int64_t last = to->coming.empty() ? 0 : to->coming.back().arrives_ns;
  piece.arrives_ns = std::max(last, scheduler_.now_ns() + scheduler_.draw_time(most_latency_ns));
  to->coming_bytes += piece.bytes.size();
  scheduler_.at(piece.arrives_ns, [this, weak = std::weak_ptr<End>(to)] {
    if (const auto end = weak.lock()) deliver(end);
  });
  to->coming.push_back(std::move(piece));
}

void Network::reset(const std::shared_ptr<End>& to, int64_t delay_ns) {
  scheduler_.after(delay_ns, [this, weak = std::weak_ptr<End>(to)] {
    if (const auto end = weak.lock()) dispatch(end, {.is_reset = true});
  });
}

void Network::deliver(const std::shared_ptr<End>& to) {
  if (to->peer == nullptr || is_parted(to->peer->machine, to->machine)) return;
  while (!to->coming.empty() && to->coming.front().arrives_ns <= scheduler_.now_ns()) {
    const End::Piece piece = std::move(to->coming.front());
    to->coming.pop_front();
    to->coming_bytes -= piece.bytes.size();
    if (to->is_closed) {
      if (!piece.bytes.empty() && !to->peer->is_closed) reset(to->peer, 0);
      continue;
    }
    scheduler_.note("arrives", piece.bytes.size() * 1000 + static_cast<uint64_t>(to->port));
    to->input += piece.bytes;
    if (piece.is_end) to->has_end = true;
    if (piece.is_reset) {
      to->error = ECONNRESET;
      to->input.clear();
    }
    news(*to);
    if (to->on_input) to->on_input();
  }
}

ssize_t Network::send(int fd, std::string_view bytes) {
  const auto end = find<End>(fd);
  if (end == nullptr) return errno = EBADF, -1;
  if (end->error != 0 || end->peer == nullptr) return errno = EPIPE, -1;
  size_t size = std::min(bytes.size(), end->room());
  if (size == 0) return errno = EAGAIN, -1;
  if (size > 1 && scheduler_.one_in(16)) size = 1 + scheduler_.draw(size);
  if (end->peer->on_leaving) end->peer->on_leaving(bytes.substr(0, size));
  dispatch(end->peer, {.bytes = std::string(bytes.substr(0, size))});
  // Who sent less than it wanted waits to be told of room.
  if (size < bytes.size() && end->room() > 0)
    scheduler_.after(scheduler_.draw_time(most_latency_ns), [this, end] { news(*end); });
  return static_cast<ssize_t>(size);
}

ssize_t Network::receive(int fd, char* at, size_t room) {
  const auto end = find<End>(fd);
  if (end == nullptr) return errno = EBADF, -1;
  if (end->error != 0) return errno = end->error, -1;
  if (end->input.empty() && !end->has_end) return errno = EAGAIN, -1;
  const size_t size = std::min(room, end->input.size());
  std::memcpy(at, end->input.data(), size);
  const bool was_full = end->peer->room() == 0;
  if (end->peer->machine != kOutside) on_received(end->machine, {at, size});
  end->input.erase(0, size);
  if (was_full && size > 0) news(*end->peer);
  return static_cast<ssize_t>(size);
}

// --- Clients -------------------------------------------------------------------------------------

std::shared_ptr<End> Network::connect_from_outside(int port) {
  const auto listener = listener_at(port);
  if (listener == nullptr) return nullptr;
  auto end = std::make_shared<End>(*this, kOutside);
  pair_up(end, listener);
  return end;
}

bool Network::push(const std::shared_ptr<End>& end, std::string_view bytes) {
  if (end->error != 0 || end->has_end) return false;
  // In pieces, as a network may hand them on.
  const size_t cut = scheduler_.one_in(4) ? scheduler_.draw(bytes.size()) : 0;
  if (cut > 0) dispatch(end->peer, {.bytes = std::string(bytes.substr(0, cut))});
  dispatch(end->peer, {.bytes = std::string(bytes.substr(cut))});
  return true;
}

std::string Network::take(End& end) {
  const bool was_full = end.peer->room() == 0;
  std::string input = std::exchange(end.input, {});
  if (was_full) news(*end.peer);
  return input;
}

void Network::hang_up(const std::shared_ptr<End>& end) {
  end->on_input = nullptr;
  end->on_leaving = nullptr;
  if (!end->is_closed) end->closed();
}

// --- What befalls it -----------------------------------------------------------------------------

void Network::heal() {
  partitions_.clear();
  for (const auto& weak : ends_) {
    if (const auto end = weak.lock()) {
      scheduler_.after(scheduler_.draw_time(200 * kNsPerMs), [this, end] { deliver(end); });
    }
  }
}

void Network::cut_off(int machine, bool is_silent) {
  std::vector<std::shared_ptr<End>> gone;
  for (auto at = things_.begin(); at != things_.end();) {
    if (at->second->machine != machine) {
      ++at;
      continue;
    }
    if (auto end = std::dynamic_pointer_cast<End>(at->second)) {
      gone.push_back(end);
      for (const auto& waiting : end->accepted)
        gone.push_back(waiting);
    }
    at = things_.erase(at);
  }
  for (const auto& end : gone) {
    if (std::exchange(end->is_closed, true) || end->peer == nullptr) continue;
    // Servers have to find out by themselves, at times.
    const bool is_for_long = end->peer->machine != kOutside && scheduler_.one_in(4);
    const int64_t most_ns = (is_for_long ? 60'000 : 5000) * kNsPerMs;
    reset(end->peer, is_silent ? scheduler_.draw_time(most_ns) : 0);
  }
}

void Network::reset_those(int machine, const std::function<bool(const End&)>& is_one) {
  for (const auto& [fd, thing] : things_) {
    const auto end = std::dynamic_pointer_cast<End>(thing);
    if (end == nullptr || end->machine != machine || end->peer == nullptr || !is_one(*end))
      continue;
    reset(end, 0);
    reset(end->peer, 0);
  }
}

void Network::reset_some(int machine) {
  reset_those(machine, [this](const End&) { return scheduler_.one_in(2); });
}

void Network::reset_links(int machine) {
  reset_those(machine, [](const End& end) { return end.peer->machine != kOutside; });
}

}  // namespace weir::simulation
