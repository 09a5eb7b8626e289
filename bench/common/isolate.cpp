#include "common/isolate.hpp"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <stdexcept>
#include <string>

#include "common/clock.hpp"

namespace leat::bench {
namespace {

[[noreturn]] void run_and_exit(const std::function<void()>& work) {
  int code = 0;
  try {
    work();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "run failed: %s\n", error.what());
    code = EX_SOFTWARE;
  }
  std::fflush(nullptr);
  // No destructors of objects that belong to the parent.
  _exit(code);
}

pid_t fork_with(const std::function<void()>& work, bool own_group) {
  std::fflush(nullptr);
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) throw std::runtime_error("cannot start a process");
  if (pid != 0) return pid;
  if (own_group) setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(EX_SOFTWARE);
  run_and_exit(work);
}

Ending words_of(int status) {
  if (WIFSIGNALED(status)) return "ended by signal " + std::to_string(WTERMSIG(status));
  if (WEXITSTATUS(status) != 0) return "exit code " + std::to_string(WEXITSTATUS(status));
  return {};
}

// SIGCHLD, blocked for the life of the object, so that sigtimedwait can wait for a child with a deadline.
class ChildSignal {
 public:
  ChildSignal() {
    sigemptyset(&child_);
    sigaddset(&child_, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child_, &before_);
  }
  ~ChildSignal() { sigprocmask(SIG_SETMASK, &before_, nullptr); }
  ChildSignal(const ChildSignal&) = delete;
  ChildSignal& operator=(const ChildSignal&) = delete;

  void wait(double secs) const {
    const auto whole = static_cast<time_t>(secs);
    const timespec limit{whole, static_cast<long>((secs - double(whole)) * 1e9)};
    sigtimedwait(&child_, nullptr, &limit);
  }
  const sigset_t& before() const { return before_; }

 private:
  sigset_t child_{};
  sigset_t before_{};
};

}  // namespace

Ending run_isolated(double timeout_secs, const std::function<void()>& work) {
  const ChildSignal signal;
  const pid_t pid = fork_with(
      [&] {
        sigprocmask(SIG_SETMASK, &signal.before(), nullptr);
        work();
      },
      true);
  const std::int64_t deadline_ns = now_ns() + static_cast<std::int64_t>(timeout_secs * 1e9);
  for (;;) {
    int status = 0;
    if (waitpid(pid, &status, WNOHANG) == pid) return words_of(status);
    const double left_secs = double(deadline_ns - now_ns()) * 1e-9;
    if (left_secs <= 0) break;
    signal.wait(left_secs);
  }
  kill(-pid, SIGKILL);
  kill(pid, SIGKILL);
  waitpid(pid, nullptr, 0);
  return "no end after " + std::to_string(int(timeout_secs)) + " s";
}

int start_process(const std::function<void()>& work) {
  return fork_with(work, false);
}

Ending join_process(int pid) {
  int status = 0;
  while (waitpid(pid, &status, 0) < 0)
    if (errno != EINTR) return "lost";
  return words_of(status);
}

}  // namespace leat::bench
