#include "transform/delay.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <leat/context.hpp>
#include <numeric>

#include "transform/held_rows.hpp"
#include "transform/row_timer.hpp"

namespace leat {
namespace {

struct DelayConfig {
  Duration hold{};
  Rows queue{10'000};
  SchemaPtr input;  ///< found by describe
};

/// Sends each row on after a time by the clock, in the order they came. Holds at most `queue` rows, and the
/// watermark with them. What
/// waits when the input ends goes out at once: nothing comes any more that it could be kept apart from.
class Delay final : public Actor {
 public:
  using Config = DelayConfig;
  static constexpr KindInfo kind{
      .name = "delay", .doc = "Sends each row on after a time.", .example = "for: 5s", .rescales = true};
  static constexpr Port in{0, "in", "Rows to delay."};
  static constexpr Port out{0, "out", "The same rows, later."};
  static constexpr auto inputs = ports(in);
  static constexpr auto outputs = ports(out);
  static Fields<Config> fields() {
    return {
        required("for", &Config::hold, "How long a row waits, by the clock.").example("5s"),
        optional("queue", &Config::queue,
                 "Most rows that wait; one more goes to `errors`. Give it the greatest rate times `for`."),
    };
  }
  static void describe(Config& config, Describe& describe) {
    config.input = describe.input();
    if (config.hold.count() < 0)
      describe.problem(Code::bad_value, describe.place_of("for"), "`for` is not negative");
    if (config.queue.count == 0)
      describe.problem(Code::bad_value, describe.place_of("queue"), "`queue` is at least 1 row");
  }

  explicit Delay(Config config) : config_(std::move(config)) {}

  Status on_start(Context& ctx) override {
    await(ctx);
    return {};
  }
  Status on_batch(const Port&, const Batch& batch, Context& ctx) override {
    const std::uint64_t room = config_.queue.count - std::min(config_.queue.count, held_.size());
    const auto kept = static_cast<std::uint32_t>(std::min<std::uint64_t>(room, batch.row_count()));
    rows_.resize(kept);
    std::iota(rows_.begin(), rows_.end(), 0u);
    due_.assign(kept, (ctx.now() + config_.hold).time_since_epoch().count());
    held_.hold(batch, rows_, due_, ctx.watermark());
    for (std::uint32_t row = kept; row < batch.row_count(); ++row)
      ctx.reject(batch, row,
                 {Code::limit_reached,
                  fmt::format("{} rows wait already; raise `queue`, or slow the source", config_.queue.count),
                  {}});
    await(ctx);
    return {};
  }
  Status on_timer(Timer, Context& ctx) override {
    timer_.fired();
    release(ctx.now().time_since_epoch().count(), ctx);
    await(ctx);
    return {};
  }
  Status on_end(Context& ctx) override {
    release(INT64_MAX, ctx);
    ctx.hold_watermark(kTimeMax);
    return {};
  }
  void save(StateWriter& state) const override { held_.save(state, "held"); }
  Status load(StateReader& state) override { return held_.load(state, "held", config_.input); }

 private:
  void release(std::int64_t until, Context& ctx) {
    held_.release(until, ctx.batch_rows(), [&](Batch batch) { ctx.emit(out, std::move(batch)); });
  }
  void await(Context& ctx) {
    timer_.await(held_.next(), ctx);
    ctx.hold_watermark(held_.watermark_limit());
  }

  Config config_;
  HeldRows held_;
  RowTimer timer_;
  std::vector<std::uint32_t> rows_;
  std::vector<std::int64_t> due_;
};

}  // namespace

void register_delay(Registry& registry) {
  registry.add<Delay>();
}

}  // namespace leat
