// System calls that are refused, as a container may have it.
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <initializer_list>
#include <thread>
#include <vector>

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

namespace weir::testing {

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
  const sock_fprog filter = {.len = static_cast<unsigned short>(steps.size()),
                             .filter = steps.data()};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) == 0;
}

/// How the C library starts a thread; processes come by fork(), which is another call.
inline constexpr uint32_t kThreadCall = SYS_clone3;

/// Runs `work` in a thread that is refused these calls, and waits for it; what it throws comes
/// here.  False where the kernel knows no such filters: nothing was run.
inline bool run_without(std::initializer_list<uint32_t> calls, const std::function<void()>& work) {
  bool is_forbidden = false;
  std::exception_ptr thrown;
  std::thread([&] {
    is_forbidden = forbid_calls(calls);
    try {
      if (is_forbidden) work();
    } catch (...) {
      thrown = std::current_exception();
    }
  }).join();
  if (thrown) std::rethrow_exception(thrown);
  return is_forbidden;
}

}  // namespace weir::testing
