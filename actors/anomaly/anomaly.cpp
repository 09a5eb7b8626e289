#include "anomaly/anomaly.hpp"

#include <fmt/format.h>

#include <cmath>
#include <leat/codec.hpp>
#include <leat/context.hpp>
#include <leat/state.hpp>

#include "anomaly/histories.hpp"
#include "anomaly/options.hpp"

namespace leat {
namespace {

std::vector<double> numbers(const Column& column) {
  std::vector<double> values(column.row_count());
  for (std::uint32_t row = 0; row < values.size(); ++row) {
    if (column.is_null(row))
      values[row] = std::nan("");
    else if (column.type() == Type::float64)
      values[row] = column.float64(row);
    else if (column.type() == Type::int64)
      values[row] = static_cast<double>(column.int64(row));
    else
      values[row] = column.boolean(row) ? 1 : 0;
  }
  return values;
}

/// The same values, but 0.0 and -0.0 are one.
Column with_one_zero(const Column& column) {
  if (column.type() != Type::float64) return column;
  static const SchemaPtr schema = Schema::make({{"value", Type::float64, true}});
  BatchBuilder values(schema);
  for (std::uint32_t row = 0; row < column.row_count(); ++row)
    values.add(column.is_null(row) ? std::nullopt : std::optional(column.float64(row) + 0.0));
  return values.finish().column(0);
}

/// Scores each row by how unlike the history of its key it is, without labels, and then adds it to that
/// history. What a key's rows get hangs on these rows, their order and the seed: not on other keys, batches
/// or instances. Holds one Scorer per key, at most `keys` of them.
class AnomalyActor final : public Actor {
 public:
  using Config = AnomalyConfig;
  static constexpr KindInfo kind{
      .name = "anomaly",
      .doc = "Scores how unlike the history of its key each row is, without labels.",
      .example =
          "key: language\nfeatures: { amount: amount, value: value }\nmethod: zscore\nwindow: "
          "1000\nthreshold: 4\n",
      .each_row = true,
      .rescales = true};
  static constexpr Port in{0, "in", "Rows to score, of each key in their order."};
  static constexpr Port out{0, "out", "The same rows with a score, a flag and a cause."};
  static constexpr auto inputs = ports(in);
  static constexpr auto outputs = ports(out);
  static Fields<Config> fields() { return anomaly_fields(); }
  static void describe(Config& config, Describe& describe) { describe_anomaly(config, out, describe); }

  explicit AnomalyActor(Config config)
      : config_(std::move(config)),
        histories_({config_.keys.count, config_.when_full == KeysFull::forget, config_.recent_max},
                   [this](std::uint64_t hash) { return make_scorer(config_, hash); }),
        answers_(config_.answers) {}

  Status on_batch(const Port&, const Batch& batch, Context& ctx) override {
    evaluate(batch, ctx);
    kept_.clear();
    for (std::uint32_t row = 0; row < batch.row_count(); ++row)
      if (!gone_[row] && answer(batch, row, ctx)) kept_.push_back(row);
    if (kept_.empty()) return {};
    const Batch rows = kept_.size() == batch.row_count() ? batch : batch.take(kept_);
    const Batch answers = answers_.finish();
    std::vector<Column> columns(rows.columns().begin(), rows.columns().end());
    columns.insert(columns.end(), answers.columns().begin(), answers.columns().end());
    ctx.emit(out, Batch(ctx.output_schema(out), columns, rows.row_count()).with_entered(batch.entered()));
    return {};
  }

  void save(StateWriter& writer) const override {
    StateOut state;
    histories_.save(state);
    writer.write_bytes("histories", state.take());
    writer.write("shape", std::string_view(state_shape(config_)));
  }

  Status load(StateReader& reader) override {
    LEAT_TRY_ASSIGN(StateIn state, read_part(reader, "histories"));
    LEAT_TRY(check_shape(reader, state_shape(config_)));
    histories_.load(state, reader.share(), config_.key_schema);
    return check_complete(state, "histories");
  }

 private:
  void evaluate(const Batch& batch, Context& ctx);
  Column column_of(const Expression& expression, std::string_view option, const Batch& batch, Context& ctx);
  void reject(const Batch& batch, std::uint32_t row, Error error, Context& ctx);
  bool answer(const Batch& batch, std::uint32_t row, Context& ctx);
  bool reads(const Batch& batch, std::uint32_t row, Context& ctx);
  bool flagged(const Anomaly& anomaly, const History& history) const;
  void append(const std::optional<Anomaly>& anomaly, bool flag);

  Config config_;
  Histories histories_;
  BatchBuilder answers_;

  // Of the batch at hand; kept for their memory.
  Batch keys_;
  std::vector<std::uint64_t> hashes_;
  std::vector<std::vector<double>> features_;  // by feature, then row
  std::vector<std::int64_t> times_;
  std::vector<bool> gone_;  // rejected
  std::vector<std::uint32_t> kept_;
  std::string key_;
  std::vector<double> values_;  // of the row at hand
};

// Column by column; rows whose expressions fail are rejected, once.
void AnomalyActor::evaluate(const Batch& batch, Context& ctx) {
  gone_.assign(batch.row_count(), false);
  hashes_.assign(batch.row_count(), 0);
  std::vector<Column> keys;
  for (const Expression& key : config_.key) {
    keys.push_back(with_one_zero(column_of(key, "key", batch, ctx)));
    mix_hashes(keys.back(), hashes_);
  }
  keys_ = Batch(config_.key_schema, keys, batch.row_count());
  features_.clear();
  for (const auto& [name, feature] : config_.features)
    features_.push_back(numbers(column_of(feature, "features." + name, batch, ctx)));
  times_.assign(batch.row_count(), ctx.now().time_since_epoch().count());
  if (!config_.uses_time || config_.time.processing()) return;
  const Column times = column_of(config_.time.expression(), "time", batch, ctx);
  std::ranges::copy(times.int64s(), times_.begin());
  for (std::uint32_t row = 0; times.null_count() > 0 && row < batch.row_count(); ++row)
    if (times.is_null(row)) reject(batch, row, {Code::missing_value, "`time` is null", {}}, ctx);
}

Column AnomalyActor::column_of(const Expression& expression, std::string_view option, const Batch& batch,
                               Context& ctx) {
  Evaluated evaluated = expression.evaluate(batch);
  for (Evaluated::Failed& failed : evaluated.failed) {
    failed.error.message = fmt::format("`{}`: {}", option, failed.error.message);
    if (expression.place().known()) failed.error.place = expression.place().text();
    reject(batch, failed.row, std::move(failed.error), ctx);
  }
  return std::move(evaluated.values);
}

void AnomalyActor::reject(const Batch& batch, std::uint32_t row, Error error, Context& ctx) {
  if (!gone_[row]) ctx.reject(batch, row, std::move(error));
  gone_[row] = true;
}

/// Whether the row goes on, with its answer appended.
bool AnomalyActor::answer(const Batch& batch, std::uint32_t row, Context& ctx) {
  if (!reads(batch, row, ctx)) {
    if (!gone_[row]) append(std::nullopt, false);
    return !gone_[row];
  }
  key_.clear();
  write_msgpack(keys_, row, key_);
  History* history = histories_.find_or_add(key_, hashes_[row]);
  if (history == nullptr) {
    reject(batch, row,
           {Code::limit_reached,
            fmt::format("no room for another key; raise `keys` (now {}), or forget old ones with `when_full`",
                        to_text(config_.keys)),
            {}},
           ctx);
    return false;
  }
  std::optional<Anomaly> anomaly = history->scorer->score(values_, times_[row]);
  if (history->rows < config_.learn_first) anomaly.reset();
  const bool flag = anomaly && flagged(*anomaly, *history);
  if (!flag || config_.learn == LearnRows::all) {
    history->scorer->learn(values_, times_[row]);
    ++history->rows;
  }
  if (anomaly && config_.quantile) history->recent.add(anomaly->score);
  append(anomaly, flag);
  return true;
}

/// Fills `values_`; false if the row has none, and then it is perhaps rejected.
bool AnomalyActor::reads(const Batch& batch, std::uint32_t row, Context& ctx) {
  values_.clear();
  for (std::size_t at = 0; at < features_.size(); ++at) {
    const double value = features_[at][row];
    if (!(std::abs(value) <= Scorer::kValueMax)) {
      if (config_.on_null == NullFeature::reject)
        reject(batch, row,
               std::isnan(value)
                   ? Error{Code::missing_value,
                           fmt::format("the feature `{}` is null or NaN", config_.features[at].first),
                           {}}
                   : Error{Code::out_of_range,
                           fmt::format("the feature `{}` is beyond 1e150", config_.features[at].first),
                           {}},
               ctx);
      return false;
    }
    values_.push_back(value);
  }
  return true;
}

bool AnomalyActor::flagged(const Anomaly& anomaly, const History& history) const {
  if (config_.threshold && anomaly.score < *config_.threshold) return false;
  if (!config_.quantile) return config_.flags();
  const std::optional<double> limit = history.recent.quantile(*config_.quantile);
  return limit && anomaly.score > *limit;
}

void AnomalyActor::append(const std::optional<Anomaly>& anomaly, bool flag) {
  std::size_t column = 0;
  if (anomaly)
    answers_.column(column++).append(anomaly->score);
  else
    answers_.column(column++).append_null();
  if (config_.flags()) answers_.column(column++).append(flag);
  if (!config_.causes()) return;
  if (anomaly)
    answers_.column(column).append(std::string_view(config_.features[anomaly->feature].first));
  else
    answers_.column(column).append_null();
}

}  // namespace

void register_anomaly(Registry& registry) {
  registry.add<AnomalyActor>();
}

}  // namespace leat
