#include "testing/bench.hpp"

#include <algorithm>

namespace leat {
namespace {

// A source without `rate` or `count` never comes to rest; these are some ten million rows.
constexpr int kRoundsMax = 50'000;
// A day in steps of ten milliseconds; what polls more often is not made for a long `advance`.
constexpr int kStepsMax = 10'000'000;
constexpr std::size_t kLinesMax = 100;

}  // namespace

Bench::Bench(const Topology& topology, Time start)
    : topology_(topology), plan_(make_plan(topology, false)), clock_(start), network_(plan_.workers.size()) {
  std::vector<ActorMetrics*> actors;
  std::vector<ChannelMetrics*> channels;
  for (std::size_t at = 0; at < plan_.instances.size(); ++at)
    actors.push_back(&actor_metrics_.emplace_back());
  for (std::size_t at = 0; at < plan_.channels.size(); ++at)
    channels.push_back(&channel_metrics_.emplace_back());
  for (std::uint32_t at = 0; at < plan_.workers.size(); ++at) {
    transports_.push_back(std::make_unique<MemoryTransport>(network_, at));
    workers_.push_back(std::make_unique<Worker>(Worker::Setup{.topology = &topology_,
                                                              .plan = &plan_,
                                                              .number = at,
                                                              .clock = &clock_,
                                                              .transport = transports_.back().get(),
                                                              .pool = &pool_,
                                                              .observer = this,
                                                              .actor_metrics = actors,
                                                              .channel_metrics = channels}));
  }
  for (const auto& worker : workers_) worker->start();
}

// Before the network and the metrics that they use.
Bench::~Bench() {
  workers_.clear();
}

Status Bench::outcome() const {
  if (error_) return Failure(*error_);
  return {};
}

Status Bench::settle() {
  for (int round = 0; round < kRoundsMax; ++round) {
    bool worked = false;
    for (const auto& worker : workers_) worked |= worker->turn();
    if (error_ || !worked) return outcome();
  }
  return fail(
      Code::limit_reached,
      "a source that runs for real never comes to rest; replace it with `emit`, or give it a `rate` or a "
      "`count`");
}

Status Bench::advance_to(Time time) {
  if (time > kEnd) return fail(Code::out_of_range, "the clock can't go so far; it ends in 2149");
  for (int step = 0; step < kStepsMax; ++step) {
    LEAT_TRY(settle());
    std::optional<Duration> next;
    for (const auto& worker : workers_)
      if (const Duration idle = worker->idle_time(); idle.count() >= 0 && (!next || idle < *next))
        next = idle;
    if (!next || clock_.now() + std::max(*next, Duration(1)) > time) {
      if (clock_.now() < time) clock_.advance(time - clock_.now());
      return settle();
    }
    clock_.advance(std::max(*next, Duration(1)));
  }
  return fail(Code::limit_reached,
              "an actor that runs for real asks for the clock too often for so long a time");
}

Status Bench::drain() {
  for (const auto& worker : workers_) worker->drain();
  return settle();
}

bool Bench::finished() const {
  return std::ranges::all_of(workers_, [](const auto& worker) { return worker->finished(); });
}

void Bench::failed(const std::string& actor, Error error) {
  if (error_) return;  // the first failure is the cause
  error_ = std::move(error);
  if (!actor.empty()) error_->place = error_->place.empty() ? actor : actor + ", " + error_->place;
}

void Bench::log(LogLevel level, const std::string& actor, std::string message) {
  if (level >= LogLevel::warning && lines_.size() < kLinesMax)
    lines_.push_back(actor + ": " + std::move(message));
}

}  // namespace leat
