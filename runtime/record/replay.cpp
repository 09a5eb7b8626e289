#include "record/replay.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "engine/watermarks.hpp"
#include "testing/bench.hpp"

namespace leat {
namespace {

// With a speed, the clock moves at most so far at once: timers between two entries fire near their time.
constexpr Duration kPaceStep = std::chrono::milliseconds(20);

std::optional<OutputPoint> find_port(const Topology& topology, const RecordedPort& port) {
  for (std::size_t actor = 0; actor < topology.actors.size(); ++actor) {
    if (topology.actors[actor].name != port.actor) continue;
    const auto& outputs = topology.actors[actor].outputs;
    for (std::size_t at = 0; at < outputs.size(); ++at)
      if (outputs[at].name == port.port) return OutputPoint{actor, static_cast<std::uint8_t>(at)};
  }
  return std::nullopt;
}

// Whether rows of `from` can reach `to` over at least one link.
bool leads_to(const Topology& topology, std::size_t from, std::size_t to) {
  std::vector<std::size_t> queue{from};
  for (std::size_t at = 0; at < queue.size(); ++at)
    for (const LinkSpec& link : topology.links) {
      if (link.from != queue[at]) continue;
      if (link.to == to) return true;
      if (std::ranges::find(queue, link.to) == queue.end()) queue.push_back(link.to);
    }
  return false;
}

// The recording as the feeds of an excerpt see it: one stream per actor, however many instances it had.
class Player {
 public:
  Player(const RecordingHeader& header, const Excerpt& excerpt,
         const std::vector<std::optional<std::pair<std::size_t, std::uint8_t>>>& feed_of)
      : excerpt_(excerpt), feed_of_(feed_of), open_ports_(excerpt.feeds.size(), 0) {
    for (std::size_t port = 0; port < header.ports.size(); ++port) {
      streams_.emplace_back(header.ports[port].instances);
      if (feed_of[port]) ++open_ports_[feed_of[port]->first];
    }
  }

  void play(RecordedEntry entry) {
    const auto& feed = feed_of_[entry.port];
    WatermarkMerger& stream = streams_[entry.port];
    const bool ended_before = stream.all_ended();
    if (entry.end)
      stream.end(entry.instance);
    else if (entry.watermark > kTimeMin)
      stream.update(entry.instance, entry.watermark, false);
    const bool ends = !ended_before && stream.all_ended() && --open_ports_[feed->first] == 0;
    const Time watermark = stream.all_ended() ? kTimeMin : stream.watermark();
    excerpt_.feeds[feed->first]->items.push_back({feed->second, std::move(entry.rows), watermark, ends});
  }

 private:
  const Excerpt& excerpt_;
  const std::vector<std::optional<std::pair<std::size_t, std::uint8_t>>>& feed_of_;
  std::vector<WatermarkMerger> streams_;  // by recorded port
  std::vector<int> open_ports_;           // by feed
};

}  // namespace

bool ReplaySummary::drifted() const {
  return std::ranges::any_of(drifts, &PortDrift::drifted);
}

Status Replay::add_feeds(ExcerptPlan& plan) {
  const auto& ports = recording_.header().ports;
  feed_of_.resize(ports.size());
  std::vector<std::optional<OutputPoint>> points;
  points.reserve(ports.size());
  for (const RecordedPort& port : ports) points.push_back(find_port(topology_, port));
  for (std::size_t at = 0; at < ports.size(); ++at) {
    if (!points[at]) continue;
    const std::size_t actor = points[at]->actor;
    const bool first = std::ranges::none_of(
        points, [&](const auto& other) { return other && leads_to(topology_, other->actor, actor); });
    if (!first) continue;
    const SchemaPtr& schema = topology_.actors[actor].outputs[points[at]->port].schema;
    if (!schema->same_fields(*ports[at].schema))
      return fail(Code::schema_mismatch,
                  fmt::format("`{}` was recorded with {} and now has {}", ports[at].name(),
                              ports[at].schema->text(), schema->text()),
                  topology_.file);
    const FeedPoint feed{FeedPoint::Kind::output, actor, 0};
    const auto found = std::ranges::find(plan.feeds, feed);
    feed_of_[at] = {static_cast<std::size_t>(found - plan.feeds.begin()), points[at]->port};
    if (found == plan.feeds.end()) plan.feeds.push_back(feed);
    summary_.fed.push_back(ports[at].name());
  }
  if (!plan.feeds.empty()) return {};
  std::string names;
  for (const RecordedPort& port : ports) names += (names.empty() ? "" : ", ") + port.name();
  return fail(Code::unknown_port, fmt::format("none of the recorded ports ({}) is in this topology", names),
              topology_.file);
}

Status Replay::add_captures(ExcerptPlan& plan) {
  const auto& ports = compare_->header().ports;
  comparison_of_.resize(ports.size());
  std::string names;
  for (std::size_t at = 0; at < ports.size(); ++at) {
    names += (names.empty() ? "" : ", ") + ports[at].name();
    const auto point = find_port(topology_, ports[at]);
    if (!point || std::ranges::find(plan.feeds, FeedPoint{FeedPoint::Kind::output, point->actor, 0}) !=
                      plan.feeds.end())
      continue;
    comparison_of_[at] = comparisons_.size();
    comparisons_.emplace_back(ports[at].name(), *ports[at].schema,
                              *topology_.actors[point->actor].outputs[point->port].schema, options_.ignored);
    plan.captures.push_back(*point);
  }
  if (!comparisons_.empty()) return {};
  return fail(Code::unknown_port,
              fmt::format("nothing to compare: of its ports ({}), none is behind what is fed ({})", names,
                          fmt::join(summary_.fed, ", ")),
              topology_.file);
}

void Replay::run_all_behind(ExcerptPlan& plan) const {
  for (std::size_t actor = 0; actor < topology_.actors.size(); ++actor)
    if (std::ranges::any_of(plan.feeds,
                            [&](const FeedPoint& feed) { return leads_to(topology_, feed.actor, actor); }))
      plan.run.push_back(actor);
}

Result<ExcerptPlan> Replay::plan() {
  ExcerptPlan plan;
  LEAT_TRY(add_feeds(plan));
  if (compare_ != nullptr)
    LEAT_TRY(add_captures(plan));
  else
    run_all_behind(plan);
  return plan;
}

Result<ReplaySummary> Replay::run() {
  LEAT_TRY_ASSIGN(ExcerptPlan planned, plan());
  const Excerpt excerpt = make_excerpt(topology_, std::move(planned));
  for (const std::size_t actor : excerpt.kept)
    for (const Diagnostic& missing : topology_.actors[actor].missing)
      return fail(missing.code, fmt::format("`{}` runs in this replay and can't: {}",
                                            topology_.actors[actor].name, missing.message));

  const Time started = recording_.header().started;
  if (started < Bench::kBegin || started > Bench::kEnd)
    return fail(Code::malformed_frame, "the recording begins at a time that no clock shows");
  Bench bench(excerpt.topology, started);
  LEAT_TRY(bench.settle());
  Player player(recording_.header(), excerpt, feed_of_);
  std::optional<RecordedEntry> outcome;  // of the comparison: read, and not yet due
  const auto compare_until = [&](Time time) {
    for (std::size_t at = 0; at < comparisons_.size(); ++at)
      if (const Batch came = excerpt.captures[at]->take(); !came.empty()) comparisons_[at].came(came);
    while (compare_ != nullptr && (outcome || (outcome = compare_->next())) && outcome->time <= time) {
      if (const auto at = comparison_of_[outcome->port]) comparisons_[*at].recorded(outcome->rows);
      outcome.reset();
    }
  };

  std::optional<Time> first;
  const Instant wall_begin = system_clock().steady();
  const auto advance = [&](Time to) -> Status {
    if (options_.speed > 0)
      while (bench.now() < to) {
        const Time next = std::min(to, bench.now() + kPaceStep);
        const std::chrono::duration<double, std::micro> since = (next - *first) / options_.speed;
        options_.sleep_until(wall_begin + std::chrono::duration_cast<std::chrono::nanoseconds>(since));
        LEAT_TRY(bench.advance_to(next));
      }
    return to > bench.now() ? bench.advance_to(to) : Status();
  };
  while (std::optional<RecordedEntry> entry = recording_.next()) {
    if (!feed_of_[entry->port]) continue;
    if (!first) {
      first = entry->time;
      if (entry->time > bench.now()) LEAT_TRY(bench.advance_to(entry->time));
    }
    LEAT_TRY(advance(entry->time));
    ++summary_.entries;
    summary_.rows += entry->rows.row_count();
    player.play(*std::move(entry));
    LEAT_TRY(bench.settle());
    compare_until(bench.now());
  }
  if (first) summary_.recorded = bench.now() - *first;
  LEAT_TRY(bench.drain());
  compare_until(kTimeMax);

  for (const RowComparison& comparison : comparisons_)
    summary_.drifts.push_back(comparison.finish(options_.lines_max));
  const auto warn = [&](const RecordingReader& reader, std::string_view which) {
    if (!reader.broken().empty())
      summary_.warnings.push_back(fmt::format("{} is incomplete: {}", which, reader.broken()));
    if (reader.rows_lost() != 0)
      summary_.warnings.push_back(
          fmt::format("{} lacks {} rows that could not be written in time", which, reader.rows_lost()));
  };
  warn(recording_, "the recording");
  if (compare_ != nullptr) warn(*compare_, "the recording it is compared with");
  for (const std::string& line : bench.log()) summary_.warnings.push_back(line);
  return std::move(summary_);
}

}  // namespace leat
