#pragma once

#include <leat/batch_builder.hpp>
#include <leat/codec.hpp>
#include <limits>
#include <random>

namespace leat::testing {

/// What expressions work on: fields of one letter, most of them nullable.
inline SchemaPtr mixed_schema() {
  return Schema::make({{"i", Type::int64, true},
                       {"j", Type::int64, false},
                       {"x", Type::float64, true},
                       {"s", Type::string, true},
                       {"b", Type::boolean, true},
                       {"t", Type::timestamp, false},
                       {"a", Type::any, true}});
}

/// Values at the edges come often: zero, the ends of int64, NaN, empty text, null.
inline Batch mixed_batch(std::mt19937& random, std::uint32_t rows) {
  const std::int64_t ints[] = {0, 1, -1, 2, 7, INT64_MAX, INT64_MIN, 1000};
  const double doubles[] = {0.0, -0.0, 1.5, -2.0, 1e308, std::numeric_limits<double>::quiet_NaN(), 7.0};
  const char* texts[] = {"", "en", "de", "hello", "h\xc3\xa9llo", "EN"};
  const char* anys[] = {"1", "\"en\"", "[1,2]", R"({"k":1})", "null", "true"};
  const auto pick = [&](std::size_t count) { return random() % count; };
  BatchBuilder builder(mixed_schema());
  for (std::uint32_t row = 0; row < rows; ++row) {
    const auto maybe = [&](auto value) {
      return pick(5) == 0 ? std::optional<decltype(value)>() : std::optional(value);
    };
    builder.add(maybe(ints[pick(8)]), ints[pick(8)], maybe(doubles[pick(7)]),
                maybe(std::string_view(texts[pick(6)])), maybe(pick(2) == 0),
                Time(std::chrono::seconds(pick(1000))), maybe(*json_to_msgpack(anys[pick(6)])));
  }
  return builder.finish();
}

}  // namespace leat::testing
