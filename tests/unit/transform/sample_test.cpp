#include <leat/batch_builder.hpp>
#include <leat/testing.hpp>

namespace leat {
namespace {

std::string numbers(int first, int count) {
  std::string rows;
  for (int id = first; id < first + count; ++id) rows += fmt::format("{{\"id\":{}}}\n", id);
  return rows;
}

std::int64_t count_lines(const std::string& text) {
  return std::count(text.begin(), text.end(), '\n');
}

std::string sampled(const std::string& options, const std::string& rows) {
  ActorHarness sample("sample", options, "{ id: 'int64?' }");
  EXPECT_EQ(sample.problems(), "");
  EXPECT_TRUE(sample.feed(rows));
  const std::string out = sample.take();
  EXPECT_EQ(static_cast<std::int64_t>(sample.dropped("sampled_out")), count_lines(rows) - count_lines(out));
  return out;
}

TEST(Sample, sends_the_first_row_and_every_nth_after_it) {
  EXPECT_EQ(sampled("{ every: 3 rows }", numbers(0, 8)), "{\"id\":0}\n{\"id\":3}\n{\"id\":6}\n");
  EXPECT_EQ(sampled("{ every: 1 }", numbers(0, 3)), numbers(0, 3));
}

TEST(Sample, counts_on_where_it_was_saved) {
  ActorHarness sample("sample", "{ every: 3 }", "{ id: int64 }");
  ASSERT_TRUE(sample.feed(numbers(0, 2)));
  ASSERT_TRUE(sample.restart());
  ASSERT_TRUE(sample.feed(numbers(2, 2)));
  EXPECT_EQ(sample.take(), "{\"id\":0}\n{\"id\":3}\n");
}

TEST(Sample, sends_about_its_share_and_the_same_rows_for_a_seed) {
  for (const char* key : {"", ", key: id"}) {
    const std::string options = std::string("share: 5%") + key;
    const std::string rows = sampled("{ " + options + " }", numbers(0, 10'000));
    EXPECT_NEAR(static_cast<double>(count_lines(rows)), 500.0, 100.0) << options;
    EXPECT_EQ(sampled("{ " + options + " }", numbers(0, 10'000)), rows);
    EXPECT_NE(sampled("{ " + options + ", seed: 2 }", numbers(0, 10'000)), rows);
  }
}

TEST(Sample, sends_all_or_nothing_of_a_key_and_a_larger_share_holds_a_smaller_one) {
  const std::string twice = numbers(0, 500) + numbers(0, 500);
  const std::string small = sampled("{ share: 20%, key: id }", twice);
  const std::string large = sampled("{ share: 40%, key: id }", twice);
  EXPECT_EQ(small.substr(0, small.size() / 2), small.substr(small.size() / 2));
  std::istringstream lines(small);
  for (std::string line; std::getline(lines, line);) EXPECT_THAT(large, ::testing::HasSubstr(line + "\n"));
}

TEST(Sample, takes_null_as_a_key) {
  const std::string nulls = "{\"id\":null}\n{\"id\":null}\n{\"id\":null}\n";
  bool sent = false, dropped = false;
  for (int seed = 0; seed < 20; ++seed) {
    const std::string rows = sampled(fmt::format("{{ share: 50%, key: id, seed: {} }}", seed), nulls);
    EXPECT_TRUE(rows.empty() || rows == nulls);
    sent |= !rows.empty();
    dropped |= rows.empty();
  }
  EXPECT_TRUE(sent && dropped);
}

TEST(Sample, knows_the_ends_of_a_share) {
  EXPECT_EQ(sampled("{ share: 0% }", numbers(0, 1000)), "");
  EXPECT_EQ(sampled("{ share: 100% }", numbers(0, 1000)), numbers(0, 1000));
}

TEST(Sample, rejects_a_row_whose_key_fails) {
  ActorHarness sample("sample", "{ share: 100%, key: 10 / id }", "{ id: int64 }");
  ASSERT_TRUE(sample.feed(numbers(0, 2)));
  EXPECT_EQ(sample.take(), "{\"id\":1}\n");
  EXPECT_THAT(sample.take("errors"), ::testing::HasSubstr("`key`: "));
  EXPECT_EQ(sample.dropped("sampled_out"), 0u);
}

TEST(Sample, says_which_options_do_not_go_together) {
  const std::pair<const char*, const char*> cases[] = {
      {"{}", "a sample needs `share` or `every`"},
      {"{ share: 1%, every: 2 }", "exclude each other"},
      {"{ every: 0 }", "at least 1"},
      {"{ every: 2, key: id }", "goes with `share`"},
      {"{ share: 1 }", "`1` is not a percentage from 0% to 100%"},
      {"{ share: 101% }", "`101%` is not a percentage"},
      {"{ share: -1% }", "`-1%` is not a percentage"},
  };
  for (const auto& [options, said] : cases)
    EXPECT_THAT(ActorHarness("sample", options, "{ id: int64 }").problems(), ::testing::HasSubstr(said));
}

}  // namespace
}  // namespace leat
