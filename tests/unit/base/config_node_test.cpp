#include <gtest/gtest.h>

#include <leat/config_node.hpp>
#include <span>

namespace leat {
namespace {

TEST(Suggest, offers_the_nearest_name_within_a_third) {
  const std::vector<std::string> names = {"headlines", "store", "feed", "sentiment"};
  const std::pair<const char*, const char*> cases[] = {
      {"headline", "headlines"},
      {"headilnes", "headlines"},
      {"stroe", "store"},
      {"fed", "feed"},
      {"Store", "store"},
      {"sentimnet", "sentiment"},
      {"xyz", ""},
      {"shop", ""},
      {"", ""},
  };
  for (const auto& [word, wanted] : cases) {
    const std::string expected = *wanted == '\0' ? "" : "did you mean `" + std::string(wanted) + "`?";
    EXPECT_EQ(suggest(word, names), expected) << word;
  }
}

TEST(Suggest, has_nothing_to_offer_from_nothing) {
  EXPECT_EQ(suggest("store", {}), "");
}

TEST(Place, prints_file_line_and_column) {
  const auto file = std::make_shared<const std::string>("news.yaml");
  EXPECT_EQ((Place{file, 14, 9}.text()), "news.yaml:14:9");
  EXPECT_EQ((Place{file}.text()), "news.yaml");
  EXPECT_EQ(Place{}.text(), "");
  EXPECT_FALSE(Place{}.known());
}

TEST(Diagnostics, come_sorted_by_place_and_once_each) {
  const auto file = std::make_shared<const std::string>("t.yaml");
  Diagnostics problems;
  problems.error(Code::unknown_key, {file, 7, 3}, "third");
  problems.warning(Code::unused_port, {file, 2, 9}, "second");
  problems.error(Code::bad_value, {file, 2, 1}, "first");
  problems.error(Code::unknown_key, {file, 7, 3}, "third");
  EXPECT_EQ(problems.error_count(), 3u);
  EXPECT_FALSE(problems.ok());
  std::vector<std::string> messages;
  for (const Diagnostic& diagnostic : problems.sorted()) messages.push_back(diagnostic.message);
  EXPECT_EQ(messages, (std::vector<std::string>{"first", "second", "third"}));
}

TEST(Diagnostics, warnings_alone_are_fine) {
  Diagnostics problems;
  problems.warning(Code::unused_port, {}, "nobody reads it");
  EXPECT_TRUE(problems.ok());
}

TEST(ConfigNode, finds_entries_by_key) {
  ConfigNode node;
  node.kind = ConfigNode::Kind::map;
  node.entries.push_back({"path", {}, {.kind = ConfigNode::Kind::scalar, .scalar = "x"}});
  ASSERT_NE(node.find("path"), nullptr);
  EXPECT_EQ(node.find("path")->scalar, "x");
  EXPECT_EQ(node.find("Path"), nullptr);
  EXPECT_EQ(node.find_entry("path")->key, "path");
}

}  // namespace
}  // namespace leat
