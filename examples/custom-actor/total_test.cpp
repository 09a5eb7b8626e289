#include <dlfcn.h>
#include <gtest/gtest.h>

#include <leat/testing.hpp>

namespace {

using namespace std::chrono_literals;

// The kinds of the plugin, loaded as the launcher loads it.
const leat::Registry& shop() {
  static const leat::Registry registry = [] {
    leat::Registry kinds;
    void* library = ::dlopen(SHOP_PLUGIN, RTLD_NOW);
    if (library == nullptr) throw std::runtime_error(::dlerror());
    reinterpret_cast<void (*)(void*)>(::dlsym(library, "leat_plugin_register"))(&kinds);
    return kinds;
  }();
  return registry;
}

constexpr const char* kOptions = "{ key: card, value: amount, every: 10s, keys: 2 }";
constexpr const char* kInput = "{ card: string, amount: int64 }";

// [test]
TEST(Total, continues_where_it_was_saved) {
  leat::ActorHarness total(shop(), "shop.total", kOptions, kInput);
  ASSERT_EQ(total.problems(), "");
  ASSERT_TRUE(total.feed(R"({"card":"a","amount":3})"));
  ASSERT_TRUE(total.restart());  // save, destroy, create, load
  ASSERT_TRUE(total.feed(R"({"card":"a","amount":4})"));
  EXPECT_EQ(total.take("out"), "");
  ASSERT_TRUE(total.advance(10s));
  EXPECT_EQ(total.take("out"), "{\"key\":\"a\",\"total\":7}\n");
}
// [test]

TEST(Total, sends_totals_at_the_end) {
  leat::ActorHarness total(shop(), "shop.total", kOptions, kInput);
  ASSERT_TRUE(total.feed("{\"card\":\"b\",\"amount\":1}\n{\"card\":\"a\",\"amount\":2}"));
  ASSERT_TRUE(total.end());
  EXPECT_EQ(total.take("out"), "{\"key\":\"a\",\"total\":2}\n{\"key\":\"b\",\"total\":1}\n");
}

TEST(Total, rejects_what_has_no_room) {
  leat::ActorHarness total(shop(), "shop.total", kOptions, kInput);
  ASSERT_TRUE(
      total.feed("{\"card\":\"a\",\"amount\":9223372036854775807}\n{\"card\":\"a\",\"amount\":1}\n"
                 "{\"card\":\"b\",\"amount\":1}\n{\"card\":\"c\",\"amount\":1}"));
  const std::string errors = total.take("errors");
  EXPECT_NE(errors.find("does not fit an int64"), std::string::npos) << errors;
  EXPECT_NE(errors.find("raise `keys`"), std::string::npos) << errors;
  ASSERT_TRUE(total.end());
  EXPECT_EQ(total.take("out"),
            "{\"key\":\"a\",\"total\":9223372036854775807}\n{\"key\":\"b\",\"total\":1}\n");
}

TEST(Total, says_what_is_wrong_with_its_options) {
  leat::ActorHarness total(shop(), "shop.total", "{ key: card, value: amout, evry: 1s }", kInput);
  EXPECT_NE(total.problems().find("did you mean `every`?"), std::string::npos) << total.problems();
}

}  // namespace
