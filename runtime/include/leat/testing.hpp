#pragma once

#include <leat/context.hpp>
#include <leat/registry.hpp>

namespace leat {

/// Runs one actor without engine, sockets or a real clock. Options are given as YAML, inputs as JSON lines;
/// outputs are read back as JSON lines or batches. Time stands still until `advance`. One thread. Any misuse
/// is a LEAT_ASSERT.
///
///   ActorHarness total("aggregate.total", "{ key: card, value: amount }", schema);
///   total.feed(R"({"card": "a", "amount": 3})");
///   EXPECT_EQ(total.take("out"), R"({"key":"a","total":3})" "\n");
class ActorHarness {
 public:
  /// Standard kinds; `input` is the schema of every input port (YAML: "{ card: string, amount: int64 }";
  /// empty for sources).
  ActorHarness(const std::string& kind, const std::string& options, const std::string& input = {},
               Delivery delivery = Delivery::best_effort);
  /// The same for kinds with several input ports: port name and schema of each one that is connected, and
  /// further schemas that options name.
  using Inputs = std::vector<std::pair<std::string, std::string>>;
  ActorHarness(const std::string& kind, const std::string& options, const Inputs& inputs);
  /// Kinds of your own registry, which must outlive the harness.
  ActorHarness(const Registry& registry, const std::string& kind, const std::string& options,
               const std::string& input = {});
  ~ActorHarness();
  ActorHarness(const ActorHarness&) = delete;
  ActorHarness& operator=(const ActorHarness&) = delete;

  /// Problems found while the options were checked, as `leat validate` would print them; empty if none. When
  /// there are errors, only this may be called.
  std::string problems() const;

  /// Rows for an input port, one JSON object per line.
  Status feed(const std::string& json_lines, const std::string& port = {});
  Status feed(const Batch& batch, const std::string& port = {});
  Status watermark(Time time);  ///< of all inputs
  Status end();
  /// Sources: asks for rows once.
  Result<Produced> produce(std::uint32_t rows_max = 1024);
  /// Sources: asks until the source ends or is idle.
  Status produce_all();
  /// Moves the clock, firing timers on the way in order; runs offloaded work.
  Status advance(Duration duration);
  /// Waits until other threads have called wakers (Context::waker), and fires their timers. False when none
  /// did within `most` of the machine's time.
  bool wait_woken(Duration most = std::chrono::seconds(5));
  /// What the actor asked of Context::hold_input last.
  bool holds_input() const;
  /// `end` was called and the actor has drained.
  bool ended() const;
  /// The last value of Context::measure by that name; 0 without one.
  std::uint64_t measured(const std::string& name) const;
  /// Save, destroy, create, load: must not show.
  Status restart();
  /// A barrier, after everything fed so far; what is saved is kept for `crash`.
  Status checkpoint();
  /// The last checkpoint counts: its manifest is durable.
  Status commit();
  /// Destroy without a word, create, load what the last checkpoint kept: nothing, before the first.
  Status crash();

  /// The watermark that went on last; kTimeMin before.
  Time watermark_out() const;
  /// All rows sent to a port since the last call, as JSON lines.
  std::string take(const std::string& port = "out");
  std::vector<Batch> take_batches(const std::string& port = "out");
  SchemaPtr output_schema(const std::string& port = "out") const;
  std::uint64_t dropped(const std::string& reason) const;
  std::vector<std::string> log() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace leat
