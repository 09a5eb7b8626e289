#pragma once

#include <leat/describe.hpp>

namespace leat {

/// Another's Describe for a part of its options: problems find their places there.
class DescribedAt final : public Describe {
 public:
  DescribedAt(Describe& outer, std::function<Place(std::string_view)> place_of)
      : outer_(outer), place_of_(std::move(place_of)) {}

  SchemaPtr input(std::size_t port) const override { return outer_.input(port); }
  Delivery delivery() const override { return outer_.delivery(); }
  void output(const Port& port, SchemaPtr schema) override { outer_.output(port, std::move(schema)); }
  void silent(const Port& port) override { outer_.silent(port); }
  std::uint8_t add_output(std::string name, SchemaPtr schema, const Place& place) override {
    return outer_.add_output(std::move(name), std::move(schema), place);
  }
  bool bind(Expression& expression, const SchemaPtr& schema, std::optional<Type> expected) override {
    return outer_.bind(expression, schema, expected);
  }
  Place place_of(std::string_view path) const override { return place_of_(path); }
  void partition_by(std::size_t port, std::vector<Expression> keys) override {
    outer_.partition_by(port, std::move(keys));
  }
  void problem(Code code, Place place, std::string message, std::string suggestion = {},
               std::string note = {}) override {
    outer_.problem(code, std::move(place), std::move(message), std::move(suggestion), std::move(note));
  }
  void warning(Code code, Place place, std::string message) override {
    outer_.warning(code, std::move(place), std::move(message));
  }

 private:
  Describe& outer_;
  std::function<Place(std::string_view)> place_of_;
};

}  // namespace leat
