#pragma once

#include "engine/worker.hpp"

namespace leat {

// A channel from another worker and the cell it feeds.
struct Worker::Inlet {
  Receiver receiver;
  Cell* cell;
  Port port;
  std::size_t input;
  std::uint32_t worker;
  bool feedback;
};

struct Worker::SourceState {
  Cell* cell;
  Instant next{};  // not asked before, unless `fd` is readable
  int fd = -1;
};

}  // namespace leat
