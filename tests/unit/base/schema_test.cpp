#include <gtest/gtest.h>

#include <leat/schema.hpp>

namespace leat {
namespace {

TEST(Schema, finds_fields_by_name) {
  const SchemaPtr schema = Schema::make({{"id", Type::string}, {"score", Type::float64, true}}, "scored");
  EXPECT_EQ(schema->index_of("score"), 1u);
  EXPECT_EQ(schema->index_of("scores"), std::nullopt);
  EXPECT_EQ(schema->text(), "{ id: string, score: float64? }");
  EXPECT_EQ(Schema::make({})->text(), "{}");
}

TEST(Schema, fingerprints_tell_names_types_and_nullability_apart) {
  const SchemaPtr schema = Schema::make({{"id", Type::string}, {"n", Type::int64}});
  EXPECT_EQ(schema->fingerprint(),
            Schema::make({{"id", Type::string}, {"n", Type::int64}}, "x")->fingerprint());
  for (const SchemaPtr& other :
       {Schema::make({{"n", Type::int64}, {"id", Type::string}}), Schema::make({{"id", Type::string}}),
        Schema::make({{"id", Type::bytes}, {"n", Type::int64}}),
        Schema::make({{"idn", Type::string}, {"", Type::int64}}),
        Schema::make({{"id", Type::string, true}, {"n", Type::int64}})}) {
    EXPECT_NE(schema->fingerprint(), other->fingerprint()) << other->text();
    EXPECT_FALSE(schema->same_fields(*other)) << other->text();
  }
}

// Travels between machines and versions: must never change.
TEST(Schema, the_fingerprint_of_a_known_schema_stays_what_it_was) {
  EXPECT_EQ(Schema::make({{"id", Type::string}, {"time", Type::timestamp, true}})->fingerprint(),
            3525998704353290634u);
}

TEST(Schema, type_names_read_back) {
  for (int number = 1; number <= 8; ++number) {
    const auto type = static_cast<Type>(number);
    EXPECT_EQ(parse_type(to_text(type)), type);
  }
  EXPECT_EQ(parse_type("int32"), std::nullopt);
  EXPECT_EQ(parse_type("String"), std::nullopt);
}

TEST(SchemaDeathTest, a_doubled_name_is_a_bug) {
  EXPECT_DEATH(Schema::make({{"id", Type::string}, {"id", Type::int64}}), "index_of");
}

}  // namespace
}  // namespace leat
