#pragma once

#include "engine/worker.hpp"
#include "testing/fake_clock.hpp"
#include "testing/memory_transport.hpp"

namespace leat {

/// Runs work at once, on the calling thread, so that a stepped topology needs no other.
class InlinePool final : public BlockingPool {
 public:
  InlinePool() : BlockingPool(0) {}
  void submit(std::function<void()> job) override { job(); }
};

/// A topology that runs in one thread, on a clock that moves when it is told to: all workers of the real
/// engine, connected by queues. The topology outlives it. Nothing in here sleeps.
class Bench final : public WorkerObserver {
 public:
  /// What its clock can show: deadlines count nanoseconds since 1970.
  static constexpr Time kBegin = Time(Duration(0));
  static constexpr Time kEnd = Time(std::chrono::hours(24 * 365 * 180));

  /// `start` is within kBegin and kEnd.
  Bench(const Topology& topology, Time start);
  ~Bench() override;
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;

  /// Works until nothing is left to do now. An error if that never comes, or an actor has failed.
  Status settle();
  /// Moves the clock, stopping wherever something is due.
  Status advance_to(Time time);
  /// All sources end, everything flows out.
  Status drain();

  Time now() const { return clock_.now(); }
  bool finished() const;
  /// What actors logged as warning or error, as "actor: message"; the first hundred lines.
  const std::vector<std::string>& log() const { return lines_; }

  // WorkerObserver
  void failed(const std::string& actor, Error error) override;
  void log(LogLevel level, const std::string& actor, std::string message) override;
  void drain_requested() override {}

 private:
  Status outcome() const;

  const Topology& topology_;
  Plan plan_;
  FakeClock clock_;
  InlinePool pool_;
  MemoryNetwork network_;
  std::vector<std::unique_ptr<MemoryTransport>> transports_;
  std::deque<ActorMetrics> actor_metrics_;
  std::deque<ChannelMetrics> channel_metrics_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::optional<Error> error_;
  std::vector<std::string> lines_;
};

}  // namespace leat
