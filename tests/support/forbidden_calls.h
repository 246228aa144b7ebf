// System calls that are refused, as a container may have it.
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <initializer_list>
#include <thread>
#include <utility>
#include <vector>

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

namespace weir::testing {

/// False where the kernel knows no such filters.
inline bool install_filter(std::vector<sock_filter> steps) {
  const sock_fprog filter = {.len = static_cast<unsigned short>(steps.size()),
                             .filter = steps.data()};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) == 0;
}

/// From now on this thread, and what it starts, is refused these calls: EPERM.  False where the
/// kernel knows no such filters.
inline bool forbid_calls(std::initializer_list<uint32_t> numbers) {
  constexpr uint32_t kRefused = SECCOMP_RET_ERRNO | EPERM;
  std::vector<sock_filter> steps = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr))};
  for (const uint32_t number : numbers) {
    steps.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1));
    steps.push_back(BPF_STMT(BPF_RET | BPF_K, kRefused));
  }
  steps.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  return install_filter(std::move(steps));
}

/// From now on this thread, and what it starts, has nobody watch file descriptors from `first` on:
/// ENOSPC, as where a user has as many watched as there may be.  The rest as above.
inline bool leave_unwatched_from(uint32_t first) {
  constexpr uint32_t kRefused = SECCOMP_RET_ERRNO | ENOSPC;
  constexpr uint32_t kOperation = offsetof(seccomp_data, args) + sizeof(uint64_t);
  constexpr uint32_t kDescriptor = kOperation + sizeof(uint64_t);  // its low half
  return install_filter({BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
                         BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_epoll_ctl, 0, 5),
                         BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kOperation),
                         BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, EPOLL_CTL_ADD, 0, 3),
                         BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kDescriptor),
                         BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, first, 0, 1),
                         BPF_STMT(BPF_RET | BPF_K, kRefused),
                         BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)});
}

/// From now on this thread, and what it starts, may ask for limits, and changes none: EPERM.  The
/// rest as above.
inline bool keep_limits() {
  constexpr uint32_t kRefused = SECCOMP_RET_ERRNO | EPERM;
  constexpr uint32_t kNewLimit = offsetof(seccomp_data, args) + 2 * sizeof(uint64_t);
  return install_filter(
      {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
       BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_prlimit64, 0, 5),
       BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kNewLimit), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 2),
       BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kNewLimit + sizeof(uint32_t)),
       BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0), BPF_STMT(BPF_RET | BPF_K, kRefused),
       BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)});
}

/// How the C library starts a thread; processes come by fork(), which is another call.
inline constexpr uint32_t kThreadCall = SYS_clone3;

/// Runs `work` in a thread that `forbid` was called in, and waits for it; what it throws comes
/// here.  False if that was: nothing was run.
inline bool run_under(const std::function<bool()>& forbid, const std::function<void()>& work) {
  bool is_forbidden = false;
  std::exception_ptr thrown;
  std::thread([&] {
    is_forbidden = forbid();
    try {
      if (is_forbidden) work();
    } catch (...) {
      thrown = std::current_exception();
    }
  }).join();
  if (thrown) std::rethrow_exception(thrown);
  return is_forbidden;
}

/// The same in a thread that is refused these calls.
inline bool run_without(std::initializer_list<uint32_t> calls, const std::function<void()>& work) {
  return run_under([calls] { return forbid_calls(calls); }, work);
}

/// The same in a thread for which no file descriptors from `first` on are watched.
inline bool run_unwatched_from(uint32_t first, const std::function<void()>& work) {
  return run_under([first] { return leave_unwatched_from(first); }, work);
}

}  // namespace weir::testing
