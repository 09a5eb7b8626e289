// Sums per key in ten seconds of event time, 10,000 keys.
#include "windows/hand.hpp"
#include "windows/leat.hpp"
#include "windows/program.hpp"

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

}  // namespace
}  // namespace leat::bench::windows

int main(int argc, char** argv) {
  using namespace leat::bench::windows;
  return run_program({"keysum", "Sums of 10,000 keys in windows of ten seconds; every result row checked.",
                      20'000'000, run, pipelines},
                     argc, argv);
}
