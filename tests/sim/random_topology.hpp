#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "sim/random.hpp"

namespace leat::sim {

/// A topology over one to three hosts, and what its sinks must have in the end.
struct RandomTopology {
  std::string yaml;
  std::vector<std::string> hosts;
  std::map<std::string, std::vector<std::string>> expected;  ///< by sink actor; sorted rows
};

RandomTopology random_topology(Random& random);

}  // namespace leat::sim
