// All that a seed's process consists of: time and turns, the network, the machines.
//
// There is one at a time, since the calls of the system (kernel.cc) have to find it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/simulation/machine.h"
#include "tests/simulation/network.h"
#include "tests/simulation/scheduler.h"

namespace weir::simulation {

struct World {
  World(uint64_t seed, const std::string& root, int machine_count)
      : scheduler(seed), network(scheduler) {
    for (int i = 0; i < machine_count; ++i)
      machines.push_back(std::make_unique<Machine>(scheduler, network, i, root));
    scheduler.on_turn = [this](int machine) { go_to(machine); };
    network.on_received = [this](int machine, std::string_view bytes) {
      machines[static_cast<size_t>(machine)]->received().add(bytes);
    };
    present() = this;
  }
  World(const World&) = delete;
  World& operator=(const World&) = delete;
  ~World() { present() = nullptr; }

  static World*& present() {
    static World* world = nullptr;
    return world;
  }

  /// Its folder is the working directory of the process while one of its threads runs.
  void go_to(int machine) {
    if (std::exchange(at_, machine) != machine)
      std::filesystem::current_path(machines[static_cast<size_t>(machine)]->folder());
  }

  Scheduler scheduler;
  Network network;
  std::vector<std::unique_ptr<Machine>> machines;
  /// What the clocks of the machines are ahead of the time here, in Unix time.
  std::vector<int64_t> ahead_ns = std::vector<int64_t>(8);

 private:
  int at_ = -1;
};

}  // namespace weir::simulation
