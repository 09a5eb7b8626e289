#pragma once

#include <gtest/gtest.h>

#include <leat/batch_builder.hpp>
#include <map>

#include "engine/worker.hpp"
#include "testing/fake_clock.hpp"
#include "testing/memory_transport.hpp"
#include "topology/loader.hpp"

namespace leat::enginetest {

inline SchemaPtr rows_schema() {
  static const SchemaPtr schema = Schema::make({{"n", Type::int64, false}, {"time", Type::timestamp, false}});
  return schema;
}

/// What the sinks of a test saw, by actor and instance. Owned by the test; the kinds find it through the
/// registry's owner.
struct Seen {
  std::map<std::string, std::vector<std::int64_t>> rows;
  std::map<std::string, std::vector<Time>> watermarks;
  std::map<std::string, int> ends;
};
inline Seen* seen = nullptr;  // one test at a time; kinds get nothing but their options

/// Counts from 0 to `count`, event time = n milliseconds.
class Count final : public Source {
 public:
  struct Config {
    std::uint64_t count = 10;
    std::uint64_t per_call = 4;
  };
  static constexpr KindInfo kind{"test.count", "Counts."};
  static constexpr Port out{0, "out", "Numbers."};
  static constexpr auto inputs = ports();
  static constexpr auto outputs = ports(out);
  static Fields<Config> fields() {
    return {optional("count", &Config::count, "How far."),
            optional("per_call", &Config::per_call, "Rows per call.")};
  }
  static void describe(Config&, Describe& describe) { describe.output(out, rows_schema()); }
  explicit Count(Config config) : config_(config), rows_(rows_schema()) {}
  Result<Produced> produce(std::uint32_t, Context& ctx) override {
    for (std::uint64_t made = 0; made < config_.per_call && next_ < config_.count; ++made, ++next_)
      rows_.add(static_cast<std::int64_t>(next_), Time(std::chrono::milliseconds(next_)));
    if (!rows_.empty()) ctx.emit(out, rows_.finish());
    return next_ < config_.count ? Produced::more() : Produced::end();
  }

 private:
  Config config_;
  BatchBuilder rows_;
  std::uint64_t next_ = 0;
};

/// Passes everything on; refuses rows that are a multiple of `reject_every`.
class Pass final : public Actor {
 public:
  struct Config {
    std::int64_t reject_every = 0;
  };
  static constexpr KindInfo kind{"test.pass", "Passes rows on."};
  static constexpr Port in{0, "in", "Rows."};
  static constexpr Port out{0, "out", "The same rows."};
  static constexpr auto inputs = ports(in);
  static constexpr auto outputs = ports(out);
  static Fields<Config> fields() { return {optional("reject_every", &Config::reject_every, "0: none.")}; }
  explicit Pass(Config config) : config_(config) {}
  Status on_batch(const Port&, const Batch& batch, Context& ctx) override {
    if (config_.reject_every == 0) {
      ctx.emit(out, batch);
      return {};
    }
    std::vector<std::uint32_t> kept;
    for (std::uint32_t row = 0; row < batch.row_count(); ++row) {
      if (batch.column(0).int64(row) % config_.reject_every == 0)
        ctx.reject(batch, row, Error{Code::out_of_range, "refused", {}});
      else
        kept.push_back(row);
    }
    ctx.emit(out, batch.take(kept));
    return {};
  }

 private:
  Config config_;
};

/// Remembers what it gets.
class Keep final : public Actor {
 public:
  struct Config {
    std::int64_t fail_at = -1;
  };
  static constexpr KindInfo kind{"test.keep", "Keeps rows."};
  static constexpr Port in{0, "in", "Rows."};
  static constexpr auto inputs = ports(in);
  static constexpr auto outputs = ports();
  static Fields<Config> fields() {
    return {optional("fail_at", &Config::fail_at, "The row that fails the actor.")};
  }
  explicit Keep(Config config) : config_(config) {}
  Status on_start(Context& ctx) override {
    name_ = ctx.actor() + "." + std::to_string(ctx.instance());
    return {};
  }
  Status on_batch(const Port&, const Batch& batch, Context&) override {
    if (batch.schema()->index_of("n"))
      for (const std::int64_t n : batch.column(0).int64s()) {
        if (n == config_.fail_at) return fail(Code::storage_full, "no space left", "/var/full");
        seen->rows[name_].push_back(n);
      }
    return {};
  }
  Status on_watermark(Time watermark, Context&) override {
    seen->watermarks[name_].push_back(watermark);
    return {};
  }
  Status on_end(Context&) override {
    ++seen->ends[name_];
    return {};
  }

 private:
  Config config_;
  std::string name_;
};

inline void register_kinds(Registry& registry) {
  registry.add<Count>();
  registry.add<Pass>();
  registry.add<Keep>();
}

/// A topology whose workers the test steps by hand, over queues, on a clock that stands still.
class SteppedTopology : public WorkerObserver {
 public:
  explicit SteppedTopology(const std::string& text, void (*add_kinds)(Registry&) = nullptr,
                           bool checkpoints = false)
      : checkpoints_(checkpoints) {
    seen = &seen_here;
    register_kinds(registry);
    if (add_kinds != nullptr) add_kinds(registry);
    topology = load_topology_text("topology: stepped\ndelivery: best_effort\n" + text, "stepped.yaml",
                                  registry, diagnostics);
    if (!topology) {
      ADD_FAILURE() << render(diagnostics, false);
      return;
    }
    plan = make_plan(*topology, false);
    build();
  }
  ~SteppedTopology() override { seen = nullptr; }

  /// Turns every worker until none has anything to do; the number of rounds is bounded, so a live-lock fails
  /// the test.
  void run_until_quiet() {
    for (int round = 0; round < 10'000; ++round) {
      bool worked = false;
      for (const auto& worker : workers) worked |= worker->turn();
      if (!worked) return;
    }
    ADD_FAILURE() << "the workers never came to rest";
  }
  bool finished() const {
    return std::ranges::all_of(workers, [](const auto& worker) { return worker->finished(); });
  }

  void failed(const std::string& actor, Error error) override {
    failures.emplace_back(actor, std::move(error));
  }
  void log(LogLevel, const std::string& actor, std::string message) override {
    lines.push_back(actor + ": " + message);
  }
  void drain_requested() override { ++drains; }

  Registry registry;
  Diagnostics diagnostics;
  std::optional<Topology> topology;
  Plan plan;
  FakeClock clock;
  std::unique_ptr<MemoryNetwork> network;
  std::vector<std::unique_ptr<MemoryTransport>> transports;
  std::deque<ActorMetrics> actor_metrics;
  std::deque<ChannelMetrics> channel_metrics;
  std::vector<std::unique_ptr<Worker>> workers;
  BlockingPool pool{1};  // its jobs report to workers: it ends before them
  Seen seen_here;
  std::vector<std::pair<std::string, Error>> failures;
  std::vector<std::string> lines;
  int drains = 0;

 private:
  const bool checkpoints_;

  void build() {
    std::vector<ActorMetrics*> actors;
    std::vector<ChannelMetrics*> channels;
    for (std::size_t at = 0; at < plan.instances.size(); ++at)
      actors.push_back(&actor_metrics.emplace_back());
    for (std::size_t at = 0; at < plan.channels.size(); ++at)
      channels.push_back(&channel_metrics.emplace_back());
    network = std::make_unique<MemoryNetwork>(plan.workers.size());
    for (std::uint32_t at = 0; at < plan.workers.size(); ++at) {
      transports.push_back(std::make_unique<MemoryTransport>(*network, at));
      workers.push_back(std::make_unique<Worker>(Worker::Setup{.topology = &*topology,
                                                               .plan = &plan,
                                                               .number = at,
                                                               .checkpoints = checkpoints_,
                                                               .clock = &clock,
                                                               .transport = transports.back().get(),
                                                               .pool = &pool,
                                                               .observer = this,
                                                               .actor_metrics = actors,
                                                               .channel_metrics = channels}));
    }
    for (const auto& worker : workers) worker->start();
  }
};

inline std::vector<std::int64_t> numbers_to(std::int64_t count) {
  std::vector<std::int64_t> list;
  for (std::int64_t n = 0; n < count; ++n) list.push_back(n);
  return list;
}

}  // namespace leat::enginetest
