#include "anomaly/forest.hpp"

#include <algorithm>
#include <cmath>

#include "anomaly/cut_tree.hpp"

namespace leat {
namespace {

/// One tree and what it samples: of all points offered, those with the least ranks.
class SampledTree {
 public:
  /// Room for one more than the sample: a point comes before another goes.
  SampledTree(std::uint32_t dimensions, std::uint32_t sample)
      : tree_(dimensions, sample + 1), sample_(sample) {}

  const CutTree::Spot& find(std::span<const double> point, Random& random) {
    spot_ = tree_.find(point, random);
    return spot_;
  }
  /// The point found last.
  void offer(std::span<const double> point, double rank) {
    if (sampled_.size() == sample_ && rank >= sampled_.front().rank) return;
    if (sampled_.size() == sampled_.capacity())  // doubling, but never beyond what is needed
      sampled_.reserve(std::min<std::size_t>(sample_ + 1, std::max<std::size_t>(8, sampled_.size() * 2)));
    sampled_.push_back({rank, tree_.insert(point, spot_)});
    std::ranges::push_heap(sampled_, {}, &Sampled::rank);
    if (sampled_.size() <= sample_) return;
    std::ranges::pop_heap(sampled_, {}, &Sampled::rank);
    tree_.remove(sampled_.back().leaf);
    sampled_.pop_back();
  }

  void save(StateOut& out) const {
    std::vector<CutTree::Leaf> numbers;
    tree_.save(out, numbers);
    for (const Sampled& one : sampled_) {
      out.put(one.rank);
      out.put(numbers[one.leaf]);
    }
  }
  void load(StateIn& in) {
    tree_.load(in);
    std::vector<std::uint32_t> points;
    for (std::uint32_t left = tree_.size(); left > 0 && in.ok(); --left) {
      const Sampled one{in.get<double>(), in.get<CutTree::Leaf>()};
      sampled_.push_back(one);
      if (points.size() <= one.leaf && tree_.points_at(one.leaf) > 0) points.resize(one.leaf + 1);
      if (tree_.points_at(one.leaf) == 0 || ++points[one.leaf] > tree_.points_at(one.leaf)) in.fail();
    }
    if (sampled_.size() > sample_ || !std::ranges::is_heap(sampled_, {}, &Sampled::rank)) in.fail();
  }
  std::size_t byte_size() const { return tree_.byte_size() + sampled_.capacity() * sizeof(Sampled); }

 private:
  struct Sampled {
    double rank;
    CutTree::Leaf leaf;
  };

  CutTree tree_;
  std::uint32_t sample_;
  std::vector<Sampled> sampled_;  // a heap: the greatest rank first
  CutTree::Spot spot_;
};

class Forest final : public Scorer {
 public:
  explicit Forest(const ForestOptions& options)
      : options_(options),
        random_(options.seed),
        trees_(options.trees, SampledTree(options.features * options.shingle, options.sample)),
        blame_(options.features) {}

  std::optional<Anomaly> score(std::span<const double> values, std::int64_t) override {
    if (!shift(values)) return std::nullopt;
    std::ranges::fill(blame_, 0);
    double sum = 0;
    for (SampledTree& tree : trees_) {
      const CutTree::Spot& spot = tree.find(point_, random_);
      sum += spot.displacement;
      blame_[spot.dimension % options_.features] += spot.displacement;
    }
    if (learnt_ == 0) return std::nullopt;
    const auto most = std::ranges::max_element(blame_) - blame_.begin();
    return Anomaly{sum / static_cast<double>(trees_.size()), static_cast<std::uint32_t>(most)};
  }

  void learn(std::span<const double>, std::int64_t time_us) override {
    if (point_.size() < dimensions()) return;
    if (learnt_ == 0) origin_us_ = time_us;
    const double age = half_lives(time_us);
    ++learnt_;
    for (SampledTree& tree : trees_) tree.offer(point_, rank(age));
  }

  void save(StateOut& out) const override {
    out.put(random_.state());
    out.put(learnt_);
    out.put(origin_us_);
    out.put(static_cast<std::uint32_t>(point_.size()));
    out.put_all(std::span<const double>(point_));
    for (const SampledTree& tree : trees_) tree.save(out);
  }
  void load(StateIn& in) override {
    random_ = Random(in.get<std::uint64_t>());
    learnt_ = in.get<std::uint64_t>();
    origin_us_ = in.get<std::int64_t>();
    const std::uint32_t values = in.get_count(sizeof(double));
    if (values > dimensions() || values % options_.features != 0) return in.fail();
    point_.resize(values);
    in.get_all(std::span<double>(point_));
    for (SampledTree& tree : trees_) tree.load(in);
  }
  std::size_t byte_size() const override {
    std::size_t bytes = sizeof *this + (point_.capacity() + blame_.capacity()) * sizeof(double);
    for (const SampledTree& tree : trees_) bytes += sizeof tree + tree.byte_size();
    return bytes;
  }

 private:
  std::size_t dimensions() const { return std::size_t{options_.features} * options_.shingle; }

  /// The row joins the point, the oldest in it leaves; whether the point is whole.
  bool shift(std::span<const double> values) {
    if (point_.size() == dimensions())
      point_.erase(point_.begin(), point_.begin() + static_cast<std::ptrdiff_t>(values.size()));
    point_.insert(point_.end(), values.begin(), values.end());
    return point_.size() == dimensions();
  }

  double half_lives(std::int64_t time_us) const {
    const HalfLife& half_life = options_.half_life;
    if (half_life.us != 0)
      return (static_cast<double>(time_us) - static_cast<double>(origin_us_)) /
             static_cast<double>(half_life.us);
    if (half_life.rows != 0) return static_cast<double>(learnt_) / static_cast<double>(half_life.rows);
    return 0;
  }

  // A row of weight w has the rank -log(u) / w for a uniform u; here its logarithm, which stays in range
  // while weights double from half-life to half-life.
  double rank(double half_lives) {
    constexpr double kLog2 = 0.69314718055994530942;
    return std::log(-std::log(random_.positive_unit())) - half_lives * kLog2;
  }

  ForestOptions options_;
  Random random_;
  std::vector<SampledTree> trees_;
  std::vector<double> point_;  // values of the last rows, the oldest first
  std::vector<double> blame_;  // displacement by feature, of the row at hand
  std::uint64_t learnt_ = 0;
  std::int64_t origin_us_ = 0;
};

}  // namespace

std::unique_ptr<Scorer> make_forest(const ForestOptions& options) {
  return std::make_unique<Forest>(options);
}

}  // namespace leat
