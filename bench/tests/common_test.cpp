#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <csignal>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "chain/workload.hpp"
#include "common/histogram.hpp"
#include "common/isolate.hpp"
#include "common/options.hpp"
#include "common/result.hpp"
#include "common/shared.hpp"
#include "common/splitmix.hpp"
#include "json/lines.hpp"

namespace leat::bench {
namespace {

TEST(SplitMix64, gives_the_published_sequence) {
  SplitMix64 random(0);
  EXPECT_EQ(random.next(), 0xe220a8397b1dcdafULL);
  EXPECT_EQ(random.next(), 0x6e789e6aa1b965f4ULL);
}

TEST(Histogram, percentiles_are_at_most_one_step_off) {
  for (const std::uint64_t scale : {1ULL, 1000ULL, 1'000'000'007ULL}) {
    Histogram histogram;
    for (std::uint64_t i = 1; i <= 1000; ++i) histogram.add(std::int64_t(i * scale));
    for (const double share : {0.01, 0.5, 0.99, 1.0}) {
      const double exact = share * 1000 * double(scale);
      EXPECT_GE(double(histogram.percentile(share)), exact);
      EXPECT_LE(double(histogram.percentile(share)), exact * 1.033) << share << " of " << scale;
    }
    EXPECT_EQ(histogram.max(), 1000 * scale);
    EXPECT_EQ(histogram.count(), 1000u);
  }
}

TEST(Histogram, holds_the_extremes) {
  Histogram histogram;
  EXPECT_EQ(histogram.percentile(0.5), 0u);
  histogram.add(-5);
  histogram.add(std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(histogram.percentile(0.5), 0u);
  EXPECT_EQ(histogram.percentile(1), std::uint64_t(std::numeric_limits<std::int64_t>::max()));
}

TEST(EdgeCheck, accepts_only_all_records_in_order) {
  const auto complete = [](const std::vector<std::uint64_t>& sequences, std::uint64_t events) {
    chain::EdgeCheck edge;
    for (const std::uint64_t each : sequences) edge.see(each);
    return edge.complete(events);
  };
  EXPECT_TRUE(complete({}, 0));
  EXPECT_TRUE(complete({0}, 1));
  EXPECT_TRUE(complete({0, 1, 2, 3}, 4));
  EXPECT_FALSE(complete({0, 1, 2}, 4)) << "lost at the end";
  EXPECT_FALSE(complete({0, 2, 3}, 4)) << "lost inside";
  EXPECT_FALSE(complete({0, 1, 1, 2, 3}, 4)) << "doubled";
  EXPECT_FALSE(complete({0, 2, 1, 3}, 4)) << "swapped";
  EXPECT_FALSE(complete({0}, 0)) << "from nowhere";
}

TEST(Lines, are_what_their_totals_say) {
  const json::Lines lines = json::make_lines();
  ASSERT_EQ(lines.count(), 65'536u);
  EXPECT_EQ(lines.totals.rows, lines.count());
  const double mean = double(lines.begin.back()) / double(lines.count());
  EXPECT_NEAR(mean, 262, 1);
  EXPECT_TRUE(lines.line(0).starts_with(R"({"event_time": 1700000000000000, "user_id": ")")) << lines.line(0);
  EXPECT_TRUE(lines.line(65'535).ends_with("\"}"));
}

TEST(JsonObject, escapes_and_keeps_order) {
  JsonObject inner;
  inner.add("n", std::uint64_t{3});
  JsonObject outer;
  outer.add("text", "a\"b\\c\n").add("half", 0.5).add("nan", std::nan("")).add("yes", true).add("in", inner);
  EXPECT_EQ(outer.text(),
            R"({"text": "a\"b\\c\u000a", "half": 0.5, "nan": null, "yes": true, "in": {"n": 3}})");
}

TEST(median_run, is_the_slower_of_the_middle) {
  std::vector<RunResult> runs(4);
  for (std::size_t i = 0; i < runs.size(); ++i) {
    runs[i].events = 100 * (4 - i);
    runs[i].secs = 1;
  }
  EXPECT_EQ(median_run(runs).events, 200u);
}

Parsed parse(std::vector<std::string> arguments) {
  std::vector<char*> argv = {const_cast<char*>("chain")};
  for (std::string& each : arguments) argv.push_back(each.data());
  Offer offer{"chain", "", {"loop", "zmq"}};
  offer.events = 7;
  offer.pipeline = true;
  testing::internal::CaptureStderr();
  Parsed parsed = parse_options(offer, int(argv.size()), argv.data());
  testing::internal::GetCapturedStderr();
  return parsed;
}

TEST(Options, read_counts_with_units) {
  EXPECT_EQ(parse({}).options->events, 7u);
  EXPECT_EQ(parse({"--events=2e6"}).options->events, 2'000'000u);
  EXPECT_EQ(parse({"--events=2M"}).options->events, 2'000'000u);
  EXPECT_EQ(parse({"--events=500k"}).options->events, 500'000u);
  EXPECT_EQ(parse({"--batch=auto"}).options->batch, 0u);
  EXPECT_EQ(parse({"--batch=64"}).options->batch, 64u);
  EXPECT_EQ(parse({"--rate=20k", "--secs=2"}).options->events, 40'000u);
}

TEST(Options, refuse_what_makes_no_sense) {
  for (const char* bad : {"--events=0", "--events=2x", "--events=1.5", "--events=-1", "--batch=0",
                          "--batch=many", "--edge=pipe", "--impl=nats", "--relays=33", "--unknown"}) {
    const Parsed parsed = parse({bad});
    EXPECT_FALSE(parsed.options) << bad;
    EXPECT_EQ(parsed.exit_code, 64) << bad;
  }
  EXPECT_FALSE(parse({"--deploy=process", "--edge=inproc"}).options);
  EXPECT_FALSE(parse({"--rate=1k", "--idle-secs=1"}).options);
}

TEST(Options, processes_talk_over_ipc_unless_told) {
  EXPECT_EQ(parse({}).options->edge, "inproc");
  EXPECT_EQ(parse({"--deploy=process"}).options->edge, "ipc");
  EXPECT_EQ(parse({"--deploy=process", "--edge=tcp"}).options->edge, "tcp");
}

TEST(run_isolated, tells_how_it_ended) {
  const Shared<int> value;
  EXPECT_EQ(run_isolated(10, [&] { *value = 5; }), "");
  EXPECT_EQ(*value, 5);
  EXPECT_EQ(run_isolated(10, [] { _exit(3); }), "exit code 3");
  EXPECT_EQ(run_isolated(10, [] { throw std::runtime_error("no"); }), "exit code 70");
  EXPECT_EQ(run_isolated(10, [] { raise(SIGTERM); }), "ended by signal 15");
  EXPECT_EQ(run_isolated(0.05, [] { pause(); }), "no end after 0 s");
}

}  // namespace
}  // namespace leat::bench
