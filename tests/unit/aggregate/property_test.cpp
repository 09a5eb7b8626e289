// The actor against the model, on random streams: disorder, late rows, silence, skewed keys, nulls, several
// instances, all batch sizes, restarts in between. A failure is shrunk to a short stream before it is shown.
#include <fmt/format.h>

#include <leat/batch_builder.hpp>
#include <leat/testing.hpp>
#include <random>

#include "unit/aggregate/window_model.hpp"

namespace leat::windowtest {
namespace {

const SchemaPtr& row_schema() {
  static const SchemaPtr schema = Schema::make(
      {{"k", Type::int64, true}, {"t", Type::timestamp, false}, {"v", Type::int64, true}}, "input");
  return schema;
}

struct Trial {
  ModelSpec spec;
  std::uint32_t instances = 1;
  std::size_t batch = 4;
  bool restarts = false;
  bool previews = false;
};

std::string options_of(const Trial& run) {
  const ModelSpec& spec = run.spec;
  std::string window;
  if (spec.kind == ModelSpec::Kind::session)
    window = fmt::format("{{ session: {{ gap: {}us }} }}", spec.gap);
  else if (spec.size == spec.every)
    window = fmt::format("{{ tumbling: {}us }}", spec.size);
  else
    window = fmt::format("{{ hopping: {{ size: {}us, every: {}us }} }}", spec.size, spec.every);
  return fmt::format(
      "{{ key: k, window: {}, lateness: {}us,{} compute: {{ n: count, sum: {{ sum: v }}, min: {{ min: v }}, "
      "max: {{ max: v }}, avg: {{ avg: v }}, first: {{ first: t, where: v != null }}, last: {{ last: t, "
      "where: v "
      "!= null }}, positive: {{ count: v, where: v != null && v > 0 }}, variance: {{ variance: v }}, median: "
      "{{ quantile: v }}, "
      "distinct: {{ count_distinct: v }} }} }}",
      window, spec.lateness, run.previews ? " emit_every: 1s," : "");
}

std::string text_of(const Batch& rows, std::uint32_t row) {
  const auto number = [&](std::string_view name) { return rows.column(name)->int64(row); };
  const auto real = [&](std::string_view name) { return rows.column(name)->float64(row); };
  const Column& key = *rows.column("k");
  std::string text = fmt::format("[{},{}) key {} rows {}", number("window_start"), number("window_end"),
                                 key.is_null(row) ? -1 : key.int64(row), number("n"));
  if (rows.column("sum")->is_null(row)) return text + " no values";
  text += fmt::format(" sum {} min {} max {} avg {:.6f}", number("sum"), number("min"), number("max"),
                      real("avg"));
  text += fmt::format(" first {} last {} positive {}", number("first"), number("last"), number("positive"));
  if (!rows.column("variance")->is_null(row)) text += fmt::format(" variance {:.4f}", real("variance"));
  return text + fmt::format(" median {} distinct {}", real("median"), number("distinct"));
}

// One instance of the actor: collects its final rows with the watermark that brought them.
class Instance {
 public:
  explicit Instance(const Trial& run)
      : run_(run), actor_("aggregate", options_of(run), "{ k: 'int64?', t: timestamp, v: 'int64?' }") {
    EXPECT_EQ(actor_.problems(), "");
  }

  void add(std::span<const Row> rows) {
    for (std::size_t at = 0; at < rows.size(); at += run_.batch) {
      BatchBuilder builder(row_schema());
      for (const Row& row : rows.subspan(at, std::min(run_.batch, rows.size() - at)))
        builder.add(row.key < 0 ? std::nullopt : std::optional(row.key), row.time,
                    row.has_value ? std::optional(row.value) : std::nullopt);
      EXPECT_TRUE(actor_.feed(builder.finish()));
      collect(std::nullopt);
    }
    if (run_.previews) {
      EXPECT_TRUE(actor_.advance(std::chrono::seconds(1)));
    }
    if (run_.restarts) {
      EXPECT_TRUE(actor_.restart());
    }
  }
  void advance(std::int64_t watermark) {
    EXPECT_TRUE(actor_.watermark(Time(Duration(watermark))));
    collect(watermark);
  }
  void end() {
    EXPECT_TRUE(actor_.end());
    collect(INT64_MAX);
    for (const Batch& rows : actor_.take_batches("late"))
      for (std::uint32_t row = 0; row < rows.row_count(); ++row)
        late.push_back(
            {rows.column(0).is_null(row) ? -1 : rows.column(0).int64(row), rows.column(1).int64(row),
             rows.column(2).is_null(row) ? 0 : rows.column(2).int64(row), !rows.column(2).is_null(row)});
    errors = actor_.take("errors");
  }

  std::vector<std::string> finals, closed_at;
  std::vector<Row> late;
  std::string errors;

 private:
  void collect(std::optional<std::int64_t> watermark) {
    for (const Batch& rows : actor_.take_batches())
      for (std::uint32_t row = 0; row < rows.row_count(); ++row) {
        if (!rows.column("final")->boolean(row)) continue;
        finals.push_back(text_of(rows, row));
        closed_at.push_back(fmt::format("{} {}", watermark.value_or(-1), finals.back()));
      }
  }

  Trial run_;
  ActorHarness actor_;
};

bool by_row(const Row& a, const Row& b) {
  return std::tie(a.key, a.time, a.value, a.has_value) < std::tie(b.key, b.time, b.value, b.has_value);
}

// Empty if the actor does what the model does.
std::string difference(const Trial& run, const std::vector<Step>& steps) {
  ModelResult expected = run_model(run.spec, steps);
  std::vector<std::unique_ptr<Instance>> instances;
  for (std::uint32_t at = 0; at < run.instances; ++at) instances.push_back(std::make_unique<Instance>(run));
  for (const Step& step : steps) {
    for (std::uint32_t at = 0; at < run.instances; ++at) {
      std::vector<Row> mine;
      for (const Row& row : step.rows)
        if (static_cast<std::uint32_t>(row.key + 1) % run.instances == at) mine.push_back(row);
      instances[at]->add(mine);
      if (step.watermark) instances[at]->advance(*step.watermark);
    }
  }
  std::vector<std::string> finals, closed_at;
  std::vector<Row> late;
  for (const auto& instance : instances) {
    instance->end();
    if (!instance->errors.empty()) return "errors: " + instance->errors;
    finals.insert(finals.end(), instance->finals.begin(), instance->finals.end());
    closed_at.insert(closed_at.end(), instance->closed_at.begin(), instance->closed_at.end());
    late.insert(late.end(), instance->late.begin(), instance->late.end());
  }
  std::ranges::sort(finals);
  std::ranges::sort(closed_at);
  std::ranges::sort(late, by_row);
  std::ranges::sort(expected.late, by_row);
  if (finals != expected.finals)
    return fmt::format("final rows\n  are      {}\n  should be {}", fmt::join(finals, "\n           "),
                       fmt::join(expected.finals, "\n           "));
  if (closed_at != expected.closed_at)
    return fmt::format("final rows came at\n  {}\n  not\n  {}", fmt::join(closed_at, "\n  "),
                       fmt::join(expected.closed_at, "\n  "));
  if (late != expected.late) return fmt::format("{} late rows, not {}", late.size(), expected.late.size());
  return {};
}

std::vector<Step> random_steps(std::mt19937& random) {
  const auto draw = [&](int least, int most) { return std::uniform_int_distribution<>(least, most)(random); };
  std::vector<Step> steps;
  std::int64_t now = draw(-200, 50), watermark = INT64_MIN;
  const int disorder = draw(0, 25), keys = draw(1, 5);
  for (int step = draw(1, 30); step > 0; --step) {
    Step next;
    for (int count = draw(0, 6); count > 0; --count) {
      const int skewed = draw(0, keys) * draw(0, 1);
      next.rows.push_back({skewed - (draw(0, 9) == 0 ? skewed + 1 : 0), now - draw(0, disorder), draw(-5, 5),
                           draw(0, 4) != 0});
      if (!next.rows.back().has_value) next.rows.back().value = 0;
    }
    now += draw(0, 9) == 0 ? draw(0, 300) : draw(0, 6);
    if (draw(0, 2) != 0) {
      watermark = std::max(watermark, now - draw(0, 20));
      next.watermark = watermark;
    }
    steps.push_back(std::move(next));
  }
  return steps;
}

Trial random_trial(std::mt19937& random) {
  const auto draw = [&](int least, int most) { return std::uniform_int_distribution<>(least, most)(random); };
  Trial run;
  run.spec.kind = draw(0, 2) == 0 ? ModelSpec::Kind::session : ModelSpec::Kind::hopping;
  run.spec.every = draw(1, 12);
  run.spec.size = draw(0, 1) == 0 ? run.spec.every : run.spec.every + draw(0, 20);
  run.spec.gap = draw(1, 15);
  run.spec.lateness = draw(0, 2) == 0 ? draw(1, 30) : 0;
  run.instances = static_cast<std::uint32_t>(draw(1, 4));
  run.batch = static_cast<std::size_t>(draw(1, 7));
  run.restarts = draw(0, 3) == 0;
  run.previews = draw(0, 3) == 0;
  return run;
}

// Takes away whole steps, then single rows, as long as the difference stays.
std::vector<Step> shrink(const Trial& run, std::vector<Step> steps) {
  for (std::size_t at = steps.size(); at-- > 0;) {
    std::vector<Step> fewer = steps;
    fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(at));
    if (!difference(run, fewer).empty()) steps = std::move(fewer);
  }
  for (Step& step : steps)
    for (std::size_t at = step.rows.size(); at-- > 0;) {
      const Row row = step.rows[at];
      step.rows.erase(step.rows.begin() + static_cast<std::ptrdiff_t>(at));
      if (difference(run, steps).empty())
        step.rows.insert(step.rows.begin() + static_cast<std::ptrdiff_t>(at), row);
    }
  return steps;
}

std::string show(const Trial& run, const std::vector<Step>& steps) {
  std::string text = options_of(run) + fmt::format("\n{} instances, batches of {}{}\n", run.instances,
                                                   run.batch, run.restarts ? ", restarted" : "");
  for (const Step& step : steps) {
    for (const Row& row : step.rows)
      text += fmt::format("  key {} time {} value {}\n", row.key, row.time,
                          row.has_value ? std::to_string(row.value) : "null");
    if (step.watermark) text += fmt::format("  watermark {}\n", *step.watermark);
  }
  return text;
}

class Streams : public ::testing::TestWithParam<unsigned> {};

TEST_P(Streams, windows_are_what_the_model_says) {
  constexpr unsigned kStreamsPerTest = 150;
  for (unsigned seed = GetParam() * kStreamsPerTest; seed < (GetParam() + 1) * kStreamsPerTest; ++seed) {
    std::mt19937 random(seed);
    const Trial run = random_trial(random);
    const std::vector<Step> steps = random_steps(random);
    if (difference(run, steps).empty()) continue;
    const std::vector<Step> least = shrink(run, steps);
    FAIL() << "seed " << seed << ": " << show(run, least) << difference(run, least);
  }
}

INSTANTIATE_TEST_SUITE_P(, Streams, ::testing::Range(0u, 8u));

}  // namespace
}  // namespace leat::windowtest
