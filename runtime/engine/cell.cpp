#include "engine/cell.hpp"

#include <fmt/format.h>

#include <leat/codec.hpp>

#include "engine/crash_page.hpp"

namespace leat {

void LocalEdge::send(Batch batch) {
  to_.receive(port_, batch);
}
void LocalEdge::watermark(Time watermark, bool idle) {
  to_.receive_watermark(input_, watermark, idle);
}
void LocalEdge::barrier(std::uint64_t checkpoint) {
  to_.receive_barrier(input_, checkpoint);
}
void LocalEdge::finish() {
  to_.receive_end(input_);
}

namespace {

std::uint64_t byte_size(const CellState& state) {
  std::uint64_t bytes = 0;
  for (const auto& [name, part] : state.parts) bytes += part.size();
  return bytes;
}

}  // namespace

// A source has one input of its own: what its event times say.
Cell::Cell(Setup setup)
    : setup_(setup),
      actor_(setup.spec->config->create()),
      source_(dynamic_cast<Source*>(actor_.get())),
      merger_(source_ != nullptr ? 1 : setup.inputs.size()),
      outputs_(setup.spec->outputs.size()) {
  for (std::size_t port = 0; port < setup_.spec->kind->outputs.size(); ++port)
    outputs_[port].late = setup_.spec->kind->outputs[port].name.starts_with("late");
  find_suspects();
  if (std::ranges::find(setup_.inputs, true) == setup_.inputs.end()) return;
  feedback_.emplace(setup_.inputs);
  for (std::size_t input = 0; input < setup_.inputs.size(); ++input)
    if (setup_.inputs[input]) merger_.end(input);
}

Cell::~Cell() = default;

void Cell::find_suspects() {
  // The one that it goes on from is committed again at the start; the next may hold rows from before; so the
  // third.
  constexpr int kCarefulCommits = 3;
  if (setup_.crashes == nullptr) return;
  careful_ = setup_.crashes->careful.contains(setup_.spec->name) ? kCarefulCommits : 0;
  const auto poison = setup_.crashes->poison.find(setup_.spec->name);
  if (poison != setup_.crashes->poison.end()) poison_ = &poison->second;
}

void Cell::connect(std::uint8_t port, Route route, std::vector<Expression> keys,
                   const std::vector<Edge*>& edges, Counter* rows) {
  Output& output = outputs_[port];
  output.rows.push_back(rows);
  output.edges.insert(output.edges.end(), edges.begin(), edges.end());
  output.routers.emplace_back(route, std::move(keys), std::vector<Outlet*>(edges.begin(), edges.end()));
}

// Every call into the actor goes through here: time is charged, rejected rows leave, an error stops the
// topology.
template <class Call>
void Cell::run(Call&& call) {
  if (failed_) return;
  Cell* before = setup_.host->charge(this);
  const Time held = hold_;
  CallSite& site = call_site();
  const CallSite caller =
      std::exchange(site, {setup_.spec->name.c_str(), noted_.has_value(), noted_.value_or(0)});
  Status status = call();
  site = caller;
  if (errors_ && !errors_->empty()) flush_errors();
  setup_.host->charge(before);
  if (status) {
    if (hold_ > held) forward_watermark();
    return;
  }
  failed_ = true;
  Error error = std::move(status).error();
  setup_.host->fail(*this, std::move(error));
}

void Cell::start() {
  last_rows_ = setup_.host->steady_now();
  run([&] { return actor_->on_start(*this); });
  if (merger_.watermark() > kTimeMin) forward_watermark();
  if (ended_)
    for (Output& output : outputs_)
      for (Edge* edge : output.edges) edge->finish();
}

CellState Cell::save() const {
  StateWriter state;
  actor_->save(state);
  return {state.take(), merger_.watermark(),    event_time_max_,
          ended_,       setup_.spec->instances, std::string(setup_.spec->kind->info.name)};
}

// A barrier carries its watermark, so instances that share keys saved the same one.
Status Cell::load(std::vector<CellState> states) {
  const bool same = states.size() == 1 && states.front().instances == setup_.spec->instances;
  Time watermark = kTimeMax;
  ended_ = end_wanted_ = std::ranges::all_of(states, &CellState::ended);
  for (CellState& state : states) {
    watermark = std::min(watermark, state.watermark);
    event_time_max_ = std::max(event_time_max_, state.event_time_max);
    std::optional<KeyShare> share;
    if (!same) share.emplace(setup_.number, setup_.spec->instances);
    StateReader reader(std::move(state.parts), share);
    LEAT_TRY(actor_->load(reader));
  }
  merger_.restore(watermark);
  return {};
}

void Cell::begin_checkpoint(std::uint64_t checkpoint) {
  if (checkpoint_ >= checkpoint || aligning_ == checkpoint) return;
  aligning_ = checkpoint;
  barriers_.assign(merger_.inputs(), false);
  try_snapshot();
}

void Cell::receive_barrier(std::size_t input, std::uint64_t checkpoint) {
  if (ended_) return;
  if (aligning_ != checkpoint) begin_checkpoint(checkpoint);
  if (aligning_ != checkpoint) return;
  barriers_[input] = true;
  try_snapshot();
}

// What was offloaded belongs before the barrier.
void Cell::try_snapshot() {
  if (aligning_ == 0 || failed_ || !offloaded_.empty()) return;
  const bool aligned = source_ != nullptr || ended_;
  for (std::size_t input = 0; input < barriers_.size() && !aligned; ++input)
    if (!barriers_[input] && !merger_.ended(input)) return;
  if (end_wanted_ && !end_told_ && !ended_) return;  // `finish` comes first
  const auto begin = std::chrono::steady_clock::now();
  run([&] { return actor_->on_barrier(*this); });
  if (failed_) return;
  checkpoint_ = std::exchange(aligning_, 0);
  barriers_.clear();
  CellState state = save();
  const auto took = static_cast<std::uint64_t>((std::chrono::steady_clock::now() - begin).count());
  setup_.metrics->save_ns_max.set(std::max(setup_.metrics->save_ns_max.get(), took));
  setup_.metrics->state_bytes.set(byte_size(state));
  setup_.host->snapshot(*this, checkpoint_, std::move(state));
  if (ended_) return;
  for (Output& output : outputs_)
    for (Edge* edge : output.edges) edge->barrier(checkpoint_);
}

void Cell::commit() {
  careful_ -= careful_ > 0 ? 1 : 0;
  run([&] { return actor_->on_commit(*this); });
}

void Cell::receive(const Port& port, const Batch& batch, bool from_feedback) {
  ActorMetrics& metrics = *setup_.metrics;
  if (ended_) return metrics.add_dropped("after_end", batch.row_count());  // from a loop whose head has ended
  if (feedback_ && from_feedback) feedback_->rows_came();
  metrics.rows_in.add(batch.row_count());
  metrics.batches_in.add(1);
  metrics.bytes_in.add(batch.byte_size());
  if (batch.entered() != kTimeMin)
    metrics.latency_us.add(
        static_cast<std::uint64_t>(std::max<std::int64_t>(0, (now() - batch.entered()).count())));
  entered_ = batch.entered();
  if (poison_ != nullptr || careful_ > 0) [[unlikely]]
    return receive_carefully(port, batch);
  run([&] { return actor_->on_batch(port, batch, *this); });
}

// It has crashed the process: each row is noted before the actor sees it, and those that did it are refused.
void Cell::receive_carefully(const Port& port, const Batch& batch) {
  for (std::uint32_t row = 0; row < batch.row_count(); ++row) {
    const std::uint64_t identity = row_identity(batch, row);
    if (poison_ != nullptr && poison_->contains(identity)) {
      run([&] {
        reject(batch, row,
               Error{Code::poison_record, fmt::format("`{}` crashed the process on it", actor()), {}});
        return Status();
      });
      continue;
    }
    noted_ = identity;
    run([&] { return actor_->on_batch(port, batch.slice(row, 1), *this); });
    noted_.reset();
  }
}

void Cell::receive_watermark(std::size_t input, Time watermark, bool idle) {
  if (feedback_ && setup_.inputs[input]) {
    feedback_->update(input, watermark);
    return turn_round();
  }
  const Time before = merger_.watermark();
  if (merger_.update(input, watermark, idle)) advance(before);
}

void Cell::receive_end(std::size_t input) {
  if (feedback_ && setup_.inputs[input]) {
    feedback_->end(input);
    return turn_round();
  }
  const Time before = merger_.watermark();
  if (merger_.end(input)) advance(before);
  if (!merger_.all_ended()) return try_snapshot();
  if (feedback_ && !feedback_->begun()) {
    feedback_->begin();
    forward_watermark();
    return turn_round();
  }
  end_wanted_ = true;
  finish();
}

void Cell::turn_round() {
  while (feedback_->turn()) {
    forward_watermark();
    if (!feedback_->ended()) continue;
    end_wanted_ = true;
    finish();
  }
}

void Cell::advance(Time before) {
  if (merger_.watermark() > before) {
    const std::uint64_t rows_before = setup_.metrics->rows_out.get();
    run([&] { return actor_->on_watermark(merger_.watermark(), *this); });
    if (setup_.metrics->rows_out.get() != rows_before) setup_.host->flush_soon();
  }
  forward_watermark();
}

Time Cell::safe_watermark() const {
  Time safe = std::min(merger_.watermark(), hold_);
  if (!offloaded_.empty()) safe = std::min(safe, *offloaded_.begin());
  if (feedback_) safe = std::min(safe, feedback_->limit());
  return safe;
}

// Who holds the watermark back has rows to come, and is not idle.
void Cell::forward_watermark() {
  const Time safe = safe_watermark();
  const bool idle = merger_.idle() && safe == merger_.watermark();
  for (Output& output : outputs_)
    for (Edge* edge : output.edges) edge->watermark(safe, idle);
}

// The end waits for offloaded work, and for what the actor itself waits for: what comes of that belongs to
// the stream. A checkpoint waits for the former only; the latter is in the actor's state.
void Cell::finish() {
  if (!end_wanted_ || ended_ || !offloaded_.empty() || failed_) return;
  if (!std::exchange(end_told_, true)) run([&] { return actor_->on_end(*this); });
  if (failed_) return;
  if (!actor_->drained()) return try_snapshot();
  ended_ = true;
  for (Output& output : outputs_)
    for (Edge* edge : output.edges) edge->finish();
  try_snapshot();
}

void Cell::fire(Timer timer) {
  if (ended_) return;
  run([&] { return actor_->on_timer(timer, *this); });
  if (end_told_) finish();
}

void Cell::offload(std::function<Status()> work, std::function<Status(Status, Context&)> then) {
  const Time began = merger_.watermark();
  offloaded_.insert(began);
  setup_.host->offload(setup_.index, std::move(work),
                       [this, began, then = std::move(then)](Status status, Context& ctx) {
                         offloaded_.erase(offloaded_.find(began));
                         return then(std::move(status), ctx);
                       });
}

void Cell::complete(Status status, const std::function<Status(Status, Context&)>& then) {
  run([&] { return then(std::move(status), *this); });
  forward_watermark();
  finish();
  try_snapshot();
}

Produced Cell::produce(std::uint32_t rows_max) {
  Produced produced = Produced::end();
  const std::uint64_t rows_before = setup_.metrics->rows_out.get();
  run([&]() -> Status {
    Result<Produced> result = source_->produce(rows_max, *this);
    if (!result) return Failure(std::move(result).error());
    produced = *result;
    return {};
  });
  if (failed_) return Produced::end();
  // Silence says nothing new: an idle source stays idle until rows come.
  const bool sent = setup_.metrics->rows_out.get() != rows_before;
  if (sent) last_rows_ = setup_.host->steady_now();
  Time watermark = produced.watermark;
  if (const auto& spec = setup_.spec->event_time; spec && sent && event_time_max_ > kTimeMin) {
    // Flink's bounded-out-of-orderness rule: an event at the watermark itself is still late by one
    // microsecond.
    watermark = std::max(watermark, event_time_max_ - spec->disorder - Duration(1));
  }
  if (watermark > kTimeMin) receive_watermark(0, watermark, false);
  if (produced.next == Produced::Next::end) end_source();
  return produced;
}

void Cell::end_source() {
  if (!end_wanted_) receive_end(0);
}

std::optional<Instant> Cell::check_idle() {
  const auto& spec = setup_.spec->event_time;
  if (!spec || spec->idle_after.count() == 0 || ended_ || merger_.idle()) return std::nullopt;
  const Instant deadline = last_rows_ + spec->idle_after;
  if (setup_.host->steady_now() < deadline) return deadline;
  receive_watermark(0, kTimeMin, true);
  return std::nullopt;
}

void Cell::track_event_time(const Batch& batch) {
  const Column& times = batch.column(*setup_.spec->event_time->column);
  std::int64_t latest = INT64_MIN;
  if (times.null_count() == 0) {
    for (const std::int64_t time : times.int64s()) latest = std::max(latest, time);
  } else {
    for (std::uint32_t row = 0; row < times.row_count(); ++row)
      if (!times.is_null(row)) latest = std::max(latest, times.int64(row));
  }
  event_time_max_ = std::max(event_time_max_, Time(Duration(latest)));
}

void Cell::emit(const Port& port, Batch batch) {
  if (batch.empty()) return;
  LEAT_ASSERT(port.index + 1u < outputs_.size());
  if (source_ != nullptr) {
    if (batch.entered() == kTimeMin) batch = std::move(batch).with_entered(now());
    if (port.index == 0 && setup_.spec->event_time && setup_.spec->event_time->column)
      track_event_time(batch);
  } else if (batch.entered() == kTimeMin && entered_ != kTimeMin) {
    batch = std::move(batch).with_entered(entered_);
  }
  ActorMetrics& metrics = *setup_.metrics;
  if (!outputs_[port.index].late) metrics.rows_out.add(batch.row_count());
  metrics.batches_out.add(1);
  metrics.bytes_out.add(batch.byte_size());
  send(port.index, std::move(batch));
}

void Cell::send(std::uint8_t port, Batch batch) {
  Output& output = outputs_[port];
  const std::uint64_t rows = batch.row_count();
  for (std::size_t link = 0; link < output.routers.size(); ++link) {
    std::uint64_t failed = 0;
    const bool last = link + 1 == output.routers.size();
    output.routers[link].send(last ? std::move(batch) : Batch(batch),
                              [&](const Batch& of, std::uint32_t row, Error error) {
                                ++failed;
                                reject(of, row, std::move(error));
                              });
    if (output.rows[link] != nullptr) output.rows[link]->add(rows - failed);
  }
}

void Cell::reject(const Batch& batch, std::uint32_t row, Error error) {
  reject_record(outputs_.back().edges.empty() ? std::string() : to_msgpack(batch, row), std::move(error));
}

void Cell::reject(std::string_view raw, Error error) {
  reject_record(outputs_.back().edges.empty() ? std::string() : to_msgpack(raw), std::move(error));
}

void Cell::reject_record(const std::string& record, Error error) {
  const std::uint64_t count = setup_.metrics->rows_errors.get() + 1;
  setup_.metrics->rows_errors.add(1);
  if (outputs_.back().edges.empty()) {
    // Nobody reads the errors port: say the first few, then ever fewer.
    if (count <= 3 || (count & (count - 1)) == 0)
      log(LogLevel::warning, fmt::format("{} (row {} to fail; connect `{}.errors` to keep such rows)",
                                         error.text(), count, actor()));
    return;
  }
  if (!errors_) errors_.emplace(setup_.spec->outputs.back().schema);
  const std::optional<std::string> place = error.place.empty() ? std::nullopt : std::optional(error.place);
  errors_->add(std::string_view(actor()), describe(error.code).name, std::string_view(error.message), place,
               std::int64_t{1}, now(), std::string_view(record));
}

void Cell::flush_errors() {
  send(setup_.spec->errors_port(), errors_->finish().with_entered(now()));
}

}  // namespace leat
