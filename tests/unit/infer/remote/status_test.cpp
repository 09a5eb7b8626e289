#include "infer/remote/status.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace leat {
namespace {

TEST(Status, says_who_is_to_blame_and_what_to_do) {
  struct Case {
    int status;
    Fault fault;
    bool divides;
    Code code;
  };
  const Case cases[] = {
      {0, Fault::connection, false, Code::endpoint_failed},
      {301, Fault::refused, true, Code::endpoint_refused},
      {400, Fault::refused, true, Code::endpoint_refused},
      {404, Fault::refused, true, Code::endpoint_refused},
      {408, Fault::timeout, false, Code::endpoint_failed},
      {413, Fault::refused, true, Code::endpoint_refused},
      {429, Fault::busy, false, Code::endpoint_failed},
      {500, Fault::server, true, Code::endpoint_failed},
      {503, Fault::server, false, Code::endpoint_failed},
  };
  for (const Case& with : cases) {
    const AttemptFailure failure = failure_of({.status = with.status, .error = "cut off"}, "model:80");
    EXPECT_EQ(failure.fault, with.fault) << with.status;
    EXPECT_EQ(failure.divides, with.divides) << with.status;
    EXPECT_EQ(failure.error.code, with.code) << with.status;
    EXPECT_EQ(failure.error.place, "model:80");
  }
}

TEST(Status, message_has_the_first_words_of_the_answer_on_one_line) {
  const auto message = [](std::string body) {
    return failure_of({.status = 400, .body = std::move(body)}, "").error.message;
  };
  EXPECT_EQ(message(""), "status 400");
  EXPECT_EQ(message("{\n  \"error\": \"no such input\"\n}"), "status 400: { \"error\": \"no such input\" }");
  EXPECT_EQ(message(std::string(1000, 'x')), "status 400: " + std::string(200, 'x'));
  EXPECT_EQ(message(fmt::format("{:x>199}\xc3\xb6y", "")), "status 400: " + std::string(199, 'x'));
}

TEST(Status, pause_that_the_endpoint_asks_for_is_passed_on) {
  EXPECT_EQ(failure_of({.status = 429, .retry_after = std::chrono::seconds(3)}, "").pause,
            std::chrono::seconds(3));
}

}  // namespace
}  // namespace leat
