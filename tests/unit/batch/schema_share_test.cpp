#include "batch/schema_share.hpp"

#include <gtest/gtest.h>

#include <leat/batch_builder.hpp>
#include <thread>
#include <vector>

namespace leat {
namespace {

SchemaPtr one_column(const std::string& name) {
  return Schema::make({{name, Type::int64}});
}

Batch row_of(const SchemaPtr& schema) {
  BatchBuilder rows(schema);
  rows.add(std::int64_t{1});
  return rows.finish();
}

TEST(SchemaShare, a_schema_lives_as_long_as_a_batch_of_it) {
  Batch batch;
  std::weak_ptr<const Schema> watched;
  std::thread([&] {
    const SchemaPtr schema = one_column("a");
    watched = schema;
    batch = row_of(schema);
  }).join();
  ASSERT_FALSE(watched.expired());
  EXPECT_EQ(batch.schema()->fields()[0].name, "a");
  batch = {};
  EXPECT_TRUE(watched.expired());
}

TEST(SchemaShare, a_thread_that_has_ended_keeps_nothing) {
  std::weak_ptr<const Schema> watched;
  std::thread([&] {
    const SchemaPtr schema = one_column("a");
    watched = schema;
    for (int count = 0; count < 5000; ++count) row_of(schema);  // more than are counted at once
  }).join();
  EXPECT_TRUE(watched.expired());
}

TEST(SchemaShare, many_schemas_share_few_slots) {
  std::vector<std::weak_ptr<const Schema>> watched;
  std::thread([&] {
    std::vector<Batch> batches;
    for (int at = 0; at < 200; ++at) {
      const SchemaPtr schema = one_column("c" + std::to_string(at));
      watched.push_back(schema);
      batches.push_back(row_of(schema));
    }
    for (int at = 0; at < 200; ++at) {
      EXPECT_EQ(batches[static_cast<std::size_t>(at)].schema()->fields()[0].name, "c" + std::to_string(at));
      EXPECT_EQ(row_of(batches[static_cast<std::size_t>(at)].schema()).schema(),
                batches[static_cast<std::size_t>(at)].schema());
    }
  }).join();
  for (const auto& schema : watched) EXPECT_TRUE(schema.expired());
}

TEST(SchemaShare, batches_are_freed_by_other_threads) {
  const SchemaPtr schema = one_column("a");
  const std::weak_ptr<const Schema> watched = schema;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread)
    threads.emplace_back([schema] {
      std::vector<Batch> batches;
      for (int count = 0; count < 3000; ++count) batches.push_back(row_of(schema));
      std::thread([&] { batches.clear(); }).join();
    });
  for (std::thread& thread : threads) thread.join();
  threads.clear();
  EXPECT_EQ(watched.use_count(), 1);
}

}  // namespace
}  // namespace leat
