// A plugin whose actor crashes on some rows: what leat run makes of it is tested in poison_test.py.
#include <leat/plugin.h>
#include <signal.h>

#include <leat/context.hpp>
#include <leat/registry.hpp>
#include <leat/state.hpp>

namespace {

struct CrasherConfig {
  leat::Expression when;
};

class Crasher final : public leat::Actor {
 public:
  using Config = CrasherConfig;
  static constexpr leat::KindInfo kind{
      .name = "test.crasher", .doc = "Passes rows on, and crashes on some.", .example = "when: n == 7"};
  static constexpr leat::Port in{0, "in", "Rows."};
  static constexpr leat::Port out{0, "out", "The same rows."};
  static constexpr auto inputs = leat::ports(in);
  static constexpr auto outputs = leat::ports(out);
  static leat::Fields<Config> fields() {
    return {leat::required("when", &Config::when, "Rows to crash on.").returns(leat::Type::boolean)};
  }
  static void describe(Config&, leat::Describe& describe) { describe.output(out, describe.input()); }
  explicit Crasher(Config config) : config_(std::move(config)) {}

  leat::Status on_batch(const leat::Port&, const leat::Batch& batch, leat::Context& ctx) override {
    const leat::Column crash = config_.when.evaluate(batch).values;
    for (std::uint32_t row = 0; row < batch.row_count(); ++row)
      if (crash.boolean(row)) ::raise(SIGSEGV);
    ctx.emit(out, batch);
    return {};
  }

 private:
  Config config_;
};

}  // namespace

LEAT_PLUGIN_EXPORT uint32_t leat_plugin_abi(void) {
  return LEAT_PLUGIN_ABI;
}
LEAT_PLUGIN_EXPORT void leat_plugin_register(void* registry) {
  static_cast<leat::Registry*>(registry)->add<Crasher>();
}
