#include "tests/support/torn_links.h"

#include <stdexcept>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace weir::testing {
namespace {

constexpr int kTurnMs = 2;
constexpr int kBacklog = 16;

sockaddr_in local(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  return address;
}

}  // namespace

TornLinks::TornLinks(int target, uint64_t seed) : target_(target), random_(seed) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  sockaddr_in address = local(0);
  socklen_t size = sizeof(address);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (bind(listener_, generic, size) != 0 || listen(listener_, kBacklog) != 0 ||
      getsockname(listener_, generic, &size) != 0)
    throw std::runtime_error("no port for links");
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { run(); });
}

TornLinks::~TornLinks() {
  ends_ = true;
  thread_.join();
  close(listener_);
}

void TornLinks::cut_all() {
  const uint64_t asked = ++cuts_asked_;
  static_cast<void>(wait_until([&] { return cuts_done_ >= asked; }));
}

/// A quarter within the first hundreds of bytes, the rest anywhere up to ten megabytes.
TornLink::Fate TornLinks::draw_fate() {
  using Kind = TornLink::Kind;
  if (!is_torn_) return {};
  constexpr Kind kKinds[] = {Kind::kCut,  Kind::kCut,   Kind::kReset,
                             Kind::kHalf, Kind::kStall, Kind::kDrip};
  constexpr uint64_t kReaches[] = {400, 40'000, 2'000'000, 10'000'000};
  return {.kind = kKinds[below(std::size(kKinds))],
          .at_byte = 1 + below(kReaches[below(std::size(kReaches))]),
          .lasts = Milliseconds(20 + below(600)),
          .direction = below(2)};
}

void TornLinks::accept_one() {
  const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  if (client < 0) return;
  const int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = local(target_);
  if (connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    close(client);
    close(server);
    return;
  }
  ++counts_.links;
  links_.emplace_back(client, server, draw_fate());
}

void TornLinks::run() {
  using Kind = TornLink::Kind;
  while (!ends_) {
    std::vector<pollfd> waits = {{.fd = listener_, .events = POLLIN, .revents = 0}};
    for (const TornLink& link : links_) {
      for (const size_t side : {0, 1}) {
        const int events = (link.reads(side) ? POLLIN : 0) | (link.writes(side) ? POLLOUT : 0);
        waits.push_back({.fd = link.fd(side), .events = static_cast<short>(events), .revents = 0});
      }
    }
    poll(waits.data(), waits.size(), kTurnMs);
    accept_one();
    const uint64_t asked = cuts_asked_;
    if (cuts_done_ != asked) {
      counts_.cuts += links_.size();
      links_.clear();
      cuts_done_ = asked;
    }
    for (auto link = links_.begin(); link != links_.end();) {
      const uint64_t before = link->bytes();
      const bool goes_on = link->pass();
      counts_.bytes += link->bytes() - before;
      const Kind met = link->take_met();
      if (met == Kind::kCut || met == Kind::kReset) ++counts_.cuts;
      if (met == Kind::kHalf) ++counts_.halves;
      if (met == Kind::kStall) ++counts_.stalls;
      if (met == Kind::kDrip) ++counts_.drips;
      link = goes_on ? std::next(link) : links_.erase(link);
    }
  }
}

}  // namespace weir::testing
