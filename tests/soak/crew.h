// Threads that do the same thing again and again until all are told to stop, or one of them fails.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace weir::soak {

class Crew {
 public:
  using Turn = std::function<void()>;

  Crew() = default;
  ~Crew() { stop(); }
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  /// Begins at once; `turn` is made in the new thread.  An exception ends everybody's work.
  void hire(std::string name, std::function<Turn()> make_turn);
  /// Lets everyone end their turn.
  void stop();
  bool is_working() const { return !stops_; }
  /// Who failed first, and why; empty: nobody has.
  std::string failure() const;

 private:
  void work(const std::string& name, const std::function<Turn()>& make_turn);

  std::atomic<bool> stops_ = false;
  mutable std::mutex mutex_;
  std::string failure_;
  std::vector<std::thread> threads_;
};

}  // namespace weir::soak
