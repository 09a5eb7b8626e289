#pragma once

#include <leat/registry.hpp>

namespace leat::cli {

/// The generated part of docs/topology.md: every kind and every option, from the registry.
std::string reference_markdown(const Registry& registry);
/// One kind as a JSON object.
std::string kind_json(const Kind& kind);
/// The kind's example as it would stand under `actors:`.
std::string indented_example(const Kind& kind);

}  // namespace leat::cli
