#include <leat/plugin.h>

#include <leat/batch_builder.hpp>
#include <leat/context.hpp>
#include <leat/registry.hpp>
#include <leat/state.hpp>

namespace shop {

using namespace std::chrono_literals;

// [config]
struct TotalConfig {
  leat::Expression key;
  leat::Expression value;
  leat::Duration every = 10s;
  std::uint64_t keys = 100'000;
};
// [config]

// [kind]
/// Adds up `value` per `key`, and sends all totals once per `every` and at the end. Holds one int64 per key.
/// A row that would exceed `keys`, or overflow its total, goes to `errors`.
class Total final : public leat::Actor {
 public:
  using Config = TotalConfig;
  static constexpr leat::KindInfo kind{.name = "shop.total",
                                       .doc = "Adds up a value per key.",
                                       .example =
                                           "kind: shop.total\n"
                                           "inputs: [payments]\n"
                                           "key: card\n"
                                           "value: amount\n"
                                           "every: 10s"};
  static constexpr leat::Port in{0, "in", "Rows to add."};
  static constexpr leat::Port out{0, "out", "One row per key and interval: { key: string, total: int64 }."};
  static constexpr auto inputs = leat::ports(in);
  static constexpr auto outputs = leat::ports(out);
  static leat::Fields<Config> fields() {
    return {leat::required("key", &Config::key, "What rows are grouped by.").returns(leat::Type::string),
            leat::required("value", &Config::value, "What is added up.").returns(leat::Type::int64),
            leat::optional("every", &Config::every, "How often totals are sent."),
            leat::optional("keys", &Config::keys, "Most keys held at once.")};
  }
  static void describe(Config&, leat::Describe& describe) { describe.output(out, output_schema()); }

  explicit Total(Config config) : config_(std::move(config)) {}

  leat::Status on_start(leat::Context& ctx) override {
    ctx.start_timer(kTick, config_.every);
    return {};
  }
  leat::Status on_batch(const leat::Port&, const leat::Batch& batch, leat::Context& ctx) override;
  leat::Status on_timer(leat::Timer, leat::Context& ctx) override {
    ctx.start_timer(kTick, config_.every);
    return send_totals(ctx);
  }
  leat::Status on_end(leat::Context& ctx) override { return send_totals(ctx); }

  void save(leat::StateWriter& state) const override { state.write("totals", totals_); }
  leat::Status load(leat::StateReader& state) override { return state.read("totals", totals_); }

 private:
  static constexpr leat::Timer kTick{0};

  static leat::SchemaPtr output_schema() {
    return leat::Schema::make({{"key", leat::Type::string}, {"total", leat::Type::int64}});
  }
  leat::Status add(std::string key, std::int64_t value);
  leat::Status send_totals(leat::Context& ctx) const;

  Config config_;
  std::map<std::string, std::int64_t> totals_;
};
// [kind]

// [rows]
leat::Status Total::on_batch(const leat::Port&, const leat::Batch& batch, leat::Context& ctx) {
  const leat::Evaluated keys = config_.key.evaluate(batch);
  const leat::Evaluated values = config_.value.evaluate(batch);
  auto failed_key = keys.failed.begin();  // rows on which an expression failed, ascending
  auto failed_value = values.failed.begin();
  for (std::uint32_t row = 0; row < batch.row_count(); ++row) {
    const bool no_key = failed_key != keys.failed.end() && failed_key->row == row;
    const bool no_value = failed_value != values.failed.end() && failed_value->row == row;
    if (no_key || no_value) {
      ctx.reject(batch, row, no_key ? failed_key->error : failed_value->error);
      failed_key += no_key;
      failed_value += no_value;
    } else if (keys.values.is_null(row) || values.values.is_null(row)) {
      ctx.reject(batch, row, {leat::Code::missing_value, "`key` or `value` is null", ""});
    } else if (leat::Status added = add(std::string(keys.values.text(row)), values.values.int64(row));
               !added) {
      ctx.reject(batch, row, std::move(added).error());
    }
  }
  return {};
}
// [rows]

leat::Status Total::add(std::string key, std::int64_t value) {
  const auto found = totals_.find(key);
  if (found == totals_.end() && totals_.size() >= config_.keys)
    return leat::fail(leat::Code::limit_reached, "no room for another key; raise `keys`");
  std::int64_t total = found == totals_.end() ? 0 : found->second;
  if (__builtin_add_overflow(total, value, &total))
    return leat::fail(leat::Code::out_of_range, "the total does not fit an int64");
  totals_.insert_or_assign(std::move(key), total);
  return {};
}

leat::Status Total::send_totals(leat::Context& ctx) const {
  leat::BatchBuilder rows(ctx.output_schema(out));
  for (const auto& [key, total] : totals_) {
    rows.add(std::string_view(key), total);
    if (rows.row_count() == ctx.batch_rows()) ctx.emit(out, rows.finish());
  }
  ctx.emit(out, rows.finish());
  return {};
}

}  // namespace shop

// [plugin]
LEAT_PLUGIN_EXPORT uint32_t leat_plugin_abi(void) {
  return LEAT_PLUGIN_ABI;
}
LEAT_PLUGIN_EXPORT void leat_plugin_register(void* registry) {
  static_cast<leat::Registry*>(registry)->add<shop::Total>();
}
// [plugin]
