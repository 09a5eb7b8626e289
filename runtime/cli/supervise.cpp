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
#include "engine/crash_page.hpp"

namespace leat::cli {
namespace {

using Seconds = std::chrono::duration<double>;
using Steady = std::chrono::steady_clock;

constexpr std::size_t kCrashesMax = 10;   // within a minute
constexpr int kCarefulAfter = 2;          // crashes in one actor
constexpr std::size_t kPoisonsMax = 100;  // more is no bad row but a bad actor
constexpr auto kMinute = std::chrono::minutes(1);
constexpr std::chrono::milliseconds kPauseFirst{50}, kPauseMax{1000};

sigset_t watched() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGCHLD}) sigaddset(&set, signal);
  return set;
}

using Work = std::function<int(const CrashHistory*)>;

pid_t start(const sigset_t& before, const Work& work, const CrashHistory* again, CrashPage* page) {
  std::fflush(stdout);
  std::fflush(stderr);
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child != 0) return child;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(kInternal);
  ::sigprocmask(SIG_SETMASK, &before, nullptr);
  if (page != nullptr) watch_crashes(page);
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

// The crashes of the last minute, and what they teach.
class Crashes {
 public:
  const CrashHistory& history() const { return history_; }
  /// A minute has passed without one.
  bool rests() const { return times_.empty() || Steady::now() - times_.back() > kMinute; }

  void add(const CrashPage* page) {
    times_.push_back(Steady::now());
    while (times_.back() - times_.front() > kMinute) times_.pop_front();
    actor_.clear();
    lesson_.clear();
    if (page != nullptr && page->signal != 0 && page->in_actor) learn(*page);
  }
  bool too_many() const { return times_.size() >= kCrashesMax; }
  std::string where() const { return actor_.empty() ? std::string() : fmt::format(" in `{}`", actor_); }
  const std::string& lesson() const { return lesson_; }

 private:
  void learn(const CrashPage& page) {
    actor_ = page.actor;
    if (page.has_row && poisons_ < kPoisonsMax && history_.poison[actor_].insert(page.row).second) {
      ++poisons_;
      times_.clear();  // that one won't come again
      lesson_ = fmt::format("one row crashes `{}`: it goes to `{}.errors`\n", actor_, actor_);
    } else if (++crashes_of_[actor_] >= kCarefulAfter && history_.careful.insert(actor_).second) {
      lesson_ = fmt::format("`{}` crashes again and again: it gets its rows one by one, to find out which\n",
                            actor_);
    }
  }

  std::deque<Steady::time_point> times_;
  std::map<std::string, int> crashes_of_;
  CrashHistory history_;
  std::size_t poisons_ = 0;
  std::string actor_, lesson_;
};

}  // namespace

int supervise(bool quiet, const Work& work) {
  const sigset_t set = watched();
  sigset_t before;
  ::sigprocmask(SIG_BLOCK, &set, &before);
  CrashPage* const page = make_crash_page();
  Crashes crashes;
  std::chrono::milliseconds pause = kPauseFirst;
  bool stopped = false;
  for (bool again = false;; again = true) {
    if (page != nullptr) new (page) CrashPage;
    const pid_t child = start(before, work, again ? &crashes.history() : nullptr, page);
    if (child < 0) {
      print_error(fmt::format("no process can be started: {}", std::strerror(errno)));
      return kInternal;
    }
    const int status = wait_for(child, set, stopped);
    if (WIFEXITED(status)) return WEXITSTATUS(status);
    const int signal = WTERMSIG(status);
    if (stopped) return 128 + signal;
    if (crashes.rests()) pause = kPauseFirst;
    crashes.add(page);
    const std::string what =
        fmt::format("killed by signal {} ({}){}", signal, ::strsignal(signal), crashes.where());
    if (crashes.too_many()) {
      print_error(fmt::format("{} for the {}th time in a minute: given up", what, kCrashesMax),
                  "find the cause, then run it again: it goes on from the last checkpoint");
      return kInternal;
    }
    if (!quiet)
      fmt::print(stderr, "{}: starting again in {} ms, from the last checkpoint\n{}", what, pause.count(),
                 crashes.lesson());
    if (!pause_for(pause, set)) return 128 + SIGTERM;
    pause = std::min(pause * 2, kPauseMax);
  }
}

}  // namespace leat::cli
