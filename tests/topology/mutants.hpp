#pragma once

#include <string>
#include <vector>

#include "topology/topology.hpp"

namespace leat::testing {

/// What a mutation breaks; the class of mistake that a user makes.
enum class Mistake { key, kind, actor, port, field, choice, schema, host, wrong_type, missing };
const char* to_text(Mistake mistake);

/// A topology with one mistake in it.
struct Mutant {
  Mistake mistake;
  std::string what;        ///< "`where` -> `wehre`"
  std::string text;        ///< the whole file
  std::uint32_t line = 0;  ///< where the user must be sent
  std::string suggestion;  ///< what the first message must propose; empty where there is nothing to propose
};

/// All mistakes of all classes in one valid topology; `text` is what it was loaded from. Deterministic.
std::vector<Mutant> make_mutants(const Topology& topology, const std::string& text);

}  // namespace leat::testing
