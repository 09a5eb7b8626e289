#pragma once

#include <leat/event_time.hpp>
#include <memory>

#include "anomaly/scorer.hpp"

namespace leat {

template <>
struct FieldTraits<HalfLife> {
  static void describe(FieldInfo& info);
  static void read(const ConfigNode&, HalfLife& value, ReadContext&);
  static std::string show(const HalfLife& value);
};

enum class AnomalyMethod : std::uint8_t { zscore, ewma, random_cut_forest };
enum class LearnRows : std::uint8_t { all, unflagged };
enum class NullFeature : std::uint8_t { reject, pass };
enum class KeysFull : std::uint8_t { reject, forget };

/// The options of `anomaly`, and what `describe_anomaly` works out from them.
struct AnomalyConfig {
  AnomalyMethod method = AnomalyMethod::random_cut_forest;
  std::vector<Expression> key;
  Named<Expression> features;
  std::optional<Rows> window;
  std::optional<HalfLife> half_life;
  EventTime time;
  std::optional<double> deviation_min;
  std::optional<std::uint32_t> trees, sample, shingle;
  std::optional<std::uint64_t> seed;
  std::optional<Rows> warm_up;
  std::optional<double> threshold;
  std::optional<double> quantile;
  std::optional<Rows> recent;
  LearnRows learn = LearnRows::all;
  NullFeature on_null = NullFeature::reject;
  Rows keys{1'000};
  KeysFull when_full = KeysFull::reject;
  std::string out = "anomaly";

  bool uses_time = false;
  SchemaPtr key_schema;           ///< of what tells keys apart
  SchemaPtr answers;              ///< columns that are added
  std::uint64_t learn_first = 0;  ///< rows of a key before it has scores
  std::uint32_t recent_max = 0;

  bool flags() const { return threshold || quantile; }
  bool causes() const { return features.size() > 1; }
};

Fields<AnomalyConfig> anomaly_fields();
void describe_anomaly(AnomalyConfig& config, const Port& out, Describe& describe);

/// For one key.
std::unique_ptr<Scorer> make_scorer(const AnomalyConfig& config, std::uint64_t key_hash);
/// What a saved state depends on, for people to compare.
std::string state_shape(const AnomalyConfig& config);

}  // namespace leat
