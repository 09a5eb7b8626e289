#include "sim/sim_kinds.hpp"

#include <fmt/format.h>

#include <leat/batch_builder.hpp>
#include <leat/context.hpp>
#include <leat/ingest_log.hpp>
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

/// The same numbers, pushed by a client into an ingest log and read from there.
class SimPushed final : public Source {
 public:
  using Config = SimSource::Config;
  static constexpr KindInfo kind{"sim.pushed", "Counts what comes out of an ingest log."};
  static constexpr Port out{0, "out", "Numbers."};
  static constexpr auto inputs = ports();
  static constexpr auto outputs = ports(out);
  static Fields<Config> fields() { return SimSource::fields(); }
  static void describe(Config&, Describe& describe) { describe.output(out, source_schema()); }
  explicit SimPushed(Config config) : config_(config), rows_(source_schema()) {}

  Status on_start(Context& ctx) override {
    client_ = &outside()->clients[ctx.actor()];
    IngestLogOptions options;
    options.folder = "/" + ctx.actor();
    options.segment_bytes = 4096;
    options.bytes_max = 4 * options.segment_bytes;
    options.clock = outside()->clock;
    options.disk = &client_->disk;
    options.background = false;
    LEAT_TRY_ASSIGN(log_, IngestLog::open(options));
    if (log_->next_offset() < client_->acknowledged)
      outside()->violations.push_back(fmt::format("{}: {} records were acknowledged, the log has {}",
                                                  ctx.actor(), client_->acknowledged, log_->next_offset()));
    LEAT_TRY_ASSIGN(reader_, log_->read_from(offset_));
    return {};
  }
  Result<Produced> produce(std::uint32_t, Context& ctx) override {
    push();
    if (++calls_ % 3 == 0) log_->work();  // the disk takes its time
    client_->acknowledged = outside()->acknowledges_early ? log_->next_offset() : log_->durable();
    IngestRecord record;
    for (std::uint64_t made = 0; made < config_.per_call; ++made) {
      LEAT_TRY_ASSIGN(const bool there, reader_->next(record));
      if (!there) break;
      const std::int64_t n = std::stoll(std::string(record.bytes));
      rows_.add(n, n % kKeys, kFirstUs + n * kStepUs);
    }
    offset_ = reader_->offset();
    if (!rows_.empty()) ctx.emit(out, rows_.finish());
    return offset_ < config_.count ? Produced::idle(std::chrono::milliseconds(1)) : Produced::end();
  }
  void save(StateWriter& state) const override {
    saved_ = offset_;
    state.write("offset", static_cast<std::int64_t>(offset_));
  }
  Status load(StateReader& state) override {
    std::int64_t offset = 0;
    LEAT_TRY(state.read("offset", offset));
    offset_ = saved_ = static_cast<std::uint64_t>(offset);
    return {};
  }
  Status on_commit(Context&) override {
    if (log_) log_->commit_reader(saved_);
    return {};
  }

 private:
  // Padded, so that a few dozen records fill a segment.
  void push() {
    for (std::uint64_t sent = 0; sent < config_.per_call && log_->next_offset() < config_.count; ++sent) {
      const std::string text = fmt::format("{:<120}", log_->next_offset());
      const IngestLog::Entry entry{text};
      if (!log_->append({&entry, 1})) return;  // no room until a checkpoint is complete
    }
  }

  Config config_;
  BatchBuilder rows_;
  Outside::Client* client_ = nullptr;
  std::unique_ptr<IngestLog> log_;
  std::unique_ptr<IngestLogReader> reader_;
  std::uint64_t offset_ = 0;
  std::uint64_t calls_ = 0;
  mutable std::uint64_t saved_ = 0;
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
  registry.add<SimPushed>();
  registry.add<SimSink>();
  registry.add<SimSlow>();
}

}  // namespace leat::sim
