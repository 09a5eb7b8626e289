#pragma once

#include "infer/remote/remote_plan.hpp"

namespace leat {

/// A share of something, written as 50% or 2.5%.
struct Percent {
  double share = 0;  ///< 0 to 1
};
template <>
struct FieldTraits<Percent> {
  static void describe(FieldInfo& info) { info.type = "percentage"; }
  static void read(const ConfigNode& node, Percent& value, ReadContext& context);
  static std::string show(const Percent& value);
};

/// `order: none | all | { by_key: EXPRESSION }`.
struct OrderOption {
  AnswerOrder::Rule rule = AnswerOrder::Rule::none;
  Expression key;
};
template <>
struct FieldTraits<OrderOption> {
  static void describe(FieldInfo& info) { info.type = "none, all, or { by_key: expression }"; }
  static void read(const ConfigNode& node, OrderOption& value, ReadContext& context);
  static std::string show(const OrderOption&) { return {}; }
  static void expressions(OrderOption& value, const std::function<void(Expression&)>& visit) {
    if (!value.key.empty()) visit(value.key);
  }
};

struct TlsOptions {
  std::optional<Path> ca;
  bool verify = true;
};

struct EndpointOptions {
  std::string url;
  Protocol protocol = Protocol::kserve_v2;
  Named<std::string> outputs, datatypes, answer, headers;
  BodyTemplate body;
  std::optional<TlsOptions> tls;
  Bytes answer_max{8u << 20};
};

struct RetryOptions {
  std::uint32_t attempts = 3;
  Duration backoff = std::chrono::milliseconds(100);
  std::vector<std::string> on{"timeout", "connection", "429", "5xx"};
};

struct BreakerOptions {
  Percent failures{0.5};
  std::uint32_t of = 20;
  Duration pause = std::chrono::seconds(5);
};

Fields<EndpointOptions> endpoint_fields();
Fields<RetryOptions> retry_fields();
Fields<BreakerOptions> breaker_fields();

struct InferConfig;
/// Checks the options and the mapping and makes `remote`; declares the outputs.
void describe_remote(InferConfig& config, Describe& describe);

}  // namespace leat
