#include "control/host_report.hpp"

namespace leat {

HostReport::HostReport(const Plan& plan, const std::string& host, WorkerObserver& next,
                       std::function<void()> wake)
    : next_(&next), wake_(std::move(wake)) {
  for (const WorkerPlan& worker : plan.workers) {
    if (worker.host != host) continue;
    ++workers_;
    instances_ += worker.instances.size();
  }
}

std::vector<HostReport::Event> HostReport::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(events_, {});
}

void HostReport::add(Event event) {
  events_.push_back(std::move(event));
  if (wake_) wake_();
}

void HostReport::failed(const std::string& actor, Error error) {
  next_->failed(actor, error);
  if (!actor.empty()) error.place = error.place.empty() ? actor : actor + ", " + error.place;
  const std::lock_guard lock(mutex_);
  add({.kind = Event::Kind::failed, .error = std::move(error)});
}

void HostReport::log(LogLevel level, const std::string& actor, std::string message) {
  next_->log(level, actor, std::move(message));
}

// One checkpoint at a time: the states that come belong together.
void HostReport::snapshot(std::uint64_t checkpoint, std::size_t instance, CellState state) {
  const std::lock_guard lock(mutex_);
  states_[instance] = std::move(state);
  if (states_.size() < instances_) return;
  add({.kind = Event::Kind::saved, .checkpoint = checkpoint, .states = std::exchange(states_, {})});
}

void HostReport::committed(std::uint32_t, std::uint64_t checkpoint) {
  const std::lock_guard lock(mutex_);
  if (++committed_ < workers_) return;
  committed_ = 0;
  add({.kind = Event::Kind::committed, .checkpoint = checkpoint});
}

void HostReport::quiet(std::uint32_t) {
  const std::lock_guard lock(mutex_);
  if (++quiet_ == workers_) add({.kind = Event::Kind::quiet});
}

void HostReport::broken(Error error) {
  const std::lock_guard lock(mutex_);
  add({.kind = Event::Kind::broken, .error = std::move(error)});
}

}  // namespace leat
