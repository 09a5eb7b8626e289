#include "sim/sim_kinds.hpp"

#include <fmt/format.h>

#include <leat/batch_builder.hpp>
#include <leat/context.hpp>
#include <leat/state.hpp>
#include <sstream>

#include "support/sample_batches.hpp"

namespace leat::sim {
namespace {

/// Counts; instance i of k makes the numbers that are i modulo k. A few rows a millisecond.
class SimSource final : public Source {
 public:
  struct Config {
    std::uint64_t count = 100;
    std::uint64_t per_call = 4;
  };
  static constexpr KindInfo kind{"sim.source", "Counts."};
  static constexpr Port out{0, "out", "Numbers."};
  static constexpr auto inputs = ports();
  static constexpr auto outputs = ports(out);
  static Fields<Config> fields() {
    return {optional("count", &Config::count, "How far."),
            optional("per_call", &Config::per_call, "Rows per call.")};
  }
  static void describe(Config&, Describe& describe) { describe.output(out, source_schema()); }
  explicit SimSource(Config config) : config_(config), rows_(source_schema()) {}
  Result<Produced> produce(std::uint32_t, Context& ctx) override {
    for (std::uint64_t made = 0; made < config_.per_call; ++made) {
      const auto n = static_cast<std::int64_t>(next_ * ctx.instances() + ctx.instance());
      if (n >= static_cast<std::int64_t>(config_.count)) break;
      rows_.add(n, n % kKeys, kFirstUs + n * kStepUs);
      ++next_;
    }
    const bool more = next_ * ctx.instances() + ctx.instance() < config_.count;
    if (!rows_.empty()) ctx.emit(out, rows_.finish());
    return more ? Produced::idle(std::chrono::milliseconds(1)) : Produced::end();
  }
  void save(StateWriter& state) const override { state.write("next", static_cast<std::int64_t>(next_)); }
  Status load(StateReader& state) override {
    std::int64_t next = 0;
    LEAT_TRY(state.read("next", next));
    next_ = static_cast<std::uint64_t>(next);
    return {};
  }

 private:
  Config config_;
  BatchBuilder rows_;
  std::uint64_t next_ = 0;
};

/// Stages rows, seals them at a barrier, shows them at the commit.
class SimSink final : public Actor {
 public:
  struct Config {};
  static constexpr KindInfo kind{"sim.sink", "Commits with the checkpoint."};
  static constexpr Port in{0, "in", "Rows."};
  static constexpr auto inputs = ports(in);
  static constexpr auto outputs = ports();
  static Fields<Config> fields() { return {}; }
  explicit SimSink(Config) {}
  Status on_start(Context& ctx) override {
    name_ = fmt::format("{}.{}", ctx.actor(), ctx.instance());
    return {};
  }
  Status on_batch(const Port&, const Batch& batch, Context&) override {
    for (const std::string& row : testing::cells(batch)) staged_ += row + "\n";
    return {};
  }
  Status on_barrier(Context&) override {
    if (sealed_open_ && !outside()->visible_at_barrier)
      outside()->violations.push_back(name_ + ": a barrier came before the last commit");
    sealed_ = std::exchange(staged_, {});
    sealed_open_ = true;
    ++commits_;
    if (outside()->visible_at_barrier) show();
    return {};
  }
  void save(StateWriter& state) const override {
    state.write("sealed", std::string_view(sealed_));
    state.write("commits", static_cast<std::int64_t>(commits_));
  }
  Status load(StateReader& state) override {
    std::int64_t commits = 0;
    LEAT_TRY(state.read("sealed", sealed_));
    LEAT_TRY(state.read("commits", commits));
    commits_ = static_cast<std::uint64_t>(commits);
    sealed_open_ = true;
    return {};
  }
  Status on_commit(Context&) override {
    sealed_open_ = false;
    if (!outside()->visible_at_barrier) show();
    return {};
  }

 private:
  void show() {
    Outside::Sink& sink = outside()->sinks[name_];
    if (sink.commits >= commits_ && !outside()->visible_at_barrier) return;  // shown before a failure
    if (sink.commits + 1 != commits_ && !outside()->visible_at_barrier)
      outside()->violations.push_back(fmt::format("{}: commit {} after {}", name_, commits_, sink.commits));
    sink.commits = commits_;
    std::istringstream lines(sealed_);
    for (std::string line; std::getline(lines, line);) sink.rows.push_back(line);
  }

  std::string name_;
  std::string staged_, sealed_;
  std::uint64_t commits_ = 0;
  bool sealed_open_ = false;
};

/// Sends rows on when a job of the blocking pool is done.
class SimSlow final : public Actor {
 public:
  struct Config {};
  static constexpr KindInfo kind{"sim.slow", "Sends rows on from the blocking pool."};
  static constexpr Port in{0, "in", "Rows."};
  static constexpr Port out{0, "out", "The same rows."};
  static constexpr auto inputs = ports(in);
  static constexpr auto outputs = ports(out);
  static Fields<Config> fields() { return {}; }
  explicit SimSlow(Config) {}
  Status on_batch(const Port&, const Batch& batch, Context& ctx) override {
    ctx.offload([] { return Status(); },
                [batch](Status status, Context& later) {
                  later.emit(out, batch);
                  return status;
                });
    return {};
  }
};

}  // namespace

Outside*& outside() {
  thread_local Outside* world = nullptr;
  return world;
}

SchemaPtr source_schema() {
  static const SchemaPtr schema = Schema::make(
      {{"n", Type::int64, false}, {"key", Type::int64, false}, {"time", Type::timestamp, false}});
  return schema;
}

void register_sim_kinds(Registry& registry) {
  registry.add<SimSource>();
  registry.add<SimSink>();
  registry.add<SimSlow>();
}

}  // namespace leat::sim
