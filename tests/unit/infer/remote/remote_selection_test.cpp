#include <gmock/gmock.h>

#include "support/temp_folder.hpp"
#include "unit/infer/remote/played_endpoint.hpp"

namespace leat {
namespace {

using namespace std::chrono_literals;
using testing::Asking;

TEST(Remote, otherwise_answers_in_the_rows_turn_what_the_endpoint_could_not) {
  const testing::TempFolder folder;
  const std::string words = folder.write("words.tsv", "far\t9\nnear\t2\n");
  Asking asking("order: all, retry: { attempts: 1 }, otherwise: { engine: lexicon, model: " + words +
                    ", map: { in: 'card == \"none\" ? string(1 / 0) : card', out: { minutes: score } } }",
                "{ in: { distance: distance }, out: { minutes: minutes } }");
  asking.row(1);
  asking.row(2, "far");
  asking.row(3, "none");
  asking.row(4);
  asking.here.answer(1, "", 404);
  asking.here.answer(2, "", 404);
  asking.here.minutes(3, "4");
  ASSERT_TRUE(asking.named.advance(0s));
  EXPECT_EQ(asking.named.take(), "");
  EXPECT_EQ(asking.errors(), "");
  asking.here.minutes(0, "1");
  ASSERT_TRUE(asking.named.advance(0s));
  EXPECT_EQ(asking.named.take(),
            "{\"id\":1,\"card\":\"a\",\"distance\":1.5,\"minutes\":1.0,\"answered_by\":\"remote/fare@3\"}\n"
            "{\"id\":2,\"card\":\"far\",\"distance\":1.5,\"minutes\":9.0,\"answered_by\":\"lexicon/words\"}\n"
            "{\"id\":4,\"card\":\"a\",\"distance\":1.5,\"minutes\":4.0,\"answered_by\":\"remote/fare@3\"}\n");
  EXPECT_EQ(asking.errors(), "endpoint_refused: status 404; otherwise lexicon/words: division by zero\n");
  EXPECT_EQ(asking.named.measured("otherwise_rows"), 1u);
  ASSERT_TRUE(asking.named.end());
  EXPECT_TRUE(asking.named.ended());
}

TEST(Remote, otherwise_port_takes_what_failed_as_it_came_and_errors_nothing) {
  Asking asking("otherwise: port, retry: { attempts: 1 }, breaker: { failures: 100%, of: 1, pause: 5s }");
  asking.row(1);
  asking.row(2, "a", "null");  // it cannot be asked about
  asking.here.answer(0, "", 500);
  ASSERT_TRUE(asking.named.advance(0s));
  asking.row(3);  // the breaker is open
  EXPECT_EQ(asking.ids("otherwise"), "2 1 3 ");
  EXPECT_EQ(asking.ids() + asking.errors(), "");
}

TEST(Remote, shadow_in_this_process_is_compared_with_the_endpoint) {
  const testing::TempFolder folder;
  const std::string words = folder.write("words.tsv", "far\t9\nnear\t2\n");
  Asking asking("shadow: [{ engine: lexicon, model: " + words + " }]",
                "{ in: { text: card }, out: { s: score } }", "{ score: float64 }");
  asking.row(1, "far");
  asking.row(2, "near");
  ASSERT_TRUE(asking.named.end());
  EXPECT_FALSE(asking.named.ended());
  for (const auto& [call, score] : {std::pair(0, "9"), std::pair(1, "5")})
    asking.here.answer(
        static_cast<std::size_t>(call),
        std::string(R"({"model_name":"fare","outputs":[{"name":"score","data":[)") + score + "]}]}");
  ASSERT_TRUE(asking.named.advance(0s));
  EXPECT_EQ(asking.ids(), "1 2 ");
  while (!asking.named.ended()) ASSERT_TRUE(asking.named.wait_woken(60s));
  EXPECT_EQ(asking.named.measured("shadow_rows"), 2u);
  EXPECT_EQ(asking.named.measured("shadow_agreed"), 1u);
  EXPECT_THAT(asking.named.log(), ::testing::Contains(::testing::HasSubstr(
                                      "shadow lexicon/words beside remote/fare: 1 of 2 rows agree")));
}

}  // namespace
}  // namespace leat
