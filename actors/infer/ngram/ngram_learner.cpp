#include "infer/ngram/ngram_learner.hpp"

#include <cmath>
#include <filesystem>
#include <numeric>
#include <random>

namespace leat {
namespace {

// Small: it is mostly the few passes that keep weights from fitting single rows.
constexpr float kPenalty = 3e-4F;

class LearntNgrams final : public Learnt {
 public:
  explicit LearntNgrams(NgramWeights model) : model_(std::move(model)) {}
  Status predict(const Examples& rows, std::vector<float>& answers) const override {
    NgramReader reader(model_.shape);
    answers.clear();
    for (const std::string& text : rows.texts) answers.push_back(model_.probability(reader.read(text)));
    return {};
  }
  Status save(const std::string& folder) const override {
    return write_ngrams(model_, (std::filesystem::path(folder) / "model.ngram").string());
  }

 private:
  NgramWeights model_;
};

/// Numbers of all texts, one after the other.
struct ReadTexts {
  std::vector<std::uint32_t> numbers;
  std::vector<std::size_t> ends;

  std::span<const std::uint32_t> of(std::size_t row) const {
    const std::size_t begin = row == 0 ? 0 : ends[row - 1];
    return std::span(numbers).subspan(begin, ends[row] - begin);
  }
};

ReadTexts read_all(std::span<const std::string> texts, const NgramShape& shape) {
  ReadTexts all;
  NgramReader reader(shape);
  for (const std::string& text : texts) {
    const std::vector<std::uint32_t>& numbers = reader.read(text);
    all.numbers.insert(all.numbers.end(), numbers.begin(), numbers.end());
    all.ends.push_back(all.numbers.size());
  }
  return all;
}

/// One weight, and the sum of the squares of its gradients.
struct Coordinate {
  float weight = 0;
  float moved = 0;

  void step(float gradient, float eta) {
    moved += gradient * gradient;
    if (moved > 0) weight -= eta * gradient / std::sqrt(moved);
  }
};

}  // namespace

NgramWeights learn_ngram_weights(const TrainingOptions& options, const Examples& rows,
                                 const NgramShape& shape) {
  const ReadTexts texts = read_all(rows.texts, shape);
  const auto eta = static_cast<float>(options.eta);
  std::vector<Coordinate> weights(shape.buckets);
  Coordinate bias;
  std::vector<std::size_t> order(rows.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::mt19937_64 random(options.seed);
  for (std::uint32_t round = 0; round < options.rounds; ++round) {
    // std::shuffle differs between standard libraries.
    for (std::size_t at = order.size(); at > 1; --at) std::swap(order[at - 1], order[random() % at]);
    for (const std::size_t row : order) {
      float sum = bias.weight;
      for (const std::uint32_t number : texts.of(row)) sum += weights[number].weight;
      const float wrong = 1 / (1 + std::exp(-sum)) - rows.labels[row];
      bias.step(wrong, eta);
      for (const std::uint32_t number : texts.of(row))
        weights[number].step(wrong + kPenalty * weights[number].weight, eta);
    }
  }
  NgramWeights model{shape, bias.weight, {}};
  for (const Coordinate& one : weights) model.weights.push_back(one.weight);
  return model;
}

Result<std::unique_ptr<Learnt>> learn_ngrams(const TrainingOptions& options, const Examples& rows) {
  return std::make_unique<LearntNgrams>(learn_ngram_weights(options, rows, {}));
}

Status ngrams_ready() {
  return {};
}

}  // namespace leat
