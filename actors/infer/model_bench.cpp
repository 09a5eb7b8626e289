#include "infer/model_bench.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <leat/batch_builder.hpp>
#include <random>
#include <thread>

namespace leat {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::uint32_t kRows[] = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024};
constexpr auto kTimePerSize = std::chrono::milliseconds(100);
constexpr double kWorthIt = 1.3;  // gains below are not worth letting rows wait

/// So many rows that the model can read.
struct Question {
  std::vector<Column> columns;
  std::vector<std::uint32_t> counts;
};

Column column_of(Type type, std::uint32_t rows, const std::string& text, std::mt19937& random) {
  BatchBuilder values(Schema::make({{"value", type}}));
  for (std::uint32_t row = 0; row < rows; ++row) {
    const std::uint32_t draw = random();
    if (type == Type::float64)
      values.add(draw / 4294967296.0);
    else if (type == Type::int64)
      values.add(static_cast<std::int64_t>(draw % 100));
    else if (type == Type::boolean)
      values.add(draw % 2 == 0);
    else
      values.add(std::string_view(text).substr(0, text.size() / 2 + draw % (text.size() / 2 + 1)));
  }
  return values.finish().column(0);
}

Question question_of(const Model& model, std::uint32_t rows, const std::string& text) {
  std::mt19937 random(1);
  Question question;
  for (const ModelInput& input : model.signature().inputs) {
    question.counts.push_back(std::max(input.width, 1u));
    for (std::uint32_t at = 0; at < question.counts.back(); ++at)
      question.columns.push_back(column_of(input.type, rows, text, random));
  }
  return question;
}

}  // namespace

std::vector<std::uint32_t> bench_threads() {
  std::vector<std::uint32_t> threads{1};
  while (threads.back() * 2 <= std::thread::hardware_concurrency()) threads.push_back(threads.back() * 2);
  return threads;
}

bool threads_matter(const std::string& engine) {
  return engine == "onnx" || engine == "xgboost";
}

Result<std::vector<ModelTiming>> time_model(const Model& model, std::uint32_t threads,
                                            const std::string& text) {
  std::vector<ModelTiming> timings;
  for (const std::uint32_t rows : kRows) {
    const Question question = question_of(model, rows, text);
    LEAT_TRY(model.predict(question.columns, question.counts));
    std::vector<double> calls;
    const auto end = Steady::now() + kTimePerSize;
    while (calls.size() < 5 || Steady::now() < end) {
      const auto began = Steady::now();
      LEAT_TRY(model.predict(question.columns, question.counts));
      calls.push_back(std::chrono::duration<double, std::micro>(Steady::now() - began).count());
    }
    std::ranges::nth_element(calls, calls.begin() + static_cast<std::ptrdiff_t>(calls.size() / 2));
    timings.push_back({threads, rows, std::max(calls[calls.size() / 2], 0.01)});
  }
  return timings;
}

ModelAdvice advise(const std::vector<ModelTiming>& timings) {
  ModelAdvice advice;
  if (timings.empty()) return advice;
  const auto best_of = [&](std::uint32_t threads) {
    double best = 0;
    for (const ModelTiming& timing : timings)
      if (timing.threads == threads) best = std::max(best, timing.rows_per_second());
    return best;
  };
  double best = best_of(1);
  for (const ModelTiming& timing : timings)
    if (best_of(timing.threads) > kWorthIt * best) {
      best = best_of(timing.threads);
      advice.threads = timing.threads;
    }
  const auto first = std::ranges::find_if(timings, [&](const ModelTiming& timing) {
    return timing.threads == advice.threads && timing.rows_per_second() >= 0.9 * best;
  });
  const auto single = std::ranges::find(timings, advice.threads, &ModelTiming::threads);
  const double gain = best / single->rows_per_second();
  advice.rows = first->rows;
  if (gain < kWorthIt) {
    advice.why =
        fmt::format("batches bring {:.1f} times the rate of single rows: do not let rows wait", gain);
    return advice;
  }
  // Waiting longer than a call takes would cost more than it saves.
  advice.delay_us = std::max<std::uint64_t>(static_cast<std::uint64_t>(first->call_us), 1);
  advice.why = fmt::format(
      "{} rows per call are {:.1f} times as many per second as single rows; more bring under a tenth",
      advice.rows, gain);
  return advice;
}

std::string ModelAdvice::yaml() const {
  std::string text = fmt::format("batch: {{ max: {}", rows);
  if (delay_us != 0) text += fmt::format(", delay: {}us", delay_us);
  text += " }";
  if (threads != 1) text += fmt::format(", threads: {}", threads);
  return text;
}

}  // namespace leat
