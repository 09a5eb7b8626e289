#pragma once

#include <leat/schema.hpp>

#include "expr/ast.hpp"

namespace leat::expr {

/// A type problem and where. `code` tells unknown names from mismatches.
struct CheckError {
  Code code = Code::type_mismatch;
  std::string message;
  Span span;
  std::string suggestion;
};

/// Resolves fields, functions and overloads and annotates the tree. Without a schema every name is a variable
/// of type dyn when `dynamic` (leat eval), and unknown otherwise.
std::optional<CheckError> check(Node& root, const Schema* schema, bool dynamic);

StaticType type_of_field(const Field& field);
/// The column type a result of this type is stored as; nullopt for durations, which must be converted.
std::optional<Type> column_type(StaticType type);

}  // namespace leat::expr
