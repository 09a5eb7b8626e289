#include <fmt/format.h>

#include <leat/event_time.hpp>

namespace leat {

bool EventTime::describe(const SchemaPtr& input, Describe& describe, std::string_view option) {
  if (processing_) return true;
  if (!expression_.empty()) return describe.bind(expression_, input, Type::timestamp);
  std::vector<std::string> candidates;
  for (const Field& field : input->fields())
    if (field.type == Type::timestamp) candidates.push_back(field.name);
  if (candidates.size() == 1) {
    expression_ = Expression(candidates[0]);
    return describe.bind(expression_, input, Type::timestamp);
  }
  const std::string problem =
      candidates.empty() ? "the input has no timestamp field" : "the input has several timestamp fields";
  describe.problem(
      Code::missing_key, describe.place_of(""),
      fmt::format("{}, so `{}` must say which time rows have", problem, option), {},
      candidates.empty()
          ? fmt::format("an expression such as `{}: timestamp(seconds)`, or `{}: processing`", option, option)
          : fmt::format("one of: {}, or `processing`", fmt::join(candidates, ", ")));
  return false;
}

void FieldTraits<EventTime>::describe(FieldInfo& info) {
  info.type = "expression, or processing";
}

void FieldTraits<EventTime>::read(const ConfigNode& node, EventTime& value, ReadContext& context) {
  if (node.kind == ConfigNode::Kind::scalar && node.scalar == "processing") {
    value = EventTime(true);
    return;
  }
  Expression expression;
  FieldTraits<Expression>::read(node, expression, context);
  value = EventTime(std::move(expression));
}

std::string FieldTraits<EventTime>::show(const EventTime& value) {
  return value.processing() ? "processing" : value.expression().text();
}

}  // namespace leat
