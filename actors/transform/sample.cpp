#include "transform/sample.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <leat/context.hpp>
#include <leat/state.hpp>

#include "transform/option_values.hpp"
#include "transform/row_choice.hpp"
#include "transform/row_key.hpp"

namespace leat {

/// A part of the whole; prints and parses as "1%".
struct Share {
  double percent = 0;
};

template <>
struct FieldTraits<Share> {
  static void describe(FieldInfo& info) { info.type = "percentage"; }
  static void read(const ConfigNode& node, Share& value, ReadContext& context) {
    if (node.kind != ConfigNode::Kind::scalar) return detail::wrong_type(node, "a percentage", context);
    const std::string& text = node.scalar;
    const char* const end = text.data() + text.size();
    const auto [rest, problem] = std::from_chars(text.data(), end, value.percent);
    if (problem == std::errc() && std::string_view(rest, static_cast<std::size_t>(end - rest)) == "%" &&
        value.percent >= 0 && value.percent <= 100)
      return;
    context.diagnostics().error(Code::bad_value, node.place,
                                fmt::format("`{}` is not a percentage from 0% to 100%", text), {},
                                "write `1%`, `0.5%`");
  }
  static std::string show(const Share& value) { return fmt::format("{}%", value.percent); }
};

namespace {

struct SampleConfig {
  std::optional<Share> share;
  std::optional<Rows> every;
  Expression key;
  std::uint64_t seed = 1;
};

/// Lets a part of the rows through: all rows of a share of the keys, a random share, or every n-th row. Holds
/// one counter. Equal seeds choose equal rows, after a restart as well.
class Sample final : public Actor {
 public:
  using Config = SampleConfig;
  static constexpr KindInfo kind{.name = "sample",
                                 .doc = "Lets a share of the rows through, or every n-th.",
                                 .example = "share: 1%\nkey: id",
                                 .each_row = true};
  static constexpr Port in{0, "in", "Rows to choose from."};
  static constexpr Port out{0, "out", "The chosen rows."};
  static constexpr auto inputs = ports(in);
  static constexpr auto outputs = ports(out);
  static Fields<Config> fields() {
    return {
        optional("share", &Config::share, "How much of the input to send: `1%`.").example("1%"),
        optional("every", &Config::every, "Instead of `share`: the first row and every n-th after it."),
        optional("key", &Config::key,
                 "With `share`: rows of one key (null is one) are sent all or not at all, and a larger share "
                 "holds the keys of a smaller one. Left out: each row is chosen by chance.")
            .example("user"),
        optional("seed", &Config::seed, "Equal seeds choose equal rows."),
    };
  }
  static void describe(Config& config, Describe& describe);

  explicit Sample(Config config) : config_(std::move(config)) {
    // 2^64 does not fit; every hash is below the bound of 100%, or equal to it.
    const double bound = config_.share ? std::ldexp(config_.share->percent / 100, 64) : 0;
    all_ = config_.share && config_.share->percent >= 100;
    bound_ = all_ ? 0 : static_cast<std::uint64_t>(bound);
  }

  Status on_start(Context& ctx) override {
    salt_ = stable_hash(config_.seed);
    if (config_.key.empty()) salt_ = stable_hash(salt_ + ctx.instance());
    return {};
  }
  Status on_batch(const Port&, const Batch& batch, Context& ctx) override;
  void save(StateWriter& state) const override { state.write("rows", rows_); }
  Status load(StateReader& state) override { return state.read("rows", rows_); }

 private:
  bool below_bound(std::uint64_t hash) const { return all_ || hash < bound_; }
  std::size_t choose_by_key(const Batch& batch, Context& ctx);
  void choose_by_number(std::uint32_t rows);

  Config config_;
  std::uint64_t bound_ = 0;
  bool all_ = false;
  std::uint64_t salt_ = 0;
  std::int64_t rows_ = 0;  // that came, when they are not chosen by key
  RowChoice chosen_;
  std::string key_;
};

void Sample::describe(Config& config, Describe& describe) {
  if (config.share && config.every)
    describe.problem(Code::bad_value, describe.place_of("every"),
                     "`share` and `every` exclude each other; remove one");
  if (!config.share && !config.every)
    describe.problem(Code::missing_key, describe.place_of(""), "a sample needs `share` or `every`", {},
                     "`share: 1%`, or `every: 100`");
  if (config.every && config.every->count == 0)
    describe.problem(Code::bad_value, describe.place_of("every"), "`every` is at least 1");
  if (config.every && !config.key.empty())
    describe.problem(Code::bad_value, describe.place_of("key"),
                     "`key` chooses by key and goes with `share`; remove it, or use `share`");
}

// Returns how many rows failed and were rejected.
std::size_t Sample::choose_by_key(const Batch& batch, Context& ctx) {
  OptionValues keys(config_.key, "key", batch);
  std::size_t failed = 0;
  for (std::uint32_t row = 0; row < batch.row_count(); ++row) {
    if (auto failure = keys.failure(row)) {
      ctx.reject(batch, row, std::move(*failure));
      ++failed;
      continue;
    }
    key_.clear();
    append_key(keys.column(), row, key_);
    if (below_bound(stable_hash(stable_hash(key_) ^ salt_))) chosen_.add(row);
  }
  return failed;
}

void Sample::choose_by_number(std::uint32_t rows) {
  for (std::uint32_t row = 0; row < rows; ++row, ++rows_) {
    const auto number = static_cast<std::uint64_t>(rows_);
    if (config_.every ? number % config_.every->count == 0 : below_bound(stable_hash(salt_ ^ number)))
      chosen_.add(row);
  }
}

Status Sample::on_batch(const Port&, const Batch& batch, Context& ctx) {
  chosen_.clear();
  std::size_t failed = 0;
  if (config_.key.empty())
    choose_by_number(batch.row_count());
  else
    failed = choose_by_key(batch, ctx);
  const std::size_t left_out = batch.row_count() - failed - chosen_.rows().size();
  if (left_out > 0) ctx.drop(left_out, "sampled_out");
  if (!chosen_.rows().empty()) ctx.emit(out, chosen_.of(batch));
  return {};
}

}  // namespace

void register_sample(Registry& registry) {
  registry.add<Sample>();
}

}  // namespace leat
