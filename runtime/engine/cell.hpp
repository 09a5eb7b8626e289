#pragma once

#include <leat/batch_builder.hpp>
#include <leat/context.hpp>
#include <leat/crash_history.hpp>
#include <leat/ingest_log.hpp>
#include <leat/state.hpp>
#include <set>

#include "engine/edge.hpp"
#include "engine/feedback.hpp"
#include "engine/watermarks.hpp"
#include "observe/metrics.hpp"
#include "state/cell_state.hpp"

namespace leat {

/// What a cell needs from its worker. One thread.
class CellHost {
 public:
  virtual ~CellHost() = default;
  virtual Time now() const = 0;
  virtual Instant steady_now() const = 0;
  virtual void start_timer(std::size_t cell, Timer timer, Duration delay) = 0;
  virtual void cancel_timer(std::size_t cell, Timer timer) = 0;
  virtual std::function<void()> waker(std::size_t cell, Timer timer) = 0;
  virtual void offload(std::size_t cell, std::function<Status()> work,
                       std::function<Status(Status, Context&)> then) = 0;
  virtual void log(const Cell& cell, LogLevel level, std::string message) = 0;
  /// The topology can't go on: everything stops and the error is reported.
  virtual void fail(const Cell& cell, Error error) = 0;
  /// A watermark has made an actor emit: do not hold back what waits in senders.
  virtual void flush_soon() = 0;
  /// The cell's part of a checkpoint. Everything it sent before is before the barrier.
  virtual void snapshot(const Cell& cell, std::uint64_t checkpoint, CellState state) = 0;
  /// Charges time to `cell` (null: the worker itself) from now on; returns who was charged before.
  virtual Cell* charge(Cell* cell) = 0;
};

/// One actor instance at work: feeds the actor, counts, merges watermarks, passes on what it emits, and ends
/// it. The actor sees it as its Context. Worker thread only.
class Cell final : public Context {
 public:
  struct Setup {
    const ActorSpec* spec = nullptr;
    std::uint32_t number = 0;
    std::size_t index = 0;     ///< among the worker's cells
    std::vector<bool> inputs;  ///< channels that end here; true: a feedback link's
    std::uint32_t batch_rows = 1024;
    Delivery delivery = Delivery::best_effort;
    const CrashHistory* crashes = nullptr;
    ActorMetrics* metrics = nullptr;
    CellHost* host = nullptr;
  };
  explicit Cell(Setup setup);
  ~Cell() override;

  /// Wiring, before `start`: a link's channels from this instance, in consumer order.
  /// `rows` counts what it gets.
  void connect(std::uint8_t port, Route route, std::vector<Expression> keys, const std::vector<Edge*>& edges,
               Counter* rows = nullptr);

  void start();
  void receive(const Port& port, const Batch& batch, bool from_feedback = false);
  void receive_watermark(std::size_t input, Time watermark, bool idle);
  void receive_end(std::size_t input);
  void fire(Timer timer);
  void complete(Status status, const std::function<Status(Status, Context&)>& then);

  bool is_source() const { return source_ != nullptr; }
  /// Sources: asks for rows. The worker obeys the answer.
  Produced produce(std::uint32_t rows_max);
  /// Sources: ends now, as if nothing more came.
  void end_source();
  /// Sources: marks the stream idle when it has been silent for `idle_after`; otherwise says when to look
  /// again.
  std::optional<Instant> check_idle();

  /// The actor's state and what the engine knows of the instance; only while nothing offloaded is
  /// outstanding.
  CellState save() const;
  /// Before `start`. Several states: of all the instances that were.
  Status load(std::vector<CellState> states);
  /// The same, when nothing was saved: a source with an ingest log begins there.
  void begin_at(const LogPosition& position) {
    if (auto* source = dynamic_cast<LogBacked*>(actor_.get())) source->start_from(position);
  }

  // Checkpoints, one at a time: barriers are aligned. A cell whose barrier has come on one input takes
  // nothing more from it until it has come on all; then the actor's state is saved and the barrier goes on.

  /// The checkpoint has begun: sources make its barrier, and what has ended needs none.
  void begin_checkpoint(std::uint64_t checkpoint);
  void receive_barrier(std::size_t input, std::uint64_t checkpoint);
  /// The barrier has come here: nothing more may come from this input for now.
  bool barrier_came(std::size_t input) const { return !barriers_.empty() && barriers_[input]; }
  /// Number of the last checkpoint that this cell is through with.
  std::uint64_t checkpoint() const { return checkpoint_; }
  /// The checkpoint that was saved last is complete, everywhere.
  void commit();

  bool ended() const { return ended_; }
  /// Takes no rows for now: whoever would call it with some waits.
  bool holds_input() const { return holds_input_ && !ended_; }
  const ActorSpec& spec() const { return *setup_.spec; }
  ActorMetrics& metrics() { return *setup_.metrics; }
  const ActorMetrics& metrics() const { return *setup_.metrics; }
  std::size_t index() const { return setup_.index; }
  /// The watermark that what comes after it may rely on.
  Time safe_watermark() const;

  // Context
  void emit(const Port& port, Batch batch) override;
  void reject(const Batch& batch, std::uint32_t row, Error error) override;
  void reject(std::string_view raw, Error error) override;
  void drop(std::uint64_t rows, std::string_view reason) override {
    setup_.metrics->add_dropped(reason, rows);
  }
  void late(std::uint64_t rows) override { setup_.metrics->rows_late.add(rows); }
  Time now() const override { return setup_.host->now(); }
  Time watermark() const override { return merger_.watermark(); }
  void hold_watermark(Time limit) override { hold_ = limit; }
  void start_timer(Timer timer, Duration delay) override {
    setup_.host->start_timer(setup_.index, timer, delay);
  }
  void cancel_timer(Timer timer) override { setup_.host->cancel_timer(setup_.index, timer); }
  std::function<void()> waker(Timer timer) override { return setup_.host->waker(setup_.index, timer); }
  void hold_input(bool hold) override { holds_input_ = hold; }
  void offload(std::function<Status()> work, std::function<Status(Status, Context&)> then) override;
  void measure(std::string_view name, std::uint64_t value) override {
    setup_.metrics->set_value(name, value);
  }
  void log(LogLevel level, std::string message) override {
    setup_.host->log(*this, level, std::move(message));
  }
  const std::string& actor() const override { return setup_.spec->name; }
  std::uint32_t instance() const override { return setup_.number; }
  std::uint32_t instances() const override { return setup_.spec->instances; }
  SchemaPtr output_schema(const Port& port) const override { return setup_.spec->outputs[port.index].schema; }
  Delivery delivery() const override { return setup_.delivery; }
  std::uint32_t batch_rows() const override { return setup_.batch_rows; }

 private:
  struct Output {
    std::vector<Router> routers;  // one per link
    std::vector<Counter*> rows;   // by link
    bool late = false;
    std::vector<Edge*> edges;  // all channels of all links
  };

  template <class Call>
  void run(Call&& call);
  void receive_carefully(const Port& port, const Batch& batch);
  void find_suspects();
  void send(std::uint8_t port, Batch batch);
  void reject_record(const std::string& record, Error error);
  void flush_errors();
  void forward_watermark();
  void turn_round();
  void advance(Time before);
  void finish();
  void try_snapshot();
  void track_event_time(const Batch& batch);

  Setup setup_;
  std::unique_ptr<Actor> actor_;
  Source* source_ = nullptr;
  WatermarkMerger merger_;
  std::optional<FeedbackRounds> feedback_;  // of an actor that a loop leads back to
  std::vector<Output> outputs_;
  std::optional<BatchBuilder> errors_;
  Time entered_ = kTimeMin;  // of the batch being processed: what it causes inherits its age
  Time event_time_max_ = kTimeMin;
  Instant last_rows_{};
  Time hold_ = kTimeMax;
  std::multiset<Time> offloaded_;                    // of each outstanding call: the watermark when it began
  std::uint64_t checkpoint_ = 0;                     // done
  std::uint64_t aligning_ = 0;                       // begun; 0: none
  std::vector<bool> barriers_;                       // by input, while aligning
  const std::set<std::uint64_t>* poison_ = nullptr;  // rows that crashed the process
  std::optional<std::uint64_t> noted_;               // the row that the actor is given
  int careful_ = 0;  // commits to come until its rows need not be given one by one
  bool end_wanted_ = false;
  bool end_told_ = false;  // the actor knows; it ends when it has drained
  bool holds_input_ = false;
  bool ended_ = false;
  bool failed_ = false;
};

}  // namespace leat
