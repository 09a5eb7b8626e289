#include "infer/forest.hpp"

#include <fmt/format.h>

#include <cmath>

#include "infer/booster_scorer.hpp"
#include "infer/packed.hpp"

namespace leat {
namespace {

using packed::member;
using packed::numbers;
using Value = msgpack::object;

/// The attributes of TreeEnsembleRegressor: a node or a leaf per position.
struct Ensemble {
  std::vector<std::int64_t> trees, nodes, features, yes, no, missing_yes;
  std::vector<float> values;
  std::vector<std::string> modes;
  std::vector<std::int64_t> leaf_trees, leaf_nodes, leaf_targets;
  std::vector<float> leaf_weights;

  Status add(std::int64_t tree, std::int64_t target, const Value& source) {
    const std::vector<double> left = numbers(member(&source, "left_children"));
    const std::vector<double> right = numbers(member(&source, "right_children"));
    const std::vector<double> split = numbers(member(&source, "split_indices"));
    const std::vector<double> condition = numbers(member(&source, "split_conditions"));
    const std::vector<double> to_left = numbers(member(&source, "default_left"));
    const std::vector<double> kind = numbers(member(&source, "split_type"));
    const std::size_t count = left.size();
    if (count == 0 || right.size() != count || split.size() != count || condition.size() != count ||
        to_left.size() != count)
      return fail(Code::model_failed, fmt::format("tree {} is not as XGBoost 1.x writes it", tree));
    for (std::size_t node = 0; node < count; ++node) {
      if (node < kind.size() && kind[node] != 0)
        return fail(Code::model_mismatch, "splits by category have no form in ONNX");
      const bool leaf = left[node] < 0;
      trees.push_back(tree);
      nodes.push_back(static_cast<std::int64_t>(node));
      features.push_back(leaf ? 0 : static_cast<std::int64_t>(split[node]));
      values.push_back(leaf ? 0 : static_cast<float>(condition[node]));
      modes.emplace_back(leaf ? "LEAF" : "BRANCH_LT");
      yes.push_back(leaf ? 0 : static_cast<std::int64_t>(left[node]));
      no.push_back(leaf ? 0 : static_cast<std::int64_t>(right[node]));
      missing_yes.push_back(!leaf && to_left[node] != 0);
      if (!leaf) continue;
      leaf_trees.push_back(tree);
      leaf_nodes.push_back(static_cast<std::int64_t>(node));
      leaf_targets.push_back(target);
      leaf_weights.push_back(static_cast<float>(condition[node]));
    }
    return {};
  }

  OnnxWriter::Attributes attributes(std::int64_t targets, float base) const {
    OnnxWriter::Attributes all;
    const auto ints = [&](std::string_view name, const std::vector<std::int64_t>& values_of) {
      all.set(name, std::span<const std::int64_t>(values_of));
    };
    ints("nodes_treeids", trees);
    ints("nodes_nodeids", nodes);
    ints("nodes_featureids", features);
    ints("nodes_truenodeids", yes);
    ints("nodes_falsenodeids", no);
    ints("nodes_missing_value_tracks_true", missing_yes);
    ints("target_treeids", leaf_trees);
    ints("target_nodeids", leaf_nodes);
    ints("target_ids", leaf_targets);
    all.set("nodes_values", std::span<const float>(values));
    all.set("nodes_modes", std::span<const std::string>(modes));
    all.set("target_weights", std::span<const float>(leaf_weights));
    all.set("n_targets", targets);
    const std::vector<float> bases(static_cast<std::size_t>(targets), base);
    all.set("base_values", std::span<const float>(bases));
    return all;
  }
};

/// What follows the sums, and the base in their scale.
struct Link {
  const char* op = nullptr;  // none: the sums are the answer
  float base = 0;
};

Result<Link> link_of(const BoosterConfig& config) {
  const double base = config.base_score;
  const std::string& objective = config.objective;
  if (objective == "binary:logistic" || objective == "reg:logistic")
    return Link{"Sigmoid", static_cast<float>(std::log(base / (1 - base)))};
  if (objective == "multi:softprob") return Link{"Softmax", static_cast<float>(base)};
  if (objective == "count:poisson" || objective == "reg:gamma" || objective == "reg:tweedie")
    return Link{"Exp", static_cast<float>(std::log(base))};
  if (objective == "reg:squarederror" || objective == "reg:linear" || objective == "reg:absoluteerror" ||
      objective == "reg:pseudohubererror" || objective == "binary:logitraw" || objective.starts_with("rank:"))
    return Link{nullptr, static_cast<float>(base)};
  return fail(Code::model_mismatch,
              fmt::format("the objective `{}` has no form in ONNX that Leat writes", objective));
}

}  // namespace

Result<OnnxWriter> export_forest(const Booster& booster) {
  LEAT_TRY_ASSIGN(const std::string config_json, booster.config());
  LEAT_TRY_ASSIGN(const BoosterConfig config, read_booster_config(config_json));
  if (config.booster != "gbtree")
    return fail(Code::model_mismatch,
                fmt::format("its booster is {}; only gbtree has a form in ONNX", config.booster));
  LEAT_TRY_ASSIGN(const Link link, link_of(config));
  LEAT_TRY_ASSIGN(const std::uint64_t features, booster.feature_count());
  LEAT_TRY_ASSIGN(const std::string json, booster.save_json());
  LEAT_TRY_ASSIGN(const PackedDocument document, PackedDocument::read(json));
  const Value* const model = member(document.root(), "learner", "gradient_booster", "model");
  const Value* const trees = member(model, "trees");
  const std::vector<double> groups = numbers(member(model, "tree_info"));
  if (trees == nullptr || trees->type != msgpack::type::ARRAY || groups.size() != trees->via.array.size)
    return fail(Code::model_failed, "the model has no trees as XGBoost 1.x writes them");
  Ensemble ensemble;
  for (std::uint32_t tree = 0; tree < trees->via.array.size; ++tree)
    LEAT_TRY(ensemble.add(tree, static_cast<std::int64_t>(groups[tree]), trees->via.array.ptr[tree]));

  const bool classes = config.objective == "multi:softprob";
  const std::int64_t targets = classes ? config.classes : 1;
  const std::string output = classes ? "probabilities" : "score";
  OnnxWriter writer;
  writer.input({"features", Element::float32, {-1, static_cast<std::int64_t>(features)}, {}});
  writer.output({output, Element::float32, {-1, targets}, {}});
  const std::string in[] = {"features"}, sums[] = {"sums"}, out[] = {output};
  writer.node("TreeEnsembleRegressor", in, link.op == nullptr ? std::span<const std::string>(out) : sums,
              ensemble.attributes(targets, link.base), "ai.onnx.ml");
  if (link.op != nullptr) writer.node(link.op, sums, out);
  return writer;
}

}  // namespace leat
