#pragma once

#include <leat/fields.hpp>

namespace leat {

/// The name of a column, with its place so that a misspelt one is shown where it stands.
struct FieldName {
  std::string text;
  Place place;
};

template <>
struct FieldTraits<FieldName> {
  static void describe(FieldInfo& info) { info.type = "field name"; }
  static void read(const ConfigNode& node, FieldName& value, ReadContext& context) {
    FieldTraits<std::string>::read(node, value.text, context);
    value.place = node.place;
  }
  static std::string show(const FieldName& value) { return value.text; }
};

}  // namespace leat
