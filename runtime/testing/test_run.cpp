// One test, step by step.
#include <fmt/format.h>

#include <algorithm>

#include "testing/bench.hpp"
#include "testing/topology_test.hpp"

namespace leat {
namespace {

// Event time of what is fed in the middle of a topology, where no source's rule reads it.
class EventTimes {
 public:
  EventTimes(const Topology& topology, const FeedPoint& feed) {
    if (feed.kind == FeedPoint::Kind::output && topology.actors[feed.actor].event_time)
      return;  // the engine's
    rule_ = event_time_before(topology, feed.actor);
  }

  /// The watermark behind these rows.
  Time after(const Batch& rows) {
    if (!rule_ || rows.empty()) return kTimeMin;
    const auto index = rows.schema()->index_of(rule_->field);
    if (!index || (*rows.schema())[*index].type != Type::timestamp) return kTimeMin;
    const Column& times = rows.column(*index);
    for (std::uint32_t row = 0; row < rows.row_count(); ++row)
      if (!times.is_null(row)) latest_ = std::max(latest_, Time(Duration(times.int64(row))));
    return latest_ == kTimeMin ? kTimeMin : latest_ - rule_->disorder - Duration(1);
  }

 private:
  std::optional<EventTimeSpec> rule_;
  Time latest_ = kTimeMin;
};

std::string plural(std::uint64_t count, std::string_view word) {
  return fmt::format("{} {}{}", count, word, count == 1 ? "" : "s");
}

class TestRun {
 public:
  TestRun(const Topology& topology, const TopologyTest& test)
      : topology_(topology),
        test_(test),
        excerpt_(make_excerpt(topology, test.plan)),
        watched_(test.plan.captures.size()) {
    result_.name = test.name;
    result_.place = test.place;
    for (const FeedPoint& feed : test.plan.feeds) times_.emplace_back(topology, feed);
  }

  TestResult run() {
    if (needs_missing_file()) return std::move(result_);
    Bench bench(excerpt_.topology, test_.start);
    bench_ = &bench;
    bool going = proceed(test_.place, bench.settle());
    for (std::size_t at = 0; going && at < test_.steps.size(); ++at)
      going = std::visit([&](const auto& what) { return step(test_.steps[at].place, what); },
                         test_.steps[at].what);
    if (going) check_leftovers();
    result_.log = bench.log();
    return std::move(result_);
  }

 private:
  void failure(const Place& place, std::string message, std::vector<std::string> diff = {}) {
    result_.failures.push_back({place, std::move(message), std::move(diff)});
  }

  // An actor that would open a file that is not there.
  bool needs_missing_file() {
    for (const std::size_t actor : excerpt_.kept)
      for (const Diagnostic& missing : topology_.actors[actor].missing)
        failure(test_.place,
                fmt::format("`{}` runs in this test and can't: {}; replace it with `emit: {}`",
                            topology_.actors[actor].name, missing.message, topology_.actors[actor].name));
    return !result_.passed();
  }

  bool proceed(const Place& place, const Status& status) {
    if (status) return true;
    failure(place, status.error().text());
    return false;
  }

  void put(std::size_t feed, FeedQueue::Item item) {
    FeedQueue& queue = *excerpt_.feeds[feed];
    queue.ended |= item.end;
    queue.items.push_back(std::move(item));
  }

  bool step(const Place& place, const test_step::Send& send) {
    if (excerpt_.feeds[send.feed]->ended) {
      failure(place, "its stream has ended already");
      return false;
    }
    put(send.feed, {send.port, send.rows.batch, times_[send.feed].after(send.rows.batch), false});
    return proceed(place, bench_->settle());
  }

  bool step(const Place& place, const test_step::Advance& advance) {
    return proceed(place, bench_->advance_to(bench_->now() + advance.duration));
  }

  bool step(const Place& place, const test_step::Watermark& watermark) {
    for (const auto& [feed, time] : watermark.feeds)
      if (!excerpt_.feeds[feed]->ended) put(feed, {0, Batch(), time, false});
    return proceed(place, bench_->settle());
  }

  bool step(const Place& place, const test_step::End& end) {
    if (end.feeds.empty()) {
      for (const auto& feed : excerpt_.feeds) feed->ended = true;
      return proceed(place, bench_->drain());
    }
    for (const std::size_t feed : end.feeds)
      if (!excerpt_.feeds[feed]->ended) put(feed, {0, Batch(), kTimeMin, true});
    return proceed(place, bench_->settle());
  }

  bool step(const Place& place, const test_step::Expect& expect) {
    watched_[expect.capture] = place;
    const Batch came = excerpt_.captures[expect.capture]->take();
    if (expect.count) {
      if (came.row_count() != *expect.count)
        failure(place,
                fmt::format("{}: {} expected, {} came", port_name(expect.capture),
                            plural(*expect.count, "row"), came.row_count()),
                surplus(came));
      return true;
    }
    RowDiff diff = compare_rows(*expect.rows, came, expect.rule);
    if (!diff.equal)
      failure(place,
              fmt::format("{}: {} expected, {} came", port_name(expect.capture),
                          plural(expect.rows->size(), "row"), came.row_count()),
              std::move(diff.lines));
    return true;
  }

  // Rows behind the last expectation would otherwise go unseen.
  void check_leftovers() {
    for (std::size_t at = 0; at < watched_.size(); ++at) {
      const Batch came = excerpt_.captures[at]->take();
      if (came.empty()) continue;
      failure(watched_[at],
              fmt::format("{}: {} more came after this, the last expectation of it", port_name(at),
                          plural(came.row_count(), "row")),
              surplus(came));
    }
  }

  static std::vector<std::string> surplus(const Batch& came) {
    std::vector<std::string> lines;
    for (std::uint32_t row = 0; row < came.row_count(); ++row) lines.push_back("+ " + row_text(came, row));
    return lines;
  }

  std::string port_name(std::size_t capture) const {
    const OutputPoint& point = test_.plan.captures[capture];
    const ActorSpec& actor = topology_.actors[point.actor];
    return fmt::format("`{}.{}`", actor.name, actor.outputs[point.port].name);
  }

  const Topology& topology_;
  const TopologyTest& test_;
  Excerpt excerpt_;
  std::vector<EventTimes> times_;
  std::vector<Place> watched_;  // by capture: where it was last looked at
  Bench* bench_ = nullptr;
  TestResult result_;
};

}  // namespace

TestResult run_test(const Topology& topology, const TopologyTest& test) {
  return TestRun(topology, test).run();
}

}  // namespace leat
