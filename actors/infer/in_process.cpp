#include "infer/in_process.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <leat/context.hpp>
#include <leat/state.hpp>

#include "infer/asking.hpp"
#include "infer/selection/selection.hpp"
#include "infer/text_input.hpp"

namespace leat {
namespace {

class InProcess final : public Actor {
 public:
  explicit InProcess(const InferConfig& config)
      : plan_(config.plan),
        selection_(plan_->selection),
        model_(plan_->model, config.watch),
        fallback_(selection_->otherwise.view()),
        on_null_(config.on_null),
        rows_(plan_->limits),
        shadows_(selection_->shadows, on_null_) {}

  Status on_start(Context&) override {
    model_.start();
    if (fallback_) fallback_->start();
    if (selection_->canary) warm(selection_->canary->model());
    shadows_.start();
    return {};
  }
  Status on_batch(const Port&, const Batch& batch, Context& ctx) override {
    rows_.add(batch, ctx.now(), ctx.watermark());
    return ask_due(ctx);
  }
  Status on_timer(Timer timer, Context& ctx) override {
    return shadows_.on_timer(timer, model_.model().identity().text(), ctx) ? Status() : ask_due(ctx);
  }
  Status on_barrier(Context& ctx) override { return ask_all(ctx); }
  Status on_end(Context& ctx) override {
    LEAT_TRY(ask_all(ctx));
    shadows_.end(ctx);
    return {};
  }
  bool drained() const override { return shadows_.done(); }

  /// A version that has gone back stays so; one that is on trial is tried anew.
  void save(StateWriter& state) const override {
    if (selection_->canary == nullptr) return;
    const Canary& canary = *selection_->canary;
    state.write("canary.version", static_cast<std::int64_t>(canary.version()));
    state.write("canary.went_back", canary.went_back().value_or(""));
  }
  Status load(StateReader& state) override {
    if (selection_->canary == nullptr || state.bytes("canary.version") == nullptr) return {};
    std::int64_t version = 0;
    std::string why;
    LEAT_TRY(state.read("canary.version", version));
    LEAT_TRY(state.read("canary.went_back", why));
    if (static_cast<std::uint64_t>(version) == selection_->canary->version() && !why.empty())
      selection_->canary->go_back(std::move(why));
    return {};
  }

 private:
  static constexpr Timer kDue{0};

  Status ask_due(Context& ctx) {
    while (const std::optional<Batch> rows = rows_.take(ctx.now())) LEAT_TRY(answer(*rows, ctx));
    await(ctx);
    return {};
  }
  Status ask_all(Context& ctx) {
    while (const std::optional<Batch> rows = rows_.take_all()) LEAT_TRY(answer(*rows, ctx));
    await(ctx);
    return {};
  }
  void await(Context& ctx) {
    ctx.hold_watermark(rows_.watermark_limit());
    if (const std::optional<Time> due = rows_.due())
      ctx.start_timer(kDue, std::max(*due - ctx.now(), Duration(1)));
  }

  Status answer(const Batch& rows, Context& ctx);
  void ask_current(const Question& asked, Outlet& outlet);
  void ask_parts(const Question& asked, Outlet& outlet, Context& ctx);
  Prediction ask_timed(const Model& model, const Question& asked, CanaryWatch::Side side, Context& ctx);
  bool canary_on_trial() const {
    return selection_->canary &&
           model_.model().identity().version != selection_->canary->model().identity().version &&
           selection_->canary->on_trial();
  }
  void measure(Context& ctx) const;

  std::shared_ptr<const InferPlan> plan_;
  std::shared_ptr<const Selection> selection_;
  SlotView model_;
  std::optional<SlotView> fallback_;
  NullInput on_null_;
  MicroBatch rows_;
  std::uint64_t otherwise_rows_ = 0;
  std::uint64_t canary_rows_ = 0, canary_failed_ = 0;
  ShadowRun shadows_;
};

Status InProcess::answer(const Batch& rows, Context& ctx) {
  model_.look(ctx);
  Question asked = make_question(plan_->inputs, on_null_, rows);
  Outlet outlet(rows, plan_->answers, selection_->otherwise, fallback_, ctx);
  outlet.unanswered(std::move(asked.failed));
  const auto began = std::chrono::steady_clock::now();
  if (!canary_on_trial())
    ask_current(asked, outlet);
  else
    ask_parts(asked, outlet, ctx);
  const auto took = std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - began);
  const std::uint32_t call_rows = plan_->limits.rows_max;
  rows_.called(took / std::max(1u, (asked.rows.row_count() + call_rows - 1) / call_rows));
  otherwise_rows_ += outlet.send();
  measure(ctx);
  return {};
}

/// The rows that have an input and no answer, ascending.
std::vector<std::uint32_t> failed_rows(const Question& asked, const Prediction& prediction) {
  std::vector<std::uint32_t> rows;
  for (const Evaluated::Failed& failed : prediction.failed)
    if (!std::ranges::binary_search(asked.absent, failed.row)) rows.push_back(failed.row);
  return rows;
}

void InProcess::ask_current(const Question& asked, Outlet& outlet) {
  if (asked.rows.empty()) return;
  Prediction prediction = ask(model_.model(), asked.columns, plan_->inputs.counts, plan_->limits.rows_max);
  shadows_.offer(asked, prediction);
  outlet.answered(asked, std::move(prediction), model_.model().identity().text());
}

Prediction InProcess::ask_timed(const Model& model, const Question& asked, CanaryWatch::Side side,
                                Context& ctx) {
  Canary& canary = *selection_->canary;
  const auto began = std::chrono::steady_clock::now();
  Prediction prediction = ask(model, asked.columns, plan_->inputs.counts, plan_->limits.rows_max);
  const auto took = std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - began);
  if (canary.called(side, asked.rows.row_count(), failed_rows(asked, prediction).size(), took))
    ctx.log(LogLevel::warning,
            fmt::format("canary {} goes back, {} answers all rows: {}", canary.model().identity().text(),
                        model_.model().identity().text(), canary.went_back().value_or("")));
  return prediction;
}

/// The canary's share, the control's beside it, and the rest. What the canary fails on the current version
/// answers: a trial costs no row its answer.
void InProcess::ask_parts(const Question& asked, Outlet& outlet, Context& ctx) {
  const Canary& canary = *selection_->canary;
  const CanaryRows rows = canary_rows(selection_->canary_key, asked.rows, canary.share(), canary.version());
  std::vector<std::uint32_t> current = rows.current;
  if (!rows.candidate.empty()) {
    const Question part = asked.take(rows.candidate);
    const Prediction prediction = ask_timed(canary.model(), part, CanaryWatch::Side::candidate, ctx);
    const std::vector<std::uint32_t> failed = failed_rows(part, prediction);
    canary_rows_ += part.rows.row_count();
    canary_failed_ += failed.size();
    const std::vector<std::uint32_t> answered = others(part.rows.row_count(), failed);
    if (!answered.empty())
      outlet.answered(part.take(answered), {prediction.outputs.take(answered), {}},
                      canary.model().identity().text());
    for (const std::uint32_t row : failed) current.push_back(rows.candidate[row]);
  }
  if (!rows.control.empty()) {
    const Question part = asked.take(rows.control);
    outlet.answered(part, ask_timed(model_.model(), part, CanaryWatch::Side::control, ctx),
                    model_.model().identity().text());
  }
  std::ranges::sort(current);
  if (!current.empty()) ask_current(asked.take(current), outlet);
}

void InProcess::measure(Context& ctx) const {
  if (selection_->otherwise.given()) ctx.measure("otherwise_rows", otherwise_rows_);
  if (selection_->canary) {
    ctx.measure("canary_rows", canary_rows_);
    ctx.measure("canary_failed", canary_failed_);
    ctx.measure("canary_went_back", !selection_->canary->on_trial());
  }
  shadows_.measure(ctx);
}

}  // namespace

std::unique_ptr<Actor> make_in_process(const InferConfig& config) {
  return std::make_unique<InProcess>(config);
}

}  // namespace leat
