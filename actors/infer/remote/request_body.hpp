#pragma once

#include <leat/fields.hpp>

namespace leat {

/// What is spoken with an endpoint.
enum class Protocol : std::uint8_t {
  kserve_v2,    ///< tensors by name: KServe, Triton, MLServer, OpenVINO Model Server ...
  invocations,  ///< {"instances": [...]}, {"predictions": [...]}: SageMaker containers, TensorFlow Serving
  body,         ///< JSON as the topology writes it, one row per request
};

/// JSON with expressions in the place of values, as `endpoint.body` writes it.
struct BodyTemplate {
  Place place;
  std::vector<std::string> texts{""};  ///< before the first value, between them, behind the last
  std::vector<Expression> values;

  bool empty() const { return values.empty() && texts[0].empty(); }
};
template <>
struct FieldTraits<BodyTemplate> {
  static void describe(FieldInfo& info) { info.type = "map or list, with expressions as values"; }
  static void read(const ConfigNode& node, BodyTemplate& value, ReadContext& context);
  static std::string show(const BodyTemplate&) { return {}; }
  static void expressions(BodyTemplate& value, const std::function<void(Expression&)>& visit) {
    for (Expression& expression : value.values) visit(expression);
  }
};

/// One input of the endpoint: so many of the columns, one after the other.
struct EndpointInput {
  std::string name;      ///< empty where the mapping gives none
  std::string datatype;  ///< kserve_v2: FP64 ...
  std::uint32_t columns = 1;
};

struct BodyFormat {
  Protocol protocol = Protocol::kserve_v2;
  std::vector<EndpointInput> inputs;
  std::vector<std::string> outputs;  ///< names that are asked for
  std::vector<std::string> texts;    ///< of the template
};

/// KServe's name for a type; empty if it has none.
std::string_view kserve_datatype(Type type);
/// Whether a type can be sent under such a name.
bool kserve_takes(std::string_view datatype, Type type);

/// The body of a request for all rows of the columns. An error says why these rows do not go together.
Result<std::string> write_body(const BodyFormat& format, std::span<const Column> columns);

/// Rows (ascending) with a number in them that JSON does not have: NaN or an infinity.
std::vector<std::uint32_t> unsayable_rows(std::span<const Column> columns);

}  // namespace leat
