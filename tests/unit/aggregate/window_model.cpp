#include "unit/aggregate/window_model.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace leat::windowtest {
namespace {

std::int64_t floor_multiple(std::int64_t time, std::int64_t step) {
  std::int64_t start = time / step * step;
  while (start > time) start -= step;
  return start;
}

class Model {
 public:
  explicit Model(const ModelSpec& spec) : spec_(spec) {}

  void add(const Row& row) {
    const bool taken = spec_.kind == ModelSpec::Kind::hopping ? add_to_hopping(row) : add_to_session(row);
    if (!taken) result_.late.push_back(row);
  }

  void advance(std::int64_t watermark) {
    watermark_ = std::max(watermark_, watermark);
    for (std::size_t at = 0; at < open_.size();) {
      if (!closed(open_[at].end)) {
        ++at;
        continue;
      }
      result_.finals.push_back(open_[at].text());
      result_.closed_at.push_back(fmt::format("{} {}", watermark, open_[at].text()));
      open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(at));
    }
  }

  ModelResult finish() {
    advance(INT64_MAX);
    std::ranges::sort(result_.finals);
    std::ranges::sort(result_.closed_at);
    return std::move(result_);
  }

 private:
  bool closed(std::int64_t end) const {
    return watermark_ == INT64_MAX || (watermark_ != INT64_MIN && end - 1 + spec_.lateness <= watermark_);
  }

  bool add_to_hopping(const Row& row) {
    bool taken = false;
    const std::int64_t last = floor_multiple(row.time, spec_.every);
    for (std::int64_t start = last; start + spec_.size > row.time; start -= spec_.every) {
      if (closed(start + spec_.size)) continue;
      taken = true;
      const auto found = std::ranges::find_if(
          open_, [&](const ModelWindow& window) { return window.start == start && window.key == row.key; });
      if (found != open_.end())
        found->rows.push_back(row);
      else
        open_.push_back({start, start + spec_.size, row.key, {row}});
    }
    return taken;
  }

  bool add_to_session(const Row& row) {
    ModelWindow mine{row.time, row.time + spec_.gap, row.key, {}};
    bool joined = false;
    for (std::size_t at = 0; at < open_.size();) {
      const ModelWindow& other = open_[at];
      if (other.key != row.key || other.end <= row.time || row.time + spec_.gap <= other.start) {
        ++at;
        continue;
      }
      joined = true;
      mine.start = std::min(mine.start, other.start);
      mine.end = std::max(mine.end, other.end);
      mine.rows.insert(mine.rows.end(), other.rows.begin(), other.rows.end());
      open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(at));
    }
    if (!joined && closed(mine.end)) return false;
    mine.rows.push_back(row);
    open_.push_back(std::move(mine));
    return true;
  }

  ModelSpec spec_;
  std::int64_t watermark_ = INT64_MIN;
  std::vector<ModelWindow> open_;
  ModelResult result_;
};

}  // namespace

std::string ModelWindow::text() const {
  std::vector<std::int64_t> values;
  std::int64_t positive = 0;
  const Row* first = nullptr;
  const Row* last = nullptr;
  for (const Row& row : rows) {
    if (!row.has_value) continue;
    values.push_back(row.value);
    positive += row.value > 0 ? 1 : 0;
    if (first == nullptr || row.time < first->time) first = &row;
    if (last == nullptr || row.time >= last->time) last = &row;
  }
  std::string text = fmt::format("[{},{}) key {} rows {}", start, end, key, rows.size());
  if (values.empty()) return text + " no values";
  std::ranges::sort(values);
  const auto sum = std::accumulate(values.begin(), values.end(), std::int64_t{0});
  const double mean = static_cast<double>(sum) / static_cast<double>(values.size());
  double squares = 0;
  for (const std::int64_t value : values)
    squares += (static_cast<double>(value) - mean) * (static_cast<double>(value) - mean);
  text += fmt::format(" sum {} min {} max {} avg {:.6f}", sum, values.front(), values.back(), mean);
  // Among equal times the order of arrival decides, which merged sessions do not keep: compare times there.
  text += fmt::format(" first {} last {} positive {}", first->time, last->time, positive);
  if (values.size() > 1)
    text += fmt::format(" variance {:.4f}", squares / static_cast<double>(values.size() - 1));
  const auto rank = static_cast<std::size_t>(std::ceil(0.5 * static_cast<double>(values.size())));
  text += fmt::format(" median {}", values[rank - 1]);
  text += fmt::format(" distinct {}", std::set<std::int64_t>(values.begin(), values.end()).size());
  return text;
}

ModelResult run_model(const ModelSpec& spec, const std::vector<Step>& steps) {
  Model model(spec);
  for (const Step& step : steps) {
    for (const Row& row : step.rows) model.add(row);
    if (step.watermark) model.advance(*step.watermark);
  }
  return model.finish();
}

}  // namespace leat::windowtest
