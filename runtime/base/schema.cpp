#include <fmt/format.h>

#include <array>
#include <leat/schema.hpp>

#include "base/hash.hpp"

namespace leat {
namespace {

constexpr std::array<std::pair<std::string_view, Type>, 10> kTypeNames{{{"bool", Type::boolean},
                                                                        {"boolean", Type::boolean},
                                                                        {"int64", Type::int64},
                                                                        {"float64", Type::float64},
                                                                        {"string", Type::string},
                                                                        {"bytes", Type::bytes},
                                                                        {"timestamp", Type::timestamp},
                                                                        {"list<float32>", Type::float32_list},
                                                                        {"any", Type::any},
                                                                        {"double", Type::float64}}};

}  // namespace

std::string_view to_text(Type type) {
  for (const auto& [name, value] : kTypeNames)
    if (value == type) return name;
  return "?";
}

std::optional<Type> parse_type(std::string_view text) {
  for (const auto& [name, value] : kTypeNames)
    if (name == text) return value;
  return std::nullopt;
}

SchemaPtr Schema::make(std::vector<Field> fields, std::string name) {
  return SchemaPtr(new Schema(std::move(fields), std::move(name)));
}

Schema::Schema(std::vector<Field> fields, std::string name)
    : fields_(std::move(fields)), name_(std::move(name)) {
  Hasher hasher;
  for (std::size_t at = 0; at < fields_.size(); ++at) {
    LEAT_ASSERT(index_of(fields_[at].name) == at);
    hasher.add(fields_[at].name);
    hasher.add(static_cast<std::uint64_t>(fields_[at].type) * 2 + (fields_[at].nullable ? 1 : 0));
  }
  fingerprint_ = hasher.value();
}

std::optional<std::size_t> Schema::index_of(std::string_view name) const {
  for (std::size_t at = 0; at < fields_.size(); ++at)
    if (fields_[at].name == name) return at;
  return std::nullopt;
}

std::string Schema::text() const {
  std::string text = "{";
  for (const Field& field : fields_)
    text += fmt::format("{} {}: {}{}", text.size() > 1 ? "," : "", field.name, to_text(field.type),
                        field.nullable ? "?" : "");
  return text + (fields_.empty() ? "}" : " }");
}

}  // namespace leat
