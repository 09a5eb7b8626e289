#include <fmt/format.h>

#include <leat/runner.hpp>

#include "engine/process.hpp"
#include "observe/log.hpp"
#include "observe/metrics_server.hpp"
#include "topology/loader.hpp"

namespace leat {
namespace {

// What was sent into links and neither dropped by them nor, as far as this process knows, processed.
std::uint64_t rows_under_way(const Metrics& metrics) {
  std::uint64_t rows = 0;
  for (const ChannelMetrics& channel : metrics.channels()) {
    const std::uint64_t sent = channel.rows_sent.get();  // 0 if the producer is elsewhere
    const std::uint64_t arrived =
        channel.consumer_here ? channel.rows_received.get() : channel.rows_confirmed.get();
    rows += channel.rows_waiting.get() + channel.rows_queued.get() + channel.rows_lost.get() +
            (sent > arrived ? sent - arrived : 0);
  }
  return rows;
}

RunSummary summarise(const Topology& topology, const Metrics& metrics, double wall_s) {
  RunSummary summary;
  summary.topology = topology.name;
  summary.wall_s = wall_s;
  for (ActorTotals& total : totals(metrics))  // what a source takes in is what it makes of it
    summary.actors.push_back(
        {.name = total.actor,
         .in = topology.find(total.actor)->kind->source ? total.out + total.dropped + total.errors : total.in,
         .out = total.out,
         .late = total.late,
         .errors = total.errors,
         .dropped = std::move(total.dropped_by),
         .latency_p50_us = total.latency_p50_us,
         .latency_p99_us = total.latency_p99_us,
         .busy_s = static_cast<double>(total.busy_ns) / 1e9,
         .blocked_s = static_cast<double>(total.blocked_ns) / 1e9});
  return summary;
}

}  // namespace

struct Runner::Impl {
  Topology topology;
  std::mutex mutex;  // guards `process` against drain and abort from other threads
  std::unique_ptr<Process> process;
  bool drain_wanted = false, abort_wanted = false;
};

Runner::Runner(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Runner::~Runner() = default;

std::unique_ptr<Runner> Runner::load(const std::string& path, Registry& registry, Diagnostics& diagnostics) {
  std::optional<Topology> topology = load_topology(path, registry, diagnostics);
  if (!topology) return nullptr;
  return of(*std::move(topology));
}

std::unique_ptr<Runner> Runner::of(Topology topology) {
  auto impl = std::make_unique<Impl>();
  impl->topology = std::move(topology);
  return std::unique_ptr<Runner>(new Runner(std::move(impl)));
}

RunSummary Runner::run(const RunOptions& options) {
  const Topology& topology = impl_->topology;
  const Instant begin = system_clock().steady();
  const auto elapsed = [&] { return std::chrono::duration<double>(system_clock().steady() - begin).count(); };
  if (!options.host.empty() && topology.find_host(options.host) == nullptr) {
    RunSummary summary;
    summary.topology = topology.name;
    summary.outcome = Outcome::failed;
    std::vector<std::string> names;
    for (const HostSpec& host : topology.hosts) names.push_back(host.name);
    const std::string hint = suggest(options.host, names);
    summary.error = Error{Code::unknown_host,
                          fmt::format("no host named `{}` under `deploy.hosts`{}{}", options.host,
                                      hint.empty() ? "" : "; ", hint),
                          topology.file};
    return summary;
  }
  const Log log;
  const auto to_stderr = [&log](LogLevel level, const std::string& actor, const std::string& message) {
    log.write(level, actor, message);
  };
  const Plan plan = make_plan(topology, !options.host.empty());
  Process* process = nullptr;
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->process =
        std::make_unique<Process>(topology, plan, options.host, options.log ? options.log : to_stderr);
    process = impl_->process.get();
  }
  std::optional<Error> error;
  std::unique_ptr<MetricsServer> metrics_server;
  const auto start = [&]() -> Status {
    if (!options.metrics.empty()) {
      LEAT_TRY_ASSIGN(metrics_server, MetricsServer::start(options.metrics, [&topology, process] {
                        return prometheus_text(process->metrics(), topology.name);
                      }));
    }
    return process->start();
  };
  if (Status started = start(); !started) {
    error = std::move(started).error();
  } else {
    {
      const std::lock_guard lock(impl_->mutex);
      if (impl_->drain_wanted) process->drain();
      if (impl_->abort_wanted) process->abort();
    }
    while (!process->wait_for(options.progress ? options.progress_every : Duration(std::chrono::hours(1))))
      if (options.progress) options.progress(summarise(topology, process->metrics(), elapsed()));
    error = process->error();
  }
  RunSummary summary = summarise(topology, process->metrics(), elapsed());
  summary.error = std::move(error);
  summary.outcome = summary.error        ? Outcome::failed
                    : process->aborted() ? Outcome::aborted
                    : process->drained() ? Outcome::drained
                                         : Outcome::finished;
  summary.undelivered = rows_under_way(process->metrics());
  metrics_server.reset();
  const std::lock_guard lock(impl_->mutex);
  impl_->process.reset();
  return summary;
}

void Runner::drain() {
  const std::lock_guard lock(impl_->mutex);
  impl_->drain_wanted = true;
  if (impl_->process) impl_->process->drain();
}

void Runner::abort() {
  const std::lock_guard lock(impl_->mutex);
  impl_->abort_wanted = true;
  if (impl_->process) impl_->process->abort();
}

int RunSummary::exit_code() const {
  constexpr int kInputMissing = 66, kUnreachable = 69, kInternal = 70, kUndelivered = 75, kInvalid = 78;
  if (outcome == Outcome::aborted) return kUndelivered;
  if (!error) return undelivered > 0 ? kUndelivered : 0;
  switch (error->code) {
    case Code::input_missing:
    case Code::unreadable_file:
      return kInputMissing;
    case Code::unreachable:
    case Code::address_in_use:
    case Code::bad_endpoint:
    case Code::peer_mismatch:
      return kUnreachable;
    case Code::unknown_host:
      return kInvalid;
    case Code::internal:
      return kInternal;
    default:
      return kUndelivered;
  }
}

}  // namespace leat
