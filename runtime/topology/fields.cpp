#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <leat/fields.hpp>

namespace leat {

namespace detail {

void wrong_type(const ConfigNode& node, const std::string& wanted, ReadContext& context) {
  constexpr std::string_view kFound[] = {"nothing", "a single value", "a list", "a map"};
  context.diagnostics().error(
      Code::wrong_type, node.place,
      fmt::format("expected {}, found {}", wanted, kFound[static_cast<int>(node.kind)]));
}

}  // namespace detail

namespace {

bool is_scalar(const ConfigNode& node, const std::string& wanted, ReadContext& context) {
  if (node.kind == ConfigNode::Kind::scalar) return true;
  detail::wrong_type(node, wanted, context);
  return false;
}

template <class Number>
void read_number(const ConfigNode& node, Number& value, const std::string& wanted, ReadContext& context) {
  if (!is_scalar(node, wanted, context)) return;
  const char* end = node.scalar.data() + node.scalar.size();
  const auto [stop, error] = std::from_chars(node.scalar.data(), end, value);
  if (error != std::errc() || stop != end || node.quoted)
    context.diagnostics().error(Code::wrong_type, node.place,
                                fmt::format("`{}` is not {}", node.scalar, wanted));
}

template <class T>
void read_parsed(const ConfigNode& node, T& value, Result<T> (*parse)(std::string_view),
                 const std::string& wanted, ReadContext& context) {
  if (!is_scalar(node, wanted, context)) return;
  Result<T> parsed = parse(node.scalar);
  if (parsed)
    value = *parsed;
  else
    context.diagnostics().error(parsed.error().code, node.place, parsed.error().message);
}

}  // namespace

#define LEAT_DESCRIBE(T, text)                     \
  void FieldTraits<T>::describe(FieldInfo& info) { \
    info.type = text;                              \
  }
LEAT_DESCRIBE(bool, "true or false")
LEAT_DESCRIBE(std::int64_t, "integer")
LEAT_DESCRIBE(std::uint64_t, "integer >= 0")
LEAT_DESCRIBE(std::uint32_t, "integer >= 0")
LEAT_DESCRIBE(double, "number")
LEAT_DESCRIBE(std::string, "text")
LEAT_DESCRIBE(Duration, "duration")
LEAT_DESCRIBE(Bytes, "size")
LEAT_DESCRIBE(Rows, "rows")
LEAT_DESCRIBE(Rate, "rate")
LEAT_DESCRIBE(Path, "path")
LEAT_DESCRIBE(WrittenPath, "path")
LEAT_DESCRIBE(SchemaPtr, "schema name")
LEAT_DESCRIBE(Expression, "expression")
#undef LEAT_DESCRIBE

void FieldTraits<bool>::read(const ConfigNode& node, bool& value, ReadContext& context) {
  if (!is_scalar(node, "true or false", context)) return;
  if (!node.quoted && (node.scalar == "true" || node.scalar == "false")) {
    value = node.scalar == "true";
    return;
  }
  std::string hint;  // YAML 1.1 habits
  for (const std::string_view word : {"yes", "Yes", "on", "On", "True", "TRUE"})
    if (node.scalar == word) hint = "write `true`";
  for (const std::string_view word : {"no", "No", "off", "Off", "False", "FALSE"})
    if (node.scalar == word) hint = "write `false`";
  context.diagnostics().error(Code::wrong_type, node.place,
                              fmt::format("`{}` is not true or false", node.scalar), hint);
}
std::string FieldTraits<bool>::show(const bool& value) {
  return value ? "true" : "false";
}

void FieldTraits<std::int64_t>::read(const ConfigNode& node, std::int64_t& value, ReadContext& context) {
  read_number(node, value, "an integer", context);
}
std::string FieldTraits<std::int64_t>::show(const std::int64_t& value) {
  return std::to_string(value);
}

void FieldTraits<std::uint64_t>::read(const ConfigNode& node, std::uint64_t& value, ReadContext& context) {
  read_number(node, value, "an integer >= 0", context);
}
std::string FieldTraits<std::uint64_t>::show(const std::uint64_t& value) {
  return std::to_string(value);
}

void FieldTraits<std::uint32_t>::read(const ConfigNode& node, std::uint32_t& value, ReadContext& context) {
  read_number(node, value, "an integer >= 0", context);
}
std::string FieldTraits<std::uint32_t>::show(const std::uint32_t& value) {
  return std::to_string(value);
}

void FieldTraits<double>::read(const ConfigNode& node, double& value, ReadContext& context) {
  read_number(node, value, "a number", context);
}
std::string FieldTraits<double>::show(const double& value) {
  return fmt::format("{}", value);
}

void FieldTraits<std::string>::read(const ConfigNode& node, std::string& value, ReadContext& context) {
  if (is_scalar(node, "text", context)) value = node.scalar;
}
std::string FieldTraits<std::string>::show(const std::string& value) {
  return value;
}

void FieldTraits<Duration>::read(const ConfigNode& node, Duration& value, ReadContext& context) {
  read_parsed(node, value, parse_duration, "a duration", context);
}
std::string FieldTraits<Duration>::show(const Duration& value) {
  return to_text(value);
}

void FieldTraits<Bytes>::read(const ConfigNode& node, Bytes& value, ReadContext& context) {
  read_parsed(node, value, parse_bytes, "a size", context);
}
std::string FieldTraits<Bytes>::show(const Bytes& value) {
  return to_text(value);
}

void FieldTraits<Rows>::read(const ConfigNode& node, Rows& value, ReadContext& context) {
  read_parsed(node, value, parse_rows, "a number of rows", context);
}
std::string FieldTraits<Rows>::show(const Rows& value) {
  return to_text(value);
}

void FieldTraits<Rate>::read(const ConfigNode& node, Rate& value, ReadContext& context) {
  read_parsed(node, value, parse_rate, "a rate", context);
}
std::string FieldTraits<Rate>::show(const Rate& value) {
  return to_text(value);
}

void FieldTraits<Path>::read(const ConfigNode& node, Path& value, ReadContext& context) {
  if (!is_scalar(node, "a path", context)) return;
  if (node.scalar.empty())
    return context.diagnostics().error(Code::bad_value, node.place, "the path is empty");
  value.text = context.resolve(node.scalar);
}
std::string FieldTraits<Path>::show(const Path& value) {
  return value.text;
}

void FieldTraits<WrittenPath>::read(const ConfigNode& node, WrittenPath& value, ReadContext& context) {
  FieldTraits<Path>::read(node, value, context);
  if (!value.text.empty()) value.text = context.resolve_written(node.scalar);
}
std::string FieldTraits<WrittenPath>::show(const WrittenPath& value) {
  return value.text;
}

void FieldTraits<SchemaPtr>::read(const ConfigNode& node, SchemaPtr& value, ReadContext& context) {
  if (is_scalar(node, "the name of a schema", context)) value = context.find_schema(node);
}
std::string FieldTraits<SchemaPtr>::show(const SchemaPtr& value) {
  return value ? value->name() : std::string();
}

void FieldTraits<Expression>::read(const ConfigNode& node, Expression& value, ReadContext& context) {
  if (!is_scalar(node, "an expression", context)) return;
  if (node.scalar.empty())
    return context.diagnostics().error(Code::bad_expression, node.place, "the expression is empty");
  Place place = node.place;
  place.column += node.quoted ? 1 : 0;
  value = Expression(node.scalar, place);
}
std::string FieldTraits<Expression>::show(const Expression& value) {
  return value.text();
}

const ConfigNode::Entry* find_misspelt(const ConfigNode& node, std::string_view name,
                                       std::span<const std::string> known) {
  const std::string wanted = fmt::format("did you mean `{}`?", name);
  for (const ConfigNode::Entry& entry : node.entries)
    if (std::ranges::find(known, entry.key) == known.end() && suggest(entry.key, known) == wanted)
      return &entry;
  return nullptr;
}

void read_fields(const ConfigNode& node, const std::vector<FieldSpec>& fields, void* config,
                 ReadContext& context, std::span<const std::string_view> also_allowed) {
  if (node.kind != ConfigNode::Kind::map) return detail::wrong_type(node, "a map", context);
  std::vector<std::string> known(also_allowed.begin(), also_allowed.end());
  for (const FieldSpec& field : fields) known.push_back(field.info.name);
  for (const ConfigNode::Entry& entry : node.entries) {
    const auto field =
        std::ranges::find(fields, entry.key, [](const FieldSpec& spec) { return spec.info.name; });
    if (field != fields.end())
      field->read(entry.value, config, context);
    else if (std::ranges::find(also_allowed, entry.key) == also_allowed.end())
      context.diagnostics().error(Code::unknown_key, entry.key_place,
                                  fmt::format("unknown key `{}`", entry.key), suggest(entry.key, known));
  }
  for (const FieldSpec& field : fields)
    if (field.info.required && node.find(field.info.name) == nullptr &&
        find_misspelt(node, field.info.name, known) == nullptr)
      context.diagnostics().error(Code::missing_key, node.place,
                                  fmt::format("`{}` is missing: {}", field.info.name, field.info.doc));
}

}  // namespace leat
