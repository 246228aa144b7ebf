// The letters of notify-keyspace-events.
#include "server/messaging/notify_flags.h"

#include <catch2/catch.hpp>

using namespace weir;

namespace {

std::string tidied(std::string_view letters) {
  const std::optional<NotifyFlags> flags = NotifyFlags::parse(letters);
  return flags ? flags->text() : "refused";
}

}  // namespace

TEST_CASE("The letters of events are shown in one order, whatever the order given", "[notify]") {
  CHECK(tidied("") == "");
  CHECK(tidied("tgK") == "gtK");
  CHECK(tidied("Kxe") == "xeK");
  CHECK(tidied("mEnK") == "nKEm");
}

TEST_CASE("A stands for most classes, and is shown where all of these are given", "[notify]") {
  CHECK(tidied("KEA") == "AKE");
  CHECK(tidied("aed$lshzxgtEK") == "AKE");
  CHECK(tidied("KEAn") == "AKE");
  CHECK(tidied("KEAmo") == "AKEmo");
  const NotifyFlags all = *NotifyFlags::parse("A");
  CHECK(all.selects(EventClass::kGeneric));
  CHECK(all.selects(EventClass::kStream));
  CHECK_FALSE(all.selects(EventClass::kNewKey));
  CHECK(NotifyFlags::parse("An")->selects(EventClass::kNewKey));
}

TEST_CASE("A letter that means nothing is refused", "[notify]") {
  CHECK(tidied("KEb") == "refused");
  CHECK(tidied("K E") == "refused");
}

TEST_CASE("Something is selected only when both a channel and a class are", "[notify]") {
  CHECK_FALSE(NotifyFlags().selects_anything());
  CHECK_FALSE(NotifyFlags::parse("KE")->selects_anything());
  CHECK_FALSE(NotifyFlags::parse("tx")->selects_anything());
  CHECK(NotifyFlags::parse("Kt")->selects_anything());
  CHECK(NotifyFlags::parse("EA")->selects_anything());
}
