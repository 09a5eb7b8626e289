#pragma once

#include <leat/state_bytes.hpp>
#include <optional>

namespace leat {

/// How unlike its history a row is.
struct Anomaly {
  double score = 0;
  std::uint32_t feature = 0;  ///< the one that says so most
};

/// No score is greater: what deviates from a history that never varied is infinitely far from it.
inline constexpr double kScoreMax = 1e6;

/// The history of one key, in bounded memory. Per row: `score`, then `learn` unless the row is to be left out
/// of the history. Values are finite and not beyond kValueMax. What comes out hangs on the rows, their order
/// and the seed alone. One thread.
class Scorer {
 public:
  /// Squares of values up to this, and sums of them, are finite.
  static constexpr double kValueMax = 1e150;

  virtual ~Scorer() = default;
  /// What the history says about these values; nothing while it is too short to say anything.
  virtual std::optional<Anomaly> score(std::span<const double> values, std::int64_t time_us) = 0;
  /// Adds what was scored last to the history.
  virtual void learn(std::span<const double> values, std::int64_t time_us) = 0;
  virtual void save(StateOut& out) const = 0;
  /// Into a new one, made with the same options.
  virtual void load(StateIn& in) = 0;
  virtual std::size_t byte_size() const = 0;
};

/// How fast a history fades: what it holds counts half after so much.
struct HalfLife {
  std::int64_t us = 0;     ///< of event time; or
  std::uint64_t rows = 0;  ///< of the key's rows
};

}  // namespace leat
