#include "tests/support/torn_link.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <sys/socket.h>
#include <unistd.h>

#include "server/net/socket.h"

namespace weir::testing {
namespace {

constexpr size_t kMostAtOnce = size_t{64} * 1024;
constexpr size_t kDripBytes = 7;
constexpr Milliseconds kDripPause{2};

}  // namespace

TornLink::TornLink(int client, int server, Fate fate) : fds_{client, server}, fate_(fate) {}

TornLink::~TornLink() {
  for (const int fd : fds_)
    close(fd);
}

void TornLink::reset() {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  for (const int fd : fds_)
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
}

TornLink::Kind TornLink::take_met() {
  return std::exchange(told_, Kind::kNothing);
}

/// How much may pass before something befalls it.
size_t TornLink::room() const {
  if (fate_.kind == Kind::kNothing) return kMostAtOnce;
  if (!is_met_) return std::min<uint64_t>(kMostAtOnce, fate_.at_byte - bytes_);
  return fate_.kind == Kind::kDrip ? kDripBytes : kMostAtOnce;
}

/// The byte has passed at which it happens.  False if that is the end of the link.
bool TornLink::meet_fate() {
  is_met_ = true;
  told_ = fate_.kind;
  until_ = Clock::now() + fate_.lasts;
  switch (fate_.kind) {
    case Kind::kReset:
      reset();
      return false;
    case Kind::kCut:
      return false;
    case Kind::kHalf:
      is_ended_[fate_.direction] = true;
      shutdown(fds_[1 - fate_.direction], SHUT_WR);
      return true;
    default:
      return true;
  }
}

bool TornLink::pass() {
  if (is_met_ && fate_.kind == Kind::kHalf && Clock::now() >= until_) return false;
  if (is_met_ && fate_.kind == Kind::kStall && Clock::now() < until_) return true;
  if (is_met_ && fate_.kind == Kind::kDrip) {
    if (Clock::now() >= until_) fate_.kind = Kind::kNothing;
    let_pass(kDripPause);
  }
  return pass(0) && pass(1);
}

bool TornLink::pass(size_t from) {
  std::string& waiting = waiting_[from];
  if (waiting.empty() && !is_ended_[from] && room() > 0) {
    waiting.resize(room());
    const ssize_t got = recv(fds_[from], waiting.data(), waiting.size(), MSG_DONTWAIT);
    waiting.resize(got > 0 ? static_cast<size_t>(got) : 0);
    if (got == 0 || (got < 0 && !is_transient(errno))) return false;
    bytes_ += waiting.size();
  }
  if (!waiting.empty()) {
    const ssize_t sent =
        send(fds_[1 - from], waiting.data(), waiting.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && !is_transient(errno)) return false;
    if (sent > 0) waiting.erase(0, static_cast<size_t>(sent));
  }
  const bool is_due = fate_.kind != Kind::kNothing && !is_met_ && bytes_ >= fate_.at_byte;
  return !is_due || !waiting.empty() || meet_fate();
}

}  // namespace weir::testing
