#pragma once

#include "infer/infer_options.hpp"

namespace leat {

/// Asks a model in this process, on the worker: what comes is answered within its call, or with others soon
/// after. Rows wait for others to share a call with as MicroBatch says; what waits belongs before a barrier,
/// so nothing of it is saved. Holds the model (shared by the instances) and fewer rows than one call has.
std::unique_ptr<Actor> make_in_process(const InferConfig& config);

}  // namespace leat
