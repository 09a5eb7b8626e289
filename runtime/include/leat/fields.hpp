#pragma once

#include <functional>
#include <leat/expression.hpp>
#include <leat/units.hpp>
#include <utility>

namespace leat {

/// A file or folder named in a topology; `text` is absolute after reading (relative paths start at the
/// topology's folder).
struct Path {
  std::string text;
  friend bool operator==(const Path&, const Path&) = default;
};

/// A file or folder that the actor writes. In a topology test it stands in a folder of the test's own.
struct WrittenPath : Path {};

/// An ordered YAML map with names chosen by the user.
template <class T>
using Named = std::vector<std::pair<std::string, T>>;

/// One option of a kind, as data: parser, suggestions, JSON Schema, `leat explain` and the reference page
/// read it.
struct FieldInfo {
  std::string name;
  std::string doc;
  std::string type;  ///< "duration", "expression", "list of string", "one of csv, jsonl", ...
  bool required = false;
  std::string default_text;  ///< empty: none
  std::string example;
  std::vector<std::string> choices;
  std::vector<FieldInfo> nested;  ///< for groups
  std::optional<Type> returns;    ///< expressions: the type it must have
  enum class Shape : std::uint8_t { scalar, list, map, group } shape = Shape::scalar;
};

/// What reading a field may ask for and where its problems go.
class ReadContext {
 public:
  virtual ~ReadContext() = default;
  virtual Diagnostics& diagnostics() = 0;
  /// Null (and a diagnostic with a suggestion) when no schema has that name.
  virtual SchemaPtr find_schema(const ConfigNode& name) = 0;
  virtual std::string resolve(std::string_view path) const = 0;
  /// The same for what the actor writes.
  virtual std::string resolve_written(std::string_view path) const { return resolve(path); }
};

/// How a C++ type is read from YAML: specialised for the types below; add one for a type of your own.
template <class T>
struct FieldTraits;

/// One option, bound to a member of a Config.
struct FieldSpec {
  FieldInfo info;
  std::function<void(const ConfigNode&, void* config, ReadContext&)> read;
  /// Calls back with every expression this field holds; empty for others.
  std::function<void(void* config, const std::function<void(Expression&, std::optional<Type>)>&)> expressions;
  bool bound_by_kind = false;

  FieldSpec&& returns(Type type) && {
    info.returns = type;
    return std::move(*this);
  }
  /// The kind binds these expressions itself in `describe` (they do not read the input's schema).
  FieldSpec&& bind_in_describe() && {
    bound_by_kind = true;
    return std::move(*this);
  }
  FieldSpec&& example(std::string text) && {
    info.example = std::move(text);
    return std::move(*this);
  }
};

/// All options of a kind whose options live in Config.
template <class Config>
class Fields {
 public:
  Fields(std::initializer_list<FieldSpec> list) : list_(list) {}
  const std::vector<FieldSpec>& list() const { return list_; }

 private:
  std::vector<FieldSpec> list_;
};

/// Reads a YAML map: each entry by its field, unknown keys with suggestions, missing required fields.
void read_fields(const ConfigNode& node, const std::vector<FieldSpec>& fields, void* config,
                 ReadContext& context, std::span<const std::string_view> also_allowed = {});
/// The key of the map that was meant to be `name`: unknown, and nearer to it than to any other known key.
/// Null if there is none. Saves the user a second message about the missing key.
const ConfigNode::Entry* find_misspelt(const ConfigNode& node, std::string_view name,
                                       std::span<const std::string> known);

// ---- implementation of the declaring functions ----

namespace detail {
void wrong_type(const ConfigNode& node, const std::string& wanted, ReadContext& context);

template <class Config, class T>
FieldSpec make_field(std::string name, T Config::*member, std::string doc) {
  using Traits = FieldTraits<T>;
  FieldSpec spec;
  spec.info.name = std::move(name);
  spec.info.doc = std::move(doc);
  Traits::describe(spec.info);
  spec.read = [member](const ConfigNode& node, void* config, ReadContext& context) {
    Traits::read(node, static_cast<Config*>(config)->*member, context);
  };
  if constexpr (requires(T & value, const std::function<void(Expression&)>& visit) {
                  Traits::expressions(value, visit);
                })
    spec.expressions = [member](void* config,
                                const std::function<void(Expression&, std::optional<Type>)>& visit) {
      Traits::expressions(static_cast<Config*>(config)->*member,
                          [&](Expression& e) { visit(e, std::nullopt); });
    };
  return spec;
}
}  // namespace detail

template <class Config, class T>
FieldSpec required(std::string name, T Config::*member, std::string doc) {
  FieldSpec spec = detail::make_field(std::move(name), member, std::move(doc));
  spec.info.required = true;
  return spec;
}

template <class Config, class T>
FieldSpec optional(std::string name, T Config::*member, std::string doc) {
  FieldSpec spec = detail::make_field(std::move(name), member, std::move(doc));
  spec.info.default_text = FieldTraits<T>::show(Config{}.*member);
  return spec;
}

/// An enumeration by its YAML names; the default is the Config's.
template <class Config, class E>
FieldSpec choice(std::string name, E Config::*member, std::vector<std::pair<std::string, E>> names,
                 std::string doc) {
  FieldSpec spec;
  spec.info.name = std::move(name);
  spec.info.doc = std::move(doc);
  for (const auto& [text, value] : names) {
    spec.info.choices.push_back(text);
    if (value == Config{}.*member) spec.info.default_text = text;
    spec.info.type += (spec.info.type.empty() ? "one of " : ", ") + text;
  }
  spec.read = [member, names, type = spec.info.type, choices = spec.info.choices](
                  const ConfigNode& node, void* config, ReadContext& context) {
    // A choice may be called `null`, which YAML takes for something else when it is not quoted.
    const bool word = node.kind == ConfigNode::Kind::scalar || node.kind == ConfigNode::Kind::null;
    for (const auto& [text, value] : names)
      if (word && node.scalar == text) {
        static_cast<Config*>(config)->*member = value;
        return;
      }
    context.diagnostics().error(Code::bad_value, node.place, "`" + node.scalar + "` is not " + type,
                                suggest(node.scalar, choices));
  };
  return spec;
}

/// A nested map of options: present or not.
template <class Config, class Inner>
FieldSpec group(std::string name, std::optional<Inner> Config::*member, const Fields<Inner>& fields,
                std::string doc) {
  FieldSpec spec;
  spec.info.name = std::move(name);
  spec.info.doc = std::move(doc);
  spec.info.type = "map";
  spec.info.shape = FieldInfo::Shape::group;
  for (const FieldSpec& field : fields.list()) spec.info.nested.push_back(field.info);
  spec.read = [member, list = fields.list()](const ConfigNode& node, void* config, ReadContext& context) {
    auto& inner = (static_cast<Config*>(config)->*member).emplace();
    read_fields(node, list, &inner, context);
  };
  spec.expressions = [member, list = fields.list()](
                         void* config, const std::function<void(Expression&, std::optional<Type>)>& visit) {
    auto& inner = static_cast<Config*>(config)->*member;
    if (!inner) return;
    for (const FieldSpec& field : list)
      if (field.expressions)
        field.expressions(&*inner, [&](Expression& e, std::optional<Type> type) {
          visit(e, type ? type : field.info.returns);
        });
  };
  return spec;
}

#define LEAT_FIELD_TYPE(T)                                       \
  template <>                                                    \
  struct FieldTraits<T> {                                        \
    static void describe(FieldInfo& info);                       \
    static void read(const ConfigNode&, T& value, ReadContext&); \
    static std::string show(const T& value);                     \
  }
LEAT_FIELD_TYPE(bool);
LEAT_FIELD_TYPE(std::int64_t);
LEAT_FIELD_TYPE(std::uint64_t);
LEAT_FIELD_TYPE(std::uint32_t);
LEAT_FIELD_TYPE(double);
LEAT_FIELD_TYPE(std::string);
LEAT_FIELD_TYPE(Duration);
LEAT_FIELD_TYPE(Bytes);
LEAT_FIELD_TYPE(Rows);
LEAT_FIELD_TYPE(Rate);
LEAT_FIELD_TYPE(Path);
LEAT_FIELD_TYPE(WrittenPath);
LEAT_FIELD_TYPE(SchemaPtr);  ///< the name of a schema under `schemas:`
#undef LEAT_FIELD_TYPE

template <>
struct FieldTraits<Expression> {
  static void describe(FieldInfo& info);
  static void read(const ConfigNode&, Expression& value, ReadContext&);
  static std::string show(const Expression& value);
  static void expressions(Expression& value, const std::function<void(Expression&)>& visit) {
    if (!value.empty()) visit(value);
  }
};

template <class T>
struct FieldTraits<std::optional<T>> {
  static void describe(FieldInfo& info) { FieldTraits<T>::describe(info); }
  static void read(const ConfigNode& node, std::optional<T>& value, ReadContext& context) {
    FieldTraits<T>::read(node, value.emplace(), context);
  }
  static std::string show(const std::optional<T>& value) {
    return value ? FieldTraits<T>::show(*value) : std::string();
  }
  static void expressions(std::optional<T>& value, const std::function<void(Expression&)>& visit) requires
      requires(T& inner) {
    FieldTraits<T>::expressions(inner, visit);
  }
  {
    if (value) FieldTraits<T>::expressions(*value, visit);
  }
};

/// A list; a single scalar stands for a list of one.
template <class T>
struct FieldTraits<std::vector<T>> {
  static void describe(FieldInfo& info) {
    FieldTraits<T>::describe(info);
    info.type = "list of " + info.type;
    info.shape = FieldInfo::Shape::list;
  }
  static void read(const ConfigNode& node, std::vector<T>& value, ReadContext& context) {
    value.clear();
    if (node.kind == ConfigNode::Kind::scalar)
      return FieldTraits<T>::read(node, value.emplace_back(), context);
    if (node.kind != ConfigNode::Kind::list) return detail::wrong_type(node, "a list", context);
    for (const ConfigNode& item : node.items) FieldTraits<T>::read(item, value.emplace_back(), context);
  }
  static std::string show(const std::vector<T>& value) {
    std::string text;
    for (const T& item : value) text += (text.empty() ? "[" : ", ") + FieldTraits<T>::show(item);
    return text.empty() ? text : text + "]";
  }
  static void expressions(std::vector<T>& value, const std::function<void(Expression&)>& visit) requires
      requires(T& inner) {
    FieldTraits<T>::expressions(inner, visit);
  }
  {
    for (T& item : value) FieldTraits<T>::expressions(item, visit);
  }
};

template <class T>
struct FieldTraits<Named<T>> {
  static void describe(FieldInfo& info) {
    FieldTraits<T>::describe(info);
    info.type = "map of names to " + info.type;
    info.shape = FieldInfo::Shape::map;
  }
  static void read(const ConfigNode& node, Named<T>& value, ReadContext& context) {
    value.clear();
    if (node.kind != ConfigNode::Kind::map) return detail::wrong_type(node, "a map", context);
    for (const ConfigNode::Entry& entry : node.entries)
      FieldTraits<T>::read(entry.value, value.emplace_back(entry.key, T{}).second, context);
  }
  static std::string show(const Named<T>&) { return {}; }
  static void expressions(Named<T>& value, const std::function<void(Expression&)>& visit) requires
      requires(T& inner) {
    FieldTraits<T>::expressions(inner, visit);
  }
  {
    for (auto& [name, item] : value) FieldTraits<T>::expressions(item, visit);
  }
};

}  // namespace leat
