#pragma once

#include <leat/batch.hpp>
#include <leat/config_node.hpp>

namespace leat {

/// What an expression yields over a batch: one column, plus the rows whose evaluation failed (ascending).
/// A failed row's value in `values` is unspecified.
struct Evaluated {
  struct Failed {
    std::uint32_t row;
    Error error;
  };
  Column values;
  std::vector<Failed> failed;
};

namespace expr {
struct Program;
}

/// A CEL expression: text with its place in the file, and after `bind` a typed program over one schema.
/// Copies share the program, which is immutable; evaluation is thread-safe. See docs/expressions.md for the
/// subset.
class Expression {
 public:
  Expression() = default;
  Expression(std::string text, Place place = {}) : text_(std::move(text)), place_(std::move(place)) {}

  const std::string& text() const { return text_; }
  const Place& place() const { return place_; }
  bool empty() const { return text_.empty(); }
  bool bound() const { return program_ != nullptr; }

  /// Parses and type-checks against the schema (null: no fields, a closed expression). With `expected`, the
  /// result type must be it (int64 does not turn into float64 by itself). On failure: the message names the
  /// position inside the expression, `Problem::offset` is that position, and this object is unchanged.
  struct Problem {
    Error error;
    std::uint32_t offset = 0;  ///< byte position in `text`
    std::uint32_t length = 1;  ///< bytes to underline
    std::string suggestion;    ///< "did you mean `language`?" without the question; empty if none
  };
  std::optional<Problem> bind(const SchemaPtr& schema, std::optional<Type> expected = std::nullopt);

  /// The rest needs `bound()`. Result type; `nullable` if a null can come out.
  Type type() const;
  bool nullable() const;
  /// Column-wise. The batch must have the bound schema's fields.
  Evaluated evaluate(const Batch& batch) const;
  /// If the expression is just a field, its index: lets actors skip evaluation and copy nothing.
  std::optional<std::size_t> field_index() const;

 private:
  std::string text_;
  Place place_;
  std::shared_ptr<const expr::Program> program_;
};

/// `leat eval`: dynamic types, one JSON event in (or empty), JSON value out.
Result<std::string> evaluate_json(const std::string& expression, const std::string& event_json);

}  // namespace leat
