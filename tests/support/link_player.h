// A PrimaryLink that is fed by hand, and what it told, as text: one line for each event.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "server/replication/primary_link.h"

namespace weir::testing {

class LinkPlayer {
 public:
  explicit LinkPlayer(PrimaryLink::Introduction introduction = {}) {
    link.begin(0);
    link.connecting(0);
    link.connected(std::move(introduction), 0);
    take_output();
  }

  PrimaryLink link;
  std::string told;  // events; the bytes of a transfer in one line
  std::string said;  // to the primary
  size_t waiting() const { return input_.size(); }

  /// More bytes of the primary.  What is transferred is loaded at once.
  void feed(std::string_view bytes) {
    input_ += bytes;
    for (;;) {
      const PrimaryLink::Event event = link.next(input_);
      const bool needs_more = std::holds_alternative<PrimaryLink::NeedMore>(event);
      std::visit([this](const auto& what) { tell(what); }, event);
      input_.erase(0, link.consumed());
      if (link.state() == PrimaryLink::State::kLoading) link.loaded(0);
      take_output();
      if (needs_more || has_failed_) return;
    }
  }

 private:
  void tell(const PrimaryLink::NeedMore& /*event*/) {}
  void tell(const PrimaryLink::Remark& event) { line("# " + event.text); }
  void tell(const PrimaryLink::Continue& event) { line("continue " + event.id); }
  void tell(const PrimaryLink::FullResync& event) {
    line("full " + event.position.id + " " + std::to_string(event.position.offset));
  }
  void tell(const PrimaryLink::TransferBegins& /*event*/) {
    line("transfer");
    snapshot_.clear();
  }
  void tell(const PrimaryLink::TransferBytes& event) { snapshot_ += event.bytes; }
  void tell(const PrimaryLink::TransferEnds& /*event*/) { line("snapshot " + snapshot_); }
  void tell(const PrimaryLink::Command& event) {
    std::string words;
    for (const std::string_view word : event.argv)
      words += " " + std::string(word);
    line(std::to_string(event.bytes.size()) + words);
  }
  void tell(const PrimaryLink::Failure& event) {
    line("! " + event.text);
    link.failed(event.severity, 0);
    has_failed_ = true;
  }
  void line(const std::string& text) { told += text + "\n"; }
  void take_output() {
    said += link.output().view();
    link.output().clear();
  }

  std::string input_;
  std::string snapshot_;
  bool has_failed_ = false;
};

}  // namespace weir::testing
