// Sums per key in ten seconds of event time, 10,000 keys.
#include "common/contest.hpp"
#include "windows/hand.hpp"
#include "windows/leat.hpp"

namespace leat::bench::windows {
namespace {

LeatWork make_leat_work(const KeySum& data) {
  BatchBuilder rows(Schema::make({{"key", Type::int64}, {"value", Type::int64}}));
  for (const KeySum::Record& each : data.records) rows.add(each.key, each.value);
  const Batch all = rows.finish();
  LeatWork work;
  work.topology = "keysum";
  work.fields = all.schema()->fields();
  work.fields.push_back({"event_time", Type::timestamp});
  work.columns.assign(all.columns().begin(), all.columns().end());
  work.key = "key";
  work.count = "rows";
  work.sum = "total";
  for (const KeySum::Record& each : data.records)
    work.shard_of.push_back(static_cast<std::uint32_t>(each.key));
  return work;
}

void run(const std::string& impl, const Options& options, RunResult& result) {
  if (impl != "leat") return run_hand<KeySum>(impl, options, result);
  const KeySum data;
  const Totals expected = expected_totals(data, options);
  run_leat(make_leat_work(data), options, expected, result);
}

std::string threads_only(const Options& options) {
  if (options.shards > 1) return "it is one pipeline";
  if (options.rate > 0) return "one loop has no hand-over to time";
  return options.deploy != "thread" || options.edge != "inproc" ? "it has no sockets" : "";
}
std::string one_pipeline(const Options& options) {
  return options.shards > 1 ? "it is one pipeline" : "";
}
std::string has_topology(const Options& options) {
  if (options.shards > 1 && options.deploy != "thread") return "shards are threads";
  if (options.deploy == "thread" && options.edge != "inproc")
    return "between its threads it always uses inproc";
  return {};
}

}  // namespace
}  // namespace leat::bench::windows

int main(int argc, char** argv) {
  using namespace leat::bench;
  const auto contender = [](const char* name, auto refuses) {
    return Contender{
        name, [name](const Options& options, RunResult& result) { windows::run(name, options, result); },
        refuses};
  };
  const std::vector<Contender> contenders = {contender("loop", windows::threads_only),
                                             contender("zmq", windows::one_pipeline),
                                             contender("leat", windows::has_topology)};
  Offer offer{"keysum", "Sums of 10,000 keys in windows of ten seconds; every result row checked."};
  for (const Contender& each : contenders) offer.impls.push_back(each.name);
  offer.events = 20'000'000;
  offer.pipeline = true;
  const Parsed parsed = parse_options(offer, argc, argv);
  if (!parsed.options) return parsed.exit_code;
  return run_contest("keysum", contenders, *parsed.options);
}
