// Yahoo Streaming Benchmark: views per campaign and ten seconds of event time. Filter, project, look up the
// campaign, count in windows.
#include <leat/context.hpp>

#include "windows/hand.hpp"
#include "windows/leat.hpp"
#include "windows/program.hpp"

namespace leat::bench::windows {
namespace {

// The look-up, with the same table as the hand-written contenders.
class Campaign final : public Actor {
 public:
  struct Config {};
  static constexpr KindInfo kind{"bench.campaign", "Replaces an ad by its campaign."};
  static constexpr Port in{0, "in", "Rows with ad_id and event_time."};
  static constexpr Port out{0, "out", "Rows with campaign and event_time."};
  static constexpr auto inputs = ports(in);
  static constexpr auto outputs = ports(out);
  static Fields<Config> fields() { return {}; }
  static void describe(Config&, Describe& describe) { describe.output(out, schema()); }
  explicit Campaign(Config) : ads_(Ysb().ads), rows_(Schema::make({{"campaign", Type::int64}})) {}

  Status on_batch(const Port&, const Batch& batch, Context& ctx) override {
    sample_events(batch.column(1));
    for (const std::int64_t ad : batch.column(0).int64s()) rows_.column(0).append(ads_.campaign(ad));
    const std::array columns{rows_.finish().column(0), batch.column(1)};
    ctx.emit(out, Batch(schema_, columns, batch.row_count()));
    return {};
  }

 private:
  static SchemaPtr schema() {
    return Schema::make({{"campaign", Type::int64}, {"event_time", Type::timestamp}});
  }
  SchemaPtr schema_ = schema();
  Ysb::Ads ads_;
  BatchBuilder rows_;
};

void add_kinds(Registry& registry) {
  registry.add<Campaign>();
}

LeatWork make_leat_work(const Ysb& data) {
  BatchBuilder rows(Schema::make({{"user_id", Type::int64},
                                  {"page_id", Type::int64},
                                  {"ad_id", Type::int64},
                                  {"ad_type", Type::int64},
                                  {"event_type", Type::int64},
                                  {"ip", Type::int64}}));
  for (const Ysb::Record& each : data.records)
    rows.add(each.user_id, each.page_id, each.ad_id, std::int64_t{each.ad_type},
             std::int64_t{each.event_type}, std::int64_t{each.ip});
  const Batch all = rows.finish();
  LeatWork work;
  work.topology = "ysb";
  work.fields = all.schema()->fields();
  work.fields.push_back({"event_time", Type::timestamp});
  work.columns.assign(all.columns().begin(), all.columns().end());
  work.key = "campaign";
  work.count = "views";
  work.add_kinds = add_kinds;
  const Ysb::Ads ads(data.ads);
  for (const Ysb::Record& each : data.records)
    work.shard_of.push_back(static_cast<std::uint32_t>(ads.campaign(each.ad_id)));
  return work;
}

void run(const std::string& impl, const Options& options, RunResult& result) {
  if (impl != "leat") return run_hand<Ysb>(impl, options, result);
  const Ysb data;
  const Totals expected = expected_totals(data, options);
  run_leat(make_leat_work(data), options, expected, result);
}

}  // namespace
}  // namespace leat::bench::windows

int main(int argc, char** argv) {
  using namespace leat::bench::windows;
  return run_program({"ysb", "Views per campaign in windows of ten seconds; every result row checked.",
                      20'000'000, run, pipelines},
                     argc, argv);
}
