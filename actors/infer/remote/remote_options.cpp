#include "infer/remote/remote_options.hpp"

#include <fmt/format.h>

#include <charconv>

namespace leat {

void FieldTraits<Percent>::read(const ConfigNode& node, Percent& value, ReadContext& context) {
  std::string text;
  FieldTraits<std::string>::read(node, text, context);
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value.share);
  if (error == std::errc() && std::string_view(at, end) == "%" && value.share >= 0 && value.share <= 100)
    value.share /= 100;
  else
    context.diagnostics().error(Code::bad_value, node.place,
                                fmt::format("`{}` is not a percentage; write `50%`", text));
}

std::string FieldTraits<Percent>::show(const Percent& value) {
  return fmt::format("{}%", value.share * 100);
}

void FieldTraits<OrderOption>::read(const ConfigNode& node, OrderOption& value, ReadContext& context) {
  const ConfigNode* key = node.find("by_key");
  if (node.kind == ConfigNode::Kind::map && key != nullptr && node.entries.size() == 1) {
    value.rule = AnswerOrder::Rule::by_key;
    return FieldTraits<Expression>::read(*key, value.key, context);
  }
  if (node.kind == ConfigNode::Kind::scalar && node.scalar == "all")
    value.rule = AnswerOrder::Rule::all;
  else if (node.kind != ConfigNode::Kind::scalar || node.scalar != "none")
    detail::wrong_type(node, "`none`, `all` or `{ by_key: EXPRESSION }`", context);
}

Fields<EndpointOptions> endpoint_fields() {
  using C = EndpointOptions;
  return {
      required("url", &C::url, "Where requests go: http:// or https://, with the whole path.")
          .example("http://127.0.0.1:8080/v2/models/fare/infer"),
      choice(
          "protocol", &C::protocol,
          {{"kserve_v2", Protocol::kserve_v2},
           {"invocations", Protocol::invocations},
           {"template", Protocol::body}},
          "kserve_v2: tensors by name (KServe, Triton, MLServer); invocations: `instances` and `predictions` "
          "(SageMaker's containers, TensorFlow Serving); template: `body` and `answer` say it."),
      required("outputs", &C::outputs,
               "The endpoint's outputs that are read, with their types: float64, int64, bool, string, "
               "list<float32> or any; `float64?` may be null.")
          .example("{ minutes: float64 }"),
      optional("datatypes", &C::datatypes,
               "kserve_v2: datatypes of inputs where they are not FP64 (float64), INT64, BOOL, BYTES "
               "(string) or FP32 "
               "(list<float32>): `{ distance: FP32 }`."),
      optional(
          "body", &C::body,
          "template: the JSON of a request, with an expression over the row in the place of each value."),
      optional("answer", &C::answer,
               "template: where each of `outputs` stands in the answer, as a JSON pointer: `{ score: "
               "/0/score }`."),
      optional("headers", &C::headers,
               "Headers of each request: `{ Authorization: \"Bearer ${secret:TOKEN}\" }`."),
      group("tls", &C::tls,
            Fields<TlsOptions>{optional("ca", &TlsOptions::ca,
                                        "File of certificates that are trusted, instead of the system's."),
                               optional("verify", &TlsOptions::verify,
                                        "Whether the certificate must be valid and the host's.")},
            "For https."),
      optional("answer_max", &C::answer_max, "Most bytes of one answer; a larger one is a failure."),
  };
}

Fields<RetryOptions> retry_fields() {
  using C = RetryOptions;
  return {
      optional("attempts", &C::attempts, "Most attempts at one request; 1: no second."),
      optional("backoff", &C::backoff,
               "Pause before the second attempt; doubles each time, and half of it is random. A longer "
               "Retry-After of the endpoint is kept."),
      optional(
          "on", &C::on,
          "After what: timeout, connection (not reached or cut off), 429, 5xx, answer (one that can't be "
          "read)."),
  };
}

Fields<BreakerOptions> breaker_fields() {
  using C = BreakerOptions;
  return {
      optional("failures", &C::failures, "Share of failed attempts that opens it."),
      optional("of", &C::of, "Attempts looked at, the last so many; fewer open nothing."),
      optional("pause", &C::pause, "How long nothing is asked; then one row is, and decides."),
  };
}

}  // namespace leat
