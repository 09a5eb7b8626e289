#include "batch/base64.hpp"

#include <gtest/gtest.h>

namespace leat {
namespace {

TEST(Base64, the_examples_of_rfc_4648) {
  const std::pair<std::string_view, const char*> cases[] = {
      {"", ""},
      {"f", "Zg=="},
      {"fo", "Zm8="},
      {"foo", "Zm9v"},
      {"foob", "Zm9vYg=="},
      {"fooba", "Zm9vYmE="},
      {"foobar", "Zm9vYmFy"},
      {"\xff\xfe\xfb", "//77"},
  };
  for (const auto& [bytes, text] : cases) {
    std::string out;
    write_base64(bytes, out);
    EXPECT_EQ(out, text);
    EXPECT_EQ(from_base64(text), bytes);
  }
}

TEST(Base64, near_misses_are_refused) {
  for (const char* text : {"Zg=", "Zg", "Z", "====", "Z===", "Zg==Zg==", "Zm 9", "Zm9-", "=Zm9", "Zm=v"})
    EXPECT_EQ(from_base64(text), std::nullopt) << text;
}

}  // namespace
}  // namespace leat
