#include "aggregate/aggregate.hpp"

#include <algorithm>
#include <leat/codec.hpp>
#include <leat/context.hpp>
#include <leat/state.hpp>
#include <numeric>

#include "aggregate/options.hpp"

namespace leat {
namespace {

// Turns groups into rows of the output.
class ResultRows final : public WindowResults {
 public:
  ResultRows(const AggregateConfig& config, const RowKeys& keys, const Port& out)
      : config_(config), keys_(keys), out_(out), rows_(config.output) {}

  /// For the calls until `finish`.
  void begin(Context& ctx) { ctx_ = &ctx; }
  void finish() {
    if (!rows_.empty()) ctx_->emit(out_, rows_.finish());
  }

  void add(const Groups& groups, std::uint32_t group, const Window* window, bool final) override {
    const std::uint32_t before = rows_.row_count();
    std::size_t column = 0;
    if (config_.has_window_columns) {
      rows_.column(column++).append(window->start);
      rows_.column(column++).append(window->end);
    }
    groups.keys().decode(group, keys_, rows_, column);
    column += config_.key.list.size();
    for (std::size_t at = 0; at < groups.function_count(); ++at, ++column)
      if (Status status = groups.function(at).emit(group, rows_.column(column)); !status) [[unlikely]]
        return refuse(before, column, std::move(status).error());
    rows_.column(column).append(final);
    if (rows_.row_count() >= ctx_->batch_rows()) finish();
  }

 private:
  // The row without what could not be computed goes to `errors`.
  void refuse(std::uint32_t before, std::size_t column, Error error) {
    const std::string& name = config_.output->fields()[column].name;
    for (; column < config_.output->size(); ++column) rows_.column(column).append_null();
    error.message = fmt::format("`compute.{}`: {}", name, error.message);
    const Batch all = rows_.finish();
    ctx_->reject(all, before, std::move(error));
    if (before > 0) ctx_->emit(out_, all.slice(0, before));
  }

  const AggregateConfig& config_;
  const RowKeys& keys_;
  const Port& out_;
  BatchBuilder rows_;
  Context* ctx_ = nullptr;
};

std::vector<Type> key_types(const AggregateConfig& config) {
  std::vector<Type> types;
  for (const auto& [name, key] : config.key.list) types.push_back(key.type());
  return types;
}

bool any_nullable(const AggregateConfig& config) {
  return std::ranges::any_of(config.key.list, [](const auto& entry) { return entry.second.nullable(); });
}

// What a saved state depends on, for people to compare.
std::string shape_text(const AggregateConfig& config) {
  std::string text = fmt::format("windows {}/{}/{}/{} us, keys", config.spec.size_us, config.spec.every_us,
                                 config.spec.gap_us, config.spec.rows);
  for (const Type type : key_types(config)) text += fmt::format(" {}", to_text(type));
  if (any_nullable(config)) text += " or null";
  text += ", functions";
  for (const auto& [name, entry] : config.compute) {
    const FunctionSettings& settings = entry.settings;
    text += fmt::format(" {}({};{};{};{};{};{})", static_cast<int>(entry.function),
                        entry.argument_type() ? to_text(*entry.argument_type()) : "", settings.at, settings.k,
                        settings.track, settings.exact, settings.values_max);
  }
  return text;
}

/// Groups rows by key and window and computes functions of each group. Holds one state per open group; at
/// most `groups` of them.
class Aggregate final : public Actor {
 public:
  using Config = AggregateConfig;
  static constexpr KindInfo kind{
      .name = "aggregate",
      .doc = "Groups rows by key and window of time and computes counts, sums, quantiles and more.",
      .example = "key: language\nwindow: { tumbling: 1m }\ncompute: { items: count, total: { sum: amount } }",
      .rescales = true};
  static constexpr Port in{0, "in", "Rows to group."};
  static constexpr Port out{0, "out", "One row per key and window when the window ends, and previews."};
  static constexpr Port late{1, "late", "Rows whose windows were over when they came."};
  static constexpr auto inputs = ports(in);
  static constexpr auto outputs = ports(out, late);
  static Fields<Config> fields() { return aggregate_fields(); }
  static void describe(Config& config, Describe& describe) {
    describe_aggregate(config, out, late, describe);
  }

  explicit Aggregate(Config config)
      : config_(std::move(config)),
        keys_(key_types(config_), any_nullable(config_)),
        results_(config_, keys_, out) {
    shape_.form = keys_.form();
    shape_.tracks_changes = config_.lateness.count() > 0 || preview_interval().has_value();
    for (const auto& [name, entry] : config_.compute)
      shape_.functions.push_back(make_accumulator(entry.function, entry.argument_type(), entry.settings));
    windows_ = make_windows(config_.spec, shape_);
  }

  Status on_start(Context& ctx) override {
    if (preview_interval()) ctx.start_timer(kPreview, *preview_interval());
    plan_close(ctx);
    return {};
  }

  Status on_batch(const Port&, const Batch& batch, Context& ctx) override {
    results_.begin(ctx);
    if (config_.time.processing()) windows_->advance(clock_watermark(ctx), results_);
    evaluate(batch, ctx);
    untaken_.late.clear();
    untaken_.refused.clear();
    windows_->add(input_, rows_, untaken_, results_);
    results_.finish();
    if (!untaken_.late.empty()) {
      ctx.late(untaken_.late.size());
      std::ranges::sort(untaken_.late);
      ctx.emit(late, batch.take(untaken_.late));
    }
    for (const std::uint32_t row : untaken_.refused)
      ctx.reject(batch, row,
                 {Code::limit_reached,
                  fmt::format("no room for another group; raise `groups` (now {}) or use shorter windows",
                              to_text(config_.groups)),
                  {}});
    plan_close(ctx);
    return {};
  }

  Status on_watermark(Time watermark, Context& ctx) override {
    if (config_.time.processing()) return {};
    results_.begin(ctx);
    windows_->advance(watermark.time_since_epoch().count(), results_);
    results_.finish();
    return {};
  }

  Status on_timer(Timer timer, Context& ctx) override {
    results_.begin(ctx);
    if (timer == kPreview) {
      windows_->preview(results_);
      ctx.start_timer(kPreview, *preview_interval());
    } else {
      windows_->advance(clock_watermark(ctx), results_);
      plan_close(ctx);
    }
    results_.finish();
    return {};
  }

  Status on_end(Context& ctx) override {
    results_.begin(ctx);
    windows_->close(results_);
    results_.finish();
    return {};
  }

  void save(StateWriter& writer) const override {
    StateOut state;
    windows_->save(state);
    writer.write_bytes("windows", state.take());
    writer.write("shape", std::string_view(shape_text(config_)));
  }

  Status load(StateReader& reader) override {
    LEAT_TRY_ASSIGN(StateIn state, read_part(reader, "windows"));
    LEAT_TRY(check_shape(reader, shape_text(config_)));
    const KeyShare* share = reader.share();
    windows_->load(
        state,
        share == nullptr ? KeepKeys() : [&](const KeyTable& table) { return keys_of(*share, table, keys_); });
    return check_complete(state, "windows");
  }

 private:
  static constexpr Timer kPreview{0};
  static constexpr Timer kClose{1};

  std::optional<Duration> preview_interval() const {
    return config_.window ? config_.emit_every : std::optional(config_.every);
  }
  /// Every row that comes later has a greater time.
  static std::int64_t clock_watermark(const Context& ctx) { return ctx.now().time_since_epoch().count() - 1; }

  void plan_close(Context& ctx) {
    if (!config_.time.processing()) return;
    const std::int64_t deadline = windows_->next_deadline();
    if (deadline != INT64_MAX)
      ctx.start_timer(kClose, Duration(std::max<std::int64_t>(0, deadline - clock_watermark(ctx))));
  }

  // Fills `input_` and `rows_`; rows whose expressions fail are rejected, once.
  void evaluate(const Batch& batch, Context& ctx) {
    gone_.clear();
    key_columns_.clear();
    for (const auto& [name, key] : config_.key.list)
      key_columns_.push_back(column_of(key, "key", batch, ctx));
    input_.arguments.resize(config_.compute.size());
    for (std::size_t at = 0; at < config_.compute.size(); ++at) {
      const Computation& entry = config_.compute[at].second;
      WindowRows::Argument& argument = input_.arguments[at];
      if (!entry.argument.empty()) argument.values = column_of(entry.argument, "compute", batch, ctx);
      if (!entry.where.empty()) argument.where = column_of(entry.where, "where", batch, ctx);
    }
    if (config_.needs_time) read_times(batch, ctx);
    keys_.assign(key_columns_, batch.row_count());
    input_.keys = &keys_;
    choose_rows(batch.row_count());
  }

  void read_times(const Batch& batch, Context& ctx) {
    if (config_.time.processing()) {
      clock_times_.assign(batch.row_count(), ctx.now().time_since_epoch().count());
      input_.times = clock_times_;
      return;
    }
    times_ = column_of(config_.time.expression(), "time", batch, ctx);
    input_.times = times_.int64s();
    for (std::uint32_t row = 0; times_.null_count() > 0 && row < batch.row_count(); ++row)
      if (times_.is_null(row)) reject(batch, row, {Code::missing_value, "`time` is null", {}}, ctx);
  }

  Column column_of(const Expression& expression, std::string_view option, const Batch& batch, Context& ctx) {
    Evaluated evaluated = expression.evaluate(batch);
    for (Evaluated::Failed& failed : evaluated.failed) {
      failed.error.message = fmt::format("`{}`: {}", option, failed.error.message);
      if (expression.place().known()) failed.error.place = expression.place().text();
      reject(batch, failed.row, std::move(failed.error), ctx);
    }
    return std::move(evaluated.values);
  }

  void reject(const Batch& batch, std::uint32_t row, Error error, Context& ctx) {
    if (std::ranges::find(gone_, row) != gone_.end()) return;
    gone_.push_back(row);
    ctx.reject(batch, row, std::move(error));
  }

  void choose_rows(std::uint32_t count) {
    if (gone_.empty()) {
      while (all_rows_.size() < count) all_rows_.push_back(static_cast<std::uint32_t>(all_rows_.size()));
      rows_ = std::span(all_rows_).first(count);
      return;
    }
    std::ranges::sort(gone_);
    kept_rows_.clear();
    for (std::uint32_t row = 0; row < count; ++row)
      if (!std::ranges::binary_search(gone_, row)) kept_rows_.push_back(row);
    rows_ = kept_rows_;
  }

  Config config_;
  GroupShape shape_;
  RowKeys keys_;
  std::unique_ptr<Windows> windows_;
  ResultRows results_;

  // Of the batch at hand; kept for their memory.
  WindowRows input_;
  std::span<const std::uint32_t> rows_;
  std::vector<Column> key_columns_;
  Column times_;
  std::vector<std::int64_t> clock_times_;
  std::vector<std::uint32_t> gone_, all_rows_, kept_rows_;
  Windows::Untaken untaken_;
};

}  // namespace

void register_aggregate(Registry& registry) {
  registry.add<Aggregate>();
}

}  // namespace leat
