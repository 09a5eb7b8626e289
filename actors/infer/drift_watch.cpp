#include "infer/drift_watch.hpp"

#include <fmt/format.h>

namespace leat {

namespace {

/// "" = none, or one that is just being written.
std::string current_file(const std::string& folder) {
  const Result<ModelFile> file = find_model({.name = {}, .path = folder}, "");
  return file ? file->path() : "";
}

}  // namespace

void DriftWatch::open() {
  current_ = current_file(folder_);
  incumbent_ = Incumbent::open(folder_, features_);
}

std::optional<std::string> DriftWatch::add(const Examples& rows) {
  if (const std::string file = current_file(folder_); !file.empty() && file != current_) learnt();
  if (drifted_ || !incumbent_) {
    since_ += rows.size();
    return std::nullopt;
  }
  const Result<std::vector<float>> answers = incumbent_->answers(rows);
  if (!answers) {
    if (std::exchange(told_, true)) return std::nullopt;
    return fmt::format("model {} fails on labelled rows, so a drift cannot be seen: {}",
                       incumbent_->identity().text(), answers.error().text());
  }
  for (std::uint64_t row = 0; row < rows.size(); ++row) {
    // Squared: Brier's score of a probability, which a single confident mistake does not blow up as log loss.
    const double error = (*answers)[row] - rows.labels[row];
    if (!test_.add(error * error)) continue;
    drifted_ = true;
    const std::uint64_t seen = test_.since_change();
    since_ = seen + rows.size() - row - 1;
    return fmt::format(
        "drift: model {} had a loss of {:.4f} a row, and {:.4f} over the last {} rows; what is "
        "learnt next is learnt from {} rows since the change",
        incumbent_->identity().text(), test_.usual(), test_.recent(), seen,
        std::max(options_.rows.count, since_));
  }
  return std::nullopt;
}

std::optional<std::uint64_t> DriftWatch::due() const {
  if (incumbent_ && !drifted_) return std::nullopt;
  return since_ >= options_.rows.count ? std::optional(since_) : std::nullopt;
}

void DriftWatch::learnt() {
  test_.restart();
  drifted_ = told_ = false;
  since_ = 0;
  open();
}

void DriftWatch::save(StateWriter& state) const {
  test_.save(state);
  state.write("drift.drifted", static_cast<std::int64_t>(drifted_));
  state.write("drift.since", static_cast<std::int64_t>(since_));
}

Status DriftWatch::load(StateReader& state) {
  LEAT_TRY(test_.load(state));
  std::int64_t drifted = 0, since = 0;
  LEAT_TRY(state.read("drift.drifted", drifted));
  LEAT_TRY(state.read("drift.since", since));
  drifted_ = drifted != 0;
  since_ = static_cast<std::uint64_t>(since);
  return {};
}

}  // namespace leat
