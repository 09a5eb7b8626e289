#include <fmt/format.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <leat/ingest_log.hpp>
#include <leat/runner.hpp>
#include <mutex>
#include <thread>

#include "cli/common.hpp"
#include "cli/progress.hpp"
#include "cli/supervise.hpp"
#include "record/recorder.hpp"
#include "state/checkpoint_folder.hpp"

namespace leat::cli {
namespace {

// A thread that waits for SIGINT and SIGTERM: the first drains, the second stops at once. Signals are blocked
// in all threads, so nothing runs inside a handler. Ends with the run.
class SignalWatch {
 public:
  SignalWatch(Runner& runner, bool quiet) {
    sigemptyset(&set_);
    for (const int signal : {SIGINT, SIGTERM, SIGUSR2}) sigaddset(&set_, signal);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
    thread_ = std::thread([this, &runner, quiet] { watch(runner, quiet); });
  }
  ~SignalWatch() {
    done_ = true;
    pthread_kill(thread_.native_handle(), SIGUSR2);
    thread_.join();
  }
  /// The last signal that came, 0 if none.
  int signal() const { return signal_; }

 private:
  void watch(Runner& runner, bool quiet) {
    for (int signal = 0; sigwait(&set_, &signal) == 0 && !done_;) {
      if (signal == SIGUSR2) continue;
      const bool again = signal_.exchange(signal) != 0;
      if (again) return runner.abort();
      if (!quiet)
        fmt::print(stderr,
                   "\ndraining: sources have stopped, what is under way flows out; again to stop at once\n");
      runner.drain();
    }
  }

  sigset_t set_;
  std::thread thread_;
  std::atomic<bool> done_{false};
  std::atomic<int> signal_{0};
};

// A drain after --for.
class Deadline {
 public:
  Deadline(Runner& runner, Duration after) {
    if (after.count() == 0) return;
    thread_ = std::thread([this, &runner, after] {
      std::unique_lock lock(mutex_);
      if (!ended_.wait_for(lock, after, [this] { return done_; })) runner.drain();
    });
  }
  ~Deadline() {
    {
      const std::lock_guard lock(mutex_);
      done_ = true;
    }
    ended_.notify_all();
    if (thread_.joinable()) thread_.join();
  }

 private:
  std::mutex mutex_;
  std::condition_variable ended_;
  bool done_ = false;
  std::thread thread_;
};

// Where to look next: the store, and how to follow a feed. Read from the file, so any kind with such options
// shows.
std::string next_steps(const Topology& topology) {
  std::string text;
  for (const ActorSpec& actor : topology.actors) {
    const ConfigNode* node = topology.source.find("actors")->find(actor.name);
    if (const ConfigNode* path = node->find("path"); path != nullptr && actor.kind->info.name == "persist.kv")
      text += fmt::format("  store: {}\n", (std::filesystem::path(topology.folder) / path->scalar).string());
    if (const ConfigNode* bind = node->find("bind");
        bind != nullptr && actor.kind->info.name == "publish.feed") {
      std::string endpoint = bind->scalar;
      if (const std::size_t star = endpoint.find("//*"); star != std::string::npos)
        endpoint.replace(star + 2, 1, "127.0.0.1");
      text += fmt::format("  follow the feed while it runs: leat subscribe {}\n", endpoint);
    }
  }
  return text;
}

// What `--record` asks for, joined to the topology. Null, with `exit`, after a problem.
std::unique_ptr<Recorder> start_recording(const RunArguments& arguments, Topology& topology, int& exit) {
  if (!arguments.host.empty()) {
    print_error("--record takes the whole topology, and --host a part of it", "leave out --host");
    exit = kUsage;
    return nullptr;
  }
  auto ports = find_recorded_ports(topology, arguments.links);
  if (!ports) {
    print_error("--links: " + ports.error().message, fmt::format("leat plan {}", topology.file));
    exit = kUsage;
    return nullptr;
  }
  auto recorder = Recorder::create(arguments.record, topology, *std::move(ports));
  if (!recorder) {
    print_error(recorder.error().text());
    exit = kUndelivered;
    return nullptr;
  }
  (*recorder)->add_to(topology);
  return *std::move(recorder);
}

// Closes the recording; false if it lacks something.
bool finish_recording(const RunArguments& arguments, const std::string& topology, RecordingWriter& writer) {
  const Status closed = writer.close();
  if (!closed) print_error(closed.error().text());
  if (writer.rows_lost() != 0)
    print_error(
        fmt::format("{} rows are not in the recording: the disk could not follow", writer.rows_lost()));
  if (!arguments.quiet)
    fmt::print(stderr, "recorded {} rows, {} bytes: leat replay {} {}\n", writer.rows(), writer.bytes(),
               arguments.record, topology);
  return closed && writer.rows_lost() == 0;
}

void print_problem(const Error& error) {
  print_error(error.text(), fmt::format("leat explain {}", code_number(error.code)));
}

// In this process. `again`: after a crash of the one before, what is known of it.
int run_here(const RunArguments& arguments, Duration duration, Topology topology, const CrashHistory* again) {
  int exit = kOk;
  const std::string steps = next_steps(topology);
  const std::string file = topology.file;
  std::unique_ptr<Recorder> recorder;
  if (!arguments.record.empty()) {
    recorder = start_recording(arguments, topology, exit);
    if (!recorder) return exit;
  }
  const auto runner = Runner::of(std::move(topology));

  const bool terminal = ::isatty(STDERR_FILENO) == 1 && !arguments.quiet && arguments.format == Format::text;
  Progress progress(terminal);
  RunSummary summary;
  int signal = 0;
  {
    const SignalWatch signals(*runner, arguments.quiet);
    const Deadline deadline(*runner, duration);
    RunOptions options;
    options.host = arguments.host;
    options.metrics = arguments.metrics;
    options.from = arguments.from;
    options.again = again != nullptr;
    options.crashes = again;
    options.progress = [&](const RunSummary& now) { progress.show(now); };
    summary = runner->run(options);
    signal = signals.signal();
  }
  progress.clear();
  if (summary.error) print_problem(*summary.error);
  if (arguments.format == Format::json) {
    fmt::print("{}\n", summary_json(summary));
  } else if (!arguments.quiet) {
    fmt::print(stderr, "{}{}", summary_text(summary), steps);
  }
  std::fflush(stdout);
  int code = summary.exit_code();
  if (recorder && !finish_recording(arguments, file, recorder->writer()) && code == kOk) code = kNegative;
  // A second signal leaves as the shell expects it; a first one that drained everything is a success of the
  // drain.
  return signal != 0 && summary.outcome == Outcome::aborted ? 128 + signal : code;
}

}  // namespace

int run(const RunArguments& arguments) {
  Duration duration{};
  if (!arguments.duration.empty()) {
    const Result<Duration> parsed = parse_duration(arguments.duration);
    if (!parsed) {
      print_error("--for: " + parsed.error().message);
      return kUsage;
    }
    duration = *parsed;
  }
  Registry registry;
  Diagnostics diagnostics;
  int exit = kOk;
  auto topology = load(arguments, registry, diagnostics, exit);
  print_diagnostics(diagnostics, Format::text);
  if (!topology) return exit;
  if (arguments.from != "latest" && arguments.from != "none" && !LogPosition::parse(arguments.from) &&
      !is_snapshot_name(arguments.from)) {
    print_error(fmt::format(
        "--from: `{}` is not `latest`, `none`, `oldest`, a time, an offset or the name of a snapshot",
        arguments.from));
    return kUsage;
  }
  if (topology->delivery == Delivery::best_effort && is_snapshot_name(arguments.from)) {
    print_error(
        fmt::format("--from {}: under `delivery: best_effort` there are no snapshots", arguments.from));
    return kUsage;
  }
  if (topology->delivery == Delivery::best_effort)
    return run_here(arguments, duration, *std::move(topology), nullptr);
  return supervise(arguments.quiet, [&](const CrashHistory* again) {
    return run_here(arguments, duration, *std::move(topology), again);
  });
}

}  // namespace leat::cli
