#include "control/host_control.hpp"

#include <fmt/format.h>

namespace leat {

HostControl::HostControl(Setup setup, Instant now)
    : setup_(std::move(setup)),
      participant_(setup_.number, setup_.incarnation, setup_.plan->fingerprint, *this, now) {}

HostControl::~HostControl() = default;

void HostControl::build(std::uint32_t epoch, std::uint64_t checkpoint,
                        const std::vector<SnapshotRef>& snapshots) {
  crew_.reset();  // its sockets and files, before new ones are made
  unsaved_ = 0;
  bytes_.clear();
  report_ = std::make_unique<HostReport>(*setup_.plan, setup_.host, *setup_.observer, setup_.wake);
  Result<RestoredStates> restored = checkpoint != 0 ? restore(snapshots) : RestoredStates();
  Status outcome = restored ? Status() : Status(Failure(restored.error()));
  if (outcome) {
    auto crew = setup_.make_crew(epoch, *std::move(restored), *report_);
    if (crew)
      crew_ = *std::move(crew);
    else
      outcome = Failure(std::move(crew).error());
  }
  if (outcome) return participant_.built(epoch);
  setup_.observer->failed("", outcome.error());
  participant_.failed(epoch, outcome.error().text());
}

// In the order of the plan.
std::vector<WantedCell> HostControl::cells(bool here) const {
  std::vector<WantedCell> cells;
  for (const InstancePlan& instance : setup_.plan->instances) {
    if (here && setup_.plan->workers[instance.worker].host != setup_.host) continue;
    const ActorSpec& actor = setup_.topology->actors[instance.actor];
    cells.push_back({actor.name, actor.was, std::string(actor.kind->info.name), instance.number,
                     actor.instances, actor.kind->info.rescales});
  }
  return cells;
}

// This host's own part is usually enough. When actors were moved or divided anew, all parts are needed.
Result<std::map<CellName, CellState>> HostControl::load_parts(const std::vector<SnapshotRef>& snapshots) {
  std::map<CellName, CellState> states;
  const auto load = [&](const SnapshotRef& part) -> Status {
    LEAT_TRY_ASSIGN(const std::string bytes, setup_.store->load(part));
    LEAT_TRY_ASSIGN(auto loaded, decode_snapshot(bytes));
    states.merge(loaded);
    return {};
  };
  const bool own = setup_.number < snapshots.size();
  if (own) LEAT_TRY(load(snapshots[setup_.number]));
  if (own && fits(states, cells(true))) return states;
  for (std::size_t host = 0; host < snapshots.size(); ++host)
    if (host != setup_.number) LEAT_TRY(load(snapshots[host]));
  return states;
}

Result<RestoredStates> HostControl::restore(const std::vector<SnapshotRef>& snapshots) {
  LEAT_TRY_ASSIGN(const auto states, load_parts(snapshots));
  LEAT_TRY_ASSIGN(auto dealt, deal_states(states, cells(true), cells(false)));
  RestoredStates restored;
  auto next = dealt.begin();
  for (std::size_t at = 0; at < setup_.plan->instances.size(); ++at)
    if (setup_.plan->workers[setup_.plan->instances[at].worker].host == setup_.host)
      restored[at] = std::move(*next++);
  return restored;
}

std::string HostControl::encode(std::map<std::size_t, CellState> states) const {
  std::map<CellName, CellState> named;
  for (auto& [at, state] : states) {
    const InstancePlan& instance = setup_.plan->instances[at];
    named[{setup_.topology->actors[instance.actor].name, instance.number}] = std::move(state);
  }
  return encode_snapshot(std::move(named));
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
  if (saved && !keep_as_.empty())
    if (Status kept = setup_.store->keep(bytes_, keep_as_, setup_.number); !kept)
      saved = Failure(std::move(kept).error());
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
  keep_as_.clear();
  participant_.saved(participant_.epoch(), std::exchange(unsaved_, 0), *std::move(saved));
}

void HostControl::checkpoint(std::uint64_t number, bool last, const std::string& keep_as) {
  keep_as_ = keep_as;
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
