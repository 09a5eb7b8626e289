#pragma once

#include <leat/fields.hpp>

#include "testing/excerpt.hpp"

namespace leat {

/// Names in a test file: actors, their ports and schemas, each answered with a diagnostic if there is no such
/// thing.
class TestContext final : public ReadContext {
 public:
  TestContext(const Topology& topology, Diagnostics& diagnostics)
      : topology_(topology), diagnostics_(diagnostics) {}

  Diagnostics& diagnostics() override { return diagnostics_; }
  SchemaPtr find_schema(const ConfigNode& name) override;
  std::string resolve(std::string_view path) const override;

  std::optional<std::size_t> find_actor(const std::string& name, const Place& place);
  /// `actor` (its first port) or `actor.port`.
  std::optional<OutputPoint> find_output(const ConfigNode& name);
  /// The same for inputs; the port of an OutputPoint is then an input's.
  std::optional<OutputPoint> find_input(const ConfigNode& name);

 private:
  const Topology& topology_;
  Diagnostics& diagnostics_;
};

/// One entry of `stub:`; nothing after a problem.
std::optional<StubPlan> read_stub(const Topology& topology, std::size_t actor, const ConfigNode::Entry& entry,
                                  TestContext& context);

}  // namespace leat
