#include <fmt/format.h>
#include <gmock/gmock.h>

#include <leat/codec.hpp>
#include <leat/testing.hpp>

#include "persist/kv_store.hpp"
#include "support/tiny_disk.hpp"

namespace leat {
namespace {

using ::testing::HasSubstr;

const std::string kSchema = "{ id: 'string?', n: int64 }";

/// An actor over a store in a folder of its own.
class PersistKv : public ::testing::Test {
 protected:
  std::unique_ptr<ActorHarness> actor(const std::string& more = {},
                                      const std::string& schema = kSchema) const {
    auto actor = std::make_unique<ActorHarness>(
        "persist.kv", fmt::format("{{ path: {}, key: id{} }}", path_, more), schema);
    EXPECT_EQ(actor->problems(), "");
    return actor;
  }
  /// What the store holds: "KEY=JSON" lines in key order.
  std::string stored() const {
    const auto store = KvStore::open({.path = path_, .read_only = true});
    if (!store) return store.error().text();
    std::string lines;
    EXPECT_TRUE((*store)->scan([&](KvStore::Entry entry) {
      lines += fmt::format("{}={}\n", entry.key, *msgpack_to_json(entry.value));
      return true;
    }));
    return lines;
  }

  testing::TempFolder folder_;
  std::string path_ = folder_.path("store");
};

TEST_F(PersistKv, stores_rows_under_their_keys_and_says_what_changed) {
  const auto store = actor();
  ASSERT_TRUE(store->feed(R"({"id":"b","n":1}
{"id":"a","n":2})"));
  EXPECT_EQ(store->take("changes"), R"({"id":"b","n":1,"change":"inserted"}
{"id":"a","n":2,"change":"inserted"}
)");
  ASSERT_TRUE(store->feed(R"({"id":"b","n":3})"));
  EXPECT_EQ(store->take("changes"), R"({"id":"b","n":3,"change":"updated"}
)");
  EXPECT_EQ(stored(), R"(a={"id":"a","n":2}
b={"id":"b","n":3}
)");
}

TEST_F(PersistKv, unchanged_rows_are_counted_and_not_sent) {
  const auto store = actor();
  ASSERT_TRUE(store->feed(R"({"id":"a","n":1}
{"id":"b","n":1})"));
  store->take("changes");
  ASSERT_TRUE(store->feed(R"({"id":"a","n":1}
{"id":"b","n":2})"));
  EXPECT_EQ(store->take("changes"), "{\"id\":\"b\",\"n\":2,\"change\":\"updated\"}\n");
  EXPECT_EQ(store->dropped("unchanged"), 1u);
}

TEST_F(PersistKv, unchanged_rows_can_be_sent_too) {
  const auto store = actor(", unchanged: send");
  ASSERT_TRUE(store->feed(R"({"id":"a","n":1}
{"id":"a","n":1})"));
  EXPECT_EQ(store->take("changes"), R"({"id":"a","n":1,"change":"inserted"}
{"id":"a","n":1,"change":"unchanged"}
)");
  EXPECT_EQ(store->dropped("unchanged"), 0u);
}

TEST_F(PersistKv, rows_of_one_key_in_one_batch_count_in_their_order) {
  const auto store = actor();
  ASSERT_TRUE(store->feed(R"({"id":"a","n":1}
{"id":"a","n":1}
{"id":"a","n":2}
{"id":"b","n":9}
{"id":"a","n":1})"));
  EXPECT_EQ(store->take("changes"), R"({"id":"a","n":1,"change":"inserted"}
{"id":"a","n":2,"change":"updated"}
{"id":"b","n":9,"change":"inserted"}
{"id":"a","n":1,"change":"updated"}
)");
  EXPECT_EQ(store->dropped("unchanged"), 1u);
  EXPECT_EQ(stored(), "a={\"id\":\"a\",\"n\":1}\nb={\"id\":\"b\",\"n\":9}\n");
}

TEST_F(PersistKv, the_greatest_version_of_a_key_wins_in_whichever_order_rows_come) {
  const auto store = actor(", version: n");
  ASSERT_TRUE(store->feed(R"({"id":"a","n":5}
{"id":"a","n":4}
{"id":"b","n":1})"));
  ASSERT_TRUE(store->feed(R"({"id":"a","n":3}
{"id":"a","n":5}
{"id":"b","n":2})"));
  EXPECT_EQ(store->take("changes"), R"({"id":"a","n":5,"change":"inserted"}
{"id":"b","n":1,"change":"inserted"}
{"id":"b","n":2,"change":"updated"}
)");
  EXPECT_EQ(store->dropped("older"), 2u);
  EXPECT_EQ(store->dropped("unchanged"), 1u);
  EXPECT_EQ(stored(), "a={\"id\":\"a\",\"n\":5}\nb={\"id\":\"b\",\"n\":2}\n");
}

TEST_F(PersistKv, an_equal_version_overwrites_and_a_version_can_be_a_time) {
  const std::string schema = "{ id: string, at: 'timestamp?', text: string }";
  const auto store = actor(", version: at", schema);
  const auto row = [](const char* at, const char* text) {
    return fmt::format(R"({{"id":"a","at":{},"text":"{}"}})", at, text);
  };
  ASSERT_TRUE(store->feed(row("\"2026-01-01T00:00:01Z\"", "first")));
  ASSERT_TRUE(store->feed(row("\"2026-01-01T00:00:01Z\"", "second")));
  ASSERT_TRUE(store->feed(row("\"2026-01-01T00:00:00.999999Z\"", "late")));
  EXPECT_EQ(store->dropped("older"), 1u);
  EXPECT_THAT(stored(), HasSubstr("second"));
  ASSERT_TRUE(store->feed(row("null", "none")));
  EXPECT_THAT(store->take("errors"), HasSubstr("the version `at` is null"));
}

TEST_F(PersistKv, what_was_stored_without_a_version_is_older_than_any) {
  ASSERT_TRUE(actor("", "{ id: string, x: string }")->feed(R"({"id":"a","x":"old"})"));
  const auto store = actor(", version: n");
  ASSERT_TRUE(store->feed(R"({"id":"a","n":-1})"));
  EXPECT_EQ(stored(), "a={\"id\":\"a\",\"n\":-1}\n");
}

TEST_F(PersistKv, a_version_must_be_a_field_that_has_an_order) {
  const std::pair<const char*, const char*> cases[] = {{", version: m", "no field named `m`"},
                                                       {", version: id", "a version cannot be string"}};
  for (const auto& [more, says] : cases) {
    const ActorHarness store("persist.kv", fmt::format("{{ path: {}, key: id{} }}", path_, more), kSchema);
    EXPECT_THAT(store.problems(), HasSubstr(says)) << more;
  }
}

TEST_F(PersistKv, after_a_crash_each_change_comes_out_once_and_no_older_version_has_won) {
  ActorHarness store("persist.kv", fmt::format("{{ path: {}, key: id, version: n }}", path_), kSchema,
                     Delivery::exactly_once);
  ASSERT_EQ(store.problems(), "");
  ASSERT_TRUE(store.feed(R"({"id":"a","n":1})"));
  ASSERT_TRUE(store.checkpoint());
  ASSERT_TRUE(store.commit());
  ASSERT_TRUE(store.feed(R"({"id":"a","n":3})"));
  store.take("changes");
  ASSERT_TRUE(store.crash());
  EXPECT_EQ(stored(), "a={\"id\":\"a\",\"n\":1}\n") << "what came after the checkpoint is taken back";
  ASSERT_TRUE(store.feed(R"({"id":"a","n":3}
{"id":"a","n":2})"));
  EXPECT_EQ(store.take("changes"), "{\"id\":\"a\",\"n\":3,\"change\":\"updated\"}\n");
}

TEST_F(PersistKv, rows_without_a_key_go_to_errors) {
  const auto store = actor();
  ASSERT_TRUE(store->feed(R"({"id":null,"n":1}
{"id":"","n":2}
{"id":"a","n":3})"));
  EXPECT_THAT(store->take("errors"), HasSubstr("missing_value"));
  EXPECT_EQ(store->take("changes"), "{\"id\":\"a\",\"n\":3,\"change\":\"inserted\"}\n");
  EXPECT_EQ(stored(), "a={\"id\":\"a\",\"n\":3}\n");
}

TEST_F(PersistKv, a_later_run_knows_what_an_earlier_one_stored) {
  ASSERT_TRUE(actor()->feed(R"({"id":"a","n":1})"));
  const auto store = actor();
  ASSERT_TRUE(store->feed(R"({"id":"a","n":1}
{"id":"a","n":2})"));
  EXPECT_EQ(store->take("changes"), "{\"id\":\"a\",\"n\":2,\"change\":\"updated\"}\n");
}

TEST_F(PersistKv, a_restart_does_not_show) {
  const auto store = actor(", sync: true");
  ASSERT_TRUE(store->feed(R"({"id":"a","n":1})"));
  ASSERT_TRUE(store->restart());
  ASSERT_TRUE(store->feed(R"({"id":"a","n":1})"));
  ASSERT_TRUE(store->end());
  EXPECT_EQ(store->dropped("unchanged"), 1u);
}

TEST_F(PersistKv, keys_of_other_types_are_stored_as_text) {
  const std::string schema = "{ n: int64, t: timestamp, b: bool, id: string }";
  const std::string row = R"({"n":-5,"t":"2026-11-21T04:50:00Z","b":true,"id":"x"})";
  const std::pair<std::string, std::string> cases[] = {
      {"n", "-5="}, {"t", "2026-11-21T04:50:00Z="}, {"b", "true="}, {"id + \"/\" + string(n)", "x/-5="}};
  int number = 0;
  for (const auto& [key, stored_as] : cases) {
    path_ = folder_.path(std::to_string(++number));
    ActorHarness store("persist.kv", fmt::format("{{ path: {}, key: '{}' }}", path_, key), schema);
    ASSERT_EQ(store.problems(), "");
    ASSERT_TRUE(store.feed(row));
    EXPECT_THAT(stored(), ::testing::StartsWith(stored_as)) << key;
  }
}

TEST_F(PersistKv, a_number_with_a_fraction_is_no_key) {
  const ActorHarness store("persist.kv", "{ path: x, key: f }", "{ f: float64 }");
  EXPECT_THAT(store.problems(), HasSubstr("a key cannot be float64"));
}

TEST_F(PersistKv, a_field_named_change_is_refused) {
  const ActorHarness store("persist.kv", "{ path: x, key: id }", "{ id: string, change: string }");
  EXPECT_THAT(store.problems(), HasSubstr("field `change`"));
}

TEST_F(PersistKv, a_store_that_is_open_elsewhere_fails_the_start) {
  const auto other = KvStore::open({.path = path_});
  ASSERT_TRUE(other);
  const auto store = actor();
  const Status fed = store->feed(R"({"id":"a","n":1})");
  ASSERT_FALSE(fed);
  EXPECT_EQ(fed.error().code, Code::storage_failed);
  EXPECT_THAT(fed.error().message, HasSubstr("has this store open"));
}

TEST_F(PersistKv, a_full_disk_fails_the_actor_before_anything_is_announced) {
  const testing::TinyDisk disk("1m");
  if (!disk.why_not().empty()) GTEST_SKIP() << disk.why_not();
  ActorHarness store("persist.kv", fmt::format("{{ path: {}, key: id }}", disk.path("store")),
                     "{ id: string, text: string }");
  Status fed;
  for (int at = 0; fed && at < 1000; ++at) {
    store.take("changes");
    fed = store.feed(fmt::format(R"({{"id":"{}","text":"{}"}})", at, std::string(64 << 10, 'x')));
  }
  ASSERT_FALSE(fed);
  EXPECT_EQ(fed.error().code, Code::storage_full);
  EXPECT_EQ(store.take("changes"), "");
}

}  // namespace
}  // namespace leat
