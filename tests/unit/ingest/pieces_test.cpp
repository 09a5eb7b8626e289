// The small machines of ingest: schedules, replays, random columns, paths, UTF-8.

#include <leat/units.hpp>
#include <set>

#include "ingest/input_paths.hpp"
#include "ingest/random_columns.hpp"
#include "ingest/replay.hpp"
#include "ingest/schedule.hpp"
#include "ingest/utf8.hpp"
#include "support/temp_folder.hpp"

namespace leat {
namespace {

using namespace std::chrono_literals;
using testing::TempFolder;

constexpr Time kStart{1'000'000s};

TEST(Schedule, makes_a_row_due_at_its_place_in_time) {
  Schedule schedule(Rate{10});
  schedule.begin(0, kStart);
  EXPECT_EQ(schedule.due_count(kStart - 1us), 0u);
  EXPECT_EQ(schedule.due_count(kStart), 1u);
  EXPECT_EQ(schedule.due_count(kStart + 99'999us), 1u);
  EXPECT_EQ(schedule.due_count(kStart + 100ms), 2u);
  EXPECT_EQ(schedule.due(1), kStart + 100ms);
}

TEST(Schedule, agrees_with_itself_at_odd_rates) {
  for (const double rate : {0.3, 1.0, 3.0, 7.7, 999.0, 1e6, 3e6}) {
    Schedule schedule(Rate{rate});
    schedule.begin(0, kStart);
    for (std::uint64_t row = 1; row < 100'000; row = row * 3 + 1) {
      EXPECT_GE(schedule.due_count(schedule.due(row)), row + 1) << rate;
      EXPECT_LE(schedule.due_count(schedule.due(row) - 1us), row + static_cast<std::uint64_t>(rate / 1e6))
          << rate;
    }
  }
}

TEST(Schedule, catches_up_after_a_pause_but_not_after_a_stop) {
  Schedule running(Rate{10});
  running.begin(0, kStart);
  EXPECT_EQ(running.due_count(kStart + 1h), 36'001u);

  Schedule resumed(Rate{10});
  resumed.begin(5, kStart + 1h, kStart);
  EXPECT_EQ(resumed.due_count(kStart + 1h), 6u);

  Schedule at_once(Rate{10});
  at_once.begin(5, kStart + 450ms, kStart);
  EXPECT_EQ(at_once.due(5), kStart + 500ms);
}

TEST(Schedule, lets_rows_come_together_rather_than_wake_for_each) {
  Schedule schedule(Rate{1e6});
  schedule.begin(0, kStart);
  EXPECT_EQ(schedule.wait(1, kStart), Schedule::kShortestWait);
  EXPECT_EQ(schedule.wait(1'000'000, kStart), 1s);
}

TEST(Schedule, without_a_rate_has_everything_due) {
  Schedule schedule;
  schedule.begin(0, kStart);
  EXPECT_EQ(schedule.due_count(kStart), UINT64_MAX);
}

TEST(Replay, keeps_distances_divided_by_the_speed) {
  Replay replay(10);
  const Time recorded{5s};
  EXPECT_EQ(replay.due(recorded, kStart), kStart);
  EXPECT_EQ(replay.due(recorded + 10s, kStart + 3s), kStart + 1s);
  EXPECT_EQ(replay.due(recorded - 10s, kStart + 3s), kStart - 1s);
  EXPECT_GT(replay.due(kTimeMax, kStart), kStart + 24h * 365);
}

TEST(Replay, does_not_make_up_for_the_time_it_was_stopped) {
  Replay replay(1);
  replay.resume(Time{5s}, kStart);
  EXPECT_EQ(replay.due(Time{7s}, kStart + 1h), kStart + 1h);
  EXPECT_EQ(replay.due(Time{9s}, kStart + 1h), kStart + 1h + 2s);

  Replay at_once(1);
  at_once.resume(Time{5s}, kStart);
  EXPECT_EQ(at_once.due(Time{7s}, kStart + 1s), kStart + 2s);
}

TEST(RandomColumns, depend_on_seed_row_and_column_only) {
  RandomColumns all(7, generated_schema());
  for (std::uint64_t seq = 0; seq < 1000; ++seq) all.add(seq, kStart);
  const Batch batch = all.finish();

  RandomColumns some(7, Schema::make({{"k3", Type::int64}, {"r2", Type::float64}}));
  some.add(900, kStart);
  const Batch row = some.finish();
  EXPECT_EQ(row.column(0).int64(0), batch.column("k3")->int64(900));
  EXPECT_EQ(row.column(1).float64(0), batch.column("r2")->float64(900));

  RandomColumns other(8, generated_schema());
  other.add(900, kStart);
  EXPECT_NE(other.finish().column("k3")->int64(0), batch.column("k3")->int64(900));
}

TEST(RandomColumns, are_uniform) {
  RandomColumns columns(1, generated_schema());
  constexpr std::uint32_t kRows = 100'000;
  for (std::uint64_t seq = 0; seq < kRows; ++seq) columns.add(seq, kStart);
  const Batch batch = columns.finish();
  for (const char* name : {"r1", "r2", "r3", "r4"}) {
    std::array<int, 10> tenths{};
    for (const double value : batch.column(name)->float64s()) {
      ASSERT_GE(value, 0.0);
      ASSERT_LT(value, 1.0);
      ++tenths[static_cast<std::size_t>(value * 10)];
    }
    for (const int count : tenths) EXPECT_NEAR(count, kRows / 10, 500) << name;
  }
  for (const char* name : {"k1", "k2", "k3", "k4"}) {
    double sum = 0;
    std::set<std::int64_t> distinct;
    for (const std::int64_t value : batch.column(name)->int64s()) {
      ASSERT_GE(value, 0);
      ASSERT_LT(value, std::int64_t{1} << 31);
      sum += static_cast<double>(value);
      distinct.insert(value);
    }
    EXPECT_NEAR(sum / kRows / (1u << 30), 1.0, 0.01) << name;
    EXPECT_GT(distinct.size(), kRows - 20) << name;
  }
}

TEST(InputPaths, are_expanded_in_order_and_once) {
  const TempFolder folder;
  for (const char* name : {"b.csv", "a.csv", "c.txt", "x[1].csv"}) folder.write(name, "");
  const auto at = [&](const char* name) { return folder.path(name); };
  EXPECT_EQ(expand_paths({at("c.txt"), at("[ab].csv")}),
            (std::vector{at("c.txt"), at("a.csv"), at("b.csv")}));
  EXPECT_EQ(expand_paths({at("a.csv"), at("a*")}), std::vector{at("a.csv")});
  EXPECT_EQ(expand_paths({at("none"), at("none*")}), std::vector{at("none")});
  EXPECT_EQ(expand_paths({at("x[1].csv")}), std::vector{at("x[1].csv")});
  EXPECT_EQ(folder_of("/a/b"), "/a");
  EXPECT_EQ(folder_of("/a"), "/");
}

TEST(Utf8, is_told_from_what_only_looks_like_it) {
  for (const std::string good : {"", "abc", "a long plain line", "\xC3\xA4", "12345678\xE2\x82\xAC",
                                 "\xF0\x9F\x98\x80", "\xED\x9F\xBF", "\xF4\x8F\xBF\xBF"})
    EXPECT_TRUE(is_utf8(good)) << good;
  for (const std::string bad :
       {"\x80", "a\xC3", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF",
        "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "12345678\xE2\x82", "\xC3("})
    EXPECT_FALSE(is_utf8(bad)) << bad;
}

}  // namespace
}  // namespace leat
