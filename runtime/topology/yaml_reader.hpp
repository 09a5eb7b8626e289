#pragma once

#include <leat/config_node.hpp>

namespace leat {

/// YAML text to nodes with places; problems go to `diagnostics`, and what could be read is returned. Refuses
/// duplicate keys, anchors, aliases, tags, several documents, nesting deeper than 32 and files over 1 MiB.
ConfigNode read_yaml(const std::string& text, const std::shared_ptr<const std::string>& file,
                     Diagnostics& diagnostics);

}  // namespace leat
