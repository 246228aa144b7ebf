// The mathematical library, loaded by the first who asks for it.
//
// Of all that is linked into the server, only jemalloc's heap profiler (MALLOC_CONF=prof:true)
// does: log when it draws the next sample, exp and round when it dumps.  To map the library costs
// 0.4 MB of memory and a tenth of the start, so these three stand in its place and pass the
// question on.
#include <atomic>
#include <cstdlib>

#include <dlfcn.h>

namespace weir {
namespace {

constexpr const char* kLibrary = "libm.so.6";

using Function = double (*)(double);

/// Loading allocates, and the profiler asks again for that.
thread_local bool is_loading = false;

Function load(const char* name) {
  is_loading = true;
  void* const library = dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL);
  // NOLINTNEXTLINE(bugprone-casting-through-void): how dlsym is meant to be used
  const auto function =
      library == nullptr ? nullptr : reinterpret_cast<Function>(dlsym(library, name));
  is_loading = false;
  if (function == nullptr) std::abort();  // it comes with the C library
  return function;
}

/// While loading, the answer is `meanwhile`.
double ask(std::atomic<Function>& known, const char* name, double value, double meanwhile) {
  Function function = known.load(std::memory_order_relaxed);
  if (function == nullptr) {
    if (is_loading) return meanwhile;
    function = load(name);
    known.store(function, std::memory_order_relaxed);
  }
  return function(value);
}

std::atomic<Function> real_log;
std::atomic<Function> real_exp;
std::atomic<Function> real_round;

}  // namespace
}  // namespace weir

// -1: of a number drawn between 0 and 1, so that a sample is drawn at the usual distance.
extern "C" double log(double value) {
  return weir::ask(weir::real_log, "log", value, -1);
}

extern "C" double exp(double value) {
  return weir::ask(weir::real_exp, "exp", value, 1);
}

extern "C" double round(double value) {
  return weir::ask(weir::real_round, "round", value, value);
}
