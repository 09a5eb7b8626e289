#pragma once

#include <leat/actor.hpp>
#include <leat/expression.hpp>

namespace leat {

/// What `Kind::describe` can ask and say while a topology is being checked: schemas in, schemas out, problems
/// with their place.
class Describe {
 public:
  virtual ~Describe() = default;

  /// Schema of an input port (all its links agree); null for a source.
  virtual SchemaPtr input(std::size_t port = 0) const = 0;
  /// The topology's promise.
  virtual Delivery delivery() const = 0;
  /// Declares an output port's schema. Not called: the schema of input 0.
  virtual void output(const Port& port, SchemaPtr schema) = 0;
  /// Nothing will go out of this port as the actor is configured, so nobody needs to read it.
  virtual void silent(const Port& port) = 0;
  /// Adds a port named by the user's configuration, after the kind's own; its index is returned.
  virtual std::uint8_t add_output(std::string name, SchemaPtr schema, const Place& place) = 0;
  /// Binds an expression; a failure is reported at its place and answered with false.
  virtual bool bind(Expression& expression, const SchemaPtr& schema, std::optional<Type> expected = {}) = 0;
  /// Place of an option of this actor, by dotted path ("event_time.field"); of the actor if absent.
  virtual Place place_of(std::string_view path) const = 0;
  /// Several instances each own a part of the keys: rows of this input go to the instance that owns what the
  /// (bound) expressions say. Without it, or with no keys, the kind cannot have several instances of its own
  /// state; links with a `key:` of their own keep it.
  virtual void partition_by(std::size_t port, std::vector<Expression> keys) = 0;
  virtual void problem(Code code, Place place, std::string message, std::string suggestion = {},
                       std::string note = {}) = 0;
  virtual void warning(Code code, Place place, std::string message) = 0;
};

}  // namespace leat
