#include "ingest/http_head.hpp"

#include <gmock/gmock.h>

namespace leat {
namespace {

std::string head(const std::string& fields) {
  return "POST / HTTP/1.1\r\n" + fields + "\r\n";
}

TEST(HttpHead, takes_what_clients_send) {
  EXPECT_FALSE(check_http_head(head("")));
  EXPECT_FALSE(check_http_head(head("Host: a\r\nContent-Length: 12\r\nAccept: */*\r\nX-Empty:\r\n")));
  EXPECT_FALSE(check_http_head(head("host:a\r\ntransfer-encoding: Chunked \r\n")));
  EXPECT_FALSE(check_http_head(head("Content-Encoding: identity\r\n")));
  EXPECT_FALSE(check_http_head(head("X: " + std::string(kHttpLineBytesMax - 3, 'x') + "\r\n")));
  std::string many;
  for (std::size_t at = 0; at < kHttpFieldsMax; ++at) many += "X: y\r\n";
  EXPECT_FALSE(check_http_head(head(many)));
}

TEST(HttpHead, refuses_what_servers_are_known_to_read_differently) {
  struct {
    std::string fields;
    unsigned status;
  } const cases[] = {
      {"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", 400},
      {"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", 400},
      {"Content-Length: 3\r\nContent-Length: 3\r\n", 400},
      {"Content-Length: 3, 3\r\n", 400},
      {"Content-Length: +3\r\n", 400},
      {"Content-Length: -3\r\n", 400},
      {"Content-Length: 0x3\r\n", 400},
      {"Content-Length:\r\n", 400},
      {"Content-Length : 3\r\n", 400},
      {"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", 400},
      {"Transfer-Encoding: gzip, chunked\r\n", 501},
      {"Transfer-Encoding: chunked, identity\r\n", 501},
      {"Transfer-Encoding: xchunked\r\n", 501},
      {"Transfer-Encoding:\x0b"
       "chunked\r\n",
       501},
      {"X: a\r\n b\r\n", 400},
      {"X: a\r\n\tb\r\n", 400},
      {" X: a\r\n", 400},
      {"X: a\nY: b\r\n", 400},
      {"X: a\rY: b\r\n", 400},
      {std::string("X: a\0b\r\n", 8), 400},
      {": a\r\n", 400},
      {"no colon\r\n", 400},
      {"Host: a\r\nHost: b\r\n", 400},
      {"Content-Encoding: gzip\r\n", 415},
      {"X: " + std::string(kHttpLineBytesMax, 'x') + "\r\n", 431},
      {std::string(kHttpHeadBytesMax, 'x') + ": a\r\n", 431},
  };
  EXPECT_TRUE(check_http_head("\r\n"));
  EXPECT_TRUE(check_http_head("\r\n" + head("Host: a\r\n"))) << "a parser may pass over it";
  for (const auto& one : cases) {
    const auto problem = check_http_head(head(one.fields));
    ASSERT_TRUE(problem) << one.fields;
    EXPECT_EQ(problem->status, one.status) << one.fields << ": " << problem->message;
    EXPECT_FALSE(problem->message.empty());
  }
}

TEST(HttpHead, refuses_too_many_fields_and_too_long_a_target) {
  std::string many;
  for (std::size_t at = 0; at <= kHttpFieldsMax; ++at) many += "X: y\r\n";
  EXPECT_EQ(check_http_head(head(many))->status, 431u);
  EXPECT_EQ(check_http_head("POST /" + std::string(kHttpLineBytesMax, 'x') + " HTTP/1.1\r\n\r\n")->status,
            414u);
}

}  // namespace
}  // namespace leat
