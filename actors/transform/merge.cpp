#include "transform/merge.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <leat/context.hpp>

#include "transform/held_rows.hpp"
#include "transform/option_values.hpp"
#include "transform/row_choice.hpp"

namespace leat {
namespace {

struct MergeConfig {
  EventTime time;
  Rows rows_max{100'000};
  SchemaPtr input;  ///< found by describe
};

/// Sends rows in the order of their times, equal ones as they came: holds each, and at most `rows_max` of
/// them, until the watermark says that nothing earlier comes. Rows behind the watermark go to `late`.
class Merge final : public Actor {
 public:
  using Config = MergeConfig;
  static constexpr KindInfo kind{"merge", "Makes one stream in the order of event time of several inputs.",
                                 "time: time\nrows_max: 100k rows"};
  static constexpr Port in{0, "in", "Rows of all inputs."};
  static constexpr Port out{0, "out", "The rows in the order of their times."};
  static constexpr Port late{1, "late", "Rows behind the watermark."};
  static constexpr auto inputs = ports(in);
  static constexpr auto outputs = ports(out, late);
  static Fields<Config> fields() {
    return {
        optional("time", &Config::time,
                 "When a row happened: a timestamp. Left out: the input's only timestamp field."),
        optional("rows_max", &Config::rows_max,
                 "Most rows that wait for the watermark; one more goes to `errors`."),
    };
  }
  static void describe(Config& config, Describe& describe) {
    config.input = describe.input();
    if (config.time.processing())
      describe.problem(Code::bad_value, describe.place_of("time"),
                       "rows come in the order of the clock anyway; `merge` needs their event time");
    else
      config.time.describe(describe.input(), describe);
    describe.partition_by(in.index, {});  // two instances would make two orders
    if (config.rows_max.count == 0)
      describe.problem(Code::bad_value, describe.place_of("rows_max"), "`rows_max` is at least 1 row");
  }

  explicit Merge(Config config) : config_(std::move(config)) {}

  Status on_batch(const Port&, const Batch& batch, Context& ctx) override;
  Status on_watermark(Time watermark, Context& ctx) override {
    passed_ = std::max(passed_, watermark.time_since_epoch().count());
    release(ctx);
    return {};
  }
  Status on_end(Context& ctx) override {
    passed_ = INT64_MAX;
    release(ctx);
    return {};
  }
  void save(StateWriter& state) const override {
    state.write("passed", passed_);
    held_.save(state, "held");
  }
  Status load(StateReader& state) override {
    LEAT_TRY(state.read("passed", passed_));
    return held_.load(state, "held", config_.input);
  }

 private:
  void release(Context& ctx) {
    held_.release(passed_, ctx.batch_rows(), [&](Batch batch) { ctx.emit(out, std::move(batch)); });
  }

  Config config_;
  HeldRows held_;
  std::int64_t passed_ = INT64_MIN;  // what is at or before this is late
  RowChoice late_;
  std::vector<std::uint32_t> rows_;
  std::vector<std::int64_t> times_;
};

Status Merge::on_batch(const Port&, const Batch& batch, Context& ctx) {
  late_.clear();
  rows_.clear();
  times_.clear();
  RowTimes times(config_.time, batch, ctx.now());
  for (std::uint32_t row = 0; row < batch.row_count(); ++row) {
    auto time = times.at(row);
    if (!time) {
      ctx.reject(batch, row, std::move(time).error());
    } else if (*time <= passed_) {
      late_.add(row);
    } else if (held_.size() + rows_.size() >= config_.rows_max.count) {
      ctx.reject(batch, row,
                 Error{Code::limit_reached,
                       fmt::format("{} rows wait for the watermark; raise `rows_max`, or give the sources "
                                   "`event_time` with `idle_after`",
                                   config_.rows_max.count),
                       {}});
    } else {
      rows_.push_back(row);
      times_.push_back(*time);
    }
  }
  held_.hold(batch, rows_, times_, ctx.watermark());
  if (!late_.rows().empty()) {
    ctx.late(late_.rows().size());
    ctx.emit(late, late_.of(batch));
  }
  return {};
}

}  // namespace

void register_merge(Registry& registry) {
  registry.add<Merge>();
}

}  // namespace leat
