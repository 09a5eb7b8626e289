#include "infer/infer.hpp"

#include <leat/context.hpp>

#include "infer/in_process.hpp"
#include "infer/infer_options.hpp"
#include "infer/remote/remote.hpp"

namespace leat {
namespace {

/// Asks a model about each row and adds what it answers. How depends on where the model is: `asker_` gets
/// every call as it comes, and is all that knows.
class Infer final : public Actor {
 public:
  using Config = InferConfig;
  static constexpr KindInfo kind{
      .name = "infer",
      .doc = "Asks a model about each row and adds its answers.",
      .example = "engine: lexicon\nmodel: finance\nmap: { in: title, out: sentiment }\n",
      .rescales = true};
  static constexpr auto inputs = ports(InferPorts::in);
  static constexpr auto outputs = ports(InferPorts::out, InferPorts::late, InferPorts::otherwise);
  static Fields<Config> fields() { return infer_fields(); }
  static void describe(Config& config, Describe& describe) { describe_infer(config, describe); }

  explicit Infer(const Config& config)
      : asker_(config.remote != nullptr ? make_remote(config) : make_in_process(config)) {}

  Status on_start(Context& ctx) override { return asker_->on_start(ctx); }
  Status on_batch(const Port& port, const Batch& batch, Context& ctx) override {
    return asker_->on_batch(port, batch, ctx);
  }
  Status on_timer(Timer timer, Context& ctx) override { return asker_->on_timer(timer, ctx); }
  Status on_watermark(Time time, Context& ctx) override { return asker_->on_watermark(time, ctx); }
  Status on_end(Context& ctx) override { return asker_->on_end(ctx); }
  bool drained() const override { return asker_->drained(); }
  Status on_barrier(Context& ctx) override { return asker_->on_barrier(ctx); }
  void save(StateWriter& state) const override { asker_->save(state); }
  Status on_commit(Context& ctx) override { return asker_->on_commit(ctx); }
  Status load(StateReader& state) override { return asker_->load(state); }

 private:
  std::unique_ptr<Actor> asker_;
};

}  // namespace

void register_infer(Registry& registry) {
  registry.add<Infer>();
}

}  // namespace leat
