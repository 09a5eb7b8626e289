#include <fmt/format.h>
#include <gtest/gtest.h>

#include "fuzz/entries.hpp"
#include "support/damage.hpp"
#include "support/fuzz_corpus.hpp"

// Damaged requests through the same door as libFuzzer's; the same ones in every run. A broken promise aborts.
namespace leat {
namespace {

TEST(HttpFuzzing, of_damaged_requests_nothing_is_taken_that_was_not_acknowledged) {
  constexpr const char* kHead = "POST / HTTP/1.1\r\nHost: a\r\n";
  const auto one = fmt::format("{}Content-Length: 22\r\n\r\n{{\"id\": 1, \"note\": \"x\"}}", kHead);
  const auto chunked =
      fmt::format("{}Transfer-Encoding: chunked\r\n\r\n9\r\n{{\"id\": 2}}\r\n0\r\n\r\n", kHead);
  const auto lines = fmt::format("{}Content-Length: 18\r\n\r\n[{{\"id\":3}},{{\"id\":4}}", kHead);
  const auto get = fmt::format("GET / HTTP/1.1\r\nHost: a\r\n\r\n{}", one);
  testing::try_damaged({fmt::format("{:c}{}", 0, one), fmt::format("{:c}{}{}{}", 1, one, chunked, lines),
                        fmt::format("{:c}{}{}", 7, chunked, one), fmt::format("{:c}{}", 3, get)},
                       600, fuzz::try_http);
  EXPECT_GT(testing::try_corpus("http", fuzz::try_http), 2);
}

}  // namespace
}  // namespace leat
