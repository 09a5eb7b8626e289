#include "ingest/generate.hpp"

#include <algorithm>
#include <leat/context.hpp>
#include <leat/state.hpp>

#include "ingest/random_columns.hpp"
#include "ingest/schedule.hpp"

namespace leat {
namespace {

/// The `time:` option as written and as read.
struct Timestamp {
  Time time{};
};
}  // namespace

template <>
struct FieldTraits<Timestamp> {
  static void describe(FieldInfo& info) { info.type = "timestamp"; }
  static void read(const ConfigNode& node, Timestamp& value, ReadContext& context) {
    if (node.kind != ConfigNode::Kind::scalar) return detail::wrong_type(node, "a timestamp", context);
    const Result<Time> time = parse_time(node.scalar);
    if (!time)
      return context.diagnostics().error(Code::bad_value, node.place, time.error().message, {},
                                         "for example 2026-01-01T00:00:00Z");
    value.time = *time;
  }
  static std::string show(const Timestamp& value) { return to_text(value.time); }
};

namespace {

struct EventTimes {
  Timestamp start;
  Duration step = std::chrono::seconds(1);

  static Fields<EventTimes> fields() {
    return {
        required("start", &EventTimes::start, "Event time of the first row.").example("2026-01-01T00:00:00Z"),
        optional("step", &EventTimes::step, "From one row to the next.")};
  }
};

struct GenerateConfig {
  Named<Expression> fields;
  std::uint64_t seed = 1;
  Rate rate;
  std::optional<Rows> count;
  std::optional<EventTimes> time;

  // What `describe` works out.
  SchemaPtr drawn;  ///< the built-in columns that `fields` read
  SchemaPtr output;
};

/// The built-in columns without those that no expression reads: drawing a number nobody looks at costs as
/// much as one that is used. A column is needed if an expression does not bind without it.
SchemaPtr needed_columns(const Named<Expression>& expressions) {
  std::vector<Field> needed;
  const SchemaPtr all = generated_schema();
  for (const Field& field : all->fields()) {
    std::vector<Field> others = all->fields();
    std::erase(others, field);
    const SchemaPtr without = Schema::make(std::move(others));
    const bool unused = std::all_of(expressions.begin(), expressions.end(), [&](const auto& entry) {
      return !Expression(entry.second.text()).bind(without);
    });
    if (!unused) needed.push_back(field);
  }
  if (needed.empty()) needed.push_back(all->fields().front());  // a batch counts its rows by its columns
  return Schema::make(std::move(needed));
}

/// A source of made-up rows for examples, tests and load. Instances share the rows: instance i of n makes
/// every nth.
class Generate final : public Source {
 public:
  using Config = GenerateConfig;
  static constexpr KindInfo kind{"ingest.generate",
                                 "Makes up rows from a seed, at a rate or as fast as they are taken.",
                                 "count: 1000\nrate: 100/s\nfields: { id: seq, amount: r1 * 100.0 }"};
  static constexpr Port out{0, "out", "The rows."};
  static constexpr std::array<Port, 0> inputs{};
  static constexpr auto outputs = ports(out);
  static Fields<Config> fields() {
    return {
        optional(
            "fields", &Config::fields,
            "Columns to send, computed from { seq: int64 counting from 0, time: timestamp, r1 to r4: float64 "
            "uniform in [0, 1), k1 to k4: int64 uniform in [0, 2^31) }. Left out: exactly these.")
            .bind_in_describe()
            .example("{ id: seq, card: k1 % 1000, amount: r1 * 100.0 }"),
        optional("seed", &Config::seed, "Equal seeds make equal rows, whatever the rate and batch size."),
        optional("rate", &Config::rate,
                 "Rows per second over all instances. Times follow from the start: after a pause it catches "
                 "up. Left "
                 "out: as fast as they are taken.")
            .example("10k/s"),
        optional("count", &Config::count, "Ends after this many rows over all instances. Left out: never.")
            .example("1M"),
        group("time", &Config::time, EventTimes::fields(),
              "Event times that do not depend on the clock. Left out: the moment a row is due."),
    };
  }

  static void describe(Config& config, Describe& describe) {
    if (config.fields.empty()) {
      config.drawn = config.output = generated_schema();
      describe.output(out, config.output);
      return;
    }
    bool good = true;
    for (auto& [name, expression] : config.fields)
      good = describe.bind(expression, generated_schema()) && good;
    if (!good) return;
    config.drawn = needed_columns(config.fields);
    std::vector<Field> fields;
    for (auto& [name, expression] : config.fields) {
      if (!describe.bind(expression, config.drawn)) return;
      fields.push_back({name, expression.type(), expression.nullable()});
    }
    config.output = Schema::make(std::move(fields));
    describe.output(out, config.output);
  }

  explicit Generate(Config config)
      : config_(std::move(config)), columns_(config_.seed, config_.drawn), schedule_(config_.rate) {}

  Status on_start(Context& ctx) override {
    if (next_ == kUnset) next_ = ctx.instance();
    schedule_.begin(next_, ctx.now(), saved_start_);
    return {};
  }

  Result<Produced> produce(std::uint32_t rows_max, Context& ctx) override {
    const std::uint64_t end = config_.count ? config_.count->count : UINT64_MAX;
    const std::uint64_t due = std::min(end, schedule_.due_count(ctx.now()));
    const std::uint32_t rows = std::min(rows_max, ctx.batch_rows());
    // What is late is late since it was due, not since somebody asked for it.
    const Time entered = schedule_.paced() ? schedule_.due(next_) : ctx.now();
    while (next_ < due && columns_.row_count() < rows) {
      columns_.add(next_, time_of(next_, ctx));
      next_ += ctx.instances();
    }
    if (columns_.row_count() > 0) send(columns_.finish().with_entered(entered), ctx);
    if (next_ >= end) return Produced::end();
    if (next_ < due) return Produced::more();
    return Produced::idle(schedule_.wait(next_, ctx.now()));
  }

  void save(StateWriter& state) const override {
    state.write("next", static_cast<std::int64_t>(next_));
    state.write("start", schedule_.start().time_since_epoch().count());
  }
  Status load(StateReader& state) override {
    std::int64_t next = 0;
    std::int64_t start = 0;
    LEAT_TRY(state.read("next", next));
    LEAT_TRY(state.read("start", start));
    next_ = static_cast<std::uint64_t>(next);
    saved_start_ = Time(Duration(start));
    return {};
  }

 private:
  static constexpr std::uint64_t kUnset = UINT64_MAX;

  Time time_of(std::uint64_t seq, const Context& ctx) const {
    if (config_.time) return config_.time->start.time + config_.time->step * static_cast<std::int64_t>(seq);
    return schedule_.paced() ? schedule_.due(seq) : ctx.now();
  }

  void send(const Batch& drawn, Context& ctx) {
    if (config_.fields.empty()) return ctx.emit(out, drawn);
    std::vector<Column> columns;
    std::vector<bool> failed(drawn.row_count(), false);
    bool any_failed = false;
    for (const auto& [name, expression] : config_.fields) {
      Evaluated evaluated = expression.evaluate(drawn);
      for (Evaluated::Failed& failure : evaluated.failed) {
        if (failed[failure.row]) continue;
        failed[failure.row] = any_failed = true;
        failure.error.message = fmt::format("`fields.{}`: {}", name, failure.error.message);
        ctx.reject(drawn, failure.row, std::move(failure.error));
      }
      columns.push_back(std::move(evaluated.values));
    }
    const Batch rows = Batch(config_.output, columns, drawn.row_count()).with_entered(drawn.entered());
    if (!any_failed) return ctx.emit(out, rows);
    std::vector<std::uint32_t> good;
    for (std::uint32_t row = 0; row < drawn.row_count(); ++row)
      if (!failed[row]) good.push_back(row);
    ctx.emit(out, rows.take(good));
  }

  Config config_;
  RandomColumns columns_;
  Schedule schedule_;
  std::uint64_t next_ = kUnset;
  Time saved_start_ = kTimeMin;
};

}  // namespace

void register_ingest_generate(Registry& registry) {
  registry.add<Generate>();
}

}  // namespace leat
