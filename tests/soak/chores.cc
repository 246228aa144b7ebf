#include "tests/soak/chores.h"

#include <array>
#include <chrono>
#include <stdexcept>
#include <string>

#include "tests/support/replication_stage.h"

namespace weir::soak {
namespace {

using testing::info_field;
using testing::Milliseconds;

constexpr Milliseconds kPatience = std::chrono::minutes(5);

}  // namespace

void Chores::next() {
  static constexpr std::array<void (Chores::*)(), 6> kChores = {
      &Chores::save, &Chores::cut_replica,   &Chores::rewrite,
      &Chores::save, &Chores::crash_replica, &Chores::restart_replica};
  (this->*kChores[static_cast<size_t>(done_) % kChores.size()])();
  ++done_;
}

void Chores::await(const char* what, const char* field, const char* value) {
  if (!testing::wait_until([&] { return info_field(redis_, field) == value; }, kPatience,
                           Milliseconds(20)))
    throw std::runtime_error(std::string(what) + " does not end");
}

void Chores::save() {
  redis_("BGSAVE");
  await("BGSAVE", "rdb_bgsave_in_progress", "0");
  if (info_field(redis_, "rdb_last_bgsave_status") != "ok")
    throw std::runtime_error("BGSAVE failed");
}

void Chores::rewrite() {
  redis_("BGREWRITEAOF");
  await("BGREWRITEAOF", "aof_rewrite_in_progress", "0");
  if (info_field(redis_, "aof_last_bgrewrite_status") != "ok")
    throw std::runtime_error("BGREWRITEAOF failed");
}

void Chores::await_replica() {
  testing::Redis replica = replica_.connect();
  if (!testing::wait_until([&] { return info_field(replica, "master_link_status") == "up"; },
                           kPatience, Milliseconds(20)))
    throw std::runtime_error("the replica does not come back");
}

void Chores::restart_replica() {
  replica_.terminate();
  replica_.start_again();
  await_replica();
}

void Chores::crash_replica() {
  replica_.crash_now();
  replica_.start_again();
  await_replica();
}

void Chores::cut_replica() {
  redis_("CLIENT", "KILL", "TYPE", "replica");
  await_replica();
}

}  // namespace weir::soak
