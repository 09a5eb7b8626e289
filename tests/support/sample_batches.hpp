#pragma once

#include <bit>
#include <leat/codec.hpp>
#include <random>

namespace leat::testing {

/// One nullable and one required field of every type.
inline SchemaPtr all_types() {
  static const SchemaPtr schema = [] {
    std::vector<Field> fields;
    for (const Type type : {Type::boolean, Type::int64, Type::float64, Type::string, Type::bytes,
                            Type::timestamp, Type::float32_list, Type::any}) {
      const std::string name = type == Type::float32_list ? "floats" : std::string(to_text(type));
      fields.push_back({name, type, false});
      fields.push_back({"maybe_" + name, type, true});
    }
    return Schema::make(std::move(fields), "sample");
  }();
  return schema;
}

/// Appends a value of the column's type; the same numbers from the same generator everywhere.
inline void append_random(ColumnBuilder& column, std::mt19937_64& random) {
  static constexpr std::string_view kTexts[] = {"",      "a", "Grüße", "日本語", "\"quoted\", and\nmore",
                                                "x;y\\z"};
  const std::uint64_t number = random();
  switch (column.type()) {
    case Type::boolean:
      return column.append((number & 1) != 0);
    case Type::int64:
      return column.append(static_cast<std::int64_t>(number));
    case Type::float64:
      return column.append(static_cast<double>(static_cast<std::int64_t>(number >> 20)) / 1024);
    case Type::string:
      return column.append(kTexts[number % std::size(kTexts)]);
    case Type::bytes:
      return column.append(std::string_view(reinterpret_cast<const char*>(&number), number % 9));
    case Type::timestamp:
      return column.append(static_cast<std::int64_t>(number % 250'000'000'000'000'000));
    case Type::float32_list: {
      const float floats[] = {1.5f, -2.25f, static_cast<float>(number % 1000)};
      return column.append(std::span<const float>(floats, number % 4));
    }
    case Type::any:
      return column.append(std::string_view(to_msgpack(kTexts[number % std::size(kTexts)])));
  }
}

/// Rows of any schema; a third of what may be null is.
inline Batch random_batch(const SchemaPtr& schema, std::uint32_t rows, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  BatchBuilder builder(schema);
  for (std::uint32_t row = 0; row < rows; ++row)
    for (std::size_t at = 0; at < schema->size(); ++at) {
      if ((*schema)[at].nullable && random() % 3 == 0)
        builder.column(at).append_null();
      else
        append_random(builder.column(at), random);
    }
  return builder.finish();
}

/// One value as bytes that differ when the values differ.
inline std::string cell(const Column& column, std::uint32_t row) {
  if (column.is_null(row)) return "null";
  switch (column.type()) {
    case Type::boolean:
      return column.boolean(row) ? "true" : "false";
    case Type::int64:
    case Type::timestamp:
      return std::to_string(column.int64(row));
    case Type::float64:
      return std::to_string(std::bit_cast<std::uint64_t>(column.float64(row)));
    case Type::string:
    case Type::bytes:
    case Type::any:
      return "'" + std::string(column.text(row)) + "'";
    case Type::float32_list: {
      const auto floats = column.floats(row);
      return "[" + std::string(reinterpret_cast<const char*>(floats.data()), floats.size_bytes()) + "]";
    }
  }
  return "?";
}

/// All rows as text: equal texts mean equal batches.
inline std::vector<std::string> cells(const Batch& batch) {
  std::vector<std::string> rows;
  for (std::uint32_t row = 0; row < batch.row_count(); ++row) {
    std::string text;
    for (const Column& column : batch.columns()) text += cell(column, row) + "|";
    rows.push_back(std::move(text));
  }
  return rows;
}

}  // namespace leat::testing
