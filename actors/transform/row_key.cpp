#include "transform/row_key.hpp"

#include <cmath>
#include <cstring>
#include <leat/batch_builder.hpp>

namespace leat {
namespace {

constexpr char kNull = 0;
constexpr char kPresent = 1;

template <class Value>
void append_bytes(const Value& value, std::string& out) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

double normal(double value) {
  if (std::isnan(value)) return std::numeric_limits<double>::quiet_NaN();
  return value == 0.0 ? 0.0 : value;
}

}  // namespace

void append_key(const Column& column, std::uint32_t row, std::string& out) {
  if (column.is_null(row)) {
    out += kNull;
    return;
  }
  out += kPresent;
  switch (column.type()) {
    case Type::boolean:
      out += column.boolean(row) ? '\1' : '\0';
      return;
    case Type::int64:
    case Type::timestamp:
      return append_bytes(column.int64(row), out);
    case Type::float64:
      return append_bytes(normal(column.float64(row)), out);
    case Type::string:
    case Type::bytes:
    case Type::any:
      out.append(column.text(row));
      return;
    case Type::float32_list:
      for (const float value : column.floats(row)) append_bytes(value, out);
      return;
  }
}

namespace {

void append_value(std::string_view key, Type type, ColumnBuilder& column) {
  const bool present = !key.empty() && key.front() == kPresent;
  if (!present) return column.append_null();
  key.remove_prefix(1);
  const auto word = [&]<class Word>(Word value) {
    std::memcpy(&value, key.data(), std::min(sizeof value, key.size()));
    return value;
  };
  switch (type) {
    case Type::boolean:
      return column.append(key == "\1");
    case Type::int64:
      return column.append(word(std::int64_t{}));
    case Type::timestamp:
      return column.append(Time(Duration(word(std::int64_t{}))));
    case Type::float64:
      return column.append(word(double{}));
    case Type::string:
    case Type::bytes:
    case Type::any:
      return column.append(key);
    case Type::float32_list: {
      std::vector<float> values(key.size() / sizeof(float));
      std::memcpy(values.data(), key.data(), values.size() * sizeof(float));
      return column.append(std::span<const float>(values));
    }
  }
}

}  // namespace

std::vector<bool> keys_of(const KeyShare& share, std::span<const std::string_view> keys, Type type) {
  BatchBuilder rows(Schema::make({{"key", type, true}}));
  std::vector<bool> ours;
  for (std::size_t at = 0; at < keys.size(); ++at) {
    append_value(keys[at], type, rows.column(0));
    if (rows.row_count() < Batch::kRowsMax / 64 && at + 1 < keys.size()) continue;
    const Batch batch = rows.finish();
    const std::vector<bool> some = share.of({&batch.column(0), 1}, batch.row_count());
    ours.insert(ours.end(), some.begin(), some.end());
  }
  return ours;
}

std::uint64_t stable_hash(std::uint64_t word) {  // the finaliser of SplitMix64 (Steele, Lea, Flood 2014)
  word += 0x9e3779b97f4a7c15u;
  word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9u;
  word = (word ^ (word >> 27)) * 0x94d049bb133111ebu;
  return word ^ (word >> 31);
}

std::uint64_t stable_hash(std::string_view bytes) {  // FNV-1a, mixed: its high bits alone are poor
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (const char byte : bytes) hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3u;
  return stable_hash(hash);
}

}  // namespace leat
