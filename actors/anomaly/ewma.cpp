#include "anomaly/ewma.hpp"

#include "anomaly/moments.hpp"

namespace leat {
namespace {

// Below it, the variance is that of one row: none.
constexpr double kEffectiveRowsMin = 1.5;

struct WeighedFeature {
  double mean = 0;
  double squares = 0;  // sum of weight times squared deviation
};

class Ewma final : public Scorer {
 public:
  explicit Ewma(const EwmaOptions& options)
      : options_(options),
        row_decay_(options.half_life.rows == 0 ? 1
                                               : std::exp2(-1 / static_cast<double>(options.half_life.rows))),
        features_(options.features) {}

  std::optional<Anomaly> score(std::span<const double> values, std::int64_t) override {
    // All weights shrink alike while time passes, so neither ratio depends on when it is asked for.
    if (weight_ == 0 || weight_ * weight_ < kEffectiveRowsMin * weight_squares_) return std::nullopt;
    const double divisor = weight_ - weight_squares_ / weight_;
    Anomaly most;
    for (std::uint32_t at = 0; at < features_.size(); ++at) {
      const WeighedFeature& feature = features_[at];
      const double score =
          standard_score(values[at], feature.mean, feature.squares / divisor, options_.deviation_min);
      if (score > most.score) most = {score, at};
    }
    return most;
  }

  void learn(std::span<const double> values, std::int64_t time_us) override {
    const double weight = fade(time_us);
    weight_ += weight;
    weight_squares_ += weight * weight;
    for (std::size_t at = 0; at < features_.size(); ++at) {
      WeighedFeature& feature = features_[at];
      const double distance = values[at] - feature.mean;
      feature.mean += distance * (weight / weight_);
      feature.squares += weight * distance * (values[at] - feature.mean);
    }
  }

  void save(StateOut& out) const override {
    out.put(latest_us_);
    out.put(weight_);
    out.put(weight_squares_);
    out.put_all(std::span<const WeighedFeature>(features_));
  }
  void load(StateIn& in) override {
    latest_us_ = in.get<std::int64_t>();
    weight_ = in.get<double>();
    weight_squares_ = in.get<double>();
    in.get_all(std::span<WeighedFeature>(features_));
  }
  std::size_t byte_size() const override {
    return sizeof *this + features_.capacity() * sizeof(WeighedFeature);
  }

 private:
  /// Lets the history age up to the row, or the row up to the history; what the row then weighs.
  double fade(std::int64_t time_us) {
    double decay = row_decay_;
    double weight = 1;
    if (options_.half_life.us != 0) {
      if (weight_ == 0) latest_us_ = time_us;
      const double age = (static_cast<double>(time_us) - static_cast<double>(latest_us_)) /
                         static_cast<double>(options_.half_life.us);
      decay = age > 0 ? std::exp2(-age) : 1;
      weight = age < 0 ? std::exp2(age) : 1;
      latest_us_ = std::max(latest_us_, time_us);
    }
    weight_ *= decay;
    weight_squares_ *= decay * decay;
    for (WeighedFeature& feature : features_) feature.squares *= decay;
    return weight;
  }

  EwmaOptions options_;
  double row_decay_;
  std::int64_t latest_us_ = 0;  // weights are as of this time
  double weight_ = 0;           // of all rows: at least 1 after the first
  double weight_squares_ = 0;
  std::vector<WeighedFeature> features_;
};

}  // namespace

std::unique_ptr<Scorer> make_ewma(const EwmaOptions& options) {
  return std::make_unique<Ewma>(options);
}

}  // namespace leat
