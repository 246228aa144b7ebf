// notify-keyspace-events: which events on keys are published, as a word of letters.
//
//   K E                   the channels: __keyspace@0__:<key>, __keyevent@0__:<event>
//   g t x e n m o c …     the classes of events; A stands for most of them
#pragma once

#include <bitset>
#include <optional>
#include <string>
#include <string_view>

#include "server/data/key_events.h"

namespace weir {

class NotifyFlags {
 public:
  /// Nothing is published.
  NotifyFlags() = default;
  /// Nothing for a letter that is none of kLetters.
  static std::optional<NotifyFlags> parse(std::string_view letters);

  /// The letters in their order, "A" for all it stands for.  Source: CONFIG GET, Redis 8.8.
  std::string text() const;

  bool by_key() const { return has('K'); }
  bool by_event() const { return has('E'); }
  bool selects(EventClass event_class) const { return has(static_cast<char>(event_class)); }
  /// Whether some event goes to some channel.
  bool selects_anything() const;

  /// What an error offers.
  static constexpr std::string_view kLetters = "Ag$lshzxeKEtmdnocaSTIV";

 private:
  bool has(char letter) const { return letters_[static_cast<unsigned char>(letter)]; }
  void set(char letter) { letters_[static_cast<unsigned char>(letter)] = true; }

  std::bitset<128> letters_;
};

}  // namespace weir
