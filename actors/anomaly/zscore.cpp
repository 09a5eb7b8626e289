#include "anomaly/zscore.hpp"

#include "anomaly/moments.hpp"

namespace leat {
namespace {

// Taking values out of a sum leaves the rounding errors of the greatest that were in it. When the sum has
// fallen below this share of its peak it is made anew from the rows, before the errors show.
constexpr double kRebuildBelow = 1e-6;

struct Feature {
  Moments moments;
  double peak = 0;  // greatest `squares` since the sum was made anew
};

class ZScore final : public Scorer {
 public:
  explicit ZScore(const ZScoreOptions& options) : options_(options), features_(options.features) {}

  std::optional<Anomaly> score(std::span<const double> values, std::int64_t) override {
    if (features_[0].moments.count < 2) return std::nullopt;
    Anomaly most;
    for (std::uint32_t at = 0; at < features_.size(); ++at) {
      const Moments& moments = features_[at].moments;
      const double score =
          standard_score(values[at], moments.mean, moments.variance(), options_.deviation_min);
      if (score > most.score) most = {score, at};
    }
    return most;
  }

  void learn(std::span<const double> values, std::int64_t) override {
    if (options_.window != 0) make_room();
    for (std::size_t at = 0; at < features_.size(); ++at) add(features_[at], values[at]);
    if (options_.window == 0) return;
    if (rows_.size() < options_.window * features_.size())
      rows_.insert(rows_.end(), values.begin(), values.end());
    else
      std::copy(values.begin(), values.end(), rows_.begin() + row_offset(next_));
    next_ = (next_ + 1) % options_.window;
  }

  void save(StateOut& out) const override {
    out.put_all(std::span<const Feature>(features_));
    out.put(next_);
    out.put(static_cast<std::uint32_t>(rows_.size()));
    out.put_all(std::span<const double>(rows_));
  }

  void load(StateIn& in) override {
    in.get_all(std::span<Feature>(features_));
    next_ = in.get<std::uint64_t>();
    const std::uint32_t values = in.get_count(sizeof(double));
    const std::uint64_t rows = values / features_.size();
    const bool whole = rows * features_.size() == values && rows <= options_.window;
    // The ring is full, or filled up to `next_`.
    if (!whole || next_ >= std::max<std::uint64_t>(options_.window, 1) ||
        (rows < options_.window && next_ != rows))
      return in.fail();
    rows_.resize(values);
    in.get_all(std::span<double>(rows_));
    for (const Feature& feature : features_)
      if (options_.window != 0 && feature.moments.count != rows) in.fail();
  }

  std::size_t byte_size() const override {
    return sizeof *this + features_.capacity() * sizeof(Feature) + rows_.capacity() * sizeof(double);
  }

 private:
  std::ptrdiff_t row_offset(std::uint64_t row) const {
    return static_cast<std::ptrdiff_t>(row * features_.size());
  }

  static void add(Feature& feature, double value) {
    feature.moments.add(value);
    feature.peak = std::max(feature.peak, feature.moments.squares);
  }

  /// The oldest row leaves a full window.
  void make_room() {
    if (rows_.size() < options_.window * features_.size()) return reserve();
    for (std::size_t at = 0; at < features_.size(); ++at) {
      Feature& feature = features_[at];
      feature.moments.remove(rows_[static_cast<std::size_t>(row_offset(next_)) + at]);
      // Every round of the ring too, for the small errors that add up.
      if (next_ == 0 || feature.moments.squares < feature.peak * kRebuildBelow) rebuild(at);
    }
  }

  void rebuild(std::size_t feature) {
    features_[feature] = {};
    for (std::uint64_t row = 0; row < options_.window; ++row)
      if (row != next_) add(features_[feature], rows_[static_cast<std::size_t>(row_offset(row)) + feature]);
  }

  // Doubling, but never beyond the window.
  void reserve() {
    if (rows_.size() < rows_.capacity()) return;
    const std::size_t full = options_.window * features_.size();
    rows_.reserve(std::min(full, std::max<std::size_t>(rows_.size() * 2, 16 * features_.size())));
  }

  ZScoreOptions options_;
  std::vector<Feature> features_;
  std::vector<double> rows_;  // a ring of `window` rows, `features` values each
  std::uint64_t next_ = 0;    // where the next row goes: the oldest, once the ring is full
};

}  // namespace

std::unique_ptr<Scorer> make_zscore(const ZScoreOptions& options) {
  return std::make_unique<ZScore>(options);
}

}  // namespace leat
