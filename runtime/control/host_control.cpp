#include "control/host_control.hpp"

#include <fmt/format.h>

namespace leat {

HostControl::HostControl(Setup setup, Instant now)
    : setup_(std::move(setup)),
      participant_(setup_.number, setup_.incarnation, setup_.plan->fingerprint, *this, now) {}

HostControl::~HostControl() = default;

void HostControl::build(std::uint32_t epoch, std::uint64_t checkpoint, const SnapshotRef& snapshot) {
  crew_.reset();  // its sockets and files, before new ones are made
  unsaved_ = 0;
  bytes_.clear();
  report_ = std::make_unique<HostReport>(*setup_.plan, setup_.host, *setup_.observer, setup_.wake);
  std::map<std::size_t, CellState> restored;
  Status outcome;
  if (checkpoint != 0) {
    auto states = restore(snapshot);
    if (states)
      restored = *std::move(states);
    else
      outcome = Failure(std::move(states).error());
  }
  if (outcome) {
    auto crew = setup_.make_crew(epoch, std::move(restored), *report_);
    if (crew)
      crew_ = *std::move(crew);
    else
      outcome = Failure(std::move(crew).error());
  }
  if (outcome) return participant_.built(epoch);
  setup_.observer->failed("", outcome.error());
  participant_.failed(epoch, outcome.error().text());
}

// The state of each instance that the plan has here. What does not fit is refused: rows would be lost or come
// twice.
Result<std::map<std::size_t, CellState>> HostControl::restore(const SnapshotRef& snapshot) {
  LEAT_TRY_ASSIGN(const std::string bytes, setup_.store->load(snapshot));
  LEAT_TRY_ASSIGN(auto states, decode_snapshot(bytes));
  std::map<std::size_t, CellState> restored;
  for (const WorkerPlan& worker : setup_.plan->workers) {
    if (worker.host != setup_.host) continue;
    for (const std::size_t at : worker.instances) {
      const InstancePlan& instance = setup_.plan->instances[at];
      const std::string& actor = setup_.topology->actors[instance.actor].name;
      const auto state = states.find({actor, instance.number});
      if (state == states.end())
        return fail(
            Code::corrupt_state,
            fmt::format("the checkpoint knows no `{}` (instance {}); run the topology it was made by, or "
                        "start anew with `leat run --from none`",
                        actor, instance.number),
            snapshot.name);
      restored[at] = std::move(state->second);
      states.erase(state);
    }
  }
  if (states.empty()) return restored;
  return fail(
      Code::corrupt_state,
      fmt::format("the checkpoint has state of `{}` (instance {}), which the topology has not; run the "
                  "topology it was made by, or start anew with `leat run --from none`",
                  states.begin()->first.first, states.begin()->first.second),
      snapshot.name);
}

std::string HostControl::encode(std::map<std::size_t, CellState> states) const {
  std::map<CellName, CellState> named;
  for (auto& [at, state] : states) {
    const InstancePlan& instance = setup_.plan->instances[at];
    named[{setup_.topology->actors[instance.actor].name, instance.number}] = std::move(state);
  }
  return encode_snapshot(named);
}

void HostControl::run(Instant now) {
  if (report_)
    for (HostReport::Event& event : report_->take()) handle(std::move(event));
  participant_.on_time(now);
}

void HostControl::handle(HostReport::Event event) {
  const std::uint32_t epoch = participant_.epoch();
  switch (event.kind) {
    case HostReport::Event::Kind::saved:
      unsaved_ = event.checkpoint;
      bytes_ = encode(std::move(event.states));
      return save();
    case HostReport::Event::Kind::committed:
      return participant_.committed(epoch, event.checkpoint);
    case HostReport::Event::Kind::quiet:
      return participant_.quiet(epoch);
    case HostReport::Event::Kind::broken:
      return participant_.broken(epoch, event.error.text());
    case HostReport::Event::Kind::failed:
      return participant_.failed(epoch, event.error.text());
  }
}

// A full disk is waited for: the barrier is said again, and then it is tried again. The checkpoint before
// stays.
void HostControl::save() {
  const std::string name = fmt::format("snapshot-{}-{}-{}", participant_.epoch(), unsaved_, setup_.number);
  Result<SnapshotRef> saved = setup_.store->save(name, bytes_);
  if (!saved && saved.error().code == Code::storage_full) {
    if (!std::exchange(short_of_room_, true))
      setup_.observer->log(LogLevel::warning, "", "checkpoint waits: " + saved.error().text());
    return;
  }
  short_of_room_ = false;
  if (!saved) {
    setup_.observer->failed("", saved.error());
    return participant_.failed(participant_.epoch(), saved.error().text());
  }
  snapshot_ = name;
  bytes_.clear();
  participant_.saved(participant_.epoch(), std::exchange(unsaved_, 0), *std::move(saved));
}

void HostControl::checkpoint(std::uint64_t number, bool last) {
  if (unsaved_ == number) return save();
  crew_->checkpoint(number, last);
}

void HostControl::commit(std::uint64_t number) {
  setup_.store->tidy(snapshot_);
  crew_->commit(number);
}

void HostControl::release() {
  if (crew_) crew_->release();
}

void HostControl::give_up(const std::string& text) {
  gave_up_ = text;
}

}  // namespace leat
