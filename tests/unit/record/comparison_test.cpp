#include "record/comparison.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <leat/batch_builder.hpp>
#include <random>

namespace leat {
namespace {

SchemaPtr schema() {
  static const SchemaPtr fields = Schema::make({{"id", Type::int64, false}, {"time", Type::int64, false}});
  return fields;
}

Batch rows(const std::vector<std::int64_t>& ids, std::int64_t time = 0) {
  BatchBuilder builder(schema());
  for (const std::int64_t id : ids) builder.add(id, time);
  return builder.finish();
}

TEST(RowComparison, has_no_order) {
  std::vector<std::int64_t> ids(1000);
  for (std::size_t at = 0; at < ids.size(); ++at) ids[at] = static_cast<std::int64_t>(at % 300);
  RowComparison comparison("a.out", *schema(), *schema(), {});
  comparison.recorded(rows(ids));
  std::shuffle(ids.begin(), ids.end(), std::mt19937(7));
  for (std::size_t at = 0; at < ids.size(); at += 100)
    comparison.came(rows({ids.begin() + static_cast<std::ptrdiff_t>(at),
                          ids.begin() + static_cast<std::ptrdiff_t>(at + 100)}));
  const PortDrift drift = comparison.finish(10);
  EXPECT_EQ(drift.same, 1000u);
  EXPECT_FALSE(drift.drifted());
}

TEST(RowComparison, counts_how_often_a_row_came) {
  RowComparison comparison("a.out", *schema(), *schema(), {});
  comparison.came(rows({1, 1, 2}));
  comparison.recorded(rows({1, 2, 2, 3}));
  const PortDrift drift = comparison.finish(10);
  EXPECT_EQ(drift.same, 2u);
  EXPECT_EQ(drift.missing, 2u);
  EXPECT_EQ(drift.extra, 1u);
  EXPECT_THAT(drift.lines, ::testing::ElementsAre(R"(+ {"id":1,"time":0})", R"(- {"id":2,"time":0})",
                                                  R"(- {"id":3,"time":0})"));
  EXPECT_EQ(comparison.finish(1).lines.size(), 1u);
}

TEST(RowComparison, leaves_out_what_it_is_told_to) {
  RowComparison strict("a.out", *schema(), *schema(), {});
  strict.recorded(rows({1}, 5));
  strict.came(rows({1}, 6));
  EXPECT_TRUE(strict.finish(10).drifted());
  RowComparison loose("a.out", *schema(), *schema(), {"time"});
  loose.recorded(rows({1}, 5));
  loose.came(rows({1}, 6));
  EXPECT_FALSE(loose.finish(10).drifted());
}

TEST(RowComparison, compares_common_fields_and_reports_others) {
  const SchemaPtr now = Schema::make({{"more", Type::int64, false}, {"id", Type::int64, false}});
  RowComparison comparison("a.out", *schema(), *now, {});
  comparison.recorded(rows({1}));
  BatchBuilder builder(now);
  builder.add(std::int64_t{9}, std::int64_t{1});
  comparison.came(builder.finish());
  const PortDrift drift = comparison.finish(10);
  EXPECT_EQ(drift.same, 1u);
  EXPECT_TRUE(drift.drifted());
  EXPECT_EQ(drift.fields, "recorded { id: int64, time: int64 }, now { more: int64, id: int64 }");
  EXPECT_FALSE(RowComparison("a.out", *schema(), *now, {"time", "more"}).finish(10).drifted());
}

}  // namespace
}  // namespace leat
