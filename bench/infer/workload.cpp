#include "infer/workload.hpp"

#include <array>
#include <cstring>
#include <span>
#include <stdexcept>

#include "common/clock.hpp"
#include "common/splitmix.hpp"
#include "common/usage.hpp"
#include "infer/forest.hpp"
#include "infer/onnx_session.hpp"
#include "infer/xgboost_library.hpp"

namespace leat::bench::infer {
namespace {

template <class T>
T need(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().text());
  return *std::move(result);
}
void need(Status status) {
  if (!status) throw std::runtime_error(status.error().text());
}

class Predictor {
 public:
  virtual ~Predictor() = default;
  /// One answer per row of kColumns values.
  virtual void predict(std::span<const float> rows, std::vector<float>& answers) const = 0;
};

class BoosterPredictor final : public Predictor {
 public:
  explicit BoosterPredictor(const std::string& model) : booster_(need(open_booster(model))) {
    need(booster_->set("nthread", "1"));
  }
  void predict(std::span<const float> rows, std::vector<float>& answers) const override {
    need(booster_->predict({rows.data(), rows.size() / kColumns, kColumns}, answers));
  }

 private:
  std::unique_ptr<Booster> booster_;
};

class OnnxPredictor final : public Predictor {
 public:
  explicit OnnxPredictor(const std::string& model) : session_(need(open_onnx(model, 1))) {}
  void predict(std::span<const float> rows, std::vector<float>& answers) const override {
    const auto count = static_cast<std::int64_t>(rows.size() / kColumns);
    const Tensor input{
        .shape = {count, kColumns}, .values = Memory::allocate(rows.size_bytes()), .strings = {}};
    std::memcpy(input.values.data(), rows.data(), rows.size_bytes());
    const std::size_t first = 0;
    const std::vector<Tensor> outputs = need(session_->run({&input, 1}, {&first, 1}));
    const auto* values = reinterpret_cast<const float*>(outputs[0].values.data());
    answers.assign(values, values + count);
  }

 private:
  std::shared_ptr<const OnnxSession> session_;
};

std::unique_ptr<Predictor> open(const std::string& model) {
  if (model.ends_with(".onnx")) return std::make_unique<OnnxPredictor>(model);
  return std::make_unique<BoosterPredictor>(model);
}

/// Answers of all rows of the data set, in calls of kCall; `each` gets every call's.
template <class Each>
void predict_all(const Predictor& model, const std::vector<float>& rows, std::uint64_t events, Each&& each) {
  std::vector<float> answers;
  for (std::uint64_t first = 0; first < events; first += kCall) {
    const std::uint64_t count = std::min<std::uint64_t>(kCall, events - first);
    model.predict(std::span(rows).subspan(first % kRows * kColumns, count * kColumns), answers);
    each(answers);
  }
}

std::unique_ptr<Booster> learn_forest(const std::vector<float>& rows) {
  constexpr std::uint32_t kLearnt = 8'192;
  std::vector<float> labels;
  for (std::uint32_t row = 0; row < kLearnt; ++row) {
    const float* const at = rows.data() + std::size_t{row} * kColumns;
    labels.push_back(at[0] * at[1] + at[2] > at[3] + 0.25f * at[4] ? 1.0f : 0.0f);
  }
  std::unique_ptr<Booster> booster = need(new_booster({rows.data(), kLearnt, kColumns}, labels, {}));
  for (const auto& [name, value] :
       {std::pair("objective", "binary:logistic"), {"max_depth", "6"}, {"nthread", "1"}, {"verbosity", "0"}})
    need(booster->set(name, value));
  for (int round = 0; round < 100; ++round) need(booster->train_round(round));
  return booster;
}

OnnxWriter make_mlp() {
  constexpr std::int64_t kSizes[] = {kColumns, 64, 32, 1};
  SplitMix64 random(28);
  OnnxWriter graph;
  graph.input({.name = "features", .element = Element::float32, .shape = {-1, kColumns}, .kind = {}});
  graph.output({.name = "score", .element = Element::float32, .shape = {-1, 1}, .kind = {}});
  std::string last = "features";
  for (int layer = 0; layer < 3; ++layer) {
    const std::string number = std::to_string(layer), weights = "w" + number, bias = "b" + number;
    std::vector<float> values(static_cast<std::size_t>(kSizes[layer] * kSizes[layer + 1]));
    for (float& value : values) value = (static_cast<float>(random.next() >> 40) * 0x1p-24f - 0.5f) * 0.5f;
    const std::int64_t shape[] = {kSizes[layer], kSizes[layer + 1]};
    graph.constant(weights, shape, values);
    graph.constant(bias, std::span(shape).last(1),
                   std::span(values).first(static_cast<std::size_t>(shape[1])));
    const std::string sums = "s" + number, next = layer == 2 ? "score" : "h" + number;
    graph.node("Gemm", std::array{last, weights, bias}, std::array{sums});
    graph.node(layer == 2 ? "Sigmoid" : "Relu", std::array{sums}, std::array{next});
    last = next;
  }
  return graph;
}

}  // namespace

std::vector<float> make_rows(std::uint64_t seed) {
  SplitMix64 random(seed);
  std::vector<float> rows(std::size_t{kRows} * kColumns);
  for (float& value : rows) value = static_cast<float>(random.next() >> 40) * 0x1p-24f;
  return rows;
}

std::string write_model(Workload workload, const std::vector<float>& rows, const TempDir& folder) {
  const std::string file = folder.path() + (workload == Workload::forest ? "/model.ubj" : "/model.onnx");
  if (workload == Workload::forest)
    need(learn_forest(rows)->save(file));
  else if (workload == Workload::onnx_forest)
    need(need(export_forest(*learn_forest(rows))).write(file));
  else
    need(make_mlp().write(file));
  return file;
}

double expected_sum(const std::string& model, const std::vector<float>& rows, std::uint64_t events) {
  std::vector<double> one_by_one;  // the sum up to each row, so that a stream may end anywhere
  double sum = 0;
  predict_all(*open(model), rows, std::min<std::uint64_t>(events, kRows),
              [&](const std::vector<float>& answers) {
                for (const float answer : answers) one_by_one.push_back(sum += answer);
              });
  const std::uint64_t whole = events / kRows, rest = events % kRows;
  return static_cast<double>(whole) * (whole == 0 ? 0 : one_by_one.back()) +
         (rest == 0 ? 0 : one_by_one[rest - 1]);
}

void run_bare(Workload workload, const Options& options, RunResult& result) {
  const TempDir folder;
  const std::vector<float> rows = make_rows(options.seed);
  const std::string model = write_model(workload, rows, folder);
  const std::unique_ptr<Predictor> predictor = open(model);
  const double before = cpu_seconds(Charge::self);
  const std::int64_t began = now_ns();
  double sum = 0;
  std::uint64_t seen = 0;
  predict_all(*predictor, rows, options.events, [&](const std::vector<float>& answers) {
    seen += answers.size();
    for (const float answer : answers) sum += answer;
  });
  result.secs = double(now_ns() - began) * 1e-9;
  result.cpu_s = cpu_seconds(Charge::self) - before;
  result.rss_mb = peak_rss_mb();
  result.events = options.events;
  result.batch = kCall;
  result.ok = seen == options.events && sum > 0;
}

}  // namespace leat::bench::infer
