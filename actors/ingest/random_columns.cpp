#include "ingest/random_columns.hpp"

namespace leat {
namespace {

constexpr std::uint8_t kSeq = 0;
constexpr std::uint8_t kTime = 1;
constexpr std::uint8_t kFirstUniform = 2;
constexpr std::uint8_t kFirstInteger = 6;
constexpr std::uint64_t kDrawsPerRow = 8;
constexpr std::uint64_t kGolden = 0x9E3779B97F4A7C15;

/// The output function of SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators,
/// 2014). Its state is a counter, which makes every draw addressable.
std::uint64_t mix(std::uint64_t state) {
  state = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9;
  state = (state ^ (state >> 27)) * 0x94D049BB133111EB;
  return state ^ (state >> 31);
}

}  // namespace

SchemaPtr generated_schema() {
  std::vector<Field> fields{{"seq", Type::int64}, {"time", Type::timestamp}};
  for (const char* name : {"r1", "r2", "r3", "r4"}) fields.push_back({name, Type::float64});
  for (const char* name : {"k1", "k2", "k3", "k4"}) fields.push_back({name, Type::int64});
  return Schema::make(std::move(fields), "generated");
}

RandomColumns::RandomColumns(std::uint64_t seed, SchemaPtr schema)
    : key_(mix(seed + kGolden)), builder_(std::move(schema)) {
  const SchemaPtr all = generated_schema();
  for (const Field& field : builder_.schema()->fields())
    origins_.push_back(static_cast<std::uint8_t>(*all->index_of(field.name)));
}

void RandomColumns::add(std::uint64_t seq, Time time) {
  const std::uint64_t first = key_ + seq * kDrawsPerRow * kGolden;
  for (std::size_t at = 0; at < origins_.size(); ++at) {
    ColumnBuilder& column = builder_.column(at);
    const std::uint8_t origin = origins_[at];
    if (origin == kSeq) {
      column.append(static_cast<std::int64_t>(seq));
    } else if (origin == kTime) {
      column.append(time);
    } else {
      const std::uint64_t draw =
          mix(first + static_cast<std::uint64_t>(origin - kFirstUniform + 1) * kGolden);
      if (origin < kFirstInteger)
        column.append(static_cast<double>(draw >> 11) * 0x1.0p-53);
      else
        column.append(static_cast<std::int64_t>(draw >> 33));
    }
  }
}

}  // namespace leat
