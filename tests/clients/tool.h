// A client program of somebody else, run against a server of ours.
#pragma once

#include <regex>
#include <stdexcept>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/contains.h"
#include "tests/support/test_server.h"

namespace weir::testing {

/// Runs a program, found on the PATH, to its end.
inline Finished run_tool(const std::vector<std::string>& words) {
  return run_to_end("/usr/bin/env", words);
}

/// Runs a shell script, whose "$1" ... are these words, to its end: for pipes into a program.
inline Finished run_script(const std::string& script, const std::vector<std::string>& words) {
  std::vector<std::string> arguments = {"-c", script, "script"};
  arguments.insert(arguments.end(), words.begin(), words.end());
  return run_to_end("/bin/sh", arguments);
}

/// A script of this folder, told these words, finds everything as it should be.
inline void check_script(const std::string& interpreter, const std::string& script,
                         const std::vector<std::string>& told) {
  std::vector<std::string> words = {interpreter,
                                    std::string(WEIR_SOURCE_DIR) + "/tests/clients/" + script};
  words.insert(words.end(), told.begin(), told.end());
  const Finished finished = run_tool(words);
  CAPTURE(finished.err);
  CHECK(finished.exit_code == 0);
  CHECK(finished.out == "ok\n");
}

/// A program at a terminal: it sees a person who types.
class Terminal {
 public:
  explicit Terminal(const std::vector<std::string>& words) {
    std::vector<char*> argv;
    argv.reserve(words.size() + 1);
    for (const std::string& word : words)
      argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    const winsize size{.ws_row = 40, .ws_col = 200, .ws_xpixel = 0, .ws_ypixel = 0};
    pid_ = forkpty(&fd_, nullptr, nullptr, &size);
    if (pid_ == 0) {
      setenv("TERM", "xterm", 1);
      setenv("HOME", "/nonexistent", 1);  // no history is read or left
      execvp(argv[0], argv.data());
      _exit(127);
    }
    if (pid_ < 0) throw std::runtime_error("forkpty failed");
  }
  ~Terminal() {
    if (!ended_) kill(pid_, SIGKILL);
    if (!ended_) waitpid(pid_, nullptr, 0);
    close(fd_);
  }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  void type(const std::string& keys) {
    const ssize_t written = write(fd_, keys.data(), keys.size());
    if (written != static_cast<ssize_t>(keys.size())) throw std::runtime_error("cannot type");
  }

  /// Waits until `text` is on the screen, behind what earlier calls waited for.
  [[nodiscard]] bool shows(const std::string& text) {
    return wait_for([&] {
      const size_t found = screen_.find(text, seen_);
      if (found != std::string::npos) seen_ = found + text.size();
      return found != std::string::npos;
    });
  }

  /// The same with something that matches `form`.
  [[nodiscard]] bool shows(const std::regex& form) {
    return wait_for([&] { return std::regex_search(screen_, form); });
  }

  /// Everything that was written to the screen.
  const std::string& screen() const { return screen_; }

  /// Waits for the end of the program; its exit code, or minus the signal that ended it.
  int wait() {
    int status = 0;
    if (!wait_until([&] { return waitpid(pid_, &status, WNOHANG) == pid_; })) {
      throw std::runtime_error("the program at the terminal did not end:\n" + screen_);
    }
    ended_ = true;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

 private:
  /// Reads the screen until `is_there` holds; false when the program is silent for too long.
  template <typename Condition>
  bool wait_for(const Condition& is_there) {
    const Clock::time_point deadline = Clock::now() + patient(Milliseconds(10000));
    while (!is_there()) {
      if (milliseconds_left(deadline) == 0 || !becomes_readable(fd_, deadline)) return false;
      char bytes[4096];
      const ssize_t got = read(fd_, bytes, sizeof(bytes));
      if (got <= 0) return false;
      screen_.append(bytes, static_cast<size_t>(got));
    }
    return true;
  }

  pid_t pid_ = -1;
  int fd_ = -1;
  bool ended_ = false;
  std::string screen_;
  size_t seen_ = 0;
};

}  // namespace weir::testing
