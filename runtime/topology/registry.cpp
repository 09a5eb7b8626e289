#include <leat/registry.hpp>

namespace leat {

void Registry::add(Kind kind) {
  if (kind.origin.empty()) kind.origin = origin_;
  std::string name(kind.info.name);
  const bool added = kinds_.emplace(std::move(name), std::move(kind)).second;
  LEAT_ASSERT(added);
}

const Kind* Registry::find(std::string_view name) const {
  const auto found = kinds_.find(name);
  return found == kinds_.end() ? nullptr : &found->second;
}

std::vector<std::string> Registry::names() const {
  std::vector<std::string> names;
  for (const auto& [name, kind] : kinds_) names.push_back(name);
  return names;
}

namespace detail {

void bind_expressions(const std::vector<FieldSpec>& fields, void* config, Describe& describe) {
  const SchemaPtr input = describe.input();
  for (const FieldSpec& field : fields)
    if (field.expressions && !field.bound_by_kind)
      field.expressions(config, [&](Expression& expression, std::optional<Type> type) {
        describe.bind(expression, input, type ? type : field.info.returns);
      });
}

}  // namespace detail
}  // namespace leat
