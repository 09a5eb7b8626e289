#include <fmt/format.h>

#include "engine/worker_parts.hpp"

namespace leat {
namespace {

constexpr int kMessagesPerTurn = 256;
// What one channel may use of a turn: at least so many batches, and so many rows when its batches are small.
constexpr int kBatchesPerInletTurn = 8;
constexpr std::uint64_t kRowsPerInletTurn = 256;
// Least rows a source is asked for per turn: with tiny batches the turn itself would cost more than the rows.
constexpr std::uint32_t kRowsPerTurnMin = 512;
constexpr Duration kHelloEvery = std::chrono::milliseconds(100);

}  // namespace

struct Worker::Completion {
  std::size_t cell;
  Status status;
  std::function<Status(Status, Context&)> then;
};

Worker::Worker(Setup setup)
    : setup_(std::move(setup)),
      wakes_(std::make_shared<Wakes>([transport = setup_.transport] { transport->wake(); })) {
  refresh_clock();
  add_cells();
  add_channels();
  connect_outputs();
  find_reach();
  find_gates();
}

Worker::~Worker() {
  wakes_->close();
}

bool Worker::yields(std::size_t cell) const {
  return std::ranges::any_of(loops_[cell], [](const Receiver* loop) { return loop->has_next(); });
}

bool Worker::blocked(std::size_t cell) const {
  const auto full = [](const RemoteEdge* edge) { return const_cast<RemoteEdge*>(edge)->sender().blocked(); };
  return std::ranges::any_of(gates_[cell], full) ||
         std::ranges::any_of(reach_[cell], [&](std::size_t at) { return cells_[at]->holds_input(); });
}

void Worker::refresh_clock() {
  now_ = setup_.clock->now();
  steady_now_ = setup_.clock->steady();
}

void Worker::run() {
  start();
  while (!abort_wanted_.load(std::memory_order_relaxed) && !finished())
    if (!turn()) sleep();
  cells_.clear();  // here, because an actor's sockets and handles belong to this thread
}

Status Worker::load() {
  const auto& instances = setup_.plan->workers[setup_.number].instances;
  for (std::size_t at = 0; at < cells_.size(); ++at) {
    const auto saved = setup_.restored.find(instances[at]);
    if (saved == setup_.restored.end() || saved->second.empty()) {  // new here
      if (setup_.begin_at) cells_[at]->begin_at(*setup_.begin_at);
      continue;
    }
    Status loaded = cells_[at]->load(std::move(saved->second));
    if (loaded) continue;
    Error error = std::move(loaded).error();
    error.place = fmt::format("{}{}{}", cells_[at]->actor(), error.place.empty() ? "" : ", ", error.place);
    return Failure(std::move(error));
  }
  return {};
}

// Repeated until it is answered: a peer of the attempt before may have got the first one.
void Worker::say_hello() {
  next_hello_ = Instant::max();
  const std::string& host = setup_.plan->workers[setup_.number].host;
  for (const auto& edge : remote_edges_) {
    if (edge->sender().open()) continue;
    setup_.transport->send(edge->worker(), {.kind = MessageKind::hello,
                                            .channel = edge->sender().id(),
                                            .epoch = setup_.epoch,
                                            .plan = setup_.plan->fingerprint,
                                            .text = host});
    if (setup_.checkpoints) next_hello_ = steady_now_ + kHelloEvery;
  }
}

// Consumers before producers, so that a source finds its topology ready.
void Worker::start() {
  refresh_clock();
  say_hello();
  if (setup_.checkpoints && peers_.any()) audit_channels();
  for (auto cell = cells_.rbegin(); cell != cells_.rend(); ++cell) {
    stopwatch_.begin(0);
    (*cell)->start();
  }
  // The checkpoint that it goes on from is complete, whether the attempt before could say so or not.
  for (const auto& cell : cells_)
    if (!setup_.restored.empty()) cell->commit();
  setup_.transport->flush();
}

bool Worker::turn() {
  refresh_clock();
  if (drain_wanted_.load(std::memory_order_relaxed) && !draining_) begin_drain();
  if (steady_now_ >= next_peer_check_) check_peers();
  if (steady_now_ >= next_hello_) say_hello();
  if (steady_now_ >= next_audit_) audit_channels();
  bool worked = receive();
  worked |= run_checkpoints();
  worked |= run_inlets();
  worked |= run_timers();
  worked |= run_completions();
  worked |= run_sources();
  // What would be found to do next may still join the partial batches; when there is nothing, they go.
  const bool flush = flush_soon_ || !more_ready();
  flush_soon_ = false;
  return pump(flush) || worked;
}

bool Worker::finished() const {
  return setup_.checkpoints ? release_wanted_.load(std::memory_order_relaxed) : all_ended();
}

bool Worker::all_ended() const {
  return std::ranges::all_of(cells_, [](const auto& cell) { return cell->ended(); }) &&
         std::ranges::all_of(remote_edges_, [](const auto& edge) { return edge->sender().closed(); }) &&
         std::ranges::all_of(inlets_, [](const auto& inlet) { return inlet->receiver.closed(); });
}

bool Worker::more_ready() const {
  return messages_left_ || sources_left_ ||
         std::ranges::any_of(inlets_, [&](const auto& inlet) { return may_take(*inlet); });
}

bool Worker::receive() {
  if (remote_edges_.empty() && inlets_.empty()) return false;
  int count = 0;
  for (Message message; count < kMessagesPerTurn && setup_.transport->receive(message); ++count)
    handle(std::move(message));
  messages_left_ = count == kMessagesPerTurn;
  return count > 0;
}

void Worker::handle(Message&& message) {
  const auto inlet = inlet_of_.find(message.channel);
  const auto edge = edge_of_.find(message.channel);
  if (inlet == inlet_of_.end() && edge == edge_of_.end())
    return;  // another topology's: the hello was refused
  if (message.epoch != setup_.epoch && message.kind != MessageKind::drain &&
      message.kind != MessageKind::refuse && message.kind != MessageKind::ping)
    return;  // of an attempt that is over
  if (peers_.any())
    peers_.heard(inlet != inlet_of_.end() ? inlet->second->worker : edge->second->worker(), steady_now_);
  switch (message.kind) {
    case MessageKind::hello:
      if (inlet == inlet_of_.end()) return;
      if (message.plan == setup_.plan->fingerprint)
        return setup_.transport->send(inlet->second->worker, inlet->second->receiver.on_hello());
      setup_.observer->log(
          LogLevel::error, inlet->second->cell->actor(),
          fmt::format("host `{}` runs another version of this topology; start all hosts from the same file",
                      message.text.view()));
      return setup_.transport->send(
          inlet->second->worker,
          {.kind = MessageKind::refuse,
           .channel = message.channel,
           .text = "it runs another version of this topology; start all hosts from the same file"});
    case MessageKind::data:
    case MessageKind::barrier:
    case MessageKind::fin:
      if (inlet == inlet_of_.end()) return;
      inlet->second->receiver.on_message(std::move(message));
      return check_broken(*inlet->second);
    case MessageKind::ready:
      if (edge != edge_of_.end()) edge->second->sender().on_ready(message.rows_total, message.bytes_total);
      return;
    case MessageKind::credit:
      if (edge != edge_of_.end()) edge->second->sender().on_credit(message.rows_total, message.bytes_total);
      return;
    case MessageKind::fin_ack:
      if (edge != edge_of_.end()) edge->second->sender().on_fin_ack();
      return;
    case MessageKind::drain:
      return setup_.observer->drain_requested();
    case MessageKind::refuse: {
      const std::uint32_t peer = edge != edge_of_.end() ? edge->second->worker() : setup_.number;
      const WorkerPlan& worker = setup_.plan->workers[peer];
      return setup_.observer->failed(
          "", Error{Code::peer_mismatch,
                    fmt::format("host `{}` refused: {}", worker.host, message.text.view()), worker.endpoint});
    }
    case MessageKind::ping:
      if (inlet == inlet_of_.end() || message.epoch != setup_.epoch) return;
      inlet->second->receiver.on_ping(message.sequence);
      return check_broken(*inlet->second);
  }
}

void Worker::check_broken(const Inlet& inlet) {
  if (inlet.receiver.broken())
    setup_.observer->broken(
        Error{Code::unreachable, "messages were lost on the way", setup_.plan->workers[inlet.worker].name});
}

bool Worker::may_take(const Inlet& inlet) const {
  const std::size_t cell = inlet.cell->index();
  return inlet.receiver.has_next() && !waits(cell) && !inlet.cell->barrier_came(inlet.input) &&
         (inlet.feedback || !yields(cell));
}

// A few batches of each channel in turn: fair in batches, and one slow consumer does not stop the others.
bool Worker::run_inlets() {
  bool worked = false;
  for (std::size_t step = 0; step < inlets_.size(); ++step) {
    Inlet& inlet = *inlets_[(next_inlet_ + step) % inlets_.size()];
    std::uint64_t rows = 0;
    for (int count = 0; (count < kBatchesPerInletTurn || rows < kRowsPerInletTurn) && may_take(inlet);
         ++count) {
      worked = true;
      const Message message = inlet.receiver.take();
      rows += message.batch.row_count();
      stopwatch_.begin(message.batch.row_count());
      if (!message.batch.empty()) inlet.cell->receive(inlet.port, message.batch, inlet.feedback);
      if (message.kind == MessageKind::fin)
        inlet.cell->receive_end(inlet.input);
      else
        inlet.cell->receive_watermark(inlet.input, message.watermark, message.idle);
      if (message.kind == MessageKind::barrier) inlet.cell->receive_barrier(inlet.input, message.checkpoint);
      inlet.receiver.processed(message.batch.row_count(), message.batch.byte_size());
    }
  }
  if (!inlets_.empty()) next_inlet_ = (next_inlet_ + 1) % inlets_.size();
  return worked;
}

bool Worker::run_timers() {
  bool worked = false;
  std::erase_if(late_timers_, [&](const Timers::Fired& late) {
    if (held(late.owner)) return false;
    timers_.start(late.owner, late.timer, steady_now_);
    return true;
  });
  for (const Wakes::Due& due : wakes_->take()) timers_.start(due.cell, due.timer, steady_now_);
  while (const auto fired = timers_.pop_due(steady_now_)) {
    if (held(fired->owner)) {
      late_timers_.push_back(*fired);
      continue;
    }
    worked = true;
    stopwatch_.begin(0);
    cells_[fired->owner]->fire(fired->timer);
  }
  return worked;
}

bool Worker::run_completions() {
  if (!completions_waiting_.exchange(false, std::memory_order_acquire)) return false;
  std::vector<Completion> ready;
  {
    const std::lock_guard lock(completions_mutex_);
    ready.swap(completions_);
  }
  for (Completion& completion : ready) {
    stopwatch_.begin(0);
    cells_[completion.cell]->complete(std::move(completion.status), completion.then);
  }
  return !ready.empty();
}

bool Worker::run_sources() {
  bool worked = false;
  sources_left_ = false;
  for (const auto& source : sources_) {
    Cell& cell = *source->cell;
    if (cell.ended() || draining_ || stopped_ || waits(cell.index()) || yields(cell.index())) continue;
    if (steady_now_ < source->next && source->fd < 0) {
      cell.check_idle();
      continue;
    }
    stopwatch_.begin(setup_.topology->batch_rows);
    const std::uint64_t rows_before = cell.metrics().rows_out.get();
    const Produced produced = cell.produce(std::max(setup_.topology->batch_rows, kRowsPerTurnMin));
    source->fd = produced.next == Produced::Next::idle ? produced.fd : -1;
    source->next = produced.next == Produced::Next::idle ? steady_now_ + produced.wait : Instant{};
    sources_left_ |= produced.next == Produced::Next::more;
    worked |= produced.next != Produced::Next::idle || cell.metrics().rows_out.get() != rows_before;
    cell.check_idle();
  }
  return worked;
}

// Sources of other processes are told through the channels that come from them.
void Worker::begin_drain() {
  draining_ = true;
  for (const auto& source : sources_) source->cell->end_source();
  for (const auto& inlet : inlets_)
    if (setup_.plan->workers[inlet->worker].host != setup_.plan->workers[setup_.number].host)
      setup_.transport->send(inlet->worker, {.kind = MessageKind::drain, .channel = inlet->receiver.id()});
}

bool Worker::pump(bool flush) {
  bool sent = false;
  for (const auto& edge : remote_edges_) {
    while (auto message = edge->sender().next(steady_now_, flush)) {
      sent = true;
      setup_.transport->send(edge->worker(), *std::move(message));
    }
    if (edge->sender().overflowed()) report_overflow(edge->sender().id());
  }
  for (const auto& inlet : inlets_)
    if (auto message = inlet->receiver.reply()) setup_.transport->send(inlet->worker, *std::move(message));
  setup_.transport->flush();
  return sent;
}

void Worker::report_overflow(const ChannelId& id) {
  const LinkSpec& link = setup_.topology->links[id.link];
  const ActorSpec& from = setup_.topology->actors[link.from];
  setup_.observer->failed(
      from.name,
      Error{Code::limit_reached,
            fmt::format("more than {} rows wait in its feedback link to `{}`: the loop makes rows "
                        "faster than they leave it; raise `queue.max`, or have fewer rows go round",
                        link.queue.max.count, setup_.topology->actors[link.to].name),
            from.outputs[link.from_port].name});
}

Duration Worker::idle_time() const {
  if (wakes_->any()) return {};
  std::optional<Instant> next = const_cast<Timers&>(timers_).next_deadline();
  const auto sooner = [&](std::optional<Instant> other) {
    if (other && (!next || *other < *next)) next = other;
  };
  for (const auto& source : sources_)
    if (!source->cell->ended() && !draining_ && !stopped_ && !waits(source->cell->index())) {
      sooner(source->next);
      sooner(source->cell->check_idle());
    }
  sooner(peers_.next_check());
  if (next_hello_ != Instant::max()) sooner(next_hello_);
  if (next_audit_ != Instant::max()) sooner(next_audit_);
  if (!next) return Duration(-1);
  return std::max(Duration(0), std::chrono::ceil<Duration>(*next - setup_.clock->steady()));
}

void Worker::check_peers() {
  close_peers();
  const Peers::Due due = peers_.check(steady_now_);
  if (due.lost) {
    Error lost{Code::unreachable,
               fmt::format("host silent for {} s; look at that host, then run again",
                           Peers::kSilenceMax / std::chrono::seconds(1)),
               *due.lost};
    if (setup_.checkpoints)
      setup_.observer->broken(std::move(lost));
    else
      setup_.observer->failed("", std::move(lost));
  }
  for (const std::string& name : due.waiting_for)
    setup_.observer->log(LogLevel::info, "",
                         fmt::format("waiting for host {}; start it with `leat run ... --host NAME`", name));
  for (const std::uint32_t peer : due.ping) ping(peer);
  next_peer_check_ = peers_.next_check().value_or(Instant::max());
}

// A peer with whom every channel has ended may leave.
void Worker::close_peers() {
  for (const std::uint32_t peer : peers_.open()) {
    const bool sending = std::ranges::any_of(
        remote_edges_, [&](const auto& edge) { return edge->worker() == peer && !edge->sender().closed(); });
    const bool receiving = std::ranges::any_of(
        inlets_, [&](const auto& inlet) { return inlet->worker == peer && !inlet->receiver.closed(); });
    if (!sending && !receiving) peers_.close(peer);
  }
}

void Worker::sleep() {
  readable_.clear();
  for (const auto& source : sources_)
    if (source->fd >= 0 && !source->cell->ended() && !blocked(source->cell->index()))
      readable_.push_back(source->fd);
  const Duration timeout = idle_time();
  if (timeout.count() == 0) return;
  const Instant before = setup_.clock->steady();
  setup_.transport->wait(timeout, readable_);
  charge_blocked(setup_.clock->steady() - before);
}

void Worker::ping(std::uint32_t peer) {
  for (const auto& edge : remote_edges_)
    if (edge->worker() == peer)
      return setup_.transport->send(peer, {.kind = MessageKind::ping, .channel = edge->sender().id()});
  for (const auto& inlet : inlets_)
    if (inlet->worker == peer)
      return setup_.transport->send(peer, {.kind = MessageKind::ping, .channel = inlet->receiver.id()});
}

void Worker::charge_blocked(std::chrono::nanoseconds time) {
  for (const auto& source : sources_)
    if (!source->cell->ended() && blocked(source->cell->index()))
      source->cell->metrics().blocked_ns.add(static_cast<std::uint64_t>(time.count()));
  for (const auto& inlet : inlets_)
    if (inlet->receiver.has_next() && blocked(inlet->cell->index()))
      inlet->cell->metrics().blocked_ns.add(static_cast<std::uint64_t>(time.count()));
}

void Worker::start_timer(std::size_t cell, Timer timer, Duration delay) {
  timers_.start(cell, timer, steady_now_ + delay);
}

void Worker::offload(std::size_t cell, std::function<Status()> work,
                     std::function<Status(Status, Context&)> then) {
  setup_.pool->submit([this, cell, work = std::move(work), then = std::move(then)]() mutable {
    Status status = work();
    {
      const std::lock_guard lock(completions_mutex_);
      completions_.push_back({cell, std::move(status), std::move(then)});
    }
    completions_waiting_.store(true, std::memory_order_release);
    setup_.transport->wake();
  });
}

void Worker::log(const Cell& cell, LogLevel level, std::string message) {
  setup_.observer->log(level, cell.actor(), std::move(message));
}

void Worker::fail(const Cell& cell, Error error) {
  setup_.observer->failed(cell.actor(), std::move(error));
}

void Worker::drain() {
  drain_wanted_.store(true, std::memory_order_relaxed);
  setup_.transport->wake();
}

void Worker::abort() {
  abort_wanted_.store(true, std::memory_order_relaxed);
  setup_.transport->wake();
}

}  // namespace leat
