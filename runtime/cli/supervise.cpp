#include "cli/supervise.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <deque>

#include "cli/common.hpp"

namespace leat::cli {
namespace {

using Seconds = std::chrono::duration<double>;
using Steady = std::chrono::steady_clock;

constexpr std::size_t kCrashesMax = 10;  // within a minute
constexpr auto kMinute = std::chrono::minutes(1);
constexpr std::chrono::milliseconds kPauseFirst{50}, kPauseMax{1000};

sigset_t watched() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGCHLD}) sigaddset(&set, signal);
  return set;
}

pid_t start(const sigset_t& before, const std::function<int(bool)>& work, bool again) {
  std::fflush(stdout);
  std::fflush(stderr);
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child != 0) return child;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(kInternal);
  ::sigprocmask(SIG_SETMASK, &before, nullptr);
  const int code = work(again);
  std::fflush(stdout);
  std::fflush(stderr);
  ::_exit(code);
}

// Until the child has ended: its wait status, or nothing when the time is over first (no child then).
int wait_for(pid_t child, const sigset_t& set, bool& stopped) {
  for (int status = 0;;) {
    siginfo_t info{};
    if (::waitpid(child, &status, WNOHANG) == child) return status;
    if (::sigwaitinfo(&set, &info) < 0) continue;
    if (info.si_signo == SIGCHLD) continue;
    stopped = true;
    // A terminal sends it to the child itself.
    if (info.si_code != SI_KERNEL) ::kill(child, info.si_signo);
  }
}

// False when a signal came first.
bool pause_for(std::chrono::milliseconds pause, const sigset_t& set) {
  const auto end = Steady::now() + pause;
  for (auto left = pause; left.count() > 0;
       left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Steady::now())) {
    const timespec limit{left.count() / 1000, left.count() % 1000 * 1'000'000};
    const int signal = ::sigtimedwait(&set, nullptr, &limit);
    if (signal == SIGINT || signal == SIGTERM) return false;
  }
  return true;
}

}  // namespace

int supervise(bool quiet, const std::function<int(bool)>& work) {
  const sigset_t set = watched();
  sigset_t before;
  ::sigprocmask(SIG_BLOCK, &set, &before);
  std::deque<Steady::time_point> crashes;
  std::chrono::milliseconds pause = kPauseFirst;
  bool stopped = false;
  for (bool again = false;; again = true) {
    const pid_t child = start(before, work, again);
    if (child < 0) {
      print_error(fmt::format("no process can be started: {}", std::strerror(errno)));
      return kInternal;
    }
    const int status = wait_for(child, set, stopped);
    if (WIFEXITED(status)) return WEXITSTATUS(status);
    const int signal = WTERMSIG(status);
    if (stopped) return 128 + signal;
    const auto now = Steady::now();
    if (crashes.empty() || now - crashes.back() > kMinute) pause = kPauseFirst;
    crashes.push_back(now);
    while (now - crashes.front() > kMinute) crashes.pop_front();
    if (crashes.size() >= kCrashesMax) {
      print_error(fmt::format("killed by signal {} ({}) for the {}th time in a minute: given up", signal,
                              ::strsignal(signal), crashes.size()),
                  "find the cause, then run it again: it goes on from the last checkpoint");
      return kInternal;
    }
    if (!quiet)
      fmt::print(stderr, "killed by signal {} ({}): starting again in {} ms, from the last checkpoint\n",
                 signal, ::strsignal(signal), pause.count());
    if (!pause_for(pause, set)) return 128 + SIGTERM;
    pause = std::min(pause * 2, kPauseMax);
  }
}

}  // namespace leat::cli
