#include "infer/in_process.hpp"

#include <algorithm>
#include <chrono>
#include <leat/context.hpp>

#include "infer/asking.hpp"
#include "infer/question.hpp"

namespace leat {
namespace {

class InProcess final : public Actor {
 public:
  explicit InProcess(const InferConfig& config)
      : plan_(config.plan),
        model_(plan_->model->model()),
        generation_(plan_->model->generation()),
        on_null_(config.on_null),
        watch_(config.watch),
        rows_(plan_->limits) {}

  Status on_start(Context&) override {
    warm(*model_);
    plan_->model->watch(watch_);
    return {};
  }
  Status on_batch(const Port&, const Batch& batch, Context& ctx) override {
    rows_.add(batch, ctx.now(), ctx.watermark());
    return ask_due(ctx);
  }
  Status on_timer(Timer, Context& ctx) override { return ask_due(ctx); }
  Status on_barrier(Context& ctx) override { return ask_all(ctx); }
  Status on_end(Context& ctx) override { return ask_all(ctx); }

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

  /// Takes the model that a swap has put in place.
  void look_for_swap(Context& ctx);

  std::shared_ptr<const InferPlan> plan_;
  ModelPtr model_;
  std::uint64_t generation_;
  NullInput on_null_;
  Duration watch_;
  MicroBatch rows_;
};

void InProcess::look_for_swap(Context& ctx) {
  if (plan_->model->generation() == generation_) return;
  generation_ = plan_->model->generation();
  model_ = plan_->model->model();
  const ModelSlot::Event event = plan_->model->last_event();
  if (ctx.instance() == 0) ctx.log(event.swapped ? LogLevel::info : LogLevel::warning, event.text);
}

Status InProcess::answer(const Batch& rows, Context& ctx) {
  look_for_swap(ctx);
  Question asked = make_question(plan_->inputs, on_null_, rows, ctx);
  if (asked.rows.empty()) return {};
  const auto began = std::chrono::steady_clock::now();
  Prediction prediction = ask(*model_, asked.columns, plan_->inputs.counts);
  rows_.called(std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - began));
  emit_answers(std::move(asked), std::move(prediction), plan_->answers, model_->identity().text(), ctx);
  return {};
}

}  // namespace

std::unique_ptr<Actor> make_in_process(const InferConfig& config) {
  return std::make_unique<InProcess>(config);
}

}  // namespace leat
