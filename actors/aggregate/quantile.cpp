// quantile: the KLL sketch (Karnin, Lang, Liberty 2016). Level i holds values that each stand for 2^i rows; a
// full level is sorted and every second value moves up. Which half is decided by a counter instead of a coin,
// so that a replay gives the same answer. k = 200: rank error below 1.7 % with 99 % confidence; exact while
// nothing was compacted.
#include <algorithm>
#include <cmath>

#include "aggregate/functions.hpp"
#include "aggregate/hash.hpp"

namespace leat {
namespace {

constexpr double kShrink = 2.0 / 3;
constexpr std::size_t kTopCapacity = 200;
constexpr std::size_t kLeastCapacity = 8;

struct Sketch {
  std::vector<std::vector<double>> levels;
  std::uint64_t compactions = 0;
};

std::size_t capacity_of(const Sketch& sketch, std::size_t level) {
  const auto depth = static_cast<double>(sketch.levels.size() - 1 - level);
  return std::max(kLeastCapacity, static_cast<std::size_t>(kTopCapacity * std::pow(kShrink, depth)));
}

// An odd value out stays, so that no weight is lost.
void compact(Sketch& sketch, std::size_t level) {
  if (level + 1 == sketch.levels.size()) sketch.levels.emplace_back();
  std::vector<double>& values = sketch.levels[level];
  std::sort(values.begin(), values.end());
  const std::size_t even = values.size() & ~std::size_t{1};
  const std::size_t first = hash_word(++sketch.compactions) & 1;
  for (std::size_t at = first; at < even; at += 2) sketch.levels[level + 1].push_back(values[at]);
  values.erase(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(even));
}

void shrink(Sketch& sketch) {
  for (std::size_t level = 0; level < sketch.levels.size(); ++level)
    if (sketch.levels[level].size() >= capacity_of(sketch, level)) compact(sketch, level);
}

class Quantile final : public StatePerGroup<Quantile, Sketch> {
 public:
  explicit Quantile(double at) : at_(at) {}
  std::unique_ptr<Accumulator> make_empty() const override { return std::make_unique<Quantile>(at_); }

  void add(Sketch& sketch, const Column& values, std::uint32_t row, std::int64_t) const {
    const double value =
        values.type() == Type::int64 ? static_cast<double>(values.int64(row)) : values.float64(row);
    if (value != value) return;
    if (sketch.levels.empty()) sketch.levels.emplace_back();
    sketch.levels[0].push_back(value);
    if (sketch.levels[0].size() >= capacity_of(sketch, 0)) shrink(sketch);
  }
  void merge_states(Sketch& sketch, const Sketch& from) const {
    if (sketch.levels.size() < from.levels.size()) sketch.levels.resize(from.levels.size());
    for (std::size_t level = 0; level < from.levels.size(); ++level)
      sketch.levels[level].insert(sketch.levels[level].end(), from.levels[level].begin(),
                                  from.levels[level].end());
    shrink(sketch);
  }
  // The least value whose rank reaches `at`: an element of the data, never an interpolation.
  Status emit_state(const Sketch& sketch, ColumnBuilder& out) const {
    std::vector<std::pair<double, std::uint64_t>> weighted;
    std::uint64_t total = 0;
    for (std::size_t level = 0; level < sketch.levels.size(); ++level)
      for (const double value : sketch.levels[level]) {
        weighted.emplace_back(value, std::uint64_t{1} << level);
        total += std::uint64_t{1} << level;
      }
    if (weighted.empty()) {
      out.append_null();
      return {};
    }
    std::sort(weighted.begin(), weighted.end());
    const double wanted = at_ * static_cast<double>(total);
    std::uint64_t rank = 0;
    double found = weighted.back().first;
    for (const auto& [value, weight] : weighted) {
      rank += weight;
      if (static_cast<double>(rank) < wanted) continue;
      found = value;
      break;
    }
    out.append(found);
    return {};
  }
  void save_state(const Sketch& sketch, StateOut& out) const {
    out.put(sketch.compactions);
    out.put(static_cast<std::uint32_t>(sketch.levels.size()));
    for (const std::vector<double>& level : sketch.levels) {
      out.put(static_cast<std::uint32_t>(level.size()));
      for (const double value : level) out.put(value);
    }
  }
  void load_state(Sketch& sketch, StateIn& in) const {
    sketch = {};
    sketch.compactions = in.get<std::uint64_t>();
    for (std::uint32_t levels = in.get_count(sizeof(std::uint32_t)); levels > 0; --levels) {
      std::vector<double>& level = sketch.levels.emplace_back();
      for (std::uint32_t left = in.get_count(sizeof(double)); left > 0; --left)
        level.push_back(in.get<double>());
    }
  }
  static std::size_t heap_bytes(const Sketch& sketch) {
    std::size_t bytes = sketch.levels.capacity() * sizeof(std::vector<double>);
    for (const std::vector<double>& level : sketch.levels) bytes += level.capacity() * sizeof(double);
    return bytes;
  }

 private:
  double at_;
};

}  // namespace

std::unique_ptr<Accumulator> make_quantile(Type, double at) {
  return std::make_unique<Quantile>(at);
}

}  // namespace leat
