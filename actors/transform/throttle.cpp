#include "transform/throttle.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <leat/context.hpp>

#include "transform/held_rows.hpp"
#include "transform/option_values.hpp"
#include "transform/row_choice.hpp"
#include "transform/row_timer.hpp"
#include "transform/token_buckets.hpp"

namespace leat {
namespace {

/// What happens to a row for which there is no token.
enum class WhenOver : std::uint8_t { delay, drop, errors };

struct ThrottleConfig {
  Expression key;
  Rate rate;
  std::optional<std::uint64_t> burst;
  WhenOver when_over = WhenOver::delay;
  Rows queue{10'000};
  std::uint64_t keys_max = 100'000;
  SchemaPtr input;  ///< found by describe

  std::uint64_t tokens() const {  // as many as one second brings, when not said
    return burst ? *burst : static_cast<std::uint64_t>(std::clamp(std::ceil(rate.per_second), 1.0, 1e12));
  }
};

/// Lets rows through at a rate, by the clock. Holds at most `queue` rows that wait for a token and one number
/// per key, of at most `keys_max` keys whose bucket is not full. Rows that wait hold the watermark. What
/// waits when the input ends goes out at once.
class Throttle final : public Actor {
 public:
  using Config = ThrottleConfig;
  static constexpr KindInfo kind{.name = "throttle",
                                 .doc = "Lets rows through at a rate, for each key or for all.",
                                 .example = "key: id\nrate: 10/s\nburst: 20\nwhen_over: drop",
                                 .rescales = true};
  static constexpr Port in{0, "in", "Rows at any rate."};
  static constexpr Port out{0, "out", "Rows at the rate; those of one key in the order they came."};
  static constexpr auto inputs = ports(in);
  static constexpr auto outputs = ports(out);
  static Fields<Config> fields();
  static void describe(Config& config, Describe& describe);

  explicit Throttle(Config config)
      : config_(std::move(config)), buckets_(config_.rate, config_.tokens(), config_.keys_max) {}

  Status on_start(Context& ctx) override {
    await(ctx);
    return {};
  }
  Status on_batch(const Port&, const Batch& batch, Context& ctx) override;
  Status on_timer(Timer, Context& ctx) override {
    timer_.fired();
    release(now_of(ctx), ctx);
    await(ctx);
    return {};
  }
  Status on_end(Context& ctx) override {
    release(INT64_MAX, ctx);
    ctx.hold_watermark(kTimeMax);
    return {};
  }
  void save(StateWriter& state) const override {
    held_.save(state, "held");
    buckets_.save(state, "buckets");
  }
  Status load(StateReader& state) override {
    const bool keyed = !config_.key.empty();
    LEAT_TRY(held_.load(state, "held", config_.input, [&](const KeyShare& share, const Batch& rows) {
      if (!keyed) return HeldRows::by_number(share, rows);
      const Column keys = config_.key.evaluate(rows).values;
      return share.of({&keys, 1}, rows.row_count());
    }));
    return buckets_.load(state, "buckets", keyed ? std::optional(config_.key.type()) : std::nullopt);
  }

 private:
  static std::int64_t now_of(const Context& ctx) { return ctx.now().time_since_epoch().count(); }
  void release(std::int64_t until, Context& ctx) {
    held_.release(until, ctx.batch_rows(), [&](Batch batch) { ctx.emit(out, std::move(batch)); });
  }
  void await(Context& ctx) {
    timer_.await(held_.next(), ctx);
    ctx.hold_watermark(held_.watermark_limit());
  }
  /// A row's error, if it has none to wait for and none to take.
  std::optional<Error> decide(std::uint32_t row, std::int64_t now);

  Config config_;
  TokenBuckets buckets_;
  HeldRows held_;
  RowTimer timer_;
  std::string key_;
  // Of the batch at hand:
  RowChoice passed_;
  std::vector<std::uint32_t> waiting_;
  std::vector<std::int64_t> due_;
  std::uint64_t dropped_ = 0;
};

Fields<ThrottleConfig> Throttle::fields() {
  using C = ThrottleConfig;
  return {
      optional("key", &C::key,
               "Each key (null is one) has a rate of its own. Left out: one rate for all rows.")
          .example("user"),
      required("rate", &C::rate, "Rows that may pass: `10/s`, `100/m`.").example("10/s"),
      optional("burst", &C::burst,
               "How many may pass at once after a pause. Left out: as many as in one second, at least 1."),
      choice(
          "when_over", &C::when_over,
          {{"delay", WhenOver::delay}, {"drop", WhenOver::drop}, {"errors", WhenOver::errors}},
          "A row over the rate: waits its turn, is dropped and counted as `over_rate`, or goes to `errors`."),
      optional("queue", &C::queue,
               "With `when_over: delay`: most rows that wait; one more goes to `errors`."),
      optional("keys_max", &C::keys_max,
               "Most keys whose rate is being counted; a row of another one goes to `errors`."),
  };
}

void Throttle::describe(Config& config, Describe& describe) {
  config.input = describe.input();
  if (!config.key.empty()) describe.partition_by(0, {config.key});
  if (!(config.rate.per_second > 0))
    describe.problem(Code::bad_value, describe.place_of("rate"),
                     "`rate` is more than nothing and less than `max`");
  if (config.burst && *config.burst == 0)
    describe.problem(Code::bad_value, describe.place_of("burst"), "`burst` is at least 1");
  if (config.queue.count == 0)
    describe.problem(Code::bad_value, describe.place_of("queue"), "`queue` is at least 1 row");
  if (config.keys_max == 0)
    describe.problem(Code::bad_value, describe.place_of("keys_max"), "`keys_max` is at least 1");
}

std::optional<Error> Throttle::decide(std::uint32_t row, std::int64_t now) {
  TokenBuckets::Bucket* bucket = buckets_.find(key_, now);
  if (bucket == nullptr)
    return Error{
        Code::limit_reached,
        fmt::format("the rates of {} keys are being counted already; raise `keys_max`", config_.keys_max),
        {}};
  const std::int64_t due = buckets_.due(*bucket, now);
  if (due <= now) {
    passed_.add(row);
  } else if (config_.when_over == WhenOver::drop) {
    ++dropped_;
    return {};
  } else if (config_.when_over == WhenOver::errors) {
    return Error{Code::limit_reached, fmt::format("over the rate of {}", to_text(config_.rate)), {}};
  } else if (held_.size() + waiting_.size() >= config_.queue.count) {
    return Error{
        Code::limit_reached,
        fmt::format("{} rows wait already; raise `queue` or `rate`, or slow the source", config_.queue.count),
        {}};
  } else {
    waiting_.push_back(row);
    due_.push_back(due);
  }
  buckets_.take(*bucket, now);
  return {};
}

Status Throttle::on_batch(const Port&, const Batch& batch, Context& ctx) {
  const std::int64_t now = now_of(ctx);
  release(now, ctx);  // what is due goes before what comes
  passed_.clear();
  waiting_.clear();
  due_.clear();
  dropped_ = 0;
  std::optional<OptionValues> keys;
  if (!config_.key.empty()) keys.emplace(config_.key, "key", batch);
  for (std::uint32_t row = 0; row < batch.row_count(); ++row) {
    key_.clear();
    auto failure = keys ? keys->failure(row) : std::nullopt;
    if (!failure) {
      if (keys) append_key(keys->column(), row, key_);
      failure = decide(row, now);
    }
    if (failure) ctx.reject(batch, row, std::move(*failure));
  }
  held_.hold(batch, waiting_, due_, ctx.watermark());
  if (dropped_ > 0) ctx.drop(dropped_, "over_rate");
  if (!passed_.rows().empty()) ctx.emit(out, passed_.of(batch));
  await(ctx);
  return {};
}

}  // namespace

void register_throttle(Registry& registry) {
  registry.add<Throttle>();
}

}  // namespace leat
