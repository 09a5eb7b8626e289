#include "anomaly/options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <leat/random.hpp>

#include "anomaly/ewma.hpp"
#include "anomaly/forest.hpp"
#include "anomaly/zscore.hpp"

namespace leat {
namespace {

constexpr std::uint64_t kWindowMax = 1'000'000;
constexpr std::uint64_t kRecentMax = 100'000;
constexpr std::uint64_t kRecentDefault = 1'000;
constexpr std::uint64_t kWarmUpDefault = 30;
constexpr std::uint32_t kTreesMax = 1'000;
constexpr std::uint32_t kSampleMax = 4'096;
constexpr std::uint32_t kShingleMax = 1'024;
constexpr std::size_t kDimensionsMax = 1'024;
constexpr std::size_t kFeaturesMax = 256;

bool is_field_name(std::string_view name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return !name.empty() && letter(name[0]) &&
         std::ranges::all_of(name, [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

std::string_view name_of(AnomalyMethod method) {
  return method == AnomalyMethod::zscore ? "zscore"
         : method == AnomalyMethod::ewma ? "ewma"
                                         : "random_cut_forest";
}

ForestOptions forest_options(const AnomalyConfig& config) {
  ForestOptions options;
  options.features = static_cast<std::uint32_t>(config.features.size());
  options.trees = config.trees.value_or(options.trees);
  options.sample = config.sample.value_or(options.sample);
  options.shingle = config.shingle.value_or(options.shingle);
  options.half_life = config.half_life.value_or(HalfLife{});
  options.seed = config.seed.value_or(1);
  return options;
}

/// Reports what is wrong; counts it.
class Checks {
 public:
  Checks(const AnomalyConfig& config, Describe& describe) : config_(config), describe_(describe) {}

  /// Options that mean nothing to the method are mistakes.
  void unused() {
    struct Option {
      std::string_view name;
      bool given;
      std::string_view methods;
    };
    const bool time = config_.time.processing() || !config_.time.expression().empty();
    const Option options[] = {
        {"window", config_.window.has_value(), "zscore"},
        {"half_life", config_.half_life.has_value(), "ewma random_cut_forest"},
        {"deviation_min", config_.deviation_min.has_value(), "zscore ewma"},
        {"trees", config_.trees.has_value(), "random_cut_forest"},
        {"sample", config_.sample.has_value(), "random_cut_forest"},
        {"shingle", config_.shingle.has_value(), "random_cut_forest"},
        {"seed", config_.seed.has_value(), "random_cut_forest"},
    };
    for (const Option& option : options)
      if (option.given && option.methods.find(name_of(config_.method)) == std::string_view::npos)
        problem(option.name,
                fmt::format("`{}` means nothing to method `{}`", option.name, name_of(config_.method)));
    if (time && !config_.uses_time)
      problem("time", "nothing asks for `time`: only a `half_life` that is a duration does");
    if (config_.recent && !config_.quantile) problem("recent", "`recent` means nothing without `quantile`");
    if (config_.learn == LearnRows::unflagged && !config_.flags())
      problem("learn", "without `threshold` or `quantile` no row is flagged");
  }

  void ranges() {
    const auto within = [&](std::string_view option, std::optional<std::uint64_t> value, std::uint64_t least,
                            std::uint64_t most) {
      if (value && (*value < least || *value > most))
        problem(option, fmt::format("`{}` is from {} to {}", option, least, most));
    };
    const auto rows = [](const std::optional<Rows>& value) {
      return value ? std::optional(value->count) : std::nullopt;
    };
    within("window", rows(config_.window), 2, kWindowMax);
    within("trees", config_.trees, 1, kTreesMax);
    within("sample", config_.sample, 2, kSampleMax);
    within("shingle", config_.shingle, 1, kShingleMax);
    within("recent", rows(config_.recent), 1, kRecentMax);
    within("keys", config_.keys.count, 1, UINT32_MAX);
    if (config_.quantile && !(*config_.quantile > 0 && *config_.quantile < 1))
      problem("quantile", "`quantile` lies between 0 and 1, as 0.995");
    else if (config_.quantile && static_cast<double>(config_.recent_max) * (1 - *config_.quantile) < 0.999999)
      problem("recent", fmt::format("of {} scores none lies beyond the quantile {}", config_.recent_max,
                                    *config_.quantile));
    if (config_.threshold && !(*config_.threshold > 0)) problem("threshold", "`threshold` is more than 0");
    if (config_.deviation_min && !(*config_.deviation_min >= 0))
      problem("deviation_min", "`deviation_min` is not negative");
    if (config_.method == AnomalyMethod::ewma && !config_.half_life)
      describe_.problem(Code::missing_key, describe_.place_of("method"),
                        "method `ewma` needs `half_life`: `100 rows`, or `10m`"),
          good_ = false;
  }

  void features() {
    if (config_.features.empty() || config_.features.size() > kFeaturesMax)
      problem("features", fmt::format("name from 1 to {} features", kFeaturesMax));
    const ForestOptions forest = forest_options(config_);
    if (std::size_t{forest.shingle} * config_.features.size() > kDimensionsMax)
      problem("shingle", fmt::format("`shingle` times features is at most {}", kDimensionsMax));
    for (const auto& [name, feature] : config_.features) {
      if (!is_field_name(name)) problem("features", fmt::format("`{}` is no name for a feature", name));
      good_ &= feature.bound();
      if (!feature.bound()) continue;
      const Type type = feature.type();
      if (type == Type::int64 || type == Type::float64 || type == Type::boolean) continue;
      describe_.problem(Code::type_mismatch, feature.place(),
                        fmt::format("`{}` has the type {}; a feature is a number or a bool", feature.text(),
                                    to_text(type)));
      good_ = false;
    }
    for (const Expression& key : config_.key) good_ &= key.bound();
  }

  void problem(std::string_view option, std::string message) {
    describe_.problem(Code::bad_value, describe_.place_of(option), std::move(message));
    good_ = false;
  }
  bool good() const { return good_; }

 private:
  const AnomalyConfig& config_;
  Describe& describe_;
  bool good_ = true;
};

std::vector<Field> answer_fields(const AnomalyConfig& config) {
  std::vector<Field> fields{{config.out + "_score", Type::float64, true}};
  if (config.flags()) fields.push_back({config.out + "_flag", Type::boolean});
  if (config.causes()) fields.push_back({config.out + "_cause", Type::string, true});
  return fields;
}

void describe_output(AnomalyConfig& config, const Port& out, Describe& describe) {
  std::vector<Field> fields = describe.input()->fields();
  const std::vector<Field> answers = answer_fields(config);
  if (!is_field_name(config.out))
    return describe.problem(Code::bad_name, describe.place_of("out"),
                            fmt::format("`{}` cannot begin the name of a column", config.out));
  for (const Field& answer : answers) {
    if (describe.input()->index_of(answer.name))
      return describe.problem(
          Code::bad_name, describe.place_of("out"),
          fmt::format("the input has a field `{}` already; choose another `out`", answer.name));
    fields.push_back(answer);
  }
  config.answers = Schema::make(answers);
  std::vector<Field> key;
  for (const Expression& part : config.key) key.push_back({std::to_string(key.size()), part.type(), true});
  config.key_schema = Schema::make(std::move(key));
  describe.output(out, Schema::make(std::move(fields)));
  describe.partition_by(0, config.key);
}

}  // namespace

void FieldTraits<HalfLife>::describe(FieldInfo& info) {
  info.type = "duration or rows";
}
void FieldTraits<HalfLife>::read(const ConfigNode& node, HalfLife& value, ReadContext& context) {
  if (node.kind != ConfigNode::Kind::scalar)
    return detail::wrong_type(node, "a duration or a number of rows", context);
  if (const Result<Duration> time = parse_duration(node.scalar); time && time->count() > 0)
    value.us = time->count();
  else if (const Result<Rows> rows = parse_rows(node.scalar); rows && rows->count > 0)
    value.rows = rows->count;
  else
    context.diagnostics().error(Code::bad_value, node.place, fmt::format("`{}` is no half-life", node.scalar),
                                {}, "write a duration, `10m`, or a number of rows, `100 rows`");
}
std::string FieldTraits<HalfLife>::show(const HalfLife& value) {
  return value.us != 0 ? to_text(Duration(value.us)) : to_text(Rows{value.rows});
}

Fields<AnomalyConfig> anomaly_fields() {
  using C = AnomalyConfig;
  return {
      choice("method", &C::method,
             {{"zscore", AnomalyMethod::zscore},
              {"ewma", AnomalyMethod::ewma},
              {"random_cut_forest", AnomalyMethod::random_cut_forest}},
             "What makes the score. `zscore`: standard deviations from the mean of the last `window` rows. "
             "`ewma`: the same, older rows counting less. `random_cut_forest`: how much the row changes "
             "random trees of earlier rows; sees features together, and with `shingle` their course."),
      required("features", &C::features,
               "What to look at: names with expressions that give numbers or bools.")
          .example("{ temperature: temperature, humidity: humidity }"),
      optional("key", &C::key, "Each key has a history of its own. Without it all rows share one.")
          .example("device"),
      optional("threshold", &C::threshold, "Rows with at least this score are flagged."),
      optional("quantile", &C::quantile,
               "Rows are flagged whose score is beyond this quantile of the key's last `recent` scores. With "
               "`threshold` both must say so.")
          .example("0.995"),
      optional("recent", &C::recent, "Scores that `quantile` is of. Default: 1000 rows."),
      optional("warm_up", &C::warm_up,
               "So many rows of each key are only learnt from: they have no score and no flag. Default: 30 "
               "rows; with `random_cut_forest` as many as `sample`."),
      choice("learn", &C::learn, {{"all", LearnRows::all}, {"unflagged", LearnRows::unflagged}},
             "Which rows become history. With `unflagged` a lasting change is flagged for ever."),
      optional("window", &C::window, "zscore: rows of a key that count, 2 to 1000000. Default: all.")
          .example("1000"),
      optional("half_life", &C::half_life,
               "ewma: a row counts half after so many rows, or after so much event time. random_cut_forest: "
               "likewise, its chance to be in the sample; default: all rows have the same.")
          .example("10m"),
      optional("time", &C::time,
               "With a `half_life` of time: when a row happened, a timestamp or `processing`. Default: the "
               "input's only timestamp field."),
      optional("deviation_min", &C::deviation_min,
               "zscore, ewma: least standard deviation to assume, such as a sensor's resolution."),
      optional("trees", &C::trees, "random_cut_forest: 1 to 1000. Default: 40."),
      optional("sample", &C::sample,
               "random_cut_forest: rows that each tree holds, 2 to 4096. Default: 256."),
      optional("shingle", &C::shingle,
               "random_cut_forest: so many rows of a key in a row are one point. Default: 1."),
      optional("seed", &C::seed, "random_cut_forest: equal seeds give equal scores. Default: 1."),
      choice("on_null", &C::on_null, {{"reject", NullFeature::reject}, {"pass", NullFeature::pass}},
             "A row with a feature that is null, NaN, infinite or beyond 1e150 goes to `errors`, or goes on "
             "without a score and is not learnt."),
      optional("keys", &C::keys, "Most keys held at once (by one instance)."),
      choice("when_full", &C::when_full, {{"reject", KeysFull::reject}, {"forget", KeysFull::forget}},
             "When there is no room for another key: its rows go to `errors`, or the key without a row for "
             "longest is forgotten."),
      optional("out", &C::out,
               "Prefix of the new columns: `<out>_score` (null without a score); with `threshold` or "
               "`quantile` `<out>_flag`; with several features `<out>_cause`, the one that deviates most."),
  };
}

void describe_anomaly(AnomalyConfig& config, const Port& out, Describe& describe) {
  if (!describe.input()) return;
  config.uses_time = config.half_life && config.half_life->us != 0 && config.method != AnomalyMethod::zscore;
  config.recent_max = static_cast<std::uint32_t>(
      std::min(config.recent ? config.recent->count : kRecentDefault, kRecentMax + 1));
  const std::uint64_t warm_up =
      config.method == AnomalyMethod::random_cut_forest ? forest_options(config).sample : kWarmUpDefault;
  config.learn_first = config.warm_up ? config.warm_up->count : warm_up;
  Checks checks(config, describe);
  checks.unused();
  checks.ranges();
  checks.features();
  if (config.uses_time && !config.time.describe(describe.input(), describe)) return;
  if (checks.good()) describe_output(config, out, describe);
}

std::unique_ptr<Scorer> make_scorer(const AnomalyConfig& config, std::uint64_t key_hash) {
  const auto features = static_cast<std::uint32_t>(config.features.size());
  switch (config.method) {
    case AnomalyMethod::zscore:
      return make_zscore(
          {features, config.window ? config.window->count : 0, config.deviation_min.value_or(0)});
    case AnomalyMethod::ewma:
      return make_ewma({features, *config.half_life, config.deviation_min.value_or(0)});
    case AnomalyMethod::random_cut_forest:
      break;
  }
  ForestOptions options = forest_options(config);
  options.seed = Random(options.seed ^ key_hash).next();
  return make_forest(options);
}

std::string state_shape(const AnomalyConfig& config) {
  std::string text(name_of(config.method));
  if (config.window) text += fmt::format(", window {}", to_text(*config.window));
  if (config.half_life) text += fmt::format(", half-life {}", FieldTraits<HalfLife>::show(*config.half_life));
  if (config.method == AnomalyMethod::random_cut_forest) {
    const ForestOptions forest = forest_options(config);
    text += fmt::format(", {} trees of {} points, shingle {}", forest.trees, forest.sample, forest.shingle);
  }
  text += ", key";
  for (const Expression& key : config.key) text += fmt::format(" {}", to_text(key.type()));
  text += ", features";
  for (const auto& [name, feature] : config.features) text += " " + name;
  return text;
}

}  // namespace leat
