#pragma once

#include <leat/batch_builder.hpp>
#include <leat/config_node.hpp>

namespace leat {

/// Rows as a test file gives them, and which of their fields it names.
struct TestRows {
  Batch batch;
  std::vector<std::vector<std::size_t>> named;  ///< by row: columns; empty when whole rows are meant
  std::vector<Place> places;                    ///< by row

  std::uint32_t size() const { return static_cast<std::uint32_t>(places.size()); }
};

/// Reads a YAML list of maps into rows of the schema; problems go to `diagnostics`, with their places.
/// Timestamps are RFC 3339 or integer microseconds, bytes base64. `partial`: rows need not have all fields.
TestRows read_rows(const ConfigNode& node, const SchemaPtr& schema, bool partial, Diagnostics& diagnostics);

/// A YAML value as JSON: plain words are what YAML 1.2 takes them for, quoted ones are text.
std::string yaml_to_json(const ConfigNode& node);

}  // namespace leat
