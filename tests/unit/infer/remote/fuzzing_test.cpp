#include <gtest/gtest.h>

#include <random>

#include "fuzz/entries.hpp"
#include "support/damage.hpp"
#include "support/fuzz_corpus.hpp"

// The same doors as libFuzzer's, with the same inputs in every run. A broken promise aborts.
namespace leat {
namespace {

TEST(RemoteFuzzing, damaged_answers_are_read_or_refused) {
  const std::string good =
      R"({"model_name":"m","model_version":"1","outputs":[{"name":"i","data":[1,2]},{"name":"f","data":[[1.5],[2]]},)"
      R"({"name":"b","data":[true,null]},{"name":"s","data":["a","b"]},{"name":"v","data":[1,2,3,4]},)"
      R"({"name":"a","data":[{"x":1},[2]]}]})";
  const std::string predictions =
      R"({"predictions":[{"i":1,"f":2,"b":false,"s":"c","v":[1],"a":null},{"i":1,"f":2,"b":false,"s":"c","v":[],"a":{}}]})";
  const std::string object = R"({"i":1,"f":2,"b":false,"s":"c","v":[1],"a":{"deep":[[[1]]]}})";
  testing::try_damaged({'\x01' + good, '\x01' + predictions, '\x00' + object}, 5'000, fuzz::try_reply);
  EXPECT_GT(testing::try_corpus("reply", fuzz::try_reply), 2);
}

TEST(RemoteFuzzing, every_row_has_one_outcome_whatever_happens) {
  std::mt19937_64 random(7);
  for (int run = 0; run < 20'000; ++run) {
    std::string bytes(20 + random() % 200, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    fuzz::try_outcomes(bytes);
  }
  EXPECT_GT(testing::try_corpus("outcomes", fuzz::try_outcomes), 0);
}

}  // namespace
}  // namespace leat
