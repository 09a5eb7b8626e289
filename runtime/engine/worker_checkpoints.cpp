// What a worker does for checkpoints: barriers into its cells, their states and commits out, and no row past
// a barrier by a call.
#include "engine/worker_parts.hpp"

namespace leat {
namespace {

constexpr Duration kAuditEvery = std::chrono::milliseconds(500);

}  // namespace

// A cell that is through with a checkpoint must not send to one that is not: it would get what belongs after
// the barrier.
bool Worker::held(std::size_t cell) const {
  const std::uint64_t through = cells_[cell]->checkpoint();
  if (through == 0) return false;
  return std::ranges::any_of(reach_[cell], [&](std::size_t further) {
    return !cells_[further]->ended() && cells_[further]->checkpoint() < through;
  });
}

// The last message of a channel may be the lost one, and then nothing follows that would show it.
void Worker::audit_channels() {
  next_audit_ = steady_now_ + kAuditEvery;
  const std::string& host = setup_.plan->workers[setup_.number].host;
  for (const auto& edge : remote_edges_)
    if (edge->sender().open() && setup_.plan->workers[edge->worker()].host != host)
      setup_.transport->send(edge->worker(), {.kind = MessageKind::ping,
                                              .channel = edge->sender().id(),
                                              .epoch = setup_.epoch,
                                              .sequence = edge->sender().sequence()});
  for (const auto& inlet : inlets_)
    if (setup_.plan->workers[inlet->worker].host != host)
      if (auto message = inlet->receiver.repeat()) setup_.transport->send(inlet->worker, *std::move(message));
}

bool Worker::run_checkpoints() {
  if (!setup_.checkpoints) return false;
  bool worked = false;
  if (const std::uint64_t number = checkpoint_wanted_.load(std::memory_order_acquire); number > begun_) {
    begun_ = number;
    stopped_ = stopped_ || stop_wanted_.load(std::memory_order_relaxed);
    stopwatch_.begin(0);
    for (const auto& cell : cells_) cell->begin_checkpoint(number);
    flush_soon_ = worked = true;
  }
  if (const std::uint64_t number = commit_wanted_.load(std::memory_order_acquire); number > committed_) {
    committed_ = number;
    stopwatch_.begin(0);
    for (const auto& cell : cells_) cell->commit();
    setup_.observer->committed(setup_.number, number);
    worked = true;
  }
  if (!said_quiet_ && all_ended()) {
    said_quiet_ = true;
    setup_.observer->quiet(setup_.number);
  }
  return worked;
}

void Worker::snapshot(const Cell& cell, std::uint64_t checkpoint, CellState state) {
  setup_.observer->snapshot(checkpoint, setup_.plan->workers[setup_.number].instances[cell.index()],
                            std::move(state));
}

void Worker::checkpoint(std::uint64_t number, bool last) {
  stop_wanted_.store(last, std::memory_order_relaxed);
  checkpoint_wanted_.store(number, std::memory_order_release);
  setup_.transport->wake();
}

void Worker::commit(std::uint64_t number) {
  commit_wanted_.store(number, std::memory_order_release);
  setup_.transport->wake();
}

void Worker::release() {
  release_wanted_.store(true, std::memory_order_relaxed);
  setup_.transport->wake();
}

}  // namespace leat
