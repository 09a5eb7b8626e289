#include "infer/infer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <leat/context.hpp>

#include "infer/asking.hpp"
#include "infer/infer_options.hpp"
#include "infer/text_input.hpp"

namespace leat {
namespace {

/// Asks a model about each row and adds what it answers. Rows wait for others to share a call with as
/// MicroBatch says; what waits belongs before a barrier, so nothing of it is saved. Holds the model (shared
/// by the instances) and fewer rows than one call has.
class Infer final : public Actor {
 public:
  using Config = InferConfig;
  static constexpr KindInfo kind{"infer", "Asks a model about each row and adds its answers.",
                                 "engine: lexicon\nmodel: finance\nmap: { in: title, out: sentiment }\n"};
  static constexpr Port in{0, "in", "Rows that the model can read."};
  static constexpr Port out{0, "out", "The rows with the model's answers, and who gave them."};
  static constexpr auto inputs = ports(in);
  static constexpr auto outputs = ports(out);
  static Fields<Config> fields() { return infer_fields(); }
  static void describe(Config& config, Describe& describe) { describe_infer(config, out, describe); }

  explicit Infer(Config config)
      : plan_(std::move(config.plan)),
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

  /// What the model reads of some rows; those that it cannot be asked about are rejected and gone.
  struct Question {
    Batch rows;
    std::vector<Column> columns;
    std::vector<std::uint32_t> absent;  // rows whose answer is null, ascending
  };

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

  Question question(const Batch& rows, Context& ctx) const;
  Status answer(const Batch& rows, Context& ctx);
  void emit(Question question, Prediction prediction, Context& ctx) const;

  /// Takes the model that a swap has put in place.
  void look_for_swap(Context& ctx);

  std::shared_ptr<const InferPlan> plan_;
  ModelPtr model_;
  std::uint64_t generation_;
  NullInput on_null_;
  Duration watch_;
  MicroBatch rows_;
};

Infer::Question Infer::question(const Batch& rows, Context& ctx) const {
  Question asked{rows, {}, {}};
  std::vector<std::optional<Error>> errors;  // by row; empty while there are none
  const auto fail_row = [&](std::uint32_t row, Error error) {
    errors.resize(rows.row_count());
    if (!errors[row]) errors[row] = std::move(error);
  };
  for (const Expression& expression : plan_->inputs.columns) {
    Evaluated value = expression.evaluate(rows);
    for (Evaluated::Failed& failed : value.failed) fail_row(failed.row, std::move(failed.error));
    if (value.values.null_count() != 0 && on_null_ != NullInput::missing)
      for (std::uint32_t row = 0; row < rows.row_count(); ++row) {
        if (!value.values.is_null(row)) continue;
        if (on_null_ == NullInput::keep)
          asked.absent.push_back(row);
        else
          fail_row(
              row,
              {Code::missing_value, fmt::format("`{}` is null; the model needs it", expression.text()), {}});
      }
    asked.columns.push_back(std::move(value.values));
  }
  std::ranges::sort(asked.absent);
  asked.absent.erase(std::ranges::unique(asked.absent).begin(), asked.absent.end());
  if (errors.empty()) return asked;
  std::vector<std::uint32_t> kept;
  std::vector<std::uint32_t> absent;
  for (std::uint32_t row = 0; row < rows.row_count(); ++row)
    if (errors[row]) {
      ctx.reject(rows, row, *std::move(errors[row]));
    } else {
      if (std::ranges::binary_search(asked.absent, row))
        absent.push_back(static_cast<std::uint32_t>(kept.size()));
      kept.push_back(row);
    }
  asked.absent = std::move(absent);
  asked.rows = rows.take(kept);
  for (Column& column : asked.columns) column = column.take(kept);
  return asked;
}

void Infer::look_for_swap(Context& ctx) {
  if (plan_->model->generation() == generation_) return;
  generation_ = plan_->model->generation();
  model_ = plan_->model->model();
  const ModelSlot::Event event = plan_->model->last_event();
  if (ctx.instance() == 0) ctx.log(event.swapped ? LogLevel::info : LogLevel::warning, event.text);
}

Status Infer::answer(const Batch& rows, Context& ctx) {
  look_for_swap(ctx);
  Question asked = question(rows, ctx);
  if (asked.rows.empty()) return {};
  const auto began = std::chrono::steady_clock::now();
  Prediction prediction = ask(*model_, asked.columns, plan_->inputs.counts);
  rows_.called(std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - began));
  emit(std::move(asked), std::move(prediction), ctx);
  return {};
}

void Infer::emit(Question asked, Prediction prediction, Context& ctx) const {
  // What a model says of a row without its input counts for nothing, a failure neither.
  std::erase_if(prediction.failed, [&](const Evaluated::Failed& failed) {
    return std::ranges::binary_search(asked.absent, failed.row);
  });
  const std::vector<Column> answers =
      plan_->answers.columns(prediction, asked.absent, model_->identity().text());
  std::vector<Column> columns(asked.rows.columns().begin(), asked.rows.columns().end());
  columns.insert(columns.end(), answers.begin(), answers.end());
  Batch result(ctx.output_schema(out), columns, asked.rows.row_count());
  if (!prediction.failed.empty()) {
    std::vector<std::uint32_t> failed;
    for (Evaluated::Failed& failure : prediction.failed) {
      failed.push_back(failure.row);
      ctx.reject(asked.rows, failure.row, std::move(failure.error));
    }
    result = result.take(others(asked.rows.row_count(), failed));
  }
  ctx.emit(out, std::move(result).with_entered(asked.rows.entered()));
}

}  // namespace

void register_infer(Registry& registry) {
  registry.add<Infer>();
}

}  // namespace leat
