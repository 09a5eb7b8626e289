#include <fmt/format.h>

#include <leat/runner.hpp>

#include "control/admin.hpp"
#include "control/session.hpp"
#include "link/zmq_host_keys.hpp"
#include "observe/log.hpp"
#include "observe/metrics_server.hpp"
#include "topology/loader.hpp"

namespace leat {
namespace {

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

std::vector<std::string> host_names(const Topology& topology) {
  std::vector<std::string> names;
  for (const HostSpec& host : topology.hosts) names.push_back(host.name);
  return names;
}

/// Nothing where links are plain or there is only one host.
Result<std::optional<HostKeys>> keys_of(const Topology& topology, const std::string& host) {
  if (!topology.curve || host.empty()) return std::optional<HostKeys>();
  LEAT_TRY_ASSIGN(HostKeys keys, KeyFolder(topology.keys).load(host, host_names(topology)));
  return std::optional(std::move(keys));
}

}  // namespace

struct Runner::Impl {
  Topology topology;
  std::mutex mutex;  // guards `execution` against drain and abort from other threads
  std::unique_ptr<Execution> execution;
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
  const auto refused = [&](Error error) {
    RunSummary summary;
    summary.topology = topology.name;
    summary.outcome = Outcome::failed;
    summary.error = std::move(error);
    return summary;
  };
  if (!options.host.empty() && topology.find_host(options.host) == nullptr) {
    const std::string hint = suggest(options.host, host_names(topology));
    return refused({Code::unknown_host,
                    fmt::format("no host named `{}` under `deploy.hosts`{}{}", options.host,
                                hint.empty() ? "" : "; ", hint),
                    topology.file});
  }
  const Log log;
  const auto to_stderr = [&log](LogLevel level, const std::string& actor, const std::string& message) {
    log.write(level, actor, message);
  };
  const Plan plan = make_plan(topology, !options.host.empty());
  const Process::Log say = options.log ? options.log : to_stderr;
  Result<std::optional<HostKeys>> keys = keys_of(topology, options.host);
  if (!keys) return refused(std::move(keys).error());
  const HostKeys* const own_keys = *keys ? &**keys : nullptr;
  Execution* execution = nullptr;
  {
    const std::lock_guard lock(impl_->mutex);
    if (topology.delivery == Delivery::best_effort)
      impl_->execution = make_single_attempt(topology, plan, options, own_keys, say);
    else
      impl_->execution = std::make_unique<Session>(topology, plan, options, own_keys, say);
    execution = impl_->execution.get();
  }
  std::optional<Error> error;
  std::unique_ptr<MetricsServer> metrics_server;
  const auto start = [&]() -> Status {
    if (!options.metrics.empty()) {
      LEAT_TRY_ASSIGN(metrics_server, MetricsServer::start(options.metrics, [&topology, execution] {
                        return prometheus_text(execution->metrics(), topology.name);
                      }));
    }
    return execution->start();
  };
  if (Status started = start(); !started) {
    error = std::move(started).error();
  } else {
    {
      const std::lock_guard lock(impl_->mutex);
      if (impl_->drain_wanted) execution->drain();
      if (impl_->abort_wanted) execution->abort();
    }
    const auto admin = AdminServer::start(topology, options.host, *execution, say);
    while (!execution->wait_for(options.progress ? options.progress_every : Duration(std::chrono::hours(1))))
      if (options.progress) options.progress(summarise(topology, execution->metrics(), elapsed()));
    error = execution->error();
  }
  RunSummary summary = summarise(topology, execution->metrics(), elapsed());
  summary.error = std::move(error);
  summary.outcome = summary.error          ? Outcome::failed
                    : execution->aborted() ? Outcome::aborted
                    : execution->drained() ? Outcome::drained
                                           : Outcome::finished;
  summary.undelivered = execution->undelivered();
  metrics_server.reset();
  const std::lock_guard lock(impl_->mutex);
  impl_->execution.reset();
  return summary;
}

void Runner::drain() {
  const std::lock_guard lock(impl_->mutex);
  impl_->drain_wanted = true;
  if (impl_->execution) impl_->execution->drain();
}

void Runner::abort() {
  const std::lock_guard lock(impl_->mutex);
  impl_->abort_wanted = true;
  if (impl_->execution) impl_->execution->abort();
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
    case Code::insecure_link:
    case Code::unknown_host:
      return kInvalid;
    case Code::internal:
      return kInternal;
    default:
      return kUndelivered;
  }
}

}  // namespace leat
