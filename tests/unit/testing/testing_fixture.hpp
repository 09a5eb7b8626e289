#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <leat/batch_builder.hpp>
#include <leat/context.hpp>
#include <leat/registry.hpp>

#include "support/temp_folder.hpp"
#include "testing/topology_test.hpp"
#include "topology/loader.hpp"

namespace leat::testingtest {

/// Adds up `n` of { n: int64, time: timestamp } per window of event time. A small stand-in for what windows
/// owe: it closes on watermarks, sends late rows to `late`, and what is open at the end.
class Sums final : public Actor {
 public:
  struct Config {
    Duration size = std::chrono::hours(1);
  };
  static constexpr KindInfo kind{"test.sums", "Sums per window."};
  static constexpr Port in{0, "in", "Rows."};
  static constexpr Port out{0, "out", "Sums."};
  static constexpr Port late{1, "late", "Rows whose window has closed."};
  static constexpr auto inputs = ports(in);
  static constexpr auto outputs = ports(out, late);
  static Fields<Config> fields() { return {optional("size", &Config::size, "Of a window.")}; }
  static void describe(Config&, Describe& describe) {
    describe.output(out, Schema::make({{"end", Type::timestamp, false}, {"sum", Type::int64, false}}));
  }
  explicit Sums(Config config) : config_(config) {}

  Status on_batch(const Port&, const Batch& batch, Context& ctx) override {
    std::vector<std::uint32_t> too_late;
    for (std::uint32_t row = 0; row < batch.row_count(); ++row) {
      const std::int64_t time = batch.column("time")->int64(row);
      const std::int64_t end = (time / config_.size.count() + 1) * config_.size.count();
      if (Time(Duration(end)) <= ctx.watermark())
        too_late.push_back(row);
      else
        sums_[end] += batch.column("n")->int64(row);
    }
    ctx.late(too_late.size());
    if (!too_late.empty()) ctx.emit(late, batch.take(too_late));
    return {};
  }
  Status on_watermark(Time watermark, Context& ctx) override { return close(watermark, ctx); }
  Status on_end(Context& ctx) override { return close(kTimeMax, ctx); }

 private:
  Status close(Time watermark, Context& ctx) {
    BatchBuilder rows(ctx.output_schema(out));
    for (auto at = sums_.begin(); at != sums_.end() && Time(Duration(at->first)) <= watermark;
         at = sums_.erase(at))
      rows.add(Time(Duration(at->first)), at->second);
    ctx.emit(out, rows.finish());
    return {};
  }
  Config config_;
  std::map<std::int64_t, std::int64_t> sums_;
};

/// Answers each batch from the blocking pool; refuses negative numbers; fails as a whole at 666.
class Offload final : public Actor {
 public:
  struct Config {};
  static constexpr KindInfo kind{"test.offload", "Passes rows on, by way of the pool."};
  static constexpr Port in{0, "in", "Rows."};
  static constexpr Port out{0, "out", "The rows."};
  static constexpr auto inputs = ports(in);
  static constexpr auto outputs = ports(out);
  static Fields<Config> fields() { return {}; }
  explicit Offload(Config) {}
  Status on_batch(const Port&, const Batch& batch, Context& ctx) override {
    std::vector<std::uint32_t> good;
    for (std::uint32_t row = 0; row < batch.row_count(); ++row) {
      const std::int64_t n = batch.column("n")->int64(row);
      if (n == 666) return fail(Code::storage_full, "no space left");
      if (n < 0)
        ctx.reject(batch, row, {Code::out_of_range, "negative", {}});
      else
        good.push_back(row);
    }
    ctx.offload([] { return Status(); },
                [rows = batch.take(good)](Status status, Context& context) {
                  context.emit(out, rows);
                  return status;
                });
    return {};
  }
};

/// Fails the test that starts it.
class Untouchable final : public Actor {
 public:
  struct Config {};
  static constexpr KindInfo kind{"test.untouchable", "Must not be started."};
  static constexpr Port in{0, "in", "Rows."};
  static constexpr auto inputs = ports(in);
  static constexpr std::array<Port, 0> outputs{};
  static Fields<Config> fields() { return {}; }
  explicit Untouchable(Config) { ADD_FAILURE() << "it was made"; }
};

class Join final : public Actor {
 public:
  struct Config {};
  static constexpr KindInfo kind{"test.merge", "Passes both inputs on."};
  static constexpr Port left{0, "left", "Rows."};
  static constexpr Port right{1, "right", "Rows."};
  static constexpr Port out{0, "out", "Rows."};
  static constexpr auto inputs = ports(left, right);
  static constexpr auto outputs = ports(out);
  static Fields<Config> fields() { return {}; }
  explicit Join(Config) {}
  Status on_batch(const Port&, const Batch& batch, Context& ctx) override {
    ctx.emit(out, batch);
    return {};
  }
};

/// numbers -> passed -> sums -> sink; the file of `numbers` does not exist.
inline constexpr const char* kTopology = R"(topology: sums
delivery: best_effort
schemas:
  number: { n: int64, time: timestamp, note: 'string?' }
actors:
  numbers: { kind: ingest.file, path: absent.jsonl, schema: number, event_time: { field: time, disorder: 1m, idle_after: 10m } }
  passed: { kind: test.offload, inputs: [numbers] }
  sums: { kind: test.sums, inputs: [passed], discard: [late] }
  sink: { kind: test.untouchable, inputs: [sums] }
)";
constexpr std::uint32_t kTopologyLines = 9;

class Tested {
 public:
  /// `tests`: the text below `tests:`.
  explicit Tested(const std::string& tests, const std::string& topology = kTopology) {
    register_standard_actors(registry_);
    registry_.add<Sums>();
    registry_.add<Offload>();
    registry_.add<Untouchable>();
    registry_.add<Join>();
    const std::string file = folder_.write("topology.yaml", topology + "tests:\n" + tests);
    LoadOptions options;
    options.defer_missing = true;
    options.written_dir = folder_.path("written");
    topology_ = load_topology(file, registry_, diagnostics_, options);
    if (topology_) tests_ = read_tests(*topology_, diagnostics_);
  }

  /// "2:4 L0204 message | suggestion" for each problem; lines count from `tests:`.
  std::string problems() const {
    std::string out;
    for (const Diagnostic& d : diagnostics_.sorted())
      if (d.severity == Severity::error)
        out += fmt::format("{}:{} {} {}{}\n",
                           static_cast<int>(d.place.line) - static_cast<int>(kTopologyLines), d.place.column,
                           code_number(d.code), d.message, d.suggestion.empty() ? "" : " | " + d.suggestion);
    return out;
  }
  /// "ok" or what failed, a line each; lines count from `tests:`.
  std::string run() {
    std::string out = problems();
    if (!out.empty() || !topology_) return out;
    for (const TopologyTest& test : tests_) {
      const TestResult result = run_test(*topology_, test);
      for (const TestFailure& failure : result.failures) {
        out += fmt::format("{}: {}\n", failure.place.line - kTopologyLines, failure.message);
        for (const std::string& line : failure.diff) out += line + "\n";
      }
    }
    return out.empty() ? "ok" : out;
  }
  std::string path(const std::string& name) const { return folder_.path(name); }
  void write(const std::string& name, const std::string& text) const { folder_.write(name, text); }

 private:
  leat::testing::TempFolder folder_;
  Registry registry_;
  Diagnostics diagnostics_;
  std::optional<Topology> topology_;
  std::vector<TopologyTest> tests_;
};

}  // namespace leat::testingtest
