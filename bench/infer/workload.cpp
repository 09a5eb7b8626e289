#include "infer/workload.hpp"

#include <stdexcept>

#include "common/clock.hpp"
#include "common/splitmix.hpp"
#include "common/usage.hpp"
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

std::unique_ptr<Booster> open(const std::string& model) {
  std::unique_ptr<Booster> booster = need(open_booster(model));
  need(booster->set("nthread", "1"));
  return booster;
}

/// Answers of all rows of the data set, in calls of kCall; `each` gets every call's.
template <class Each>
void predict_all(const Booster& booster, const std::vector<float>& rows, std::uint64_t events, Each&& each) {
  std::vector<float> answers;
  for (std::uint64_t first = 0; first < events; first += kCall) {
    const std::uint64_t count = std::min<std::uint64_t>(kCall, events - first);
    need(booster.predict({rows.data() + first % kRows * kColumns, count, kColumns}, answers));
    each(answers);
  }
}

}  // namespace

std::vector<float> make_rows(std::uint64_t seed) {
  SplitMix64 random(seed);
  std::vector<float> rows(std::size_t{kRows} * kColumns);
  for (float& value : rows) value = static_cast<float>(random.next() >> 40) * 0x1p-24f;
  return rows;
}

std::string write_model(const std::vector<float>& rows, const TempDir& folder) {
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
  const std::string file = folder.path() + "/model.ubj";
  need(booster->save(file));
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

void run_bare(const Options& options, RunResult& result) {
  const TempDir folder;
  const std::vector<float> rows = make_rows(options.seed);
  const std::string model = write_model(rows, folder);
  const std::unique_ptr<Booster> booster = open(model);
  const double before = cpu_seconds(Charge::self);
  const std::int64_t began = now_ns();
  double sum = 0;
  std::uint64_t seen = 0;
  predict_all(*booster, rows, options.events, [&](const std::vector<float>& answers) {
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
