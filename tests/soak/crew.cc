#include "tests/soak/crew.h"

#include <exception>
#include <utility>

namespace weir::soak {

void Crew::hire(std::string name, std::function<Turn()> make_turn) {
  threads_.emplace_back(
      [this, name = std::move(name), make_turn = std::move(make_turn)] { work(name, make_turn); });
}

void Crew::work(const std::string& name, const std::function<Turn()>& make_turn) {
  try {
    const Turn turn = make_turn();
    while (!stops_)
      turn();
  } catch (const std::exception& error) {
    const std::lock_guard lock(mutex_);
    if (failure_.empty()) failure_ = name + ": " + error.what();
    stops_ = true;
  }
}

void Crew::stop() {
  stops_ = true;
  for (std::thread& thread : threads_)
    thread.join();
  threads_.clear();
}

std::string Crew::failure() const {
  const std::lock_guard lock(mutex_);
  return failure_;
}

}  // namespace weir::soak
