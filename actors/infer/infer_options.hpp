#pragma once

#include "infer/answers.hpp"
#include "infer/engines.hpp"
#include "infer/micro_batch.hpp"
#include "infer/model_slot.hpp"
#include "infer/null_input.hpp"
#include "infer/remote/remote_options.hpp"
#include "infer/selection/selection_options.hpp"

namespace leat {

struct BatchOptions {
  std::optional<Rows> max;
  Duration delay{};
};

/// How many threads one call may use. Reading it announces the number, so that the pool of the process is
/// large enough when the first model is opened.
struct CallThreads {
  std::uint32_t count = 1;
};
template <>
struct FieldTraits<CallThreads> {
  static void describe(FieldInfo& info) { info.type = "integer 1 to 256"; }
  static void read(const ConfigNode& node, CallThreads& value, ReadContext& context);
  static std::string show(const CallThreads& value) { return std::to_string(value.count); }
};

/// A model by name or by path; what has a `/` or a `.` is a path.
template <>
struct FieldTraits<ModelSource> {
  static void describe(FieldInfo& info) { info.type = "model name or path"; }
  static void read(const ConfigNode& node, ModelSource& value, ReadContext& context);
  static std::string show(const ModelSource& value) { return value.path.empty() ? value.name : value.path; }
};

struct Selection;

/// What describe finds; shared by the instances.
struct InferPlan {
  std::shared_ptr<ModelSlot> model;
  ModelColumns inputs;
  Answers answers;
  MicroBatch::Limits limits;
  std::shared_ptr<const Selection> selection;
};

struct InferConfig {
  std::string engine;
  ModelSource source;
  std::optional<std::uint64_t> version;
  Duration watch = std::chrono::seconds(1);
  std::optional<ModelMap> map;
  std::string answered_by;
  NullInput on_null = NullInput::reject;
  std::optional<BatchOptions> batch;
  std::optional<Duration> deadline;
  CallThreads threads;
  std::vector<std::string> labels;
  Activation activation = Activation::automatic;
  std::optional<std::uint32_t> tokens;
  LexiconRules rules = LexiconRules::automatic;
  std::optional<double> positive_at;
  std::optional<double> negative_at;
  std::optional<EndpointOptions> endpoint;
  std::optional<std::uint32_t> in_flight;
  std::optional<Duration> timeout;
  std::optional<RetryOptions> retry;
  std::optional<BreakerOptions> breaker;
  std::optional<Duration> max_age;
  std::optional<OrderOption> order;
  std::optional<Rows> queue;
  OtherwiseOption otherwise;
  std::vector<ShadowOption> shadow;
  std::optional<CanaryOptions> canary;
  std::shared_ptr<const InferPlan> plan;     ///< of a model in this process ...
  std::shared_ptr<const RemotePlan> remote;  ///< ... or of an endpoint
};

struct InferPorts {
  static constexpr Port in{0, "in", "Rows that the model can read."};
  static constexpr Port out{0, "out", "The rows with the model's answers, and who gave them."};
  static constexpr Port late{1, "late", "Rows older than `max_age`, which were not asked about."};
  static constexpr Port otherwise{
      2, "otherwise", "With `otherwise: port`: the rows that the engine could not answer, as they came."};
};

/// A model that is open, and how its inputs are filled. Without them: a problem has been told.
struct MappedModel {
  ModelPtr model;
  std::optional<ModelColumns> inputs;
  bool nulls = false;  ///< answers may be null because inputs are
};
/// Opens the model of `engine`, `model` and `version` and compares it with `map.in` and `on_null`.
MappedModel map_model(const InferConfig& config, Describe& describe);
ModelOptions model_options(const InferConfig& config);

Fields<InferConfig> infer_fields();
/// Opens the model, compares it with the mapping and makes `plan`, or does so with an endpoint and makes
/// `remote`; declares the outputs.
void describe_infer(InferConfig& config, Describe& describe);

}  // namespace leat
