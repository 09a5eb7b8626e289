#include <thread>

#include "unit/engine/engine_fixture.hpp"

// Actors that other threads answer: Context::waker, Context::hold_input, Actor::drained.
namespace leat::enginetest {
namespace {

/// Who is asked: what waits for an answer, and how to say that there is one.
struct Oracle {
  std::vector<std::function<void()>> wakers;
  int answers = 0;  // rows that may go
  int ends = 0;
};
Oracle* oracle = nullptr;  // one test at a time, as `seen`

/// Keeps rows until the oracle lets them go. Takes no more than `most`.
class Ask final : public Actor {
 public:
  struct Config {
    std::uint64_t most = 100;
  };
  static constexpr KindInfo kind{"test.ask", "Asks."};
  static constexpr Port in{0, "in", "Rows."};
  static constexpr Port out{0, "out", "The same rows."};
  static constexpr auto inputs = ports(in);
  static constexpr auto outputs = ports(out);
  static Fields<Config> fields() { return {optional("most", &Config::most, "Rows at once.")}; }
  explicit Ask(Config config) : config_(config) {}

  Status on_start(Context& ctx) override {
    oracle->wakers.push_back(ctx.waker(Timer{1}));
    return {};
  }
  Status on_batch(const Port&, const Batch& batch, Context& ctx) override {
    for (std::uint32_t row = 0; row < batch.row_count(); ++row) rows_.push_back(batch.slice(row, 1));
    hold(ctx);
    return {};
  }
  Status on_timer(Timer, Context& ctx) override {
    for (; oracle->answers > 0 && !rows_.empty(); --oracle->answers) {
      ctx.emit(out, std::move(rows_.front()));
      rows_.pop_front();
    }
    hold(ctx);
    return {};
  }
  Status on_end(Context&) override {
    ++oracle->ends;
    return {};
  }
  bool drained() const override { return rows_.empty(); }
  void save(StateWriter& state) const override {
    state.write("rows", static_cast<std::int64_t>(rows_.size()));
  }

 private:
  void hold(Context& ctx) {
    ctx.hold_input(rows_.size() >= config_.most);
    ctx.measure("asked", rows_.size());
  }
  Config config_;
  std::deque<Batch> rows_;
};

class Asking : public SteppedTopology {
 public:
  explicit Asking(const std::string& text, bool checkpoints = false)
      : SteppedTopology(
            text, [](Registry& kinds) { kinds.add<Ask>(); }, checkpoints) {}
  ~Asking() override { oracle = nullptr; }
  void answer(int rows) {
    oracle->answers += rows;
    for (const auto& wake : oracle->wakers) wake();
    run_until_quiet();
  }
  void snapshot(std::uint64_t checkpoint, std::size_t, CellState state) override {
    saved[checkpoint].push_back(std::move(state));
  }
  std::map<std::uint64_t, std::vector<CellState>> saved;
};

/// Made before the topology, which asks it as soon as it starts.
struct WithOracle {
  WithOracle() { oracle = &here; }
  Oracle here;
};

TEST(Asynchronous, actor_is_woken_by_another_thread) {
  const WithOracle with;
  Asking run(
      "actors:\n  count: { kind: test.count, count: 3 }\n  ask: { kind: test.ask, inputs: [count] }\n"
      "  keep: { kind: test.keep, inputs: [ask] }\n");
  run.run_until_quiet();
  EXPECT_TRUE(run.seen_here.rows["keep.0"].empty());
  oracle->answers = 2;
  std::thread(with.here.wakers.front()).join();
  EXPECT_EQ(run.workers.front()->idle_time(), Duration(0));
  run.run_until_quiet();
  EXPECT_EQ(run.seen_here.rows["keep.0"], numbers_to(2));
  EXPECT_EQ(run.actor_metrics[1].values[0].rows.get(), 1u);
}

TEST(Asynchronous, many_calls_of_a_waker_are_one_and_none_is_lost) {
  int wakes = 0;
  const auto made = std::make_shared<Wakes>([&] { ++wakes; });
  const auto wake = made->waker(3, Timer{7});
  const auto other = made->waker(4, Timer{7});
  for (int call = 0; call < 100; ++call) wake();
  other();
  EXPECT_EQ(wakes, 2);
  const auto due = made->take();
  ASSERT_EQ(due.size(), 2u);
  EXPECT_EQ(due[0].cell, 3u);
  EXPECT_EQ(due[0].timer, Timer{7});
  EXPECT_FALSE(made->any());
  wake();
  EXPECT_TRUE(made->any());
}

TEST(Asynchronous, waker_may_be_called_when_its_worker_is_gone) {
  std::function<void()> wake;
  {
    const WithOracle with;
    Asking run(
        "actors:\n  count: { kind: test.count, count: 1 }\n  ask: { kind: test.ask, inputs: [count], "
        "discard: [out] }\n");
    wake = with.here.wakers.front();
  }
  wake();
}

TEST(Asynchronous, end_comes_when_the_actor_has_drained) {
  const WithOracle with;
  Asking run(
      "actors:\n  count: { kind: test.count, count: 3 }\n  ask: { kind: test.ask, inputs: [count] }\n"
      "  keep: { kind: test.keep, inputs: [ask] }\n");
  run.run_until_quiet();
  EXPECT_EQ(oracle->ends, 1);
  EXPECT_FALSE(run.finished());
  run.answer(2);
  EXPECT_FALSE(run.finished());
  EXPECT_EQ(run.seen_here.ends["keep.0"], 0);
  run.answer(1);
  EXPECT_TRUE(run.finished());
  EXPECT_EQ(oracle->ends, 1);
  EXPECT_EQ(run.seen_here.ends["keep.0"], 1);
  EXPECT_EQ(run.seen_here.rows["keep.0"], numbers_to(3));
}

TEST(Asynchronous, checkpoint_does_not_wait_for_an_actor_that_drains) {
  const WithOracle with;
  Asking run(
      "actors:\n  count: { kind: test.count, count: 3 }\n  ask: { kind: test.ask, inputs: [count] }\n"
      "  keep: { kind: test.keep, inputs: [ask] }\n",
      true);
  run.run_until_quiet();
  for (const auto& worker : run.workers) worker->checkpoint(1);
  run.run_until_quiet();
  ASSERT_EQ(run.saved[1].size(), 3u);
  EXPECT_EQ(std::ranges::count_if(run.saved[1], &CellState::ended), 1);  // the source
  run.answer(3);
  EXPECT_EQ(run.seen_here.ends["keep.0"], 1);
}

TEST(Asynchronous, actor_that_holds_its_input_stops_the_source_it_shares_a_worker_with) {
  const WithOracle with;
  Asking run(
      "actors:\n  count: { kind: test.count, count: 100 }\n  pass: { kind: test.pass, inputs: [count] }\n"
      "  ask: { kind: test.ask, inputs: [pass], most: 10 }\n  keep: { kind: test.keep, inputs: [ask] }\n");
  ASSERT_EQ(run.workers.size(), 1u);
  run.run_until_quiet();
  EXPECT_EQ(run.actor_metrics[2].rows_in.get(), 12u);  // by fours
  run.answer(5);
  EXPECT_EQ(run.actor_metrics[2].rows_in.get(), 16u);
  while (!run.finished()) run.answer(10);
  EXPECT_EQ(run.seen_here.rows["keep.0"], numbers_to(100));
}

TEST(Asynchronous, actor_that_holds_its_input_stops_what_comes_from_another_worker) {
  const WithOracle with;
  Asking run(
      "batch: 4\nactors:\n  count: { kind: test.count, count: 1000 }\n"
      "  ask: { kind: test.ask, inputs: [{ from: count, queue: { max: 16 rows } }], most: 10, fuse: false }\n"
      "  keep: { kind: test.keep, inputs: [ask] }\n");
  ASSERT_EQ(run.workers.size(), 2u);
  run.run_until_quiet();
  EXPECT_EQ(run.actor_metrics[1].rows_in.get(), 12u);
  EXPECT_LT(run.actor_metrics[0].rows_out.get(), 100u);  // by credit
  while (!run.finished()) run.answer(10);
  EXPECT_EQ(run.seen_here.rows["keep.0"], numbers_to(1000));
}

}  // namespace
}  // namespace leat::enginetest
