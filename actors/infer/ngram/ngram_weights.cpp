#include "infer/ngram/ngram_weights.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>

namespace leat {
namespace {

constexpr std::string_view kMagic = "leat-ngram 1";
// What no training comes near, and what can be added up for the longest text.
constexpr float kWeightMax = 1e9F;

}  // namespace

float NgramWeights::probability(std::span<const std::uint32_t> numbers) const {
  float sum = bias;
  for (const std::uint32_t number : numbers) sum += weights[number];
  return 1 / (1 + std::exp(-sum));
}

Status write_ngrams(const NgramWeights& model, const std::string& path) {
  const NgramShape& shape = model.shape;
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << fmt::format("{}\nbuckets {}\nwords {}\ncharacters {} {}\nbias {}\n\n", kMagic, shape.buckets,
                      shape.words_max, shape.characters_min, shape.characters_max, model.bias);
  file.write(reinterpret_cast<const char*>(model.weights.data()),
             static_cast<std::streamsize>(model.weights.size() * sizeof(float)));
  file.close();
  if (!file) return fail(Code::storage_failed, "it can't be written", path);
  return {};
}

Result<NgramWeights> read_ngrams(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail(Code::model_missing, "there is no such file", path);
  NgramWeights model;
  NgramShape& shape = model.shape;
  std::string magic, name[4], empty;
  std::getline(file, magic);
  file >> name[0] >> shape.buckets >> name[1] >> shape.words_max >> name[2] >> shape.characters_min >>
      shape.characters_max >> name[3] >> model.bias;
  std::getline(file, empty);
  std::getline(file, empty);
  if (!file || magic != kMagic || name[0] != "buckets" || name[1] != "words" || name[2] != "characters" ||
      name[3] != "bias" || !sound(shape))
    return fail(Code::model_failed, "it is not a model of hashed n-grams", path);
  model.weights.resize(shape.buckets);
  file.read(reinterpret_cast<char*>(model.weights.data()),
            static_cast<std::streamsize>(model.weights.size() * sizeof(float)));
  if (!file || file.peek() != std::ifstream::traits_type::eof())
    return fail(Code::model_failed, fmt::format("it should end with {} weights", shape.buckets), path);
  const auto sane = [](float weight) { return std::fabs(weight) <= kWeightMax; };
  if (!sane(model.bias) || !std::ranges::all_of(model.weights, sane))
    return fail(Code::model_failed, "it is damaged: a weight is not a number, or far too large", path);
  return model;
}

OnnxWriter export_ngrams(const NgramWeights& model) {
  using Names = std::vector<std::string>;
  std::vector<float> table = model.weights;
  table.push_back(0);  // what fills up a row
  const std::int64_t table_shape[] = {static_cast<std::int64_t>(table.size())};
  const std::int64_t one[] = {1};
  OnnxWriter graph;
  graph.input({"ngrams", Element::int64, {-1, -1}, {}});
  graph.output({"score", Element::float32, {-1}, {}});
  graph.constant("weights", table_shape, std::span<const float>(table));
  graph.constant("axis", one, std::span<const std::int64_t>(one));
  graph.constant("bias", one, std::span<const float>(&model.bias, 1));
  graph.node("Gather", Names{"weights", "ngrams"}, Names{"each"},
             OnnxWriter::Attributes().set("axis", std::int64_t{0}));
  graph.node("ReduceSum", Names{"each", "axis"}, Names{"sum"},
             OnnxWriter::Attributes().set("keepdims", std::int64_t{0}));
  graph.node("Add", Names{"sum", "bias"}, Names{"logit"});
  graph.node("Sigmoid", Names{"logit"}, Names{"score"});
  return graph;
}

}  // namespace leat
