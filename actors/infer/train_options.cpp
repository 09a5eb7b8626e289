#include "infer/train_options.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "infer/learner.hpp"

namespace leat {
namespace {

const std::vector<std::string>& algorithm_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const Learner& learner : learners()) all.emplace_back(learner.name);
    return all;
  }();
  return names;
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

bool is_number(const Expression& expression) {
  return expression.type() == Type::boolean || expression.type() == Type::int64 ||
         expression.type() == Type::float64;
}

Fields<ComparedAlgorithm> compared_fields() {
  using C = ComparedAlgorithm;
  return {required("algorithm", &C::algorithm, "One of `algorithm`'s."),
          optional("name", &C::name, "What it is called in reports; default: the algorithm."),
          optional("rounds", &C::rounds, "As the actor's."),
          optional("depth", &C::depth, "As the actor's."),
          optional("eta", &C::eta, "As the actor's."),
          optional("seed", &C::seed, "As the actor's.")};
}

/// The learner of a name; null after reporting that there is none, or none for these rows.
const Learner* check_algorithm(const TrainConfig& config, const std::string& name, const Place& place,
                               Describe& describe) {
  const Learner* const learner = find_learner(name);
  if (learner == nullptr) {
    describe.problem(Code::bad_value, place, fmt::format("`{}` is not an algorithm of `train`", name),
                     suggest(name, algorithm_names()), "there are: " + joined(algorithm_names()));
    return nullptr;
  }
  if (learner->texts != !config.text.empty())
    describe.problem(Code::bad_value, place,
                     learner->texts ? fmt::format("`{}` learns from a `text`, not from features", name)
                                    : fmt::format("`{}` learns from `features`, not from a text", name));
  if (!learner->values && config.objective != "binary:logistic")
    describe.problem(Code::bad_value, place, fmt::format("`{}` learns labels only", name));
  if (const Status ready = learner->ready(); !ready)
    describe.problem(ready.error().code, place, ready.error().message);
  return learner;
}

/// A folder has one kind of model, so that whoever serves it can take the next version.
void check_compare(const TrainConfig& config, Describe& describe) {
  std::string_view engine;
  std::vector<std::string> names;
  for (const ComparedAlgorithm& entry : config.compare) {
    const Learner* const learner = check_algorithm(config, entry.algorithm, entry.place, describe);
    if (learner == nullptr) continue;
    if (engine.empty()) engine = learner->engine;
    if (engine != learner->engine)
      describe.problem(Code::bad_value, entry.place,
                       fmt::format("engine `{}` serves what `{}` makes, and `{}` the others: one folder is "
                                   "served by one engine",
                                   learner->engine, entry.algorithm, engine));
    if (std::ranges::find(names, entry.name) != names.end())
      describe.problem(Code::bad_value, entry.place,
                       fmt::format("two of `compare` are called `{}`; give one a `name`", entry.name));
    names.push_back(entry.name);
  }
  if (config.compare.size() < 2)
    describe.problem(Code::bad_value, describe.place_of("compare"), "there is nothing to compare");
  if (config.holdout == 0)
    describe.problem(Code::bad_value, describe.place_of("holdout"),
                     "`compare` measures on the rows that are held out; `holdout` must be more than 0");
}

void check_inputs(const TrainConfig& config, Describe& describe) {
  if (config.features.empty() == config.text.empty())
    describe.problem(Code::bad_value, describe.place_of(config.text.empty() ? "features" : "text"),
                     config.text.empty() ? "a model needs at least one feature, or a `text`"
                                         : "a model reads `features` or a `text`, not both");
  for (const auto& [name, feature] : config.features)
    if (feature.bound() && !is_number(feature))
      describe.problem(Code::type_mismatch, feature.place(),
                       fmt::format("feature `{}` is {}; bool, int64 and float64 can be learnt from", name,
                                   to_text(feature.type())));
  if (config.label.bound() && !is_number(config.label))
    describe.problem(
        Code::type_mismatch, config.label.place(),
        fmt::format("the label is {}; a bool or a number can be learnt", to_text(config.label.type())));
}

}  // namespace

void FieldTraits<ComparedAlgorithm>::read(const ConfigNode& node, ComparedAlgorithm& value,
                                          ReadContext& context) {
  value.place = node.place;
  if (node.kind == ConfigNode::Kind::map)
    read_fields(node, compared_fields().list(), &value, context);
  else
    FieldTraits<std::string>::read(node, value.algorithm, context);
  if (value.name.empty()) value.name = value.algorithm;
}

void FieldTraits<LearnOn>::read(const ConfigNode& node, LearnOn& value, ReadContext& context) {
  using D = DriftOptions;
  static const Fields<D> drift{
      optional("rows", &D::rows, "How many since the change are learnt from; they are waited for."),
      optional("block", &D::block, "Rows whose losses are averaged before they are judged."),
      optional("margin", &D::margin, "Standard deviations of a block's loss that are no drift."),
      optional("threshold", &D::threshold, "How many above the margin, added up, are one.")};
  static const Fields<LearnOn> fields{group("drift", &LearnOn::drift, drift, "The model has become worse.")};
  if (node.kind == ConfigNode::Kind::map) return read_fields(node, fields.list(), &value, context);
  if (node.kind == ConfigNode::Kind::scalar && node.scalar == "drift") {
    value.drift.emplace();
    return;
  }
  const std::string names[] = {"drift"};
  context.diagnostics().error(Code::bad_value, node.place,
                              fmt::format("`{}` is nothing to learn on; `drift` is", node.scalar),
                              suggest(node.scalar, names));
}

Fields<TrainConfig> train_fields() {
  using C = TrainConfig;
  FieldSpec objective =
      optional("objective", &C::objective, "What is learnt: the probability of a label, or a number.");
  objective.info.choices = {"binary:logistic", "reg:squarederror"};
  objective.info.type = "one of binary:logistic, reg:squarederror";
  FieldSpec algorithm = optional(
      "algorithm", &C::algorithm,
      "How it is learnt: `xgboost`, a forest of boosted trees; `linear`, a linear "
      "(for labels logistic) model, which takes null for 0; `ngram`, a logistic model over a text's hashed "
      "words and parts of words.");
  algorithm.info.choices = algorithm_names();
  algorithm.info.type = "one of " + joined(algorithm_names());
  return {
      required("model", &C::model,
               "Versioned folder to write to: `models/NAME` gets `1/`, `2/` ... with a model each."),
      optional(
          "features", &C::features,
          "What the model reads, by name: numbers or bools; null is missing. `infer` maps the same names.")
          .example("{ amount: amount }"),
      optional("text", &C::text, "Instead of features: the text that the model reads.").returns(Type::string),
      required("label", &C::label, "What it learns to tell: a bool or a number.").example("fraud"),
      std::move(algorithm),
      optional("compare", &C::compare,
               "Instead of `algorithm`: several that learn from the same rows; the best on the rows held out "
               "is taken. Names, or maps of algorithm, name, rounds, depth, eta, seed.")
          .example("[xgboost, linear]"),
      std::move(objective),
      optional("rounds", &C::rounds, "How many trees; linear, ngram: how many passes."),
      optional("depth", &C::depth, "Depth of a tree."),
      optional("eta", &C::eta, "How much a tree adds; linear, ngram: how far a step goes."),
      optional("seed", &C::seed, "Seed of what is random."),
      optional(
          "holdout", &C::holdout,
          "Share of the rows, the last that came, that is not learnt from: the model is measured on it."),
      optional("history", &C::history, "Most rows kept; the oldest go. 4 bytes per row and feature."),
      optional("every", &C::every,
               "Also learns this often, if rows have come since; without it only when the input ends."),
      optional(
          "on", &C::on,
          "`drift`: also learns when the current version has become worse on the labelled rows, from those "
          "since; and the first version when rows enough have come. `{ drift: { rows, block, margin, "
          "threshold } }` says more; see docs/models.md.")
          .example("drift"),
      choice("replace", &C::always, {{"better", false}, {"always", true}},
             "`better`: a new version is written only if it is better than the one that is there, on the "
             "same held-out "
             "rows (AUC, or RMSE)."),
  };
}

void check_train(const TrainConfig& config, Describe& describe) {
  const auto check = [&](bool good, const char* option, const char* message) {
    if (!good) describe.problem(Code::bad_value, describe.place_of(option), message);
  };
  if (config.objective != "binary:logistic" && config.objective != "reg:squarederror") {
    const std::string names[] = {"binary:logistic", "reg:squarederror"};
    describe.problem(Code::bad_value, describe.place_of("objective"),
                     fmt::format("`{}` is not an objective of `train`", config.objective),
                     suggest(config.objective, names));
  }
  const auto count = [](std::uint32_t value, std::uint32_t most) { return value >= 1 && value <= most; };
  check(count(config.rounds, 100'000), "rounds", "`rounds` is from 1 to 100000");
  check(count(config.depth, 32), "depth", "`depth` is from 1 to 32");
  for (const ComparedAlgorithm& entry : config.compare)
    check(count(entry.rounds.value_or(1), 100'000) && count(entry.depth.value_or(1), 32), "compare",
          "`rounds` is from 1 to 100000, and `depth` from 1 to 32");
  check(config.holdout >= 0 && config.holdout < 1, "holdout", "`holdout` is from 0 to less than 1");
  check(config.history.count >= 1, "history", "`history` is at least 1 row");
  check(!config.every || config.every->count() > 0, "every", "`every` is more than no time");
  if (const std::optional<DriftOptions>& drift = config.on.drift) {
    check(drift->rows.count >= 10 && drift->rows.count <= config.history.count, "on",
          "`rows` of `drift` is from 10 to `history`");
    check(drift->block.count >= 1 && drift->block.count <= 1'000'000, "on",
          "`block` of `drift` is from 1 to 1000000 rows");
    check(drift->margin > 0 && drift->threshold > 0, "on",
          "`margin` and `threshold` of `drift` are more than 0");
  }
  check_inputs(config, describe);
  if (config.compare.empty())
    check_algorithm(config, config.algorithm, describe.place_of("algorithm"), describe);
  else
    check_compare(config, describe);
}

std::vector<std::string> TrainConfig::feature_names() const {
  std::vector<std::string> names;
  for (const auto& [name, feature] : features) names.push_back(name);
  return names;
}

TrainingRun TrainConfig::run() const {
  TrainingOptions options{algorithm, objective, rounds, depth, eta, seed, 1, feature_names()};
  TrainingRun run{model.text, {}, holdout, always};
  for (const ComparedAlgorithm& entry : compare) {
    TrainingOptions own = options;
    own.algorithm = entry.algorithm;
    own.rounds = entry.rounds.value_or(rounds);
    own.depth = entry.depth.value_or(depth);
    own.eta = entry.eta.value_or(eta);
    own.seed = entry.seed.value_or(seed);
    run.candidates.push_back({entry.name, std::move(own)});
  }
  if (compare.empty()) run.candidates.push_back({algorithm, std::move(options)});
  return run;
}

}  // namespace leat
