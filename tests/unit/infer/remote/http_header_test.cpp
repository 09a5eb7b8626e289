#include "infer/remote/http_header.hpp"

#include <gtest/gtest.h>

namespace leat {
namespace {

TEST(HttpHeader, headers_that_would_break_out_of_their_line_are_refused) {
  EXPECT_TRUE(check_header("Authorization", "Bearer a b=="));
  EXPECT_TRUE(check_header("X-Name", "M\xc3\xb6re"));
  for (const char* name :
       {"", "A B", "A:", "A\r\nB", "Host", "content-length", "Transfer-Encoding", "connection"})
    EXPECT_FALSE(check_header(name, "x")) << name;
  for (const char* value : {"a\r\nB: c", "a\nb", "\x01", "\x7f"}) EXPECT_FALSE(check_header("A", value));
}

}  // namespace
}  // namespace leat
