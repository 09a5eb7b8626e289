#pragma once

#include <gtest/gtest.h>

#include <leat/testing.hpp>

#include "infer/remote/remote.hpp"

// The actor with an endpoint that the test plays: what is asked stands in `asked`, what is answered comes
// when the clock is moved.
namespace leat::testing {

struct Endpoint {
  struct Call {
    std::uint64_t number;
    std::string body;
  };
  std::vector<Call> asked;
  std::vector<std::uint64_t> cancelled;
  std::vector<HttpAnswer> answers;
  std::function<void()> wake;

  void answer(std::size_t call, std::string body, int status = 200) {
    answers.push_back({.call = asked[call].number, .status = status, .body = std::move(body)});
    wake();
  }
  /// The answer to a request about so many rows.
  void minutes(std::size_t call, const std::string& values) {
    answer(call, R"({"model_name":"fare","model_version":"3","outputs":[{"name":"minutes","data":[)" +
                     values + "]}]}");
  }
};
inline Endpoint* endpoint = nullptr;  // one test at a time; kinds get nothing but their options

class Calls final : public HttpCalls {
 public:
  void send(std::uint64_t call, std::string body) override {
    endpoint->asked.push_back({call, std::move(body)});
  }
  void cancel(std::uint64_t call) override { endpoint->cancelled.push_back(call); }
  std::vector<HttpAnswer> take() override { return std::exchange(endpoint->answers, {}); }
};

/// `infer` with that endpoint in the place of HTTP.
class Played final : public Actor {
 public:
  using Config = InferConfig;
  static constexpr KindInfo kind{.name = "infer", .doc = "Asks.", .rescales = true};
  static constexpr auto inputs = ports(InferPorts::in);
  static constexpr auto outputs = ports(InferPorts::out, InferPorts::late, InferPorts::otherwise);
  static Fields<Config> fields() { return infer_fields(); }
  static void describe(Config& config, Describe& describe) {
    describe_infer(config, describe);
    if (config.remote == nullptr) return;
    RemotePlan plan = *config.remote;
    plan.open = [](const HttpEndpoint&, std::function<void()> wake) -> Result<std::unique_ptr<HttpCalls>> {
      endpoint->wake = std::move(wake);
      return std::unique_ptr<HttpCalls>(std::make_unique<Calls>());
    };
    config.remote = std::make_shared<const RemotePlan>(std::move(plan));
  }
  explicit Played(const Config& config) : remote_(make_remote(config)) {}

  Status on_start(Context& ctx) override { return remote_->on_start(ctx); }
  Status on_batch(const Port& port, const Batch& batch, Context& ctx) override {
    return remote_->on_batch(port, batch, ctx);
  }
  Status on_timer(Timer timer, Context& ctx) override { return remote_->on_timer(timer, ctx); }
  Status on_end(Context& ctx) override { return remote_->on_end(ctx); }
  bool drained() const override { return remote_->drained(); }
  void save(StateWriter& state) const override { remote_->save(state); }
  Status load(StateReader& state) override { return remote_->load(state); }

 private:
  std::unique_ptr<Actor> remote_;
};

inline const Registry& registry() {
  static const Registry made = [] {
    Registry registry;
    registry.add<Played>();
    return registry;
  }();
  return made;
}

inline constexpr const char* kInput = "{ id: int64, card: string, distance: 'float64?' }";

/// A harness whose endpoint is played; `more` are options beside the usual.
struct Asking {
  explicit Asking(const std::string& more = {},
                  const std::string& map = "{ in: { distance: distance }, out: trip }",
                  const std::string& outputs = "{ minutes: float64 }")
      : named((endpoint = &here, registry()), "infer",
              "{ engine: remote, endpoint: { url: \"http://model/v2/models/fare/infer\", outputs: " +
                  outputs + " }, map: " + map + (more.empty() ? "" : ", " + more) + " }",
              kInput) {
    EXPECT_EQ(named.problems(), "");
  }
  ~Asking() { endpoint = nullptr; }
  void row(int id, const std::string& card = "a", const std::string& distance = "1.5") {
    ASSERT_TRUE(named.feed("{\"id\":" + std::to_string(id) + ",\"card\":\"" + card +
                           "\",\"distance\":" + distance + "}"));
  }
  /// The ids of the rows that went out since the last look.
  std::string ids(const std::string& port = "out") {
    std::string text;
    for (const Batch& batch : named.take_batches(port))
      for (const std::int64_t id : batch.column(0).int64s()) text += std::to_string(id) + " ";
    return text;
  }
  std::string errors() {
    std::string text;
    for (const Batch& batch : named.take_batches("errors"))
      for (std::uint32_t row = 0; row < batch.row_count(); ++row)
        text += std::string(batch.column("code")->text(row)) + ": " +
                std::string(batch.column("message")->text(row)) + "\n";
    return text;
  }

  Endpoint here;
  ActorHarness named;
};

}  // namespace leat::testing
