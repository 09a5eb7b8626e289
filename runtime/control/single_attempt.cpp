#include "control/execution.hpp"

namespace leat {
namespace {

class SingleAttempt final : public Execution {
 public:
  SingleAttempt(const Topology& topology, const Plan& plan, const RunOptions& options, const HostKeys* keys,
                Process::Log log)
      : topology_(topology),
        plan_(plan),
        metrics_(topology, plan, options.host),
        process_(topology, plan, options.host, metrics_, std::move(log),
                 {.begin_at = begin_of(options), .keys = keys}) {}

  Status start() override {
    LEAT_TRY(process_.prepare());
    process_.start();
    return {};
  }
  bool wait_for(Duration duration) override { return process_.wait_for(duration); }
  void drain() override { process_.drain(); }
  void abort() override { process_.abort(); }
  const Metrics& metrics() const override { return metrics_.metrics; }
  Ledger ledger() const override { return metrics_.ledger(topology_, plan_); }
  Result<std::uint64_t> snapshot(const std::string&, Duration) override {
    return fail(Code::feature_missing, "snapshots need `delivery: exactly_once` or `at_least_once`",
                topology_.file);
  }
  const std::optional<Error>& error() const override { return process_.error(); }
  bool drained() const override { return process_.drained(); }
  bool aborted() const override { return process_.aborted(); }

  // What was sent into links and neither dropped by them nor, as far as this process knows, processed.
  std::uint64_t undelivered() const override {
    std::uint64_t rows = 0;
    for (const ChannelMetrics& channel : metrics_.metrics.channels()) {
      const std::uint64_t sent = channel.rows_sent.get();  // 0 if the producer is elsewhere
      const std::uint64_t arrived =
          channel.consumer_here ? channel.rows_received.get() : channel.rows_confirmed.get();
      rows += channel.rows_waiting.get() + channel.rows_queued.get() + channel.rows_lost.get() +
              (sent > arrived ? sent - arrived : 0);
    }
    return rows;
  }

 private:
  const Topology& topology_;
  const Plan& plan_;
  HostMetrics metrics_;
  Process process_;
};

}  // namespace

std::unique_ptr<Execution> make_single_attempt(const Topology& topology, const Plan& plan,
                                               const RunOptions& options, const HostKeys* keys,
                                               Process::Log log) {
  return std::make_unique<SingleAttempt>(topology, plan, options, keys, std::move(log));
}

std::optional<LogPosition> begin_of(const RunOptions& options) {
  if (options.from == "latest") return std::nullopt;
  const Result<LogPosition> position = LogPosition::parse(options.from);  // or a snapshot's name
  return position ? std::optional(*position) : std::nullopt;
}

}  // namespace leat
