#include "unit/topology/small_kinds.hpp"

namespace leat {
namespace {

TEST(Registry, knows_what_a_kind_declares) {
  Registry registry;
  testing::add_small_kinds(registry);
  EXPECT_EQ(registry.names(), (std::vector<std::string>{"filter", "join", "numbers", "sink", "times"}));
  EXPECT_EQ(registry.find("nothing"), nullptr);
  const Kind& filter = *registry.find("filter");
  EXPECT_FALSE(filter.source);
  EXPECT_EQ(filter.origin, "built in");
  EXPECT_EQ(filter.outputs[1].name, "rest");
  EXPECT_TRUE(filter.fields[0].info.required);
  EXPECT_EQ(filter.fields[0].info.returns, Type::boolean);
  EXPECT_EQ(filter.fields[2].info.default_text, "false");
  EXPECT_TRUE(registry.find("numbers")->source);
  const FieldInfo& mode = registry.find("sink")->fields[0].info;
  EXPECT_EQ(mode.choices, (std::vector<std::string>{"fast", "safe"}));
  EXPECT_EQ(mode.default_text, "fast");
}

TEST(Registry, a_copy_makes_actors_of_its_own) {
  auto original = std::make_unique<Registry>();
  testing::add_small_kinds(*original);
  const Registry copy = *original;
  original.reset();
  ASSERT_NE(copy.find("sink"), nullptr);
  EXPECT_EQ(copy.find("sink")->fields.size(), 4u);
}

TEST(RegistryDeathTest, refuses_a_second_kind_of_one_name) {
  Registry registry;
  registry.add<testing::Sink>();
  EXPECT_DEATH(registry.add<testing::Sink>(), "added");
}

}  // namespace
}  // namespace leat
