#include "infer/train.hpp"

#include <fmt/format.h>

#include <cmath>
#include <filesystem>
#include <leat/batch_builder.hpp>
#include <leat/context.hpp>
#include <leat/state.hpp>
#include <limits>

#include "infer/train_options.hpp"

namespace leat {
namespace {

/// Keeps labelled rows (the newest `history` of them, as float32) and learns from them: when the input ends,
/// once per `every`, and when the version that is current has become worse. Before the end it learns on the
/// blocking pool, one run at a time.
class Train final : public Actor {
 public:
  using Config = TrainConfig;
  static constexpr KindInfo kind{
      .name = "train",
      .doc = "Learns a model from labelled rows and writes it as a new version.",
      .example = "model: models/risk\nfeatures: { amount: amount }\nlabel: amount > 20\n",
      .blocks = true};
  static constexpr Port in{0, "in", "Labelled rows, oldest first."};
  static constexpr Port out{
      0, "out",
      "One row per training run and algorithm: what was learnt, how good it is, whether it was taken."};
  static constexpr auto inputs = ports(in);
  static constexpr auto outputs = ports(out);
  static Fields<Config> fields() { return train_fields(); }
  static void describe(Config& config, Describe& describe) {
    check_train(config, describe);
    describe.output(out, result_schema());
  }

  explicit Train(Config config)
      : config_(std::move(config)),
        rows_(static_cast<std::uint32_t>(config_.features.size()), config_.history.count) {
    if (config_.on.drift) watch_.emplace(*config_.on.drift, config_.model.text, config_.feature_names());
  }

  Status on_start(Context& ctx) override {
    if (watch_) watch_->open();
    if (config_.every) ctx.start_timer(kRun, *config_.every);
    return {};
  }
  Status on_batch(const Port&, const Batch& batch, Context& ctx) override;
  Status on_timer(Timer, Context& ctx) override;
  Status on_end(Context& ctx) override {
    if (since_ == 0) return {};
    LEAT_TRY_ASSIGN(const TrainingResult result, train_version(config_.run(), rows_));
    tell(result, "end", ctx);
    return {};
  }
  void save(StateWriter& state) const override {
    state.write_bytes("rows", rows_.save());
    state.write("since", static_cast<std::int64_t>(since_));
    if (watch_) watch_->save(state);
  }
  Status load(StateReader& state) override {
    const std::string* bytes = state.bytes("rows");
    if (bytes == nullptr) return fail(Code::corrupt_state, "the saved state has no rows");
    LEAT_TRY(rows_.load(*bytes));
    std::int64_t since = 0;
    LEAT_TRY(state.read("since", since));
    since_ = static_cast<std::uint64_t>(since);
    return watch_ ? watch_->load(state) : Status();
  }

 private:
  static constexpr Timer kRun{0};

  static SchemaPtr result_schema() {
    return Schema::make({{"model", Type::string},
                         {"algorithm", Type::string, true},
                         {"version", Type::int64, true},
                         {"taken", Type::boolean},
                         {"message", Type::string},
                         {"rows", Type::int64},
                         {"held_out", Type::int64},
                         {"auc", Type::float64, true},
                         {"log_loss", Type::float64, true},
                         {"rmse", Type::float64, true},
                         {"previous_auc", Type::float64, true},
                         {"previous_log_loss", Type::float64, true},
                         {"previous_rmse", Type::float64, true},
                         {"because", Type::string}});
  }
  /// Takes a batch's rows that can be learnt from; the others are rejected. How many it took.
  std::uint64_t take(const Batch& batch, Context& ctx);
  void look_for_drift(std::uint64_t added, Context& ctx);
  void learn(std::string_view because, Context& ctx);
  void tell(const TrainingResult& result, std::string_view because, Context& ctx) const;

  Config config_;
  TrainingRows rows_;
  std::optional<DriftWatch> watch_;
  std::uint64_t since_ = 0;  // rows that came after the last run
  bool running_ = false;
};

/// A bool or a number as a float; NaN for null.
float value_at(const Column& column, std::uint32_t row) {
  if (column.is_null(row)) return std::numeric_limits<float>::quiet_NaN();
  switch (column.type()) {
    case Type::boolean:
      return column.boolean(row) ? 1.0f : 0.0f;
    case Type::int64:
      return static_cast<float>(column.int64(row));
    default:
      return static_cast<float>(column.float64(row));
  }
}

Status Train::on_batch(const Port&, const Batch& batch, Context& ctx) {
  const std::uint64_t added = take(batch, ctx);
  since_ += added;
  if (watch_ && added != 0) look_for_drift(std::min(added, rows_.size()), ctx);
  return {};
}

void Train::look_for_drift(std::uint64_t added, Context& ctx) {
  if (const auto text = watch_->add(rows_.rows(rows_.size() - added, added)))
    ctx.log(LogLevel::warning, *text);
  if (running_) return;
  if (const std::optional<std::uint64_t> since = watch_->due()) {
    // What was true before the change would mislead.
    rows_.keep(*since);
    learn("drift", ctx);
  }
}

std::uint64_t Train::take(const Batch& batch, Context& ctx) {
  std::uint64_t added = 0;
  std::vector<Column> columns;
  std::vector<std::optional<Error>> errors(batch.row_count());
  const auto evaluate = [&](const Expression& expression) {
    Evaluated value = expression.evaluate(batch);
    for (Evaluated::Failed& failed : value.failed) errors[failed.row] = std::move(failed.error);
    columns.push_back(std::move(value.values));
  };
  for (const auto& [name, feature] : config_.features) evaluate(feature);
  if (!config_.text.empty()) evaluate(config_.text);
  evaluate(config_.label);
  std::vector<float> values(config_.features.size());
  for (std::uint32_t row = 0; row < batch.row_count(); ++row) {
    const float label = value_at(columns.back(), row);
    if (!errors[row] && std::isnan(label)) errors[row] = Error{Code::missing_value, "the label is null", {}};
    if (!errors[row] && config_.objective == "binary:logistic" && (label < 0 || label > 1))
      errors[row] =
          Error{Code::out_of_range, fmt::format("the label is {}; a probability is learnt", label), {}};
    if (!errors[row] && !config_.text.empty() && columns[0].is_null(row))
      errors[row] = Error{Code::missing_value, "the text is null", {}};
    if (errors[row]) {
      ctx.reject(batch, row, *std::move(errors[row]));
      continue;
    }
    for (std::size_t at = 0; at < values.size(); ++at) values[at] = value_at(columns[at], row);
    if (config_.text.empty())
      rows_.add(values, label);
    else
      rows_.add(std::string(columns[0].text(row)), label);
    ++added;
  }
  return added;
}

Status Train::on_timer(Timer, Context& ctx) {
  ctx.start_timer(kRun, *config_.every);
  if (!running_ && since_ != 0) learn("schedule", ctx);
  return {};
}

void Train::learn(std::string_view because, Context& ctx) {
  running_ = true;
  since_ = 0;
  auto result = std::make_shared<TrainingResult>();
  ctx.offload(
      [result, run = config_.run(), rows = std::make_shared<const TrainingRows>(rows_)]() -> Status {
        LEAT_TRY_ASSIGN(TrainingResult trained, train_version(run, *rows));
        *result = std::move(trained);
        return {};
      },
      [this, result, because](Status status, Context& then) -> Status {
        running_ = false;
        if (watch_) watch_->learnt();
        LEAT_TRY(std::move(status));
        tell(*result, because, then);
        return {};
      });
}

void Train::tell(const TrainingResult& result, std::string_view because, Context& ctx) const {
  const std::string name = std::filesystem::path(config_.model.text).filename().string();
  BatchBuilder rows(ctx.output_schema(out));
  const auto add_row = [&](const Candidate* candidate, bool taken, const std::string& message) {
    std::size_t column = 0;
    const auto add = [&](auto value) { rows.column(column++).append(value); };
    const auto add_if_there = [&](const auto& value) {
      value ? rows.column(column).append(*value) : rows.column(column).append_null();
      ++column;
    };
    add(std::string_view(name));
    add_if_there(candidate ? std::optional(std::string_view(candidate->name)) : std::nullopt);
    if (taken)
      add(static_cast<std::int64_t>(result.version.value_or(0)));
    else
      rows.column(column++).append_null();
    add(taken);
    add(std::string_view(message));
    add(static_cast<std::int64_t>(result.rows));
    add(static_cast<std::int64_t>(result.held_out));
    const Metrics none;
    for (const Metrics* metrics : {candidate ? &candidate->metrics : &none, &result.previous}) {
      add_if_there(metrics->auc);
      add_if_there(metrics->log_loss);
      add_if_there(metrics->rmse);
    }
    add(because);
  };
  if (result.candidates.empty()) add_row(nullptr, false, result.message);
  for (std::size_t at = 0; at < result.candidates.size(); ++at)
    if (at == result.best)
      add_row(&result.candidates[at], result.version.has_value(), result.message);
    else
      add_row(&result.candidates[at], false, result.candidates[result.best].name + " is better");
  ctx.emit(out, rows.finish());
}

}  // namespace

void register_train(Registry& registry) {
  registry.add<Train>();
}

}  // namespace leat
