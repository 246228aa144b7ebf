// The system as the servers of a World see it: the calls by which a server reaches time, sockets
// and threads have their namesakes here, which the linker takes before those of the C library.
//
//   server core ─► libevent, libstdc++ ─► clock_gettime, epoll_wait, recv, pthread_cond_wait …
//                                          │ a thread of a machine       anybody else
//                                          ▼                             ▼
//                                          World                         the system's
//
// So the very code of the server runs, not a line of it knows of this, and it costs nothing where
// there is no simulation.  Two functions of ours are replaced by name, too (`--wrap`, see
// CMakeLists.txt): the files, which every machine has of its own, and the processor's counter,
// which no seed can set.
#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <utility>

#include <arpa/inet.h>
#include <dlfcn.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "persistence/file.h"
#include "server/insight/tick_clock.h"
#include "tests/simulation/world.h"

namespace weir::simulation {
namespace {

/// Of a machine's thread, which runs now; null: this is the test itself.
World* world_of_task() {
  return Scheduler::current() == nullptr ? nullptr : World::present();
}

int machine_of_task() {
  return Scheduler::current()->machine;
}

timespec as_timespec(int64_t ns) {
  return {.tv_sec = ns / 1'000'000'000, .tv_nsec = ns % 1'000'000'000};
}

int64_t as_ns(const timespec& time) {
  return time.tv_sec * int64_t{1'000'000'000} + time.tv_nsec;
}

/// Noon of a day in 2026.
constexpr int64_t kUnixBeginNs = 1'796'000'000'000'000'000;

int64_t unix_ahead_ns(const World& world) {
  return kUnixBeginNs + world.ahead_ns[static_cast<size_t>(machine_of_task())];
}

void fill_address(int port, sockaddr* address, socklen_t* size) {
  sockaddr_in here{};
  here.sin_family = AF_INET;
  here.sin_port = htons(static_cast<uint16_t>(port));
  here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::memcpy(address, &here, std::min<size_t>(*size, sizeof(here)));
  *size = sizeof(here);
}

int port_in(const sockaddr* address) {
  return ntohs(reinterpret_cast<const sockaddr_in*>(address)->sin_port);
}

template <class Function>
Function next_of(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

struct Birth {
  Scheduler* scheduler;
  Task* task;
  void* (*body)(void*);
  void* argument;
};

void* begin_life(void* argument) {
  const std::unique_ptr<Birth> birth(static_cast<Birth*>(argument));
  birth->scheduler->live(*birth->task);
  return nullptr;
}

}  // namespace
}  // namespace weir::simulation

using namespace weir::simulation;  // NOLINT: what follows has names of the system

// --- Ours, by --wrap -----------------------------------------------------------------------------

extern "C" {

weir::FileSystem& __real__ZN4weir10real_filesEv();
weir::FileSystem& __wrap__ZN4weir10real_filesEv();
void __wrap__ZN4weir9TickClock9calibrateEv(weir::TickClock* clock);
void __wrap__ZN4weir19purge_in_backgroundEv();

weir::FileSystem& __wrap__ZN4weir10real_filesEv() {
  World* const world = world_of_task();
  if (world == nullptr) return __real__ZN4weir10real_filesEv();
  return world->machines[static_cast<size_t>(machine_of_task())]->disk();
}

// A thread of the allocator would be no task of any world.
void __wrap__ZN4weir19purge_in_backgroundEv() {}

void __wrap__ZN4weir9TickClock9calibrateEv(weir::TickClock* clock) {
  clock->distrust();
}

// --- Time ----------------------------------------------------------------------------------------

int clock_gettime(clockid_t which, timespec* now) {
  World* const world = world_of_task();
  if (world == nullptr) return static_cast<int>(syscall(SYS_clock_gettime, which, now));
  // The allocator looks at the coarse one as often as its addresses have it: no time may pass.
  const bool is_coarse = which == CLOCK_MONOTONIC_COARSE || which == CLOCK_REALTIME_COARSE;
  Scheduler& scheduler = world->scheduler;
  int64_t ns = is_coarse ? scheduler.now_ns() : scheduler.look_at_clock();
  if (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE) ns += unix_ahead_ns(*world);
  *now = as_timespec(ns);
  return 0;
}

int timerfd_create(int, int) {
  World* const world = world_of_task();
  return world->network.open(std::make_shared<Alarm>(machine_of_task()));
}

int timerfd_settime(int fd, int, const itimerspec* when, itimerspec*) {
  world_of_task()->network.set_alarm(fd, as_ns(when->it_value));
  return 0;
}

int usleep(useconds_t us) {
  if (World* const world = world_of_task()) world->scheduler.pass_time(int64_t{us} * 1000);
  return 0;
}

// --- Descriptors ---------------------------------------------------------------------------------

int eventfd(unsigned, int) {
  return world_of_task()->network.open(std::make_shared<Counter>(machine_of_task()));
}

ssize_t read(int fd, void* buffer, size_t size) {
  World* const world = world_of_task();
  if (world == nullptr || !world->network.is_ours(fd)) return syscall(SYS_read, fd, buffer, size);
  uint64_t value = 0;
  if (const auto counter = world->network.find<Counter>(fd)) {
    value = std::exchange(counter->value, 0);
  } else if (const auto alarm = world->network.find<Alarm>(fd)) {
    value = std::exchange(alarm->is_over, false) ? 1 : 0;
  } else {
    return world->network.receive(fd, static_cast<char*>(buffer), size);
  }
  if (value == 0) return errno = EAGAIN, -1;
  std::memcpy(buffer, &value, sizeof(value));
  return sizeof(value);
}

ssize_t write(int fd, const void* bytes, size_t size) {
  World* const world = world_of_task();
  // The log of a seed that is repeated by hand.
  static const bool is_log_told = std::getenv("WEIR_LOGS") != nullptr;
  if (world != nullptr && fd == STDOUT_FILENO && !is_log_told) return static_cast<ssize_t>(size);
  if (world == nullptr || !world->network.is_ours(fd)) return syscall(SYS_write, fd, bytes, size);
  const auto counter = world->network.find<Counter>(fd);
  if (counter == nullptr) return errno = EBADF, -1;
  ++counter->value;
  world->network.news(*counter);
  return static_cast<ssize_t>(size);
}

int close(int fd) {
  World* const world = world_of_task();
  if (world == nullptr || !world->network.is_ours(fd))
    return static_cast<int>(syscall(SYS_close, fd));
  return world->network.close(fd);
}

int dup(int fd) {
  World* const world = world_of_task();
  if (world == nullptr || !world->network.is_ours(fd))
    return static_cast<int>(syscall(SYS_dup, fd));
  return world->network.duplicate(fd);
}

int epoll_create1(int) {
  return world_of_task()->network.open(std::make_shared<Watching>(machine_of_task()));
}

int epoll_ctl(int watching, int operation, int fd, epoll_event* event) {
  return world_of_task()->network.control(watching, operation, fd, event);
}

int epoll_wait(int watching, epoll_event* events, int most, int timeout_ms) {
  return world_of_task()->network.wait(watching, events, most, timeout_ms);
}

// --- Sockets -------------------------------------------------------------------------------------

int socket(int family, int type, int protocol) {
  World* const world = world_of_task();
  if (world == nullptr) return static_cast<int>(syscall(SYS_socket, family, type, protocol));
  return world->network.open(std::make_shared<End>(world->network, machine_of_task()));
}

int bind(int fd, const sockaddr* address, socklen_t) {
  world_of_task()->network.find<End>(fd)->port = port_in(address);
  return 0;
}

int listen(int fd, int) {
  Network& network = world_of_task()->network;
  return network.listen(fd, network.find<End>(fd)->port);
}

int accept4(int fd, sockaddr*, socklen_t*, int) {
  return world_of_task()->network.accept(fd);
}

int connect(int fd, const sockaddr* address, socklen_t) {
  return world_of_task()->network.connect(fd, port_in(address));
}

ssize_t recv(int fd, void* buffer, size_t size, int) {
  return world_of_task()->network.receive(fd, static_cast<char*>(buffer), size);
}

ssize_t send(int fd, const void* bytes, size_t size, int) {
  return world_of_task()->network.send(fd, {static_cast<const char*>(bytes), size});
}

int setsockopt(int, int, int, const void*, socklen_t) {
  return 0;
}

int getsockopt(int fd, int, int, void* value, socklen_t*) {
  const auto end = world_of_task()->network.find<End>(fd);
  const int error = end->error != 0 ? end->error : 0;
  std::memcpy(value, &error, sizeof(error));
  return 0;
}

int getsockname(int fd, sockaddr* address, socklen_t* size) {
  fill_address(world_of_task()->network.find<End>(fd)->port, address, size);
  return 0;
}

int getpeername(int fd, sockaddr* address, socklen_t* size) {
  fill_address(world_of_task()->network.find<End>(fd)->peer_port, address, size);
  return 0;
}

int poll(pollfd* sockets, nfds_t count, int timeout_ms) {
  World* const world = world_of_task();
  if (world == nullptr) return static_cast<int>(syscall(SYS_poll, sockets, count, timeout_ms));
  const int64_t until = world->scheduler.now_ns() + timeout_ms * kNsPerMs;
  for (;;) {
    const auto end = world->network.find<End>(sockets->fd);
    if (end == nullptr || (end->ready() & EPOLLOUT) != 0) return 1;
    if (world->scheduler.now_ns() >= until) return 0;
    world->scheduler.pass_time(kNsPerMs);
  }
}

// --- Threads -------------------------------------------------------------------------------------

int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*body)(void*),
                   void* argument) {
  using Create = int (*)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
  static const auto create = next_of<Create>("pthread_create");
  World* const world = world_of_task();
  if (world == nullptr) return create(thread, attributes, body, argument);
  Task& task = world->scheduler.add(machine_of_task(), [body, argument] { body(argument); });
  const int result = create(&task.thread, attributes, &begin_life,
                            new Birth{&world->scheduler, &task, body, argument});
  *thread = task.thread;
  return result;
}

int pthread_join(pthread_t thread, void** result) {
  using Join = int (*)(pthread_t, void**);
  static const auto join = next_of<Join>("pthread_join");
  if (World* const world = world_of_task()) world->scheduler.wait_for_end(thread);
  return join(thread, result);
}

int pthread_cond_wait(pthread_cond_t* condition, pthread_mutex_t* mutex) {
  World* const world = world_of_task();
  pthread_mutex_unlock(mutex);
  world->scheduler.wait(condition, std::nullopt);
  pthread_mutex_lock(mutex);
  return 0;
}

int pthread_cond_clockwait(pthread_cond_t* condition, pthread_mutex_t* mutex, clockid_t clock,
                           const timespec* until) {
  World* const world = world_of_task();
  const int64_t ahead = clock == CLOCK_REALTIME ? unix_ahead_ns(*world) : 0;
  pthread_mutex_unlock(mutex);
  const bool is_woken = world->scheduler.wait(condition, as_ns(*until) - ahead);
  pthread_mutex_lock(mutex);
  return is_woken ? 0 : ETIMEDOUT;
}

int pthread_cond_signal(pthread_cond_t* condition) {
  if (World* const world = world_of_task()) world->scheduler.wake(condition);
  return 0;
}

int pthread_cond_broadcast(pthread_cond_t* condition) {
  return pthread_cond_signal(condition);
}

/// Names of files are made of it.
pid_t gettid() {
  World* const world = world_of_task();
  if (world == nullptr) return static_cast<pid_t>(syscall(SYS_gettid));
  return Scheduler::current()->number;
}

pid_t getpid() {
  World* const world = world_of_task();
  if (world == nullptr) return static_cast<pid_t>(syscall(SYS_getpid));
  return machine_of_task() + 1;
}

int setpriority(__priority_which_t, id_t, int) {
  return 0;
}

/// Of a server: its machine goes on without it.
void _exit(int code) {
  if (World* const world = world_of_task()) {
    world->machines[static_cast<size_t>(machine_of_task())]->ended(code);
    world->scheduler.end_for_ever();
  }
  syscall(SYS_exit_group, code);
  __builtin_unreachable();
}

}  // extern "C"

// --- Chance --------------------------------------------------------------------------------------

/// The seed's; before there is one, always the same.
extern "C" int getentropy(void* to, size_t size) {
  World* const world = World::present();
  for (size_t i = 0; i < size; ++i) {
    static_cast<unsigned char*>(to)[i] =
        static_cast<unsigned char>(world == nullptr ? 17 * (i + 1) : world->scheduler.draw(256));
  }
  return 0;
}
