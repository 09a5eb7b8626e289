#include "infer/selection/canary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <leat/key_share.hpp>

namespace leat {

void CanaryWatch::Calls::add(std::uint64_t more_rows, std::uint64_t more_failed, Duration took) {
  rows += more_rows;
  failed += more_failed;
  if (times.size() < kCalls)
    times.push_back(took);
  else
    times[calls % kCalls] = took;
  ++calls;
}

Duration CanaryWatch::Calls::median() const {
  std::vector<Duration> sorted = times;
  const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2);
  std::ranges::nth_element(sorted, middle);
  return *middle;
}

std::optional<std::string> CanaryWatch::called(Side side, std::uint64_t rows, std::uint64_t failed,
                                               Duration took) {
  sides_[static_cast<std::size_t>(side)].add(rows, failed, took);
  const Calls& candidate = sides_[static_cast<std::size_t>(Side::candidate)];
  const bool too_many = limits_.errors && static_cast<double>(candidate.failed) >
                                              *limits_.errors * static_cast<double>(limits_.after);
  if (!too_many && candidate.rows < limits_.after) return std::nullopt;
  std::optional<std::string> why = judge();
  // Times go on being gathered where large calls are few.
  const bool timed = enough_calls();
  for (Calls& calls : sides_) {
    calls.rows = calls.failed = 0;
    if (timed) calls = {};
  }
  return why;
}

bool CanaryWatch::enough_calls() const {
  return std::ranges::all_of(sides_, [](const Calls& side) { return side.calls >= kFewestCalls; });
}

std::optional<std::string> CanaryWatch::judge() const {
  const auto& [control, candidate] = sides_;
  const double failed =
      static_cast<double>(candidate.failed) / static_cast<double>(std::max(candidate.rows, limits_.after));
  if (limits_.errors && failed > *limits_.errors)
    return fmt::format("it failed on {} of {} rows, and {:g} % are allowed", candidate.failed, candidate.rows,
                       *limits_.errors * 100);
  if (!limits_.latency || !enough_calls()) return std::nullopt;
  const Duration usual = std::max(control.median(), Duration(1));
  const Duration found = candidate.median();
  const double times = static_cast<double>(found.count()) / static_cast<double>(usual.count());
  if (times <= *limits_.latency) return std::nullopt;
  return fmt::format(
      "half of its calls took {} us or more, {:.1f} times as long as the current version's; {:g} "
      "times are allowed",
      found.count(), times, *limits_.latency);
}

CanaryRows canary_rows(const Expression& key, const Batch& rows, double share, std::uint64_t version) {
  const Evaluated keys = key.evaluate(rows);
  std::vector<std::uint64_t> hashes(rows.row_count());
  mix_hashes(keys.values, hashes);
  CanaryRows parts;
  auto failed = keys.failed.begin();
  for (std::uint32_t row = 0; row < rows.row_count(); ++row) {
    const bool has_none = keys.values.is_null(row) || (failed != keys.failed.end() && failed->row == row);
    if (failed != keys.failed.end() && failed->row == row) ++failed;
    // Links deal rows to instances by the same hash; another mix (splitmix64's) gives every instance its
    // share.
    std::uint64_t mixed = hashes[row] ^ (version * 0x9e3779b97f4a7c15);
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
    mixed ^= mixed >> 31;
    const double place = static_cast<double>(mixed >> 11) * 0x1p-53;
    if (has_none || place >= 2 * share)
      parts.current.push_back(row);
    else
      (place < share ? parts.candidate : parts.control).push_back(row);
  }
  return parts;
}

std::uint64_t Canary::version() const {
  const std::string& text = model_->identity().version;
  std::uint64_t version = 0;
  std::from_chars(text.data(), text.data() + text.size(), version);
  return version;
}

bool Canary::on_trial() const {
  const std::lock_guard lock(mutex_);
  return !went_back_;
}

bool Canary::called(CanaryWatch::Side side, std::uint64_t rows, std::uint64_t failed, Duration took) {
  const std::lock_guard lock(mutex_);
  if (went_back_) return false;
  went_back_ = watch_.called(side, rows, failed, took);
  return went_back_.has_value();
}

void Canary::go_back(std::string why) {
  const std::lock_guard lock(mutex_);
  went_back_ = std::move(why);
}

std::optional<std::string> Canary::went_back() const {
  const std::lock_guard lock(mutex_);
  return went_back_;
}

}  // namespace leat
