#include <fmt/format.h>
#include <gmock/gmock.h>

#include <leat/codec.hpp>
#include <leat/testing.hpp>

#include "persist/dead_letter_store.hpp"
#include "support/tiny_disk.hpp"

namespace leat {
namespace {

using std::chrono_literals::operator""s;
using std::chrono_literals::operator""h;
using ::testing::HasSubstr;

const ActorHarness::Inputs kInputs{{"in",
                                    "{ actor: string, code: string, message: string, place: 'string?', "
                                    "attempt: int64, time: timestamp, record: any }"},
                                   {"order", "{ id: int64, sku: string }"}};

std::string failure(const std::string& record, const std::string& message = "no sku",
                    const std::string& actor = "priced") {
  return fmt::format(
      R"({{"actor":"{}","code":"missing_value","message":"{}","attempt":1,"time":"2026-01-02T03:04:05Z","record":{}}})"
      "\n",
      actor, message, record);
}

/// An actor over a store in a folder of its own, and the store as `leat dlq` sees it.
class PersistDeadLetter : public ::testing::Test {
 protected:
  std::unique_ptr<ActorHarness> actor(const std::string& more = "redrive: { priced: order }") const {
    auto actor = std::make_unique<ActorHarness>("persist.deadletter",
                                                fmt::format("{{ path: {}, {} }}", path_, more), kInputs);
    EXPECT_EQ(actor->problems(), "");
    return actor;
  }
  DeadLetterStore store() const {
    auto store = DeadLetterStore::open(path_, DeadLetterStore::Access::write);
    EXPECT_TRUE(store) << store.error().text();
    return *std::move(store);
  }
  /// "ID STATE ATTEMPT MESSAGE RECORD" lines.
  std::string letters() const {
    std::string lines;
    EXPECT_TRUE(store().visit({}, 1000, [&](const DeadLetter& letter) {
      lines += fmt::format("{} {} {} {} {}\n", letter.id, to_text(letter.state), letter.attempt,
                           letter.message, *msgpack_to_json(letter.record));
    }));
    return lines;
  }
  void ask(std::vector<std::int64_t> ids) const {
    const auto asked = store().ask({.ids = std::move(ids)});
    EXPECT_TRUE(asked && *asked > 0);
  }

  testing::TempFolder folder_;
  std::string path_ = folder_.path("var/dead.letters");
};

TEST_F(PersistDeadLetter, keeps_every_failure_as_a_letter_of_its_own) {
  const auto dead = actor();
  ASSERT_TRUE(dead->feed(failure(R"({"id":1,"sku":"a"})") + failure(R"({"id":1,"sku":"a"})") +
                         failure("\"{broken\"")));
  EXPECT_EQ(letters(),
            "1 waiting 1 no sku {\"id\":1,\"sku\":\"a\"}\n2 waiting 1 no sku {\"id\":1,\"sku\":\"a\"}\n"
            "3 waiting 1 no sku \"{broken\"\n");
  EXPECT_EQ(dead->take("priced"), "");
}

TEST_F(PersistDeadLetter, sends_back_what_was_asked_for_once) {
  const auto dead = actor();
  ASSERT_TRUE(dead->feed(failure(R"({"id":1,"sku":"a"})") + failure(R"({"id":2,"sku":"b"})") +
                         failure(R"({"id":3,"sku":"c"})") + failure(R"({"id":4,"sku":"d"})", "x", "scored")));
  ask({1, 3, 4});
  EXPECT_EQ(dead->take("priced"), "");
  ASSERT_TRUE(dead->advance(1s));
  EXPECT_EQ(dead->take("priced"), "{\"id\":1,\"sku\":\"a\"}\n{\"id\":3,\"sku\":\"c\"}\n");
  ASSERT_TRUE(dead->advance(1s));
  EXPECT_EQ(dead->take("priced"), "");
  EXPECT_EQ(letters(),
            "1 redriven 1 no sku {\"id\":1,\"sku\":\"a\"}\n2 waiting 1 no sku {\"id\":2,\"sku\":\"b\"}\n"
            "3 redriven 1 no sku {\"id\":3,\"sku\":\"c\"}\n4 asked 1 x {\"id\":4,\"sku\":\"d\"}\n");
}

TEST_F(PersistDeadLetter, a_record_that_fails_again_is_the_same_letter_with_another_attempt) {
  const auto dead = actor();
  ASSERT_TRUE(dead->feed(failure(R"({"id":1,"sku":"a"})") + failure(R"({"id":1,"sku":"a"})")));
  ask({2});
  ASSERT_TRUE(dead->advance(1s));
  EXPECT_EQ(dead->take("priced"), "{\"id\":1,\"sku\":\"a\"}\n");
  ASSERT_TRUE(dead->feed(failure(R"({"id":1,"sku":"b"})", "another") +
                         failure(R"({"id":1,"sku":"a"})", "again") +
                         failure(R"({"id":1,"sku":"a"})", "third")));
  EXPECT_EQ(letters(),
            "1 waiting 1 no sku {\"id\":1,\"sku\":\"a\"}\n2 waiting 2 again {\"id\":1,\"sku\":\"a\"}\n"
            "3 waiting 1 another {\"id\":1,\"sku\":\"b\"}\n4 waiting 1 third {\"id\":1,\"sku\":\"a\"}\n");
}

TEST_F(PersistDeadLetter, a_record_with_an_id_is_one_letter_however_often_it_comes) {
  const auto dead = actor("redrive: { priced: order }, id: string(record.id)");
  ASSERT_TRUE(dead->feed(failure(R"({"id":1,"sku":"a"})") + failure(R"({"id":1,"sku":"b"})", "newer") +
                         failure(R"({"id":1,"sku":"a"})", "other", "scored") + failure("\"{broken\"") +
                         failure("\"{broken\"")));
  ask({1});
  ASSERT_TRUE(dead->advance(1s));
  EXPECT_EQ(dead->take("priced"), "{\"id\":1,\"sku\":\"b\"}\n");
  ASSERT_TRUE(dead->feed(failure(R"({"id":1,"sku":"c"})", "again")));
  EXPECT_EQ(letters(),
            "1 waiting 2 again {\"id\":1,\"sku\":\"c\"}\n2 waiting 1 other {\"id\":1,\"sku\":\"a\"}\n"
            "3 waiting 1 no sku \"{broken\"\n4 waiting 1 no sku \"{broken\"\n");
}

TEST_F(PersistDeadLetter, what_is_no_row_of_the_actor_waits_on_with_a_note) {
  const auto dead = actor();
  ASSERT_TRUE(dead->feed(failure("\"{broken\"") + failure(R"({"id":"x","sku":"a"})") +
                         failure(R"({"id":3,"sku":"c"})")));
  ask({1, 2, 3});
  ASSERT_TRUE(dead->advance(1s));
  EXPECT_EQ(dead->take("priced"), "{\"id\":3,\"sku\":\"c\"}\n");
  std::string notes;
  ASSERT_TRUE(store().visit({.state = LetterState::waiting}, 10,
                            [&](const DeadLetter& letter) { notes += letter.note.value_or("none") + "\n"; }));
  EXPECT_EQ(notes,
            "can't be redriven: a row is a map, found a string\n"
            "can't be redriven: field `id` is a int64, found a string\n");
}

TEST_F(PersistDeadLetter, takes_no_more_at_once_than_a_batch_holds) {
  const auto dead = actor();
  std::string failures;
  for (int id = 0; id < 10'000; ++id) failures += failure(fmt::format(R"({{"id":{},"sku":"a"}})", id));
  ASSERT_TRUE(dead->feed(failures));
  ASSERT_EQ(*store().ask({}), 10'000u);
  std::uint64_t sent = 0;
  for (int poll = 0; poll < 20; ++poll) {
    ASSERT_TRUE(dead->advance(1s));
    for (const Batch& batch : dead->take_batches("priced")) {
      EXPECT_LE(batch.row_count(), 4096u);
      sent += batch.row_count();
    }
  }
  EXPECT_EQ(sent, 10'000u);
}

TEST_F(PersistDeadLetter, forgets_what_went_back_and_did_not_return) {
  const auto dead = actor("redrive: { priced: order }, keep_redriven: 1h");
  ASSERT_TRUE(dead->feed(failure(R"({"id":1,"sku":"a"})") + failure(R"({"id":2,"sku":"b"})")));
  ask({1});
  ASSERT_TRUE(dead->advance(0s));
  ASSERT_TRUE(dead->advance(1h));
  EXPECT_THAT(letters(), HasSubstr("1 redriven"));
  ASSERT_TRUE(dead->advance(1s));
  EXPECT_EQ(letters(), "2 waiting 1 no sku {\"id\":2,\"sku\":\"b\"}\n");
  ASSERT_TRUE(dead->feed(failure(R"({"id":1,"sku":"a"})", "late")));
  EXPECT_THAT(letters(), HasSubstr("3 waiting 1 late"));
}

TEST_F(PersistDeadLetter, goes_back_to_a_checkpoint_with_everything_that_it_did_since) {
  DeadLetterStore::Mark mark;
  {
    const auto dead = actor();
    ASSERT_TRUE(dead->feed(failure(R"({"id":1,"sku":"a"})") + failure(R"({"id":2,"sku":"b"})") +
                           failure(R"({"id":3,"sku":"c"})") + failure(R"({"id":4,"sku":"d"})")));
    ask({1, 2});
    ASSERT_TRUE(dead->advance(1s));
    mark = *store().mark();  // 1 and 2 are under way
    ask({3, 4});
    ASSERT_TRUE(dead->advance(1s));
    ASSERT_TRUE(dead->feed(failure(R"({"id":1,"sku":"a"})", "again") +
                           failure(R"({"id":3,"sku":"c"})", "again") + failure(R"({"id":5,"sku":"e"})")));
    EXPECT_EQ(letters(),
              "1 waiting 2 again {\"id\":1,\"sku\":\"a\"}\n2 redriven 1 no sku {\"id\":2,\"sku\":\"b\"}\n"
              "3 waiting 2 again {\"id\":3,\"sku\":\"c\"}\n4 redriven 1 no sku {\"id\":4,\"sku\":\"d\"}\n"
              "5 waiting 1 no sku {\"id\":5,\"sku\":\"e\"}\n");
  }
  ASSERT_TRUE(store().go_back(mark));
  EXPECT_EQ(letters(),
            "1 redriven 1 again {\"id\":1,\"sku\":\"a\"}\n2 redriven 1 no sku {\"id\":2,\"sku\":\"b\"}\n"
            "3 asked 1 again {\"id\":3,\"sku\":\"c\"}\n4 asked 1 no sku {\"id\":4,\"sku\":\"d\"}\n");
}

TEST_F(PersistDeadLetter,
       what_was_sent_back_by_an_ingest_log_stays_sent_back_and_is_known_when_it_fails_again) {
  const auto dead = actor("id: string(record.id)");
  ASSERT_TRUE(dead->feed(failure(R"({"id":1})") + failure(R"({"id":2})")));
  const DeadLetterStore::Mark mark = *store().mark();
  ASSERT_TRUE(store().set_redriven(std::vector<std::int64_t>{1, 2}, Time(1s)));
  ASSERT_TRUE(dead->feed(failure(R"({"id":2})", "again")));
  const std::string after = "1 redriven 1 no sku {\"id\":1}\n2 waiting 2 again {\"id\":2}\n";
  EXPECT_EQ(letters(), after);
  ASSERT_TRUE(store().go_back(mark));
  EXPECT_EQ(letters(), "1 redriven 1 no sku {\"id\":1}\n2 redriven 1 again {\"id\":2}\n")
      << "its row comes again";
  ASSERT_TRUE(dead->feed(failure(R"({"id":2})", "again")));
  EXPECT_EQ(letters(), after);
}

TEST_F(PersistDeadLetter, a_restart_does_not_show) {
  const auto dead = actor();
  ASSERT_TRUE(dead->feed(failure(R"({"id":1,"sku":"a"})") + failure(R"({"id":2,"sku":"b"})")));
  ask({1});
  ASSERT_TRUE(dead->advance(1s));
  const std::string before = letters();
  ASSERT_TRUE(dead->restart());
  EXPECT_EQ(letters(), before);
  ASSERT_TRUE(dead->feed(failure(R"({"id":1,"sku":"a"})", "again")));
  EXPECT_THAT(letters(), HasSubstr("1 waiting 2 again"));
}

TEST_F(PersistDeadLetter, a_letter_too_many_is_an_error_and_loses_nothing_of_what_is_there) {
  auto dead = actor("rows_max: 2");
  ASSERT_TRUE(dead->feed(failure("1")));
  const Status full = dead->feed(failure("2") + failure("3"));
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().code, Code::limit_reached);
  EXPECT_THAT(full.error().message, HasSubstr("`leat dlq purge " + path_ + "`, or raise `rows_max` (2)"));
  EXPECT_EQ(letters(), "1 waiting 1 no sku 1\n");
  ASSERT_EQ(*store().purge({.ids = {1}}), 1u);
  dead = actor("rows_max: 2");
  ASSERT_TRUE(dead->feed(failure("2") + failure("3")));
}

TEST_F(PersistDeadLetter, bytes_are_bounded_too_and_room_comes_back) {
  auto dead = actor("bytes_max: 1KiB");
  const std::string large = failure(fmt::format("\"{:x>900}\"", ""));
  ASSERT_TRUE(dead->feed(large));
  EXPECT_THAT(dead->feed(large).error().message, HasSubstr("raise `bytes_max` (1KiB)"));
  ASSERT_EQ(*store().purge({}), 1u);
  dead = actor("bytes_max: 1KiB");
  ASSERT_TRUE(dead->feed(large));
}

TEST_F(PersistDeadLetter, a_full_disk_is_told_and_what_was_stored_is_there) {
  const testing::TinyDisk disk("1m");
  if (!disk.why_not().empty()) GTEST_SKIP() << disk.why_not();
  path_ = disk.path("dead.letters");
  const auto dead = actor();
  const std::string batch = failure(fmt::format("\"{:x>50000}\"", ""));
  std::uint64_t stored = 0;
  Status status;
  while (stored < 100 && (status = dead->feed(batch))) ++stored;
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, Code::storage_full) << status.error().text();
  EXPECT_THAT(status.error().text(), HasSubstr(path_));
  EXPECT_GT(stored, 2u);
  EXPECT_EQ(*store().count({}), stored);
}

TEST_F(PersistDeadLetter, groups_and_filters_letters) {
  const auto dead = actor();
  ASSERT_TRUE(dead->feed(failure("1") + failure("2") + failure("3", "x", "scored")));
  ask({2});
  const auto groups = store().groups({});
  ASSERT_TRUE(groups);
  ASSERT_EQ(groups->size(), 2u);
  EXPECT_EQ((*groups)[0].actor, "priced");
  EXPECT_EQ((*groups)[0].waiting, 1u);
  EXPECT_EQ((*groups)[0].asked, 1u);
  EXPECT_EQ(to_text((*groups)[1].newest), "2026-01-02T03:04:05Z");
  const Time at = (*groups)[0].newest;
  EXPECT_EQ(*store().count({.actor = "priced"}), 2u);
  EXPECT_EQ(*store().count({.actor = "priced'--"}), 0u);
  EXPECT_EQ(*store().count({.code = "missing_value", .state = LetterState::waiting}), 2u);
  EXPECT_EQ(*store().count({.since = at}), 3u);
  EXPECT_EQ(*store().count({.before = at}), 0u);
  EXPECT_EQ(*store().count({.last_id = 2}), 2u);
  EXPECT_EQ(*store().takers(), std::vector<std::string>{"priced"});
  EXPECT_EQ(*store().purge({.actor = "priced", .state = LetterState::waiting}), 1u);
  EXPECT_EQ(*store().count({}), 2u);
}

TEST_F(PersistDeadLetter, refuses_a_file_that_is_something_else) {
  std::filesystem::create_directories(folder_.path("var"));
  folder_.write("var/dead.letters", "these are no letters, but a text that is long enough");
  const ActorHarness::Inputs& inputs = kInputs;
  ActorHarness dead("persist.deadletter", fmt::format("{{ path: {} }}", path_), inputs);
  EXPECT_THAT(dead.feed(failure("1")).error().text(), HasSubstr("no store of dead letters"));
  EXPECT_EQ(DeadLetterStore::open(folder_.path("none"), DeadLetterStore::Access::read).error().code,
            Code::input_missing);
}

TEST(PersistDeadLetterProblems, are_told_at_their_place) {
  ActorHarness wrong("persist.deadletter", "{ path: x }", "{ id: int64 }");
  EXPECT_THAT(wrong.problems(), HasSubstr("only `errors` ports can be read"));
  ActorHarness schema("persist.deadletter", "{ path: x, redrive: { priced: ordre } }", kInputs);
  EXPECT_THAT(schema.problems(), HasSubstr("did you mean `order`?"));
  ActorHarness id("persist.deadletter", "{ path: x, id: attempt }", kInputs);
  EXPECT_THAT(id.problems(), HasSubstr("string"));
}

}  // namespace
}  // namespace leat
