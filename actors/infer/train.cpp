#include "infer/train.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <leat/batch_builder.hpp>
#include <leat/context.hpp>
#include <leat/state.hpp>
#include <limits>

#include "infer/model_store.hpp"

namespace leat {
namespace {

struct TrainConfig {
  WrittenPath model;
  Named<Expression> features;
  Expression label;
  std::string objective = "binary:logistic";
  std::uint32_t rounds = 100;
  std::uint32_t depth = 6;
  double eta = 0.3;
  std::uint64_t seed = 1;
  double holdout = 0.2;
  Rows history{1'000'000};
  std::optional<Duration> every;
  bool always = false;
};

/// Keeps labelled rows (the newest `history` of them, as float32) and learns a forest from them: when the
/// input ends, and once per `every`. Between two runs on a schedule, training happens on the blocking pool.
class Train final : public Actor {
 public:
  using Config = TrainConfig;
  static constexpr KindInfo kind{
      .name = "train",
      .doc = "Learns an XGBoost model from labelled rows and writes it as a new version.",
      .example = "model: models/risk\nfeatures: { amount: amount }\nlabel: amount > 20\n",
      .blocks = true};
  static constexpr Port in{0, "in", "Labelled rows, oldest first."};
  static constexpr Port out{
      0, "out", "One row per training run: what was learnt, how good it is, whether it was taken."};
  static constexpr auto inputs = ports(in);
  static constexpr auto outputs = ports(out);
  static Fields<Config> fields();
  static void describe(Config& config, Describe& describe);

  explicit Train(Config config)
      : config_(std::move(config)),
        rows_(static_cast<std::uint32_t>(config_.features.size()), config_.history.count) {}

  Status on_start(Context& ctx) override {
    if (config_.every) ctx.start_timer(kRun, *config_.every);
    return {};
  }
  Status on_batch(const Port&, const Batch& batch, Context& ctx) override;
  Status on_timer(Timer, Context& ctx) override;
  Status on_end(Context& ctx) override {
    if (since_ == 0) return {};
    LEAT_TRY_ASSIGN(const TrainingResult result, train_version(run(), rows_));
    return tell(result, ctx);
  }
  void save(StateWriter& state) const override {
    state.write_bytes("rows", rows_.save());
    state.write("since", static_cast<std::int64_t>(since_));
  }
  Status load(StateReader& state) override {
    const std::string* bytes = state.bytes("rows");
    if (bytes == nullptr) return fail(Code::corrupt_state, "the saved state has no rows");
    LEAT_TRY(rows_.load(*bytes));
    std::int64_t since = 0;
    LEAT_TRY(state.read("since", since));
    since_ = static_cast<std::uint64_t>(since);
    return {};
  }

 private:
  static constexpr Timer kRun{0};

  static SchemaPtr result_schema() {
    return Schema::make({{"model", Type::string},
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
                         {"previous_rmse", Type::float64, true}});
  }
  TrainingRun run() const;
  Status tell(const TrainingResult& result, Context& ctx) const;

  Config config_;
  TrainingRows rows_;
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

bool is_number(const Expression& expression) {
  return expression.type() == Type::boolean || expression.type() == Type::int64 ||
         expression.type() == Type::float64;
}

Fields<TrainConfig> Train::fields() {
  using C = TrainConfig;
  FieldSpec objective =
      optional("objective", &C::objective, "What is learnt: the probability of a label, or a number.");
  objective.info.choices = {"binary:logistic", "reg:squarederror"};
  objective.info.type = "one of binary:logistic, reg:squarederror";
  return {
      required("model", &C::model,
               "Versioned folder to write to: `models/NAME` gets `1/model.ubj`, `2/model.ubj` ..."),
      required(
          "features", &C::features,
          "What the model reads, by name: numbers or bools; null is missing. `infer` maps the same names.")
          .example("{ amount: amount }"),
      required("label", &C::label, "What it learns to tell: a bool or a number.").example("fraud"),
      std::move(objective),
      optional("rounds", &C::rounds, "How many trees."),
      optional("depth", &C::depth, "Depth of a tree."),
      optional("eta", &C::eta, "How much a tree adds."),
      optional("seed", &C::seed, "Seed of what is random."),
      optional(
          "holdout", &C::holdout,
          "Share of the rows, the last that came, that is not learnt from: the model is measured on it."),
      optional("history", &C::history, "Most rows kept; the oldest go. 4 bytes per row and feature."),
      optional("every", &C::every,
               "Also learns this often, if rows have come since; without it only when the input ends."),
      choice("replace", &C::always, {{"better", false}, {"always", true}},
             "`better`: a new version is written only if it is better than the one that is there, on the "
             "same held-out "
             "rows (AUC, or RMSE)."),
  };
}

void Train::describe(Config& config, Describe& describe) {
  const auto check = [&](bool good, const char* option, const char* message) {
    if (!good) describe.problem(Code::bad_value, describe.place_of(option), message);
  };
  if (config.objective != "binary:logistic" && config.objective != "reg:squarederror") {
    const std::string names[] = {"binary:logistic", "reg:squarederror"};
    describe.problem(Code::bad_value, describe.place_of("objective"),
                     fmt::format("`{}` is not an objective of `train`", config.objective),
                     suggest(config.objective, names));
  }
  check(!config.features.empty(), "features", "a model needs at least one feature");
  check(config.rounds >= 1 && config.rounds <= 100'000, "rounds", "`rounds` is from 1 to 100000");
  check(config.depth >= 1 && config.depth <= 32, "depth", "`depth` is from 1 to 32");
  check(config.holdout >= 0 && config.holdout < 1, "holdout", "`holdout` is from 0 to less than 1");
  check(config.history.count >= 1, "history", "`history` is at least 1 row");
  check(!config.every || config.every->count() > 0, "every", "`every` is more than no time");
  for (const auto& [name, feature] : config.features)
    if (feature.bound() && !is_number(feature))
      describe.problem(Code::type_mismatch, feature.place(),
                       fmt::format("feature `{}` is {}; bool, int64 and float64 can be learnt from", name,
                                   to_text(feature.type())));
  if (config.label.bound() && !is_number(config.label))
    describe.problem(
        Code::type_mismatch, config.label.place(),
        fmt::format("the label is {}; a bool or a number can be learnt", to_text(config.label.type())));
  if (const Result<std::string> version = xgboost_version(); !version)
    describe.problem(version.error().code, describe.place_of("kind"), version.error().message);
  describe.output(out, result_schema());
}

Status Train::on_batch(const Port&, const Batch& batch, Context& ctx) {
  std::vector<Column> columns;
  std::vector<std::optional<Error>> errors(batch.row_count());
  const auto evaluate = [&](const Expression& expression) {
    Evaluated value = expression.evaluate(batch);
    for (Evaluated::Failed& failed : value.failed) errors[failed.row] = std::move(failed.error);
    columns.push_back(std::move(value.values));
  };
  for (const auto& [name, feature] : config_.features) evaluate(feature);
  evaluate(config_.label);
  std::vector<float> values(config_.features.size());
  for (std::uint32_t row = 0; row < batch.row_count(); ++row) {
    const float label = value_at(columns.back(), row);
    if (!errors[row] && std::isnan(label)) errors[row] = Error{Code::missing_value, "the label is null", {}};
    if (!errors[row] && config_.objective == "binary:logistic" && (label < 0 || label > 1))
      errors[row] =
          Error{Code::out_of_range, fmt::format("the label is {}; a probability is learnt", label), {}};
    if (errors[row]) {
      ctx.reject(batch, row, *std::move(errors[row]));
      continue;
    }
    for (std::size_t at = 0; at < values.size(); ++at) values[at] = value_at(columns[at], row);
    rows_.add(values, label);
    ++since_;
  }
  return {};
}

Status Train::on_timer(Timer, Context& ctx) {
  ctx.start_timer(kRun, *config_.every);
  if (running_ || since_ == 0) return {};
  running_ = true;
  since_ = 0;
  auto result = std::make_shared<TrainingResult>();
  ctx.offload(
      [result, run = run(), rows = std::make_shared<const TrainingRows>(rows_)]() -> Status {
        LEAT_TRY_ASSIGN(TrainingResult trained, train_version(run, *rows));
        *result = std::move(trained);
        return {};
      },
      [this, result](Status status, Context& then) -> Status {
        running_ = false;
        LEAT_TRY(std::move(status));
        return tell(*result, then);
      });
  return {};
}

TrainingRun Train::run() const {
  TrainingRun run;
  run.folder = config_.model.text;
  run.options = {config_.objective, config_.rounds, config_.depth, config_.eta, config_.seed, 1, {}};
  for (const auto& [name, feature] : config_.features) run.options.features.push_back(name);
  run.holdout = config_.holdout;
  run.always = config_.always;
  return run;
}

Status Train::tell(const TrainingResult& result, Context& ctx) const {
  const std::string name = std::filesystem::path(config_.model.text).filename().string();
  BatchBuilder row(ctx.output_schema(out));
  std::size_t column = 0;
  const auto add = [&](auto value) { row.column(column++).append(value); };
  const auto add_if_there = [&](const std::optional<double>& value) {
    value ? row.column(column).append(*value) : row.column(column).append_null();
    ++column;
  };
  add(std::string_view(name));
  result.version ? row.column(column).append(static_cast<std::int64_t>(*result.version))
                 : row.column(column).append_null();
  ++column;
  add(result.version.has_value());
  add(std::string_view(result.message));
  add(static_cast<std::int64_t>(result.rows));
  add(static_cast<std::int64_t>(result.held_out));
  for (const Metrics* metrics : {&result.metrics, &result.previous}) {
    add_if_there(metrics->auc);
    add_if_there(metrics->log_loss);
    add_if_there(metrics->rmse);
  }
  ctx.emit(out, row.finish());
  return {};
}

}  // namespace

void register_train(Registry& registry) {
  registry.add<Train>();
}

}  // namespace leat
