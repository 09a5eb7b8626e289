#include "aggregate/functions.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

namespace leat {
namespace {

Column column_of(Type type, const std::function<void(ColumnBuilder&)>& fill) {
  BatchBuilder rows(Schema::make({{"c", type, true}}));
  fill(rows.column(0));
  return rows.finish().column(0);
}

// One group of one function.
class Single {
 public:
  Single(FunctionName function, Type argument, FunctionSettings settings = {})
      : result_(*result_type(function, argument)), state_(make_accumulator(function, argument, settings)) {
    state_->grow(1);
  }
  Single& add(const Column& values) {
    std::vector<std::uint32_t> rows(values.row_count()), groups(values.row_count(), 0);
    std::iota(rows.begin(), rows.end(), 0u);
    state_->fold({rows, groups, {}}, &values);
    return *this;
  }
  Single& merge(const Single& other) {
    state_->merge(0, *other.state_, 0);
    return *this;
  }
  std::string result() const {
    BatchBuilder out(Schema::make({{"r", result_, true}}));
    if (const Status status = state_->emit(0, out.column(0)); !status) return status.error().message;
    std::string json = to_json_lines(out.finish());
    return json.substr(5, json.size() - 7);  // {"r":...}\n
  }
  double number() const { return std::stod(result()); }
  Single restored() const {
    StateOut out;
    state_->save(0, out);
    const std::string bytes = out.take();
    Single copy(*this, state_->make_empty());
    StateIn in(bytes);
    copy.state_->load(0, in);
    EXPECT_TRUE(in.complete());
    return copy;
  }

 private:
  Single(const Single& like, std::unique_ptr<Accumulator> state)
      : result_(like.result_), state_(std::move(state)) {
    state_->grow(1);
  }
  Type result_;
  std::unique_ptr<Accumulator> state_;
};

Column integers(std::initializer_list<std::int64_t> list) {
  return column_of(Type::int64, [&](ColumnBuilder& out) {
    for (const std::int64_t value : list) out.append(value);
  });
}
Column floats(const std::vector<double>& list) {
  return column_of(Type::float64, [&](ColumnBuilder& out) {
    for (const double value : list) out.append(value);
  });
}
Column texts(std::initializer_list<const char*> list) {
  return column_of(Type::string, [&](ColumnBuilder& out) {
    for (const char* value : list) out.append(value);
  });
}

TEST(Functions, an_integer_sum_is_exact_and_says_when_it_does_not_fit) {
  Single sum(FunctionName::sum, Type::int64);
  sum.add(integers({INT64_MAX, 5, -10}));
  EXPECT_EQ(sum.result(), std::to_string(INT64_MAX - 5));
  EXPECT_NE(sum.add(integers({INT64_MAX})).result().find("does not fit an int64"), std::string::npos);
}

TEST(Functions, nothing_yields_null_but_counts_yield_zero) {
  const Column none = column_of(Type::int64, [](ColumnBuilder& out) { out.append_null(); });
  for (const FunctionInfo& info : all_functions()) {
    const std::string result = Single(info.function, Type::int64).add(none).result();
    const bool list = info.function == FunctionName::top_k || info.function == FunctionName::collect;
    EXPECT_EQ(result, list ? "[]" : result_nullable(info.function) ? "null" : "0") << info.name;
  }
}

TEST(Functions, nan_is_the_result_of_min_and_max_only_when_alone) {
  const double nan = std::nan("");
  EXPECT_EQ(Single(FunctionName::min, Type::float64).add(floats({nan, 2, 1})).result(), "1.0");
  EXPECT_EQ(Single(FunctionName::max, Type::float64).add(floats({1, nan, 2})).result(), "2.0");
  EXPECT_EQ(Single(FunctionName::max, Type::float64).add(floats({nan})).result(), "null");  // JSON has no NaN
}

TEST(Functions, variance_does_not_suffer_from_a_large_mean) {
  Single variance(FunctionName::variance, Type::float64);
  variance.add(floats({1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16}));
  EXPECT_NEAR(variance.number(), 30.0, 1e-6);
  EXPECT_EQ(Single(FunctionName::stddev, Type::int64).add(integers({5})).result(), "null");
}

TEST(Functions, few_values_are_counted_exactly_and_many_within_five_percent) {
  FunctionSettings settings;
  settings.exact = 100;
  for (const std::int64_t count : {1, 100, 101, 5000, 200'000}) {
    const Column values = column_of(Type::int64, [&](ColumnBuilder& out) {
      for (std::int64_t value = 0; value < count; ++value) {
        out.append(value * 7919);
        out.append(value * 7919);
      }
    });
    const double found = Single(FunctionName::count_distinct, Type::int64, settings).add(values).number();
    EXPECT_NEAR(found, static_cast<double>(count), count <= 100 ? 0 : 0.05 * static_cast<double>(count))
        << count;
  }
}

TEST(Functions, quantiles_are_exact_for_few_values_and_within_two_percent_of_rank_for_many) {
  FunctionSettings settings;
  settings.at = 0.9;
  EXPECT_EQ(Single(FunctionName::quantile, Type::int64, settings)
                .add(integers({1, 2, 3, 4, 5, 6, 7, 8, 9, 10}))
                .number(),
            9);
  std::mt19937_64 random(3);
  for (const double at : {0.01, 0.25, 0.5, 0.9, 0.99}) {
    settings.at = at;
    std::vector<double> values(100'000);
    for (double& value : values) value = std::exp(std::normal_distribution<>()(random));
    Single quantile(FunctionName::quantile, Type::float64, settings);
    const double found = quantile.add(floats(values)).number();
    const auto below = std::ranges::count_if(values, [&](double value) { return value < found; });
    EXPECT_NEAR(static_cast<double>(below) / 100'000, at, 0.02) << at;
  }
}

TEST(Functions, the_most_frequent_values_are_found_among_many) {
  FunctionSettings settings;
  settings.k = 2;
  settings.track = 50;
  std::mt19937 random(5);
  const Column values = column_of(Type::string, [&](ColumnBuilder& out) {
    for (int row = 0; row < 50'000; ++row) {
      const auto draw = random() % 100;
      out.append(draw < 30   ? std::string("often")
                 : draw < 45 ? std::string("sometimes")
                             : std::to_string(random() % 20'000));
    }
  });
  const std::string top = Single(FunctionName::top_k, Type::string, settings).add(values).result();
  EXPECT_LT(top.find("often"), top.find("sometimes")) << top;
  EXPECT_NE(top.find("sometimes"), std::string::npos);
}

TEST(Functions, equals_rank_by_value) {
  EXPECT_EQ(Single(FunctionName::top_k, Type::string).add(texts({"b", "a", "c", "c"})).result(),
            R"([{"value":"c","count":2},{"value":"a","count":1},{"value":"b","count":1}])");
}

TEST(Functions, collect_stops_at_its_limit) {
  FunctionSettings settings;
  settings.values_max = 2;
  Single two(FunctionName::collect, Type::string, settings);
  EXPECT_EQ(two.add(texts({"x", "y", "z"})).result(), R"(["x","y"])");
}

// What came in two parts, and what was saved and loaded in between, is what came in one.
TEST(Functions, parts_and_snapshots_do_not_show) {
  std::mt19937 random(11);
  for (const FunctionInfo& info : all_functions())
    for (const Type type : {Type::int64, Type::float64, Type::string, Type::timestamp, Type::boolean}) {
      if (!result_type(info.function, type)) continue;
      const auto some = [&](int count) {
        return column_of(type, [&](ColumnBuilder& out) {
          for (int row = 0; row < count; ++row) {
            const auto draw = static_cast<std::int64_t>(random() % 30);
            if (draw == 0)
              out.append_null();
            else if (type == Type::boolean)
              out.append(draw % 2 == 0);
            else if (type == Type::float64)
              out.append(static_cast<double>(draw));
            else if (type == Type::string)
              out.append(std::string_view("text number " + std::to_string(draw)));
            else
              out.append(draw);
          }
        });
      };
      const Column one = some(40), two = some(40);
      Single whole(info.function, type), first(info.function, type), second(info.function, type);
      whole.add(one).add(two);
      first.add(one);
      second.add(two);
      Single restored = first.restored();
      restored.merge(second.restored());
      if (result_type(info.function, type) == Type::float64 && whole.result() != "null")
        EXPECT_NEAR(restored.number(), whole.number(), 1e-9) << info.name;
      else
        EXPECT_EQ(restored.result(), whole.result()) << info.name << " of " << to_text(type);
    }
}

TEST(Functions, a_damaged_snapshot_is_noticed) {
  StateIn in("\x05\x00");
  std::unique_ptr<Accumulator> state = make_accumulator(FunctionName::quantile, Type::float64, {});
  state->grow(1);
  state->load(0, in);
  EXPECT_FALSE(in.complete());
}

}  // namespace
}  // namespace leat
