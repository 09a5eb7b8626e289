#include "infer/remote/url.hpp"

#include <gtest/gtest.h>

namespace leat {
namespace {

TEST(Url, says_where_requests_go) {
  struct Case {
    const char* url;
    bool tls;
    const char* host;
    std::uint16_t port;
    const char* path;
    const char* authority;
  };
  const Case cases[] = {
      {"http://model", false, "model", 80, "/", "model"},
      {"http://model/", false, "model", 80, "/", "model"},
      {"https://model/v2", true, "model", 443, "/v2", "model"},
      {"https://model:80/v2", true, "model", 80, "/v2", "model:80"},
      {"http://127.0.0.1:8080/a/b?c=d&e", false, "127.0.0.1", 8080, "/a/b?c=d&e", "127.0.0.1:8080"},
      {"http://model?x=1", false, "model", 80, "/?x=1", "model"},
      {"http://[::1]:99/x", false, "::1", 99, "/x", "[::1]:99"},
      {"http://[::1]", false, "::1", 80, "/", "[::1]"},
  };
  for (const Case& with : cases) {
    const Result<HttpTarget> target = parse_url(with.url);
    ASSERT_TRUE(target) << with.url;
    EXPECT_EQ(target->tls, with.tls) << with.url;
    EXPECT_EQ(target->host, with.host) << with.url;
    EXPECT_EQ(target->port, with.port) << with.url;
    EXPECT_EQ(target->path, with.path) << with.url;
    EXPECT_EQ(target->authority(), with.authority) << with.url;
  }
}

TEST(Url, that_could_not_be_asked_is_refused) {
  for (const char* url :
       {"", "model", "ftp://model", "http:/model", "http://", "http:///x", "http://model:0",
        "http://model:70000", "http://model:8o80", "http://model:/x", "http://u:p@model/", "http://model/a b",
        "http://model/\r\nX: y", "http://model/#top", "http://[::1", "http://[::1]8080",
        "http://m\xc3\xb6"
        "del/"})
    EXPECT_FALSE(parse_url(url)) << url;
}

}  // namespace
}  // namespace leat
